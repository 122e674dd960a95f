package pagetest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// TestScreenshots writes screenshots to the directory PAGETEST_SHOTS.
func TestScreenshots(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("PAGETEST_SHOTS")
	if dir == "" {
		t.Skip("skipped: PAGETEST_SHOTS is not set to a directory")
	}
	shoot := func(p *tab, name string) {
		t.Helper()
		png, err := chromedp.Run(p.ctx, chromedp.CaptureScreenshot())
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
		p.quiet()
	}
	shoot(open(t, serveWeek(t).url+"?sort=firstSeen"), "week") // ../screenshot.png
	s := serve(t)
	s.demonstrate(t)
	for name, opts := range map[string][]option{
		"desktop-light": {}, "desktop-dark": {dark}, "phone-light": {phone}, "phone-dark": {phone, dark},
	} {
		p := open(t, s.url+"?last=6h", opts...)
		shoot(p, name)
		p.do(chromedp.Navigate(s.list + "&last=6h"))
		p.settled()
		p.click("[data-id=f-9001] .toggle", "")
		p.until(`document.querySelector('.entry.open .verdict')`)
		eval[bool](p, `(document.querySelector('.entry.open').scrollIntoView(), true)`)
		shoot(p, name+"-open")
		p.do(chromedp.Navigate(s.url + "?view=jobs&last=6h"))
		p.settled()
		shoot(p, name+"-jobs")
		p.close()
	}
}
