package pagetest_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

func TestAccessByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.list)
	focus := func() string {
		t.Helper()
		return eval[string](p, `(() => {
			const el = document.activeElement;
			const ring = getComputedStyle(el.closest('.field') ?? el);
			return ring.outlineStyle === 'none' ? 'INVISIBLE ' + el.outerHTML.slice(0, 200) : el.id || el.className || el.textContent;
		})()`)
	}
	p.press(kb.Tab)
	require.Equal(t, "skip", focus())
	p.shortcut("/")
	require.Equal(t, "search", focus())
	p.press("invoices")
	p.until(`new URLSearchParams(location.search).get('q') === 'invoices'`)
	p.settled()

	seen := []string{} // in the order of the page, all with a visible focus
	for {
		p.press(kb.Tab)
		at := focus()
		require.NotContains(t, at, "INVISIBLE")
		seen = append(seen, at)
		require.Less(t, len(seen), 120, "the first failure is never reached: %q", seen)
		if eval[bool](p, `document.activeElement.matches('.toggle')`) {
			break
		}
	}
	for _, stop := range []string{"filter", "range", "theme", "off", "by", "sort"} {
		require.Contains(t, seen, stop)
	}

	p.press(kb.ArrowDown)
	p.press(kb.ArrowUp)
	p.press(kb.Enter)
	p.until(`document.activeElement.getAttribute('aria-expanded') === 'true' && document.querySelector('.entry.open .more').checkVisibility()`)
	p.press(kb.Escape)
	p.until(`document.activeElement.getAttribute('aria-expanded') === 'false' && !document.querySelector('.entry.open')`)
	p.press(" ")
	p.until(`document.querySelector('.entry.open')`)
	p.press(kb.ArrowDown)
	p.press(kb.Tab) // its first label
	require.Contains(t, focus(), "chip")
	p.press(kb.Enter)
	p.until(`new URLSearchParams(location.search).get('filter')`)
	p.settled()
	require.True(t, eval[bool](p, `document.activeElement.matches('.chip[aria-pressed=true]')`), "the focus stays on the label")
	p.press(kb.Enter, kb.ModifierShift) // without
	p.until(`new URLSearchParams(location.search).get('filter').startsWith('!')`)
	p.quiet()
}

func TestAccessByScreenReader(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url)
	for view, toggles := range map[string][]string{ // one that is nested in the other
		"view=time": {"[data-id=f-9001] .toggle", "[data-id=f-9002] .toggle"}, "view=jobs": {"[data-id=f-9001] .toggle", "[data-id=f-9002] .toggle"},
		"group=owner": {"[data-value=ledger] .toggle", "[data-value=ledger] .entry .toggle", "[data-value=ledger] .entry .entry .toggle"},
	} {
		p.visit(view)
		for _, toggle := range toggles {
			p.click(toggle, "")
			p.until(`document.querySelector(` + js(toggle) + `).ariaExpanded === 'true'`)
		}
		p.until(`document.querySelector('.verdict')`)
		require.Empty(t, eval[[]string](p, `[...document.querySelectorAll('button, a, input, select, summary')].filter((el) =>
			!(el.getAttribute('aria-label') || el.title || el.textContent.trim() || el.labels?.[0]?.textContent.trim())).map((el) => el.outerHTML)`), "controls without a name")
		require.Empty(t, eval[[]string](p, `[...document.querySelectorAll('[onclick], div[tabindex="0"], span[tabindex]')].map((el) => el.outerHTML)`), "buttons are buttons")
		require.Equal(t, 1, eval[int](p, `document.querySelectorAll('main').length`))
		require.Equal(t, 1, eval[int](p, `document.querySelectorAll('h1').length`))
		require.Empty(t, eval[[]string](p, `(() => {
			const levels = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter((el) => el.checkVisibility());
			return levels.filter((el, i) => i && el.tagName[1] - levels[i - 1].tagName[1] > 1).map((el) => el.outerHTML);
		})()`), "headings that skip a level")
		require.Empty(t, eval[[]string](p, `(() => {
			const ids = [...document.querySelectorAll('[id]')].map((el) => el.id);
			return ids.filter((id, i) => ids.indexOf(id) !== i);
		})()`), "IDs given twice")
		require.Empty(t, eval[[]string](p, `[...document.querySelectorAll('[aria-controls], [aria-labelledby], [aria-describedby]')].filter((el) =>
			[el.getAttribute('aria-controls'), el.getAttribute('aria-labelledby'), el.getAttribute('aria-describedby')].some((ids) => ids?.split(' ').some((id) => !document.getElementById(id)))).map((el) => el.outerHTML)`), "references to nothing")
		require.Contains(t, eval[string](p, `document.querySelector('#plot svg[role=img] > desc').textContent`), "DEPENDENCY")
		require.Equal(t, "polite", eval[string](p, `document.getElementById('news').ariaLive`))
		p.quiet()
	}
}

