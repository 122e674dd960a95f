package pagetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// contrasts is a function that returns the text of the page whose contrast with
// what is behind it is too low. Colours are read back from a canvas, as they may be
// written in any way that CSS knows.
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
			p := open(t, s.url+"?filter=!type:NONE,!x", opts...)
			p.click(`[data-id=f-9001] .toggle`, "")
			p.until(`document.querySelector('.entry.open')`)
			// All colours that a label can have, and all states, at once.
			eval[bool](p, `(() => {
				const chips = document.querySelector('.chips');
				for (let i = -1; i < 12; i++) for (const lead of ['', ' lead']) {
					const chip = document.querySelector('.chip').cloneNode(true);
					chip.className = 'chip c' + (i < 0 ? '-' : i) + lead;
					const li = document.createElement('li');
					li.append(chip);
					chips.append(li);
					const bar = document.querySelector('.column [data-i]').cloneNode(true);
					bar.setAttribute('class', 'c' + (i < 0 ? '-' : i));
					document.querySelector('.column').append(bar);
				}
				document.getElementById('live').dataset.state = 'Reconnecting';
				const wrong = document.getElementById('wrong');
				wrong.hidden = false;
				wrong.textContent = 'wrong';
				const fresh = document.getElementById('fresh');
				fresh.hidden = false;
				fresh.textContent = 'Show 3 new failures';
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
			require.Greater(t, got.Texts, 300)
			require.Empty(t, got.Low)
		})
	}
}
