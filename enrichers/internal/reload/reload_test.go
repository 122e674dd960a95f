package reload_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher/enrichers/internal/reload"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ExampleFile_Get() {
	path := filepath.Join(os.TempDir(), fmt.Sprint("greeting-", os.Getpid()))
	defer os.Remove(path)
	_ = os.WriteFile(path, []byte("hello"), 0o600)
	f, err := reload.Open(path, reload.Options{MaxSize: 100, Watch: true},
		func(data []byte, _ *string) (*string, error) {
			s := string(data)
			return &s, nil
		})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(*f.Get(context.Background()))
	// Output: hello
}

// text accepts what does not begin with "bad".
func text(data []byte, old *string) (*string, error) {
	s := string(data)
	if strings.HasPrefix(s, "panic") {
		panic(s)
	}
	if strings.HasPrefix(s, "bad") {
		return nil, fmt.Errorf("%s after %s", s, *old)
	}
	return &s, nil
}

var silent = slog.New(slog.DiscardHandler)

// A log collects log lines without their times.
type log struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *log) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		switch a.Key {
		case slog.TimeKey:
			return slog.Attr{}
		case "file":
			return slog.String("file", filepath.Base(a.Value.String()))
		}
		return a
	}}))
}

// take returns the lines since the last time.
func (l *log) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.buf.Reset()
	return strings.TrimSuffix(l.buf.String(), "\n")
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// open opens a new file with this content.
func open(t *testing.T, content string, watch bool) (*reload.File[string], string, *log) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, content)
	l := &log{}
	f, err := reload.Open(path, reload.Options{MaxSize: 20, Watch: watch, Logger: l.logger()}, text)
	require.NoError(t, err)
	return f, path, l
}

const (
	used    = `level=INFO msg="New version of a file is used from now on" file=f`
	notUsed = `level=WARN msg="New version of a file is not used: the one before stays in force" file=f error="bad after one"`
)

func TestANewVersionIsUsedAfterTheInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, path, l := open(t, "one", true)
		write(t, path, "two")
		assert.Equal(t, "one", *f.Get(t.Context()), "it has just been read")
		time.Sleep(reload.Interval - 1)
		assert.Equal(t, "one", *f.Get(t.Context()), "nobody looks yet")
		time.Sleep(time.Nanosecond)
		assert.Equal(t, "two", *f.Get(t.Context()), "who looks gets the news")
		assert.Equal(t, used, l.take())

		write(t, path, "three")
		assert.Equal(t, "two", *f.Get(t.Context()))
		time.Sleep(reload.Interval)
		assert.Equal(t, "three", *f.Get(t.Context()))
	})
}

func TestNothingIsReadAgainUnlessAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, path, l := open(t, "one", false)
		write(t, path, "two")
		time.Sleep(time.Hour)
		assert.Equal(t, "one", *f.Get(t.Context()))
		assert.Empty(t, l.take())
		v := "fixed"
		assert.Same(t, &v, reload.Fixed(&v).Get(t.Context()))
	})
}

func TestABrokenVersionKeepsTheOldOneAndIsNamedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, path, l := open(t, "one", true)
		get := func() string {
			time.Sleep(reload.Interval)
			return *f.Get(t.Context())
		}
		write(t, path, "bad")
		assert.Equal(t, "one", get())
		assert.Equal(t, notUsed, l.take())
		write(t, path, "bad") // the same content at another time
		assert.Equal(t, "one", get())
		assert.Equal(t, "one", get())
		assert.Empty(t, l.take())
		write(t, path, "bad, worse")
		assert.Equal(t, "one", get())
		assert.Equal(t, strings.Replace(notUsed, "bad after", "bad, worse after", 1), l.take())
		write(t, path, "two")
		assert.Equal(t, "two", get())
		assert.Equal(t, used, l.take())
		assert.EqualValues(t, 2, f.Failed())
	})
}