// contrasts returns the texts of the page whose contrast with their background is
// too low. Colours are read back from a canvas, because CSS has many notations.
const contrasts = `(() => {
	const canvas = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
	const paint = (...layers) => {
		canvas.clearRect(0, 0, 1, 1);
		for (const layer of layers) {
			canvas.fillStyle = layer;
			canvas.fillRect(0, 0, 1, 1);
		}
		return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
	};
	const luminance = (rgb) => {
		const [r, g, b] = rgb.map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (el) => el ? [...behind(el.parentElement), getComputedStyle(el).backgroundColor] : ['white'];
	const ratio = (color, layers) => {
		const [a, b] = [luminance(paint(...layers, color)), luminance(paint(...layers))];
		return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
	};
	const low = new Set();
	let lowest = Infinity;
	const judge = (what, color, layers, least) => {
		const r = ratio(color, layers);
		if (least === 4.5) lowest = Math.min(lowest, r);
		if (r < least) low.add(what + ': ' + r.toFixed(2));
	};
	let texts = 0;
	for (const el of document.querySelectorAll('body *')) {
		if (!el.checkVisibility()) continue;
		const style = getComputedStyle(el);
		const name = el.tagName + '.' + (el.getAttribute('class') ?? '') + '#' + el.id;
		if ([...el.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) {
			texts++;
			judge(name, el.closest('svg') ? style.fill : style.color, behind(el), 4.5);
		}
		if (el.placeholder) judge(name + ' placeholder', getComputedStyle(el, '::placeholder').color, behind(el), 4.5);
		if (el.matches('.column [data-i]')) judge(name + ' bar', style.fill, behind(el), 3); // WCAG 1.4.11
	}
	return { low: [...low], texts, lowest };
})()`

func TestAccessByContrastInBothThemes(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	for name, opts := range map[string][]option{"light": {}, "dark": {dark}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, s.list+"&filter=!type:NONE,!x", opts...)
			p.click(`[data-id=f-9001] .toggle`, "")
			p.until(`document.querySelector('.entry.open .verdict')`)
			// All colours that a label can have, and all states, at once.
			eval[bool](p, `(() => {
				const chips = document.querySelector('.chips');
				for (let i = -1; i < 18; i++) {
					const css = i < 0 ? 'c-' : i < 12 ? 'c' + i : 's' + (i - 12);
					const chip = document.querySelector('.chip').cloneNode(true);
					chip.className = 'chip ' + css;
					const li = document.createElement('li');
					li.append(chip);
					if (i < 12) chips.append(li);
					const bar = document.querySelector('.column [data-i]').cloneNode(true);
					bar.setAttribute('class', css);
					document.querySelector('.column').append(bar);
				}
				for (const state of ['new', 'regressed', 'gone', 'good']) {
					const badge = document.createElement('span');
					badge.className = state === 'good' ? 'good' : 'badge ' + state;
					badge.textContent = state;
					document.querySelector('.head').append(badge);
				}
				document.getElementById('live').dataset.state = 'Reconnecting';
				const wrong = document.getElementById('wrong');
				wrong.hidden = false;
				wrong.textContent = 'wrong';
				for (const id of ['fresh', 'status', 'changes', 'states', 'own-range']) document.getElementById(id).hidden = false;
				for (const id of ['fresh', 'status', 'changes']) document.getElementById(id).textContent = 'Show 3 new failures';
				for (const el of document.querySelectorAll('details')) el.open = true;
				for (const el of document.querySelectorAll('.failed')) el.hidden = false;
				return true;
			})()`)
			p.until(`document.querySelector('#table td')`)
			type result struct {
				Low    []string
				Texts  int
				Lowest float64
			}
			got := eval[result](p, contrasts)
			t.Logf("%d texts, the lowest contrast is %.2f", got.Texts, got.Lowest)
			require.Greater(t, got.Texts, 250)
			require.Empty(t, got.Low)
		})
	}
}
