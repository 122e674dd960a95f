package pagetest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestPageIsSmall(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("../page")
	require.NoError(t, err)
	index, err := os.ReadFile("../page/index.html")
	require.NoError(t, err)
	total := 0
	for _, f := range files {
		text, err := os.ReadFile("../page/" + f.Name())
		require.NoError(t, err)
		total += len(text)
		require.LessOrEqual(t, bytes.Count(text, []byte("\n")), 250, f.Name())
		if f.Name() != "index.html" {
			require.Contains(t, string(index), `"`+f.Name()+`"`, "the browser asks for all files at once")
		}
	}
	t.Logf("%d bytes", total)
	require.Less(t, total, 150_000)
}

func TestPageLoadsOnlyFromItsServer(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url)
	p.click(".toggle", "")
	for _, view := range []string{"Jobs", "Time", "Groups"} {
		p.click("#views button", view)
		p.settled()
	}
	p.click("#compare", "")
	p.settled()
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

func TestPageOfAnEmptyHistory(t *testing.T) {
	t.Parallel()
	s := serve(t)
	p := open(t, s.url)
	p.until(`document.getElementById('note').innerText.includes('No failure so far')`)
	require.Contains(t, strings.Join(p.texts("#note"), ""), "history.Enrich")
	require.Contains(t, strings.Join(p.texts("#note"), ""), "enricher.WithObserver(history)")
	require.Empty(t, p.texts("#chart, #facets-box"))
	require.Equal(t, []string{"These failures are in memory: a restart forgets them."}, p.texts("#kept"))

	s.add(failure{id: "first", job: "j", labels: enricher.Labels{"type": "USER"}})
	p.until(`document.querySelectorAll('#rows .entry').length === 1`)
	require.Empty(t, p.texts("#note h3"), "the empty state goes away")
	p.quiet()
}

func TestPageShowsPendingMissingAndIncompleteLabels(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "none", job: "none"}, failure{id: "incomplete", job: "incomplete", failed: "owner"})
	s.pend(t, failure{id: "pending", job: "pending", err: errors.New("x"), labels: enricher.Labels{"type": "USER"}})
	p := open(t, s.list)
	require.Equal(t, []string{"Labels pending", "▲ Incomplete: owner timed-out", "No labels"}, p.texts("#rows .chips"))
	p.click(`[data-id=incomplete] .toggle`, "")
	p.until(`document.querySelector('[data-id=incomplete] .failed').checkVisibility()`)
	require.Equal(t, []string{"Labels are incompleteowner timed-out: context deadline exceeded"}, p.texts("[data-id=incomplete] .failed"))
	p.quiet()
}

func TestPageSaysWhatIsNotKept(t *testing.T) {
	t.Parallel()
	s := serve(t)
	many := map[string]string{}
	outcomes := []enricher.Outcome{}
	for i := range 1100 {
		many[fmt.Sprintf("%04d", i)] = "x"
		outcomes = append(outcomes, enricher.Outcome{
			Enricher: "e", Status: enricher.StatusFailed, Err: errors.New("x"), Issues: []enricher.LabelIssue{{Key: "k", Err: enricher.ErrTooManyLabels}},
		})
	}
	s.history.ObserveFailure(t.Context(), errors.New("x"), enricher.FailureContext{ID: "a", Attributes: many}, enricher.Result{Labels: many, Outcomes: outcomes})
	p := open(t, s.list)
	require.Contains(t, strings.Join(p.texts("[data-id=a] > .head .chips"), ""), "▲ 76 more not kept")
	p.click("[data-id=a] .toggle", "")
	p.until(`document.querySelector('[data-id=a] .failed').checkVisibility()`)
	require.Contains(t, strings.Join(p.texts("[data-id=a] dl"), ""), "Attributes not kept844")
	require.Contains(t, strings.Join(p.texts("[data-id=a] .failed"), ""), "and 1036 more")
	require.Contains(t, strings.Join(p.texts("[data-id=a] > .head .chips"), ""), "▲ 1100 dropped or cut")
	require.Regexp(t, "^Labels dropped or cute k: too many labels.*and 1036 more$", strings.Join(p.texts("[data-id=a] .altered"), ""))
	p.quiet()
}

