package pagetest_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestThePageIsUnder60KB(t *testing.T) {
	t.Parallel()
	var total int64
	for _, name := range []string{"index.html", "app.js", "style.css"} {
		info, err := os.Stat("../page/" + name)
		require.NoError(t, err)
		t.Logf("%s: %d bytes", name, info.Size())
		total += info.Size()
	}
	require.Less(t, total, int64(60_000))
}

func TestThePageLoadsWithoutComplaintsAndStaysHome(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url)
	p.click(".toggle", "")
	p.click("#by-time", "")
	p.until(`document.querySelectorAll('#rows > .entry').length > 10`)
	p.quiet()

	p.mu.Lock()
	defer p.mu.Unlock()
	require.NotEmpty(t, p.requests)
	for _, to := range p.requests {
		if !strings.HasPrefix(to, "data:") {
			require.True(t, strings.HasPrefix(to, s.url), "a request to %s", to)
		}
	}
}

func TestAnEmptyHistorySaysWhatToDo(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := open(t, s.url)
	p.until(`document.getElementById('note').innerText.includes('No failure so far')`)
	require.Contains(t, strings.Join(p.texts("#note"), ""), "history.Enrich")
	require.Contains(t, strings.Join(p.texts("#note"), ""), "enricher.WithObserver(history)")
	require.Empty(t, p.texts("#chart, #facets-box"))

	s.add(failure{id: "first", job: "j", labels: enricher.Labels{"type": "USER"}})
	p.until(`document.querySelectorAll('#rows .entry').length === 1`)
	require.Empty(t, p.texts("#note h3"), "the empty state goes away")
	p.quiet()
}

func TestAFailureAppearsWhileThePageIsOpen(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "old", job: "j", name: "Old job"})
	p := open(t, s.url)
	require.Equal(t, []string{"old"}, p.ids())

	s.add(failure{id: "new", job: "k", name: "New job", err: errors.New("disk is full"), labels: enricher.Labels{"type": "SYSTEM"}})
	p.until(`document.querySelectorAll('#rows .entry').length === 2`)
	require.Equal(t, []string{"new", "old"}, p.ids())
	require.Equal(t, []string{"New job", "Old job"}, p.texts(".group h3"))
	require.Contains(t, p.texts(".chip"), "type SYSTEM")
	p.until(`document.getElementById('news').textContent.includes('1 new failure')`) // for screen readers
	p.quiet()
}

func TestWhoeverReadsIsNotDisturbed(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "old", job: "j"})
	p := open(t, s.url)
	p.click(".toggle", "")
	s.add(failure{id: "new", job: "k"}, failure{id: "newer", job: "k"})
	p.until(`document.getElementById('fresh').textContent === 'Show 2 new failures' && document.getElementById('fresh').checkVisibility()`)
	require.Equal(t, []string{"old"}, p.ids())
	p.click("#fresh", "")
	p.until(`document.querySelectorAll('#rows .entry').length === 3`)
	require.Equal(t, []string{"newer", "new", "old"}, p.ids())
	require.Empty(t, p.texts("#fresh"))
	p.quiet()
}

func TestPendingLabelsAreFilledIn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	settle := s.pend(t, failure{id: "f", job: "j", err: errors.New("it failed"), labels: enricher.Labels{"type": "USER", "team": "web"}})
	p := open(t, s.url)
	require.Equal(t, []string{"Labels pending"}, p.texts(".chips"))

	p.click(".toggle", "") // also where one has opened it meanwhile
	p.until(`document.querySelector('.entry.open')`)
	settle()
	p.until(`document.querySelectorAll('.chip').length === 2`)
	require.Equal(t, []string{"type USER", "team web"}, p.texts(".chip"))
	require.Empty(t, p.texts(".pending"))
	require.True(t, eval[bool](p, `document.querySelector('.entry').classList.contains('open')`))
	p.quiet()
}

func TestPendingNoneAndIncompleteLookDifferent(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "none", job: "none"}, failure{id: "incomplete", job: "incomplete", failed: "owner"})
	s.pend(t, failure{id: "pending", job: "pending", err: errors.New("x"), labels: enricher.Labels{"type": "USER"}})
	p := open(t, s.url)
	require.Equal(t, []string{"Labels pending", "▲ Incomplete: owner timed-out", "No labels"}, p.texts(".chips"))
	p.click(`[data-id=incomplete] .toggle`, "")
	p.until(`document.querySelector('[data-id=incomplete] .failed').checkVisibility()`)
	require.Equal(t, []string{"Labels are incompleteowner timed-out: context deadline exceeded"}, p.texts("[data-id=incomplete] .failed"))
	p.quiet()
}

