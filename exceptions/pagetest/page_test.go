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
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestPageIsUnder64KB(t *testing.T) {
	t.Parallel()
	var total int64
	for _, name := range []string{"index.html", "app.js", "style.css"} {
		info, err := os.Stat("../page/" + name)
		require.NoError(t, err)
		t.Logf("%s: %d bytes", name, info.Size())
		total += info.Size()
	}
	require.Less(t, total, int64(64_000))
}

func TestPageLoadsOnlyFromItsServer(t *testing.T) {
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

func TestPageOfAnEmptyHistory(t *testing.T) {
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

func TestPageShowsPendingMissingAndIncompleteLabels(t *testing.T) {
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
	p := open(t, s.url)
	require.Contains(t, strings.Join(p.texts("[data-id=a] > .head .chips"), ""), "▲ 76 more not kept")
	p.click("[data-id=a] .toggle", "")
	p.until(`document.querySelector('[data-id=a] .failed').checkVisibility()`)
	require.Contains(t, strings.Join(p.texts("[data-id=a] dl"), ""), "Attributes not kept844")
	require.Contains(t, strings.Join(p.texts("[data-id=a] .failed"), ""), "and 1036 more")
	require.Contains(t, strings.Join(p.texts("[data-id=a] > .head .chips"), ""), "▲ 1100 dropped or cut")
	require.Regexp(t, "^Labels dropped or cute k: too many labels.*and 1036 more$", strings.Join(p.texts("[data-id=a] .altered"), ""))
	p.quiet()
}

// The measure of the page: someone who has never seen it finds a named job's root
// failure, its labels, and who else failed like this.
func TestPageFindsSimilarFailuresInFourSteps(t *testing.T) {
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

func TestPageOpensTheFailureOfALink(t *testing.T) {
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

func TestPageWithThousandsOfFailures(t *testing.T) {
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