func TestAFileThatIsGoneKeepsTheOldVersionAndIsNamedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, path, l := open(t, "one", true)
		get := func() string {
			time.Sleep(reload.Interval)
			return *f.Get(t.Context())
		}
		require.NoError(t, os.Remove(path))
		assert.Equal(t, "one", get())
		assert.Contains(t, l.take(), `level=WARN msg="File cannot be read again: what was read before stays in force" file=f error="stat `)
		assert.Equal(t, "one", get())
		assert.Empty(t, l.take())

		write(t, path, "far more than twenty bytes")
		assert.Equal(t, "one", get())
		assert.Contains(t, l.take(), "want a file of at most 20 bytes")
		assert.Equal(t, "one", get())
		assert.Empty(t, l.take())

		write(t, path, "one") // as before: nothing to say
		assert.Equal(t, "one", get())
		assert.Empty(t, l.take())

		require.NoError(t, os.Remove(path))
		assert.Equal(t, "one", get())
		assert.NotEmpty(t, l.take(), "gone again is news again")
		assert.EqualValues(t, 3, f.Failed())
	})
}

func TestAFileThatComesAndGoesIsNamedEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "one")
		old := time.Now().Add(-time.Hour)
		require.NoError(t, os.Chtimes(path, old, old))
		l := &log{}
		f, err := reload.Open(path, reload.Options{MaxSize: 20, Watch: true, Logger: l.logger()}, text)
		require.NoError(t, err)
		for range 2 {
			require.NoError(t, os.Rename(path, path+".away"))
			time.Sleep(reload.Interval)
			assert.Equal(t, "one", *f.Get(t.Context()))
			assert.Contains(t, l.take(), "File cannot be read again")
			require.NoError(t, os.Rename(path+".away", path))
			time.Sleep(reload.Interval)
			assert.Equal(t, "one", *f.Get(t.Context()))
			assert.Empty(t, l.take())
		}
	})
}

func TestAChangeIsSeenWhereSizeAndTimeStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		old := time.Now().Add(-time.Hour)
		put := func(path, content string) {
			write(t, path, content)
			require.NoError(t, os.Chtimes(path, old, old))
		}
		put(path, "one")
		f, err := reload.Open(path, reload.Options{MaxSize: 20, Watch: true, Logger: silent}, text)
		require.NoError(t, err)

		put(path+".new", "two") // another file
		require.NoError(t, os.Rename(path+".new", path))
		time.Sleep(reload.Interval)
		assert.Equal(t, "two", *f.Get(t.Context()))

		put(path, "six") // in place, which cannot be told as it pretends to be old
		time.Sleep(reload.Interval)
		assert.Equal(t, "two", *f.Get(t.Context()), "an unchanged file is not read")

		old = time.Now().Add(-time.Second) // in place, but just now
		put(path, "ten")
		time.Sleep(reload.Interval)
		assert.Equal(t, "ten", *f.Get(t.Context()))
		put(path, "new")
		time.Sleep(reload.Interval)
		assert.Equal(t, "new", *f.Get(t.Context()))
	})
}

func TestALookThatHangsHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "one")
		hang := make(chan struct{})
		var parsed atomic.Int32
		f, err := reload.Open(path, reload.Options{MaxSize: 20, Watch: true, Logger: silent},
			func(data []byte, old *string) (*string, error) {
				parsed.Add(1)
				if old != nil {
					<-hang
				}
				return text(data, old)
			})
		require.NoError(t, err)
		write(t, path, "two")
		time.Sleep(reload.Interval)

		start := time.Now()
		assert.Equal(t, "one", *f.Get(t.Context()))
		assert.Equal(t, reload.Patience, time.Since(start), "who looks waits for a moment")
		write(t, path, "three")
		for range 10 {
			start = time.Now()
			assert.Equal(t, "one", *f.Get(t.Context()))
			assert.Zero(t, time.Since(start), "all others do not")
			time.Sleep(reload.Interval)
		}
		assert.EqualValues(t, 2, parsed.Load(), "nobody else looks meanwhile")
		close(hang)
		synctest.Wait()
		assert.Equal(t, "two", *f.Get(t.Context()))
		time.Sleep(reload.Interval)
		assert.Equal(t, "three", *f.Get(t.Context()))
	})
}

func TestWhoLooksLeavesWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "one")
		hang := make(chan struct{})
		f, err := reload.Open(path, reload.Options{MaxSize: 20, Watch: true, Logger: silent},
			func(data []byte, old *string) (*string, error) {
				if old != nil {
					<-hang
				}
				return text(data, old)
			})
		require.NoError(t, err)
		write(t, path, "two")
		time.Sleep(reload.Interval)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		start := time.Now()
		assert.Equal(t, "one", *f.Get(ctx))
		assert.Zero(t, time.Since(start))
		close(hang)
		synctest.Wait()
	})
}

func TestAPanicIsNoNewVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, path, l := open(t, "one", true)
		write(t, path, "panic here")
		time.Sleep(reload.Interval)
		assert.Equal(t, "one", *f.Get(t.Context()))
		assert.Contains(t, l.take(), `error="panic: panic here\ngoroutine `)
		write(t, path, "two")
		time.Sleep(reload.Interval)
		assert.Equal(t, "two", *f.Get(t.Context()))
	})
}

// A badHandler panics with every line.
type badHandler struct{ slog.Handler }

func (badHandler) Enabled(context.Context, slog.Level) bool  { return true }
func (badHandler) Handle(context.Context, slog.Record) error { panic("handler") }

func TestAHandlerThatPanicsHurtsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		write(t, path, "one")
		f, err := reload.Open(path, reload.Options{MaxSize: 20, Watch: true, Logger: slog.New(badHandler{})}, text)
		require.NoError(t, err)
		for _, content := range []string{"two", "three"} {
			write(t, path, content)
			time.Sleep(reload.Interval)
			assert.Equal(t, content, *f.Get(t.Context()))
		}
	})
}

func TestOpenRefusesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large := filepath.Join(dir, "large")
	write(t, large, "123456")
	bad := filepath.Join(dir, "bad")
	write(t, bad, "12345")
	opts := reload.Options{MaxSize: 5}
	parse := func([]byte, *string) (*string, error) { return nil, errors.New("bad") }

	_, err := reload.Open(filepath.Join(dir, "none"), opts, parse)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = reload.Open(dir, opts, parse)
	require.EqualError(t, err, dir+": want a regular file, not d---------")
	_, err = reload.Open(large, opts, parse)
	require.EqualError(t, err, large+": want a file of at most 5 bytes")
	_, err = reload.Open(bad, opts, parse)
	require.EqualError(t, err, "bad")
}

func TestAByteOrderMarkIsCutOff(t *testing.T) {
	t.Parallel()
	f, _, _ := open(t, "\xef\xbb\xbfone", false)
	assert.Equal(t, "one", *f.Get(t.Context()))
}

func TestAStormOfReadersSeesEachVersionWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	write(t, path, "aaaa")
	f, err := reload.Open(path, reload.Options{MaxSize: 20, Watch: true, Logger: silent}, text)
	require.NoError(t, err)
	var wg sync.WaitGroup
	deadline := time.Now().Add(1200 * time.Millisecond)
	for range 4 {
		wg.Go(func() {
			for time.Now().Before(deadline) {
				v := *f.Get(t.Context())
				if v != "aaaa" && v != "bbbb" && v != "" { // empty while it is written
					t.Errorf("got %q", v)
				}
			}
		})
	}
	for time.Now().Before(deadline) {
		write(t, path, "bbbb")
		write(t, path, "aaaa")
	}
	wg.Wait()
}

func BenchmarkGet(b *testing.B) {
	path := filepath.Join(b.TempDir(), "f")
	require.NoError(b, os.WriteFile(path, []byte("one"), 0o600))
	f, err := reload.Open(path, reload.Options{MaxSize: 20, Watch: true, Logger: silent}, text)
	require.NoError(b, err)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			f.Get(b.Context())
		}
	})
}