func TestAClickOnALabelFilters(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(
		failure{id: "u1", job: "a", labels: enricher.Labels{"type": "USER", "team": "web"}, ago: 3 * time.Second},
		failure{id: "s1", job: "b", labels: enricher.Labels{"type": "SYSTEM", "team": "web"}, ago: 2 * time.Second},
		failure{id: "u2", job: "c", labels: enricher.Labels{"type": "USER", "team": "ops"}, ago: time.Second},
	)
	p := open(t, s.url)
	shows := func(ids ...string) {
		t.Helper()
		p.until(`JSON.stringify([...document.querySelectorAll('#rows .entry')].map((el) => el.dataset.id)) === ` + js(fmt.Sprintf(`["%s"]`, strings.Join(ids, `","`))))
	}
	shows("u2", "s1", "u1")

	p.click(".chip", "USER")
	shows("u2", "u1")
	require.Equal(t, "type:USER", p.query("filter"))
	require.Equal(t, "type:USER", eval[string](p, `document.getElementById('filter').value`))
	require.Equal(t, []string{"withtype:USER"}, p.texts("#active .on"))
	require.Equal(t, "type:USER · Failures", eval[string](p, `document.title`))
	require.Equal(t, "true", eval[string](p, `document.querySelector('.chip').getAttribute('aria-pressed')`))

	p.do(chromedp.Reload()) // the URL says it all
	shows("u2", "u1")
	p.click(".chip", "ops", kb.ModifierShift)
	shows("u1")
	require.Equal(t, "type:USER, !team:ops", p.query("filter"))

	p.do(chromedp.NavigateBack())
	shows("u2", "u1")
	p.click(".chip", "USER") // again
	shows("u2", "s1", "u1")
	require.Empty(t, p.query("filter"))

	p.click(".only", "SYSTEM") // a count
	shows("s1")
	p.click(".only", "USER") // another value of the same key takes its place
	shows("u2", "u1")
	p.click("#active .is", "with")
	shows("s1")
	require.Equal(t, "!type:USER", p.query("filter"))
	p.click("#active .off", "")
	shows("u2", "s1", "u1")

	p.click(".legend button", "SYSTEM")
	shows("s1")
	p.click("#active .off", "")
	shows("u2", "s1", "u1")
	require.Equal(t, "search", eval[string](p, `document.activeElement.id`), "the focus is not lost with what had it")
	p.quiet()
}

func TestTheFilterFieldMeansWhatTheHandlerMeans(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(
		failure{id: "plain", job: "1", labels: enricher.Labels{"type": "USER", "team": "web"}},
		failure{id: "comma", job: "2", labels: enricher.Labels{"path": "a,b", "type": "SYSTEM"}},
		failure{id: "quote", job: "3", labels: enricher.Labels{"path": `say "a\b"`}},
		failure{id: "colon", job: "4", labels: enricher.Labels{"path": "C:/x", "a:b": "1"}},
		failure{id: "empty", job: "5", labels: enricher.Labels{"path": "", "!not": "x"}},
		failure{id: "space", job: "6", labels: enricher.Labels{"path": " x "}},
		failure{id: "none", job: "7"},
	)
	p := open(t, s.url)
	for _, filter := range []string{
		"type:USER", "type", "!type", "!type:USER", "type:USER,team:web", " type : USER , team ", `path:"a,b"`, "path:a,b", `path:"say \"a\\b\""`,
		"path:C:/x", `"a:b"`, `"a:b":1`, "a:b", "path:", `path:""`, `"!not":x`, `path:" x "`, "path: x ", ",,type,", "!path,!type", "",
		"type:", `path:say "a\b"`, `"type":"USER"`, "! type : USER",
	} {
		want, err := exceptions.ParseFilter(filter)
		require.NoError(t, err, filter)
		entries, _ := s.history.Entries(exceptions.Query{Filter: want})
		ids := []string{}
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		p.do(chromedp.Navigate(s.url + "?filter=" + url.QueryEscape(filter)))
		p.until(fmt.Sprintf(`document.querySelectorAll('#rows .entry').length === %d && document.getElementById('title').textContent !== 'Loading'`, len(ids)))
		require.Equal(t, ids, p.ids(), filter)
	}
	p.do(chromedp.Navigate(s.url))
	p.until(`document.querySelectorAll('#rows .entry').length === 7`)
	for _, chip := range []string{"a,b", `say "a\b"`, "C:/x", "a:b", "!not", "(empty)", "type USER"} { // what a click writes is read
		p.click(".chip", chip)
		p.until(`document.querySelectorAll('#rows .entry').length === 1`)
		want, err := exceptions.ParseFilter(p.query("filter"))
		require.NoError(t, err)
		entries, _ := s.history.Entries(exceptions.Query{Filter: want})
		require.Len(t, entries, 1, chip)
		require.Equal(t, []string{entries[0].ID}, p.ids(), chip)
		p.do(chromedp.NavigateBack())
		p.until(`document.querySelectorAll('#rows .entry').length === 7`)
	}
	for _, wrong := range []string{`path:"a`, ":x", "!", `"a"b:c`} {
		_, err := exceptions.ParseFilter(wrong)
		require.Error(t, err, wrong)
		p.do(chromedp.Navigate(s.url + "?filter=" + url.QueryEscape(wrong)))
		p.until(`document.getElementById('wrong').checkVisibility()`)
		require.Contains(t, p.texts("#wrong")[0], "is no filter")
		require.Equal(t, "true", eval[string](p, `document.getElementById('filter').getAttribute('aria-invalid')`))
	}
	p.quiet()
}

