package pagetest_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestStreamShowsNewFailures(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "old", job: "j", name: "Old job"})
	p := open(t, s.list)
	require.Equal(t, []string{"old"}, p.ids())

	s.add(failure{id: "new", job: "k", name: "New job", err: errors.New("disk is full"), labels: enricher.Labels{"type": "SYSTEM"}})
	p.until(`document.querySelectorAll('#rows .entry').length === 2`)
	require.Equal(t, []string{"new", "old"}, p.ids())
	require.Equal(t, []string{"New job", "Old job"}, p.texts(".of"))
	require.Contains(t, p.texts(".chip"), "type SYSTEM")
	p.until(`document.getElementById('news').textContent.includes('1 new failure')`) // for screen readers
	p.quiet()
}

func TestStreamDoesNotMoveTheListInUse(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "old", job: "j"})
	p := open(t, s.list)
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

func TestStreamLeavesTheRestOfTheListToBeRead(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for i := range 105 {
		s.add(failure{id: fmt.Sprint(i), job: fmt.Sprint("j", i), labels: enricher.Labels{"type": fmt.Sprint(i)}})
	}
	p := open(t, s.url)
	p.until(`(scrollTo(0, 1e6), document.getElementById('older').checkVisibility())`)
	// Now there is a better label to group by, but not for the rest of this list.
	s.add(failure{id: "new", job: "k", labels: enricher.Labels{"type": "new", "fingerprint": "f"}})
	p.until(`document.getElementById('title').textContent === 'First 100 values of type in 106 failures'`)
	p.until(`document.body.textContent.includes('fingerprint')`)
	p.click("#older", "")
	p.until(`document.getElementById('title').textContent === '106 values of type in 106 failures'`)
	p.quiet()
}

func TestStreamKeepsWhatIsOpenInAGroup(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.url)
	p.click("#rows .toggle", "")
	p.click("#rows .entry .entry .toggle", "")
	eval[string](p, `document.querySelector('#rows .entry .entry pre').id = 'the-same'`)
	eval[bool](p, `(document.getElementById('the-same').focus(), true)`)
	s.add(failure{id: "new", job: "k"})
	p.until(`document.getElementById('fresh').textContent === 'Show 1 new failure'`)
	require.Equal(t, "the-same", eval[string](p, `document.activeElement.id`))
	p.quiet()
}

func TestStreamFillsInPendingLabels(t *testing.T) {
	t.Parallel()
	s := serve(t)
	settle := s.pend(t, failure{id: "f", job: "j", err: errors.New("it failed"), labels: enricher.Labels{"type": "USER", "owner": "web"}})
	p := open(t, s.list)
	require.Equal(t, []string{"Labels pending"}, p.texts(".chips"))

	p.click(".toggle", "") // also if it is open
	p.until(`document.querySelector('.entry.open')`)
	settle()
	p.until(`document.querySelectorAll('.head .chip').length === 2`)
	require.Equal(t, []string{"type USER", "owner web"}, p.texts(".head .chip"))
	require.Empty(t, p.texts(".pending"))
	require.True(t, eval[bool](p, `document.querySelector('.entry').classList.contains('open')`))
	p.quiet()
}

func TestStreamReconnects(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "before", job: "j"})
	p := open(t, s.list)
	s.CloseClientConnections()
	p.until(`document.getElementById('live').textContent.trim() === 'Reconnecting'`)
	s.add(failure{id: "meanwhile", job: "k"})
	p.until(`document.getElementById('live').textContent.trim() === 'Live'`)
	p.until(`document.querySelector('[data-id=meanwhile]')`)
	require.Equal(t, []string{"meanwhile", "before"}, p.ids())
}

func TestStreamReloadsAfterLostEvents(t *testing.T) {
	t.Parallel()
	s := serveHistory(t, exceptions.NewHistory(exceptions.Options{MaxEvents: 2}))
	s.add(failure{id: "before", job: "j"})
	p := open(t, s.list)
	s.CloseClientConnections()
	p.until(`document.getElementById('live').textContent.trim() === 'Reconnecting'`)
	for i := range 10 {
		s.add(failure{id: fmt.Sprint("missed", i), job: "k"})
	}
	p.until(`document.getElementById('live').textContent.trim() === 'Live'`)
	p.until(`document.getElementById('title').textContent === '11 failures'`)
}

func TestStreamMovesFailuresUnderTheirRoot(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.add(failure{id: "c1", root: "r", job: "j"})
	p := open(t, s.list)
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

func TestStreamKeepsFailuresIfTheServerFails(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.demonstrate(t)
	p := open(t, s.list)
	s.Listener.Close()
	s.CloseClientConnections()
	p.until(`document.getElementById('live').textContent.trim() === 'Reconnecting'`)
	require.NotEmpty(t, p.ids(), "what is known stays")
	p.click(".chip", "type")
	p.until(`document.getElementById('note').textContent.includes('cannot be loaded')`)
}