func TestPageOpensTheFailureOfALink(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	s.add(failure{id: "old", job: "j", ago: 9 * 24 * time.Hour})
	p := open(t, s.list+"&filter=type:USER")
	p.click(".toggle", "")
	id := p.ids()[0]
	to := eval[string](p, `[...document.querySelectorAll('.actions a')].find((a) => a.textContent === 'Link to this failure').href`)
	p = open(t, to, phone)
	p.until(`document.querySelector('.entry.open')?.dataset.id === ` + js(id))
	p.until(`(() => { const { top } = document.querySelector('.entry.open').getBoundingClientRect(); return top >= -1 && top < innerHeight; })()`)
	p.do(chromedp.Navigate(s.url + "?view=jobs&open=old")) // it is not among those that are listed
	p.until(`document.querySelector('#linked .entry.open')?.dataset.id === 'old'`)
	p.visit("view=time") // nor is one that the page knows, but does not list
	p.visit("view=groups&open=old")
	require.Equal(t, "old", eval[string](p, `document.querySelector('#linked .entry.open')?.dataset.id ?? ''`))
	p.quiet()

	p.do(chromedp.Navigate(s.url + "?open=gone")) // nor kept
	p.until(`document.getElementById('gone').textContent.includes('The failure gone is not kept any more')`)
	require.Empty(t, p.texts(".entry.open"), "no other one is open")
	p.click("#gone button", "Close")
	p.until(`!document.getElementById('linked').checkVisibility()`)
}

func TestPageRemembersTheTheme(t *testing.T) {
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

const nasty = "<script>document.title = 'owned'; alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>\u202egnp.exe\u2066 javascript:alert(4)"

func TestPageShowsHostileTextsAsText(t *testing.T) {
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
		failure{id: "empty", err: errors.New("")},
	)
	s.add(failure{id: "under", root: nasty, job: `../..//"><script>alert(5)</script>`, err: errors.New(nasty + tall), labels: labels, task: long})
	for _, opt := range []option{func(*look) {}, phone} {
		p := open(t, s.list, opt)
		require.Len(t, p.ids(), 4)
		for range 4 { // open all
			eval[bool](p, `[...document.querySelectorAll('.toggle[aria-expanded=false]')].forEach((el) => el.click()) ?? true`)
		}
		p.until(`document.querySelectorAll('.entry.open').length === 5`)
		eval[bool](p, `document.getElementById('table').open = true`)
		eval[bool](p, `document.getElementById('facets-box').open = true`)
		inert := func() {
			t.Helper()
			require.Empty(t, eval[[]string](p, fmt.Sprintf(`(() => {
				const out = (el) => el.getBoundingClientRect().right > %d;
				const cut = (el) => getComputedStyle(el).overflowX !== 'visible' && !out(el);
				const within = (el) => el && (cut(el) || within(el.parentElement));
				return [...document.querySelectorAll('body *')].filter((el) => out(el) && el.checkVisibility() && !el.closest('svg, .sr, .tip') && !within(el)).slice(0, 5).map((el) => el.outerHTML.slice(0, 100));
			})()`, p.width+1)), "elements that stick out")
			require.LessOrEqual(t, eval[int64](p, `document.documentElement.scrollWidth`), p.width, "the page is wider than the screen")
			require.Zero(t, eval[int](p, `document.querySelectorAll('script:not([src="app.js"], [src="theme.js"]), img, iframe, [onerror], [onload], [href^="javascript:" i], bdi *:not(bdi)').length`))
			require.NotContains(t, eval[string](p, `document.title`), "owned")
			require.Zero(t, eval[int](p, `(document.body.innerText.match(/[\u202a-\u202e\u2066-\u2069]/g) ?? []).length`), "characters that reorder text")
			p.quiet()
		}
		inert()
		require.Contains(t, eval[string](p, `[...document.querySelectorAll('.msg')].map((el) => el.textContent).join()`), `\u{202e}gnp.exe`)
		require.Less(t, eval[int](p, `document.querySelector('.head').offsetHeight`), 400)

		p.visit("view=jobs")
		inert()
		p.click(".job h3 button", "script") // one job alone, by an ID that is a path
		p.until(`document.getElementById('job').checkVisibility()`)
		p.settled()
		require.Len(t, p.ids(), 1)
		p.visit("group=type")
		require.Len(t, p.texts("#rows > .entry"), 2)
		for range 3 {
			eval[bool](p, `[...document.querySelectorAll('.toggle[aria-expanded=false]')].forEach((el) => el.click()) ?? true`)
		}
		p.settled()
		inert()
		for _, label := range []string{"__proto__", "constructor", "quote", "tall"} {
			if p.width < 600 {
				break
			}
			p.visit("view=time")
			eval[bool](p, `[...document.querySelectorAll('.toggle[aria-expanded=false]')].forEach((el) => el.click()) ?? true`)
			p.click(".labels div:has(dt) .only-this[data-k='="+label+"']", "")
			p.until(`document.querySelectorAll('#active .on').length === 1`)
			p.settled()
			inert()
			want, err := exceptions.ParseFilter(p.query("filter"))
			require.NoError(t, err)
			entries, _ := s.history.Entries(exceptions.Query{Filter: want})
			require.Len(t, p.ids(), len(entries), label)
		}
	}
	p := open(t, s.url+"?filter="+url.QueryEscape(nasty)+"&job="+url.QueryEscape(nasty)+"&q="+url.QueryEscape(nasty)+"&by="+url.QueryEscape(nasty)+"&from=x&to=-1e400&open="+url.QueryEscape(nasty))
	require.Zero(t, eval[int](p, `document.querySelectorAll('script:not([src="app.js"], [src="theme.js"]), img').length`))
	p.quiet()
}

