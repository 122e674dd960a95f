package pagetest_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// browser is the one browser of all tests. A test has a tab of its own.
var browser context.Context

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		if skipReason() != "" {
			return m.Run() // the tests are skipped
		}
		path := chromium()
		if path == "" {
			return m.Run() // open says so
		}
		dir, err := os.MkdirTemp("", "pagetest-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		ctx, cancel := chromedp.NewExecAllocator(context.Background(),
			chromedp.ExecPath(path),
			chromedp.UserDataDir(dir),
			chromedp.Headless,
			chromedp.NoSandbox,
			chromedp.DisableGPU,
			chromedp.NoFirstRun,
			chromedp.Flag("disable-quic", true),
			chromedp.Flag("disable-background-networking", true),
			chromedp.Flag("disable-component-update", true),
			chromedp.Flag("disable-sync", true),
			chromedp.Flag("disable-dev-shm-usage", true),
			// Tabs of tests that run at once are all in sight.
			chromedp.Flag("disable-renderer-backgrounding", true),
			chromedp.Flag("disable-background-timer-throttling", true),
			chromedp.Flag("disable-backgrounding-occluded-windows", true),
		)
		defer cancel()
		browser, cancel = chromedp.NewContext(ctx)
		defer cancel()
		if err := chromedp.Do(browser); err != nil {
			panic(fmt.Sprintf("%s does not start: %v", path, err))
		}
		return m.Run()
	}())
}

// skipReason says why the tests are not run, if so. They take a minute, so a run of
// all packages skips them.
func skipReason() string {
	switch {
	case testing.Short():
		return "skipped: -short is set"
	case os.Getenv("CI") == "" && flag.Lookup("test.run").Value.String() == "":
		return "skipped: takes a minute; set CI=true, or name the test with -run"
	}
	return ""
}

// chromium returns the path of the browser, or "".
func chromium() string {
	for _, name := range []string{"/usr/bin/chromium", "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// A tab has a page open. Exceptions, messages and dialogs of the page fail the
// test.
type tab struct {
	t     *testing.T
	ctx   context.Context
	close func() // a browser has six connections to a server, and each tab needs one for its events
	width int64  // of the screen

	mu         sync.Mutex
	complaints []string
	requests   []string
}

// An option says how a tab differs from one of 1280 x 800 pixels, light.
type option func(*look)

type look struct {
	width, height int64
	scheme        string
	motion        string
}

func dark(l *look)  { l.scheme = "dark" }
func phone(l *look) { l.width, l.height = 390, 844 }

// open opens a URL in a new tab, which is closed when the test ends.
func open(t *testing.T, url string, opts ...option) *tab {
	t.Helper()
	if browser == nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("Chromium is not installed")
		}
		t.Skip("skipped: Chromium is not installed (apt-get install chromium)")
	}
	l := look{width: 1280, height: 800, scheme: "light", motion: "reduce"}
	for _, opt := range opts {
		opt(&l)
	}
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	p := &tab{t: t, ctx: ctx, close: cancel, width: l.width}
	require.NoError(t, chromedp.Listen(ctx, p.listen))
	_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: l.scheme}, {Name: "prefers-reduced-motion", Value: l.motion},
	}})
	require.NoError(t, err)
	view := []chromedp.EmulateViewportOption{}
	if l.width < 600 {
		view = append(view, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	p.do(chromedp.EmulateViewport(l.width, l.height, view...), chromedp.Navigate(url))
	p.until(`document.getElementById('live').textContent.trim() === 'Live'`)
	p.settled()
	return p
}

// settled waits for the answers that the page has asked for.
func (p *tab) settled() {
	p.t.Helper()
	p.until(`document.getElementById('rows').ariaBusy !== 'true' && !document.getElementById('note').textContent.includes('Loading') && !document.querySelector('.counting')`)
}

// visit shows what the query of a URL says, without loading the page again.
func (p *tab) visit(query string) {
	p.t.Helper()
	eval[bool](p, `(history.pushState(null, '', location.pathname + '?' + `+js(query)+`), dispatchEvent(new PopStateEvent('popstate')))`)
	p.settled()
}

// listen runs in the loop that reads from the browser.
func (p *tab) listen(ev any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	complain := func(format string, args ...any) { p.complaints = append(p.complaints, fmt.Sprintf(format, args...)) }
	switch ev := ev.(type) {
	case *runtime.EventExceptionThrown:
		complain("exception: %s %s", ev.ExceptionDetails.Text, text(ev.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		complain("console.%s: %s", ev.Type, text(ev.Args...))
	case *page.EventJavascriptDialogOpening:
		complain("dialog: %s", ev.Message)
		go chromedp.Call(p.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
	case *network.EventRequestWillBeSent:
		p.requests = append(p.requests, ev.Request.URL)
	case *log.EventEntryAdded: // such as a violation of the content security policy
		complain("%s: %s %s", ev.Entry.Level, ev.Entry.Text, ev.Entry.URL)
	}
}

func text(objects ...*runtime.RemoteObject) string {
	var all []string
	for _, o := range objects {
		if o != nil {
			all = append(all, o.Description+" "+string(o.Value))
		}
	}
	return strings.Join(all, " ")
}

// quiet fails the test if there were complaints of the page.
func (p *tab) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(p.t, p.complaints)
}

func (p *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail(err.Error())
	}
}

// eval returns what a JavaScript expression is.
func eval[T any](p *tab, expression string) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	require.NoError(p.t, err, expression)
	return v
}

// until waits for a JavaScript expression to be true. Chromium's own waiting needs
// eval, which the page forbids.
func (p *tab) until(expression string) {
	p.t.Helper()
	for end := time.Now().Add(45 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("!!("+expression+")")); err == nil && ok {
			return
		}
	}
	p.fail("never true: " + expression)
}

