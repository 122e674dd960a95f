package pagetest_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

func TestAccessByKeyboard(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url)
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
	p.until(`document.querySelectorAll('.group').length === 1`)

	seen := []string{} // in the order of the page, all with a visible focus
	for !strings.HasPrefix(focus(), "e") || len(seen) == 0 {
		p.press(kb.Tab)
		at := focus()
		require.NotContains(t, at, "INVISIBLE")
		seen = append(seen, at)
		require.Less(t, len(seen), 120, "the first failure is never reached: %q", seen)
		if eval[bool](p, `document.activeElement.matches('.toggle')`) {
			break
		}
	}
	for _, stop := range []string{"filter", "theme", "off", "by", "by-job", "by-time"} {
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
	before := len(p.ids())
	p.press(kb.Enter)
	p.until(`new URLSearchParams(location.search).get('filter')`)
	require.LessOrEqual(t, len(p.ids()), before)
	require.True(t, eval[bool](p, `document.activeElement.matches('.chip[aria-pressed=true]')`), "the focus stays on the label")
	p.press(kb.Enter, kb.ModifierShift) // without
	p.until(`new URLSearchParams(location.search).get('filter').startsWith('!')`)
	p.quiet()
}

func TestAccessByScreenReader(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	for _, view := range []string{"", "?flat=true"} {
		p := open(t, s.url+view)
		for _, id := range []string{"f-9001", "f-9002"} { // one that is nested in the other
			p.click("[data-id="+id+"] .toggle", "")
			p.until(`document.querySelector('[data-id=` + id + `].open')`)
		}
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