// The measure of the page: someone who has never seen it finds a named job's root
// failure, its labels, and who else failed like this.
func TestFourStepsFromAJobsNameToAllFailuresLikeItsLatest(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url)

	p.click("#search", "")
	p.press("settle")
	p.until(`document.querySelectorAll('.group').length === 1`)
	require.Equal(t, []string{"Settle accounts"}, p.texts(".group h3"))

	require.Equal(t, "f-9001", p.ids()[0])
	require.Subset(t, p.texts("[data-id=f-9001] > .head .chips > li"), []string{"+ 1 concurrent", "type DEPENDENCY", "retry retryable", "fingerprint 9f3a21bc00de77aa"})

	p.click("[data-id=f-9001] .toggle", "")
	p.until(`document.querySelector('[data-id=f-9001].open')`)
	open := strings.Join(p.texts("[data-id=f-9001] > .more"), "")
	require.Contains(t, open, "charge invoice 2025-118: dial tcp 10.20.3.14:8080: connection refused")
	require.Contains(t, open, "*net.OpError")
	require.Contains(t, open, "the same fingerprint")
	require.Equal(t, []string{"type CANCELLED", "retry unknown"}, p.texts("[data-id=f-9002] .chip"), "concurrent ones are nested")
	p.click("[data-id=f-9002] .toggle", "")
	p.until(`document.querySelector('[data-id=f-9002] .more').textContent.includes('context canceled')`)

	p.click("[data-id=f-9001] .like .do", "Show failures like this")
	p.until(`document.querySelectorAll('.group').length > 3`)
	require.Equal(t, "fingerprint:9f3a21bc00de77aa", p.query("filter"))
	want, _ := s.history.Entries(exceptions.Query{Filter: exceptions.MatchLabels(enricher.Labels{"fingerprint": "9f3a21bc00de77aa"})})
	require.Contains(t, p.texts("#title")[0], fmt.Sprintf("%d failures in ", len(want)))

	p.do(chromedp.NavigateBack()) // to the failure, which is open as it was
	p.until(`document.querySelector('[data-id=f-9001].open')`)
	require.Equal(t, "settle", eval[string](p, `document.getElementById('search').value`))
	p.quiet()
}

func TestALinkToAFailureShowsItOpen(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url+"?filter=type:USER")
	p.click(".toggle", "")
	id := p.ids()[0]
	to := eval[string](p, `[...document.querySelectorAll('.actions a')].find((a) => a.textContent === 'Link to this failure').href`)
	p = open(t, to, phone)
	p.until(`document.querySelector('.entry.open')?.dataset.id === ` + js(id))
	p.until(`(() => { const { top } = document.querySelector('.entry.open').getBoundingClientRect(); return top >= -1 && top < innerHeight; })()`)
	p.quiet()
}

