package pagetest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestFilterByAClickOnALabel(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(
		failure{id: "u1", job: "a", labels: enricher.Labels{"type": "USER", "owner": "web"}, ago: 3 * time.Second},
		failure{id: "s1", job: "b", labels: enricher.Labels{"type": "SYSTEM", "owner": "web"}, ago: 2 * time.Second},
		failure{id: "u2", job: "c", labels: enricher.Labels{"type": "USER", "owner": "ops"}, ago: time.Second},
	)
	p := open(t, s.list)
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
	require.Equal(t, "type:USER, !owner:ops", p.query("filter"))

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

func TestFilterFieldMatchesTheHandler(t *testing.T) {
	t.Parallel()
	s := serveHistory(t, exceptions.NewHistory(exceptions.Options{}), exceptions.WithLeadLabels("type", "path", "a:b", "!not"))
	s.add(
		failure{id: "plain", job: "1", labels: enricher.Labels{"type": "USER", "owner": "web"}},
		failure{id: "comma", job: "2", labels: enricher.Labels{"path": "a,b", "type": "SYSTEM"}},
		failure{id: "quote", job: "3", labels: enricher.Labels{"path": `say "a\b"`}},
		failure{id: "colon", job: "4", labels: enricher.Labels{"path": "C:/x", "a:b": "1"}},
		failure{id: "empty", job: "5", labels: enricher.Labels{"path": "", "!not": "x"}},
		failure{id: "space", job: "6", labels: enricher.Labels{"path": " x "}},
		failure{id: "none", job: "7"},
	)
	p := open(t, s.list)
	for _, filter := range []string{
		"type=USER", `"a:b"=1`, "!type", " type : USER , owner ", `path:"a,b"`, "path:a,b", `path:"say \"a\\b\""`, "path:C:/x", `"a:b"`, "a:b",
		`path:""`, `"!not":x`, `path:" x "`, ",,type,", "!path,!type", "", "type:", `path:say "a\b"`, `"type":"USER"`, "! type : USER",
	} {
		want, err := exceptions.ParseFilter(filter)
		require.NoError(t, err, filter)
		entries, _ := s.history.Entries(exceptions.Query{Filter: want})
		ids := []string{}
		for _, e := range entries {
			ids = append(ids, e.ID)
		}
		p.visit("view=time&filter=" + url.QueryEscape(filter))
		require.Equal(t, ids, p.ids(), filter)
	}
	p.visit("view=time")
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
		p.visit("view=time&filter=" + url.QueryEscape(wrong))
		p.until(`document.getElementById('wrong').checkVisibility()`)
		require.Contains(t, p.texts("#wrong")[0], "is not a filter")
		require.Equal(t, "true", eval[string](p, `document.getElementById('filter').getAttribute('aria-invalid')`))
	}
	p.quiet()
}