func TestPageLinksOnlyToURLsInLabels(t *testing.T) {
	t.Parallel()
	s := serve(t)
	urls := map[string]string{"runbook": "https://example.com/a?b=c#d", "http": "HTTP://example.com"}
	others := map[string]string{
		"js": "javascript:alert(1)", "data": "data:text/html,x", "relative": "/a", "host": "//example.com", "text": "see https://example.com", "space": "https://example.com/a b",
		"order": "https://example.com/\u202egnp", "no-host": "https://", "ftp": "ftp://example.com",
	}
	labels := enricher.Labels{"owner": "web", "hint": "ask first"}
	maps.Copy(labels, urls)
	maps.Copy(labels, others)
	s.add(failure{id: "f", job: "j", labels: labels, attributes: map[string]string{"runbook": "https://example.com/attribute", "owner": "the service"}})
	p := open(t, s.list)
	require.Equal(t, []string{"Runbook"}, p.texts("#rows a"), "one click away")
	p.click(".toggle", "")
	p.until(`document.querySelector('.first')`)
	require.Equal(t, []string{"Ownerowner web", "Hintask first", "Runbookhttps://example.com/a?b=c#d"}, p.texts(".more > :first-child .first div"), "what to do is first")
	require.ElementsMatch(t, slices.Collect(maps.Values(urls)), p.texts(".labels a"))
	require.Len(t, p.texts(".labels dd"), len(labels))
	require.Empty(t, p.texts(".attributes a"))
	require.Equal(t, []string{"ownerthe service", "runbookhttps://example.com/attribute"}, p.texts(".attributes dl > div"), "attributes are told from labels")
	require.Equal(t, []string{"_blank noopener noreferrer"}, slices.Compact(eval[[]string](p, `[...document.querySelectorAll('a[href*="example.com"]')].map((el) => el.target + ' ' + el.rel)`)))
	p.quiet()
}