func TestTheKeyboardIsEnough(t *testing.T) {
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

func TestAScreenReaderFindsItsWay(t *testing.T) {
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

func TestTheChartFiltersAndHasATable(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url)
	entries, _ := s.history.Entries(exceptions.Query{})
	sum := eval[int](p, `[...document.querySelectorAll('.legend button > span')].reduce((n, el) => n + Number(el.textContent), 0)`)
	require.Equal(t, len(entries), sum)

	p.click("#table summary", "")
	p.until(`document.querySelector('#table tbody tr')`)
	require.Equal(t, len(entries), eval[int](p, `[...document.querySelectorAll('#table tbody td:last-child')].reduce((n, el) => n + Number(el.textContent), 0)`))
	require.Equal(t, []string{"Time", "DEPENDENCY"}, p.texts("#table th[scope=col]")[:2])
	p.click("#table summary", "")

	segment := `.column [data-i="1"]`
	value := eval[string](p, `document.querySelectorAll('.legend bdi')[1].textContent`)
	p.do(chromedp.MouseEvent("mouseMoved", p.find(segment, "")[0], p.find(segment, "")[1]))
	p.until(`document.querySelector('.tip').checkVisibility() && document.querySelector('.tip').textContent.includes(` + js(value) + `)`)
	p.click(segment, "")
	p.until(`new URLSearchParams(location.search).get('filter') === ` + js("type:"+value))
	require.Equal(t, []string{value}, p.texts(".legend bdi"))
	p.do(chromedp.NavigateBack())
	p.until(`document.querySelectorAll('.legend bdi').length > 1`)

	at := eval[[2]float64](p, `(() => { const b = document.querySelector('.column .hit').getBoundingClientRect(); return [b.left + b.width / 2, b.top + 3]; })()`)
	p.do(chromedp.MouseClickXY(at[0], at[1])) // above the bars of a column: only its time
	p.until(`new URLSearchParams(location.search).get('from')`)
	require.Less(t, len(p.ids()), 10)
	require.NotEmpty(t, p.ids())
	p.click("#active .off", "")
	p.until(`!new URLSearchParams(location.search).get('from')`)

	p.do(chromedp.SetValue(chromedp.ID("by"), "team"))
	eval[bool](p, `document.getElementById('by').dispatchEvent(new Event('change'))`)
	p.until(`document.querySelector('.legend').textContent.includes('ledger')`)
	require.Equal(t, "team", p.query("by"))
	require.Equal(t, "team", eval[string](p, `document.querySelector('.chip.lead .key').textContent`))
	p.quiet()
}

const nasty = "<script>document.title = 'owned'; alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>\u202egnp.exe\u2066 javascript:alert(4)"

func TestHostileTextIsInert(t *testing.T) {
	t.Parallel()
	s := serve(t)
	long := strings.Repeat("W", 10_000)
	tall := strings.Repeat("line\n", 300)
	labels := enricher.Labels{"type": nasty, nasty: "v", "__proto__": "polluted", "constructor": "c", "toString": "t", "long": long, long: "x", "tall": tall, "quote": `"',\`}
	for i := range 60 {
		labels[fmt.Sprintf("many-%02d", i)] = strings.Repeat("many ", 20)
	}
	attributes := map[string]string{nasty: nasty, long: long, "tall": tall}
	s.add(
		failure{id: nasty, job: `../..//"><script>alert(5)</script>`, name: nasty + long, err: errors.New(nasty + long + tall), labels: labels, failed: nasty + long, attempt: 2, task: nasty, worker: long, attributes: attributes},
		failure{id: long, job: long, name: "..", err: errors.New(long), labels: labels},
		failure{id: "..", job: "..", name: "", err: errors.New(tall), labels: enricher.Labels{"__proto__": "polluted"}},
		failure{id: "nobody", err: errors.New("")},
	)
	s.add(failure{id: "under", root: nasty, job: `../..//"><script>alert(5)</script>`, err: errors.New(nasty + tall), labels: labels, task: long})
	for _, opt := range []option{func(*look) {}, phone} {
		p := open(t, s.url, opt)
		require.Len(t, p.ids(), 4)
		for range 4 { // open all
			eval[bool](p, `[...document.querySelectorAll('.toggle[aria-expanded=false]')].forEach((el) => el.click()) ?? true`)
		}
		p.until(`document.querySelectorAll('.entry.open').length === 5`)
		eval[bool](p, `document.getElementById('table').open = true`)
		eval[bool](p, `document.getElementById('facets-box').open = true`)
		inert := func() {
			t.Helper()
			require.LessOrEqual(t, eval[int64](p, `document.documentElement.scrollWidth`), p.width, "the page is wider than the screen")
			require.Empty(t, eval[[]string](p, fmt.Sprintf(`(() => {
				const out = (el) => el.getBoundingClientRect().right > %d;
				const cut = (el) => getComputedStyle(el).overflowX !== 'visible' && !out(el);
				const within = (el) => el && (cut(el) || within(el.parentElement));
				return [...document.querySelectorAll('body *')].filter((el) => out(el) && el.checkVisibility() && !el.closest('svg, .sr, .tip') && !within(el)).slice(0, 5).map((el) => el.outerHTML.slice(0, 100));
			})()`, p.width+1)), "elements that stick out")
			require.Zero(t, eval[int](p, `document.querySelectorAll('script:not([src="app.js"]), img, iframe, [onerror], [onload], bdi *:not(bdi)').length`))
			require.NotContains(t, eval[string](p, `document.title`), "owned")
			require.Zero(t, eval[int](p, `(document.body.innerText.match(/[\u202a-\u202e\u2066-\u2069]/g) ?? []).length`), "characters that reorder text")
			p.quiet()
		}
		inert()
		require.Contains(t, eval[string](p, `[...document.querySelectorAll('.msg')].map((el) => el.textContent).join()`), `\u{202e}gnp.exe`)
		require.Less(t, eval[int](p, `document.querySelector('.head').offsetHeight`), 1600)

		p.click(".group h3 button", "script") // one job alone, by an ID that is a path
		p.until(`document.querySelectorAll('.group').length === 1`)
		p.do(chromedp.NavigateBack())
		p.until(`document.querySelectorAll('.group').length === 4`)
		for _, label := range []string{"__proto__", "constructor", "quote", "tall"} {
			p.click(".chip", label)
			p.until(`document.querySelectorAll('#active .on').length === 1`)
			inert()
			want, err := exceptions.ParseFilter(p.query("filter"))
			require.NoError(t, err)
			entries, _ := s.history.Entries(exceptions.Query{Filter: want})
			require.Len(t, p.ids(), len(entries), label)
			p.do(chromedp.NavigateBack())
			p.until(`document.querySelectorAll('#active .on').length === 0`)
		}
	}
	p := open(t, s.url+"?filter="+url.QueryEscape(nasty)+"&job="+url.QueryEscape(nasty)+"&q="+url.QueryEscape(nasty)+"&by="+url.QueryEscape(nasty)+"&from=x&to=-1e400&open="+url.QueryEscape(nasty))
	require.Zero(t, eval[int](p, `document.querySelectorAll('script:not([src="app.js"]), img').length`))
	p.quiet()
}

func TestThousandsOfFailuresStayResponsive(t *testing.T) {
	t.Parallel()
	s := serve(t)
	kinds := kinds()
	for i := range 4800 {
		kind := kinds[i*i%len(kinds)]
		s.add(failure{id: fmt.Sprint("f", i), job: fmt.Sprint("job-", i%300), name: fmt.Sprintf("Job %03d", i%300), err: kind.err, labels: with(kind.labels, "shard", fmt.Sprint(i%97)), ago: time.Duration(4800-i) * time.Second})
	}
	p := open(t, s.url)
	p.until(`document.getElementById('older').checkVisibility()`)
	require.Equal(t, "Newest 500 failures in 300 jobs", p.texts("#title")[0])
	counted := func(value string) int { // by the server, over the whole history
		entries, _ := s.history.Entries(exceptions.Query{Filter: exceptions.MatchLabels(enricher.Labels{"type": value})})
		return len(entries)
	}
	require.Equal(t, fmt.Sprint("USER", withCommas(counted("USER"))), p.texts(".only")[slices.IndexFunc(p.texts(".only"), func(s string) bool { return strings.HasPrefix(s, "USER") })])

	p.click("#search", "")
	p.press("job 007") // its older failures are not here yet
	p.until(`document.querySelector('.group h3').textContent === 'Job 007'`)
	p.click(".group h3 button", "Job 007")
	p.until(`document.querySelectorAll('#rows .entry').length === 16`)
	p.click("#active .off", "")
	p.until(`document.querySelectorAll('.group').length > 5`)

	for range 2 {
		p.click("#older", "")
		p.until(`document.getElementById('rows').ariaBusy !== 'true'`)
	}
	p.until(`document.getElementById('title').textContent === '4,800 failures in 300 jobs'`)
	require.Empty(t, p.texts("#older"))
	require.Less(t, len(p.ids()), 400, "rows are drawn as they come into sight")

	took := eval[float64](p, `(() => {
		const start = performance.now();
		[...document.querySelectorAll('.chip')].find((el) => el.textContent === 'type SYSTEM').click();
		document.body.offsetHeight;
		return performance.now() - start;
	})()`)
	t.Logf("a click that filters 4,800 failures: %.0f ms", took)
	require.Less(t, took, 1000.0)
	p.click("#by-time", "")
	drawn := len(p.ids())
	for range 3 { // to the end, more are drawn
		eval[bool](p, `(scrollTo(0, document.body.scrollHeight), true)`)
		p.until(fmt.Sprintf(`document.querySelectorAll('#rows .entry').length > %d`, drawn))
		drawn = len(p.ids())
	}
	eval[bool](p, `(scrollTo(0, 0), true)`)

	start := time.Now() // a storm, while one looks
	for i := range 500 {
		s.add(failure{id: fmt.Sprint("storm", i), job: fmt.Sprint("job-", i%300), err: kinds[2].err, labels: kinds[2].labels})
	}
	p.until(`[...document.querySelectorAll('#rows .entry')].some((el) => el.dataset.id === 'storm499')`)
	t.Logf("500 more are on the screen after %v", time.Since(start).Round(time.Millisecond))
	p.quiet()
}

func withCommas(n int) string {
	if n < 1000 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d,%03d", n/1000, n%1000)
}

func TestTheStreamComesBack(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "before", job: "j"})
	p := open(t, s.url)
	s.CloseClientConnections()
	p.until(`document.getElementById('live').textContent.trim() === 'Reconnecting'`)
	s.add(failure{id: "meanwhile", job: "k"})
	p.until(`document.getElementById('live').textContent.trim() === 'Live'`)
	p.until(`document.querySelector('[data-id=meanwhile]')`)
	require.Equal(t, []string{"meanwhile", "before"}, p.ids())
}