func TestFilterByAClickOnTheChart(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.list)
	all := 0
	for _, l := range s.history.Labels(exceptions.Query{}) {
		if l.Key == "type" {
			all = 1 + l.Count // the one that is pending
		}
	}
	require.Equal(t, all, eval[int](p, `[...document.querySelectorAll('.legend button > span')].reduce((n, el) => n + Number(el.textContent), 0)`))
	require.Contains(t, p.texts("#title")[0], fmt.Sprintf("%d failures", all))

	p.click("#table summary", "")
	p.until(`document.querySelector('#table tbody tr')`)
	require.Equal(t, all, eval[int](p, `[...document.querySelectorAll('#table tbody td:last-child')].reduce((n, el) => n + Number(el.textContent), 0)`))
	require.Equal(t, []string{"Time", "DEPENDENCY"}, p.texts("#table th[scope=col]")[:2])
	p.click("#table summary", "")

	segment := `.column [data-i="1"]`
	value := eval[string](p, `document.querySelectorAll('.legend bdi')[1].textContent`)
	p.do(chromedp.MouseEvent("mouseMoved", p.find(segment, "")[0], p.find(segment, "")[1]))
	p.until(`document.querySelector('.tip').checkVisibility() && document.querySelector('.tip').textContent.includes(` + js(value) + `)`)
	p.click(segment, "")
	p.until(`new URLSearchParams(location.search).get('filter') === ` + js("type:"+value))
	p.settled()
	require.Equal(t, []string{value}, p.texts(".legend bdi"))
	p.do(chromedp.NavigateBack())
	p.until(`document.querySelectorAll('.legend bdi').length > 1`)

	p.settled()
	at := eval[[2]float64](p, `(() => { const b = [...document.querySelectorAll('.column')].find((el) => el.querySelector('[data-i]')).querySelector('.hit').getBoundingClientRect(); return [b.left + b.width / 2, b.top + 3]; })()`)
	p.do(chromedp.MouseClickXY(at[0], at[1])) // above the bars of a column: only its time
	p.until(`new URLSearchParams(location.search).get('from')`)
	p.settled()
	require.Less(t, len(p.ids()), 50)
	require.NotEmpty(t, p.ids())
	p.click("#active .off", "")
	p.until(`!new URLSearchParams(location.search).get('from')`)
	p.settled()

	at = eval[[2]float64](p, `(() => { const b = document.getElementById('plot').getBoundingClientRect(); return [b.left + b.width / 2, b.top + 40]; })()`)
	p.do(chromedp.MouseEvent("mousePressed", at[0], at[1], chromedp.ButtonLeft)) // a drag over the right half
	for i := range 5 {
		p.do(chromedp.MouseEvent("mouseMoved", at[0]+float64(i+1)*90, at[1], chromedp.ButtonLeft))
	}
	require.Greater(t, eval[float64](p, `Number(document.querySelector('.brush').getAttribute('width'))`), 400.0)
	p.do(chromedp.MouseEvent("mouseReleased", at[0]+450, at[1], chromedp.ButtonLeft))
	p.until(`new URLSearchParams(location.search).get('to')`)
	p.settled()
	var from, to int64
	_, err := fmt.Sscan(p.query("from")+" "+p.query("to"), &from, &to)
	require.NoError(t, err)
	require.InDelta(t, 12, time.UnixMilli(to).Sub(time.UnixMilli(from)).Hours(), 1)
	require.NotEmpty(t, p.ids())
	p.click("#active .off", "")
	p.until(`!new URLSearchParams(location.search).get('from')`)

	p.choose("by", "owner")
	p.until(`document.querySelector('.legend').textContent.includes('ledger')`)
	require.Equal(t, "owner", p.query("by"))
	require.Empty(t, eval[[]string](p, `[...document.querySelectorAll('.chip[class*=" c"]')].map((el) => el.textContent).filter((s) => !s.startsWith('type '))`), "only types have colours")
	p.quiet()
}

func TestFilterByATimeOfOnesOwn(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "old", job: "j", ago: 50 * time.Hour}, failure{id: "new", job: "j", ago: time.Hour})
	p := open(t, s.list)
	require.Equal(t, []string{"new"}, p.ids(), "of the last 24 hours")
	p.choose("range", "own")
	require.Equal(t, "from", eval[string](p, `document.activeElement.id`))
	set := func(id string, ago time.Duration) {
		p.do(chromedp.SetValue(chromedp.ID(id), time.Now().Add(-ago).Format("2006-01-02T15:04")))
	}
	set("from", 72*time.Hour)
	set("to", 24*time.Hour)
	p.click("#own-range button", "Show")
	p.settled()
	require.Equal(t, []string{"old"}, p.ids())
	require.Contains(t, p.texts("#active .on")[0], " to ")
	for _, last := range []string{"all", "7d", "24h"} {
		p.choose("range", last)
		require.Equal(t, map[string]int{"all": 2, "7d": 2, "24h": 1}[last], len(p.ids()), last)
	}

	s.add(failure{id: "third", job: "k", ago: 100 * 24 * time.Hour})
	p.visit("view=time&job=k")
	require.Equal(t, []string{"No failure matches: the last 24 h"}, p.texts("#note h3"), "the newest that matches is older")
	p.click("#note button", "Show all times")
	p.settled()
	require.Equal(t, []string{"third"}, p.ids())
	p.quiet()
}