func TestPageAnswersAnyTime(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "now", job: "j"}, failure{id: "1970", job: "j", ago: time.Since(time.Unix(1800, 0))})
	p := open(t, s.list)
	for query, want := range map[string]string{
		"from=-1e400": "now", "to=1e999": "now", "from=-1e400&to=Infinity": "now", "from=-300000000000": "now 1970", "to=0": "", "to=3600000": "1970", "last=all": "now 1970", "from=x": "now", "last=x": "now",
		"from=-99999999999999999": "now 1970", "to=99999999999999999": "now 1970", "from=1969-12-31T00:00:00Z&to=1970-01-01T02:00:00%2B01:00": "1970",
		"from=2&to=1": "", "from=253402300799999": "",
	} {
		p.visit("view=time&" + query)
		require.Equal(t, want, strings.Join(p.ids(), " "), query)
		require.Equal(t, strings.Contains(query, "=x") && !strings.Contains(query, "last"), len(p.texts("#wrong")) == 1, query)
		require.Equal(t, want == "", len(p.texts("#note h3")) == 1, "%s: nothing is said to match", query)
		require.NotContains(t, strings.Join(p.texts("#note"), ""), "cannot be loaded", query)
	}
	p.quiet()
}

func TestPageSaysWhetherItCopied(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const selected = "Selected: copy it with the keyboard or the menu"
	tests := []struct{ script, want string }{
		{`navigator.clipboard.writeText = async () => {}`, "Copied"},
		{`navigator.clipboard.writeText = async () => { throw new Error('no'); }; document.execCommand = () => { throw new Error('no'); }`, selected},
		{`Object.defineProperty(navigator, 'clipboard', { value: undefined }); document.execCommand = () => true`, "Copied"},
		{`document.execCommand = () => false`, selected},
	}
	for i := range tests {
		s.add(failure{id: fmt.Sprint("f", i), job: "j"})
	}
	p := open(t, s.list)
	for i, test := range tests {
		row := fmt.Sprintf("[data-id=f%d] ", i)
		p.click(row+".toggle", "")
		eval[bool](p, `(() => { `+test.script+`; return true; })()`)
		p.click(row+".titled .link", "Copy")
		p.until(`document.querySelector(` + js(row+".titled .link") + `).textContent === ` + js(test.want))
		require.Contains(t, eval[string](p, `getSelection().toString()`), "it failed")
	}
	p.quiet()
}

func TestPageShowsThatAJobWorksAgain(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "a", job: "a", ago: time.Minute}, failure{id: "b", job: "b", ago: time.Minute})
	s.history.Resolve("a")
	p := open(t, s.url+"?view=jobs")
	require.Equal(t, []string{"a"}, eval[[]string](p, `[...document.querySelectorAll('.job.resolved')].map((el) => el.dataset.job)`))
	require.Contains(t, strings.Join(p.texts("[data-job=a] > header"), ""), "✓ Works again since ")
	p.do(chromedp.Navigate(s.list + "&job=a"))
	p.until(`document.querySelector('#job .good')`)
	p.quiet()
}

// A brokenStore does not write, and does not read if it has no Memory.
type brokenStore struct{ *exceptions.Memory }

func (brokenStore) Append(context.Context, []exceptions.Record) error {
	return errors.New("disk is full")
}

func TestPageSaysThatTheStoreFails(t *testing.T) {
	t.Parallel()
	if reason := skipReason(); reason != "" {
		t.Skip(reason)
	}
	h := exceptions.NewHistory(exceptions.Options{Store: brokenStore{exceptions.NewMemory(exceptions.Options{})}, Logger: slog.New(slog.DiscardHandler)})
	s := serveHistory(t, h)
	s.add(failure{id: "f", job: "j"})
	require.Eventually(t, func() bool { return h.Status().Error != "" }, time.Minute, 10*time.Millisecond)
	p := open(t, s.url)
	p.until(`document.getElementById('status').checkVisibility()`)
	require.Contains(t, p.texts("#status")[0], "New failures are not being stored")
	require.Contains(t, p.texts("#status")[0], "disk is full. 1 failure waits.")
	p.quiet()
}