// fail ends the test, with a screenshot.
func (p *tab) fail(message string) {
	p.t.Helper()
	p.mu.Lock()
	complaints := p.complaints
	p.mu.Unlock()
	path := filepath.Join(os.TempDir(), strings.ReplaceAll(p.t.Name(), "/", "-")+".png")
	if png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot()); err == nil && os.WriteFile(path, png, 0o600) == nil {
		message += "; see " + path
	}
	require.FailNow(p.t, message, "the page said: %q", complaints)
}

// click clicks on the middle of the first element with this selector, and this
// text if it is not empty, as a person does with a mouse.
func (p *tab) click(selector, text string, held ...kb.Modifier) {
	p.t.Helper()
	at := p.find(selector, text)
	p.do(chromedp.MouseClickXY(at[0], at[1], chromedp.ButtonModifiers(held...)))
}

// find scrolls to an element and returns where its middle is, once answers that are
// under way cannot move it any more.
func (p *tab) find(selector, text string) [2]float64 {
	p.t.Helper()
	p.settled()
	find := fmt.Sprintf(`[...document.querySelectorAll(%s)].find((el) => el.checkVisibility() && el.textContent.includes(%s))`, js(selector), js(text))
	p.until(find)
	return eval[[2]float64](p, `(() => {
		const el = `+find+`;
		el.scrollIntoView({ block: 'center' });
		const box = el.getBoundingClientRect();
		return [box.left + box.width / 2, box.top + box.height / 2];
	})()`)
}

// press presses keys, one after another.
func (p *tab) press(keys string, held ...kb.Modifier) {
	p.t.Helper()
	p.do(chromedp.KeyEvent(keys, chromedp.KeyModifiers(held...)))
}

// shortcut presses a key that the page handles. With press, the driver would also
// type it.
func (p *tab) shortcut(key string) {
	p.t.Helper()
	for _, typ := range []input.DispatchKeyEventType{input.DispatchKeyEventTypeRawKeyDown, input.DispatchKeyEventTypeKeyUp} {
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: typ, Key: key})
		require.NoError(p.t, err)
	}
}

// choose chooses a value of a select element.
func (p *tab) choose(id, value string) {
	p.t.Helper()
	p.until(`[...document.getElementById(` + js(id) + `).options].some((o) => o.value === ` + js(value) + `)`)
	eval[bool](p, `(() => { const el = document.getElementById(`+js(id)+`); el.value = `+js(value)+`; return el.dispatchEvent(new Event('change')); })()`)
	p.settled()
}

// texts returns the texts of all visible elements with this selector.
func (p *tab) texts(selector string) []string {
	p.t.Helper()
	return eval[[]string](p, `[...document.querySelectorAll(`+js(selector)+`)].filter((el) => el.checkVisibility()).map((el) => el.textContent.trim())`)
}

// ids returns the IDs of the failures that are listed, from the top.
func (p *tab) ids() []string {
	p.t.Helper()
	return eval[[]string](p, `[...document.querySelectorAll('#rows .entry[data-id]')].filter((el) => !el.parentElement.closest('.entry')).map((el) => el.dataset.id)`)
}

// query returns a parameter of the page's URL.
func (p *tab) query(name string) string {
	p.t.Helper()
	return eval[string](p, `new URLSearchParams(location.search).get(`+js(name)+`) ?? ''`)
}

// js writes a string as JavaScript.
func js(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}