func TestAReaderThatIsLostLooksAgain(t *testing.T) {
	t.Parallel()
	s := serveHistory(t, exceptions.NewHistory(exceptions.Options{MaxEvents: 2}))
	s.add(failure{id: "before", job: "j"})
	p := open(t, s.url)
	s.CloseClientConnections()
	p.until(`document.getElementById('live').textContent.trim() === 'Reconnecting'`)
	for i := range 10 {
		s.add(failure{id: fmt.Sprint("missed", i), job: "k"})
	}
	p.until(`document.getElementById('live').textContent.trim() === 'Live'`)
	p.until(`document.getElementById('title').textContent === '11 failures in 2 jobs'`)
}

func TestARootThatComesAfterItsCompanionsTakesThemIn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "c1", root: "r", job: "j"})
	p := open(t, s.url)
	require.Equal(t, []string{"c1"}, p.ids())
	s.add(failure{id: "r", job: "j"})
	p.until(`document.querySelector('[data-id=r] .bad')`)
	require.Equal(t, []string{"r"}, p.ids())
	s.add(failure{id: "c2", root: "r", job: "j"})
	p.until(`document.querySelector('[data-id=r] .bad').textContent === '+ 2 concurrent'`)
	p.click("[data-id=r] .toggle", "")
	p.until(`document.querySelectorAll('[data-id=r] .entry').length === 2`)
	p.quiet()
}

func TestTheThemeIsRemembered(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := open(t, s.url, dark)
	background := func() string { return eval[string](p, `getComputedStyle(document.documentElement).backgroundColor`) }
	night := background()
	p.click("#theme", "")
	p.until(`getComputedStyle(document.documentElement).backgroundColor !== ` + js(night))
	day := background()
	p.do(chromedp.Reload())
	p.until(`document.getElementById('live').textContent.trim() === 'Live'`)
	require.Equal(t, day, background())
	p.quiet()
}

func TestAServerThatFailsIsNotAnEmptyOne(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url)
	s.Listener.Close()
	s.CloseClientConnections()
	p.until(`document.getElementById('live').textContent.trim() === 'Reconnecting'`)
	require.NotEmpty(t, p.ids(), "what is known stays")
	p.click(".chip", "type")
	p.until(`document.querySelectorAll('#active .on').length === 1`)
	require.NotEmpty(t, p.ids(), "and can be filtered")
}
