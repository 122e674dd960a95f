package reload_test

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload"
)

// A version has the words of a file as its output keys.
type version []string

func (v version) OutputKeys() []string { return v }

func (v version) InputKeys() (keys []string) {
	for _, word := range v {
		keys = append(keys, "in-"+word)
	}
	return keys
}

func (v version) DescribeLabels() (all []enricher.LabelDescription) {
	for _, word := range v {
		all = append(all, enricher.LabelDescription{Key: word, Values: []string{"x"}})
	}
	return all
}

func (v version) InputValues() map[string][]string { return map[string][]string{"in-a": {"x"}} }

func parse(data []byte) (version, []error) {
	if s := string(data); strings.HasPrefix(s, "bad") {
		return nil, []error{errors.New(s), errors.New("worse")}
	}
	return strings.Fields(string(data)), nil
}

// A file is reloaded when it changes.
type file struct {
	*reload.Rules[version]
	t    *testing.T
	path string
	log  bytes.Buffer
}

// load loads a file with this content.
func load(t *testing.T, content string, parse func([]byte) (version, []error)) *file {
	t.Helper()
	f := &file{t: t, path: filepath.Join(t.TempDir(), "f")}
	f.write(content)
	logger := slog.New(slog.NewTextHandler(&f.log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return slog.String(a.Key, strings.ReplaceAll(a.Value.String(), f.path, "f"))
	}}))
	var err error
	f.Rules, err = reload.Load(reload.Options{File: f.path, Reload: true, Logger: logger}, nil, parse)
	require.NoError(t, err)
	return f
}

// write changes the file. Versions differ in size, as their times may be equal.
func (f *file) write(content string) {
	f.t.Helper()
	require.NoError(f.t, os.WriteFile(f.path, []byte(content), 0o600))
}

// look returns the version after a look at the file, and what was logged.
func (f *file) look() (version, logged string) {
	time.Sleep(reload.Interval)
	version = strings.Join(f.Get(), " ")
	logged = strings.TrimSuffix(f.log.String(), "\n")
	f.log.Reset()
	return version, logged
}

// check checks the version after each of several looks, and all that was logged.
func (f *file) check(logged string, versions ...string) {
	f.t.Helper()
	var got, log []string
	for range versions {
		version, logged := f.look()
		got = append(got, version)
		if logged != "" {
			log = append(log, logged)
		}
	}
	assert.Equal(f.t, versions, got)
	assert.Equal(f.t, logged, strings.Join(log, "\n"))
}

const (
	reloaded = `level=INFO msg="Reloaded the file" file=f`
	failed   = `level=WARN msg="Reload failed; keeping the previous version" file=f error=`
)

func TestRulesUseANewVersionOnceItIsUnchanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := load(t, "a b c", parse)
		f.write("a")
		f.check(reloaded, "a b c", "a", "a")

		f.write("a b")
		f.check("", "a")
		f.write("a b c")
		f.check(reloaded, "a", "a b c")
	})
}

func TestRulesUseNoVersionThatIsWrittenWhileItIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var during func()
		f := load(t, "a b c", func(data []byte) (version, []error) {
			if during != nil {
				during()
			}
			return parse(data)
		})
		during = func() { f.write("a b"); during = nil }
		f.write("a")
		f.check(reloaded, "a b c", "a b c", "a b c", "a b")
	})
}

func TestRulesCompareTimes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := load(t, "a b", parse)
		f.write("b a")
		require.NoError(t, os.Chtimes(f.path, time.Time{}, time.Now()))
		f.check(reloaded, "a b", "b a")
	})
}

func TestRulesNoticeAFileThatIsRenamedIntoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := load(t, "a b", parse)
		info, err := os.Stat(f.path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(f.path+".new", []byte("b a"), 0o600))
		require.NoError(t, os.Chtimes(f.path+".new", info.ModTime(), info.ModTime()))
		require.NoError(t, os.Rename(f.path+".new", f.path))
		f.check(reloaded, "a b", "b a", "b a")
	})
}

func TestRulesLookOnceAnInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := load(t, "a b", parse)
		f.write("a")
		assert.Equal(t, version{"a", "b"}, f.Get())
		f.check("", "a b")
		time.Sleep(reload.Interval - 1)
		assert.Equal(t, version{"a", "b"}, f.Get())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, version{"a"}, f.Get())
	})
}

func TestRulesKeepThePreviousVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := load(t, "a b", parse)
		f.write("bad")
		f.check(failed+`"bad\nworse"`, "a b", "a b", "a b", "a b")
		f.write("bad password=hunter2")
		f.check(failed+`"bad password=***\nworse"`, "a b", "a b")
		f.write("b c d")
		f.check(failed+`"f: sets the label \"c\", which the first version did not: restart the service to use it\n`+
			`f: sets the label \"d\", which the first version did not: restart the service to use it\n`+
			`f: reads the label \"in-c\", which the first version did not: restart the service to use it\n`+
			`f: reads the label \"in-d\", which the first version did not: restart the service to use it"`, "a b", "a b", "a b")
		f.write("b" + strings.Repeat(" ", reload.MaxSize))
		f.check(failed+`"f: must have at most 1048576 bytes"`, "a b", "a b")
		require.NoError(t, os.Remove(f.path))
		f.check(failed+`"f: no such file or directory"`, "a b", "a b", "a b")
		assert.EqualValues(t, 5, f.Failed())

		f.write("b" + strings.Repeat(" ", reload.MaxSize-1))
		f.check(reloaded, "a b", "b")
		f.write("a b")
		f.check(reloaded, "b", "a b")
		assert.Equal(t, []string{"a", "b"}, f.OutputKeys())
		assert.Equal(t, []string{"in-a", "in-b"}, f.InputKeys())
	})
}

func TestRulesAreReadOnceTheFileCanBeRead(t *testing.T) {
	if os.Geteuid() <= 0 { // -1 on Windows
		t.Skip("no permission is needed")
	}
	synctest.Test(t, func(t *testing.T) {
		f := load(t, "a b", parse)
		require.NoError(t, os.WriteFile(f.path+".new", []byte("b"), 0o200))
		require.NoError(t, os.Rename(f.path+".new", f.path))
		f.check(failed+`"f: permission denied"`, "a b", "a b", "a b", "a b")
		require.NoError(t, os.Chmod(f.path, 0o600)) // its size and time stay
		f.check(reloaded, "b", "b")
		assert.EqualValues(t, 1, f.Failed())

		require.NoError(t, os.Rename(f.path, f.path+".old"))
		f.check(failed+`"f: no such file or directory"`, "b", "b", "b")
		require.NoError(t, os.Rename(f.path+".old", f.path))
		f.check("", "b", "b", "b")
	})
}

func TestRulesStayWithTheirFileIfTheWorkingDirectoryChanges(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile("f", []byte("a b"), 0o600))
	synctest.Test(t, func(t *testing.T) {
		rules, err := reload.Load(reload.Options{File: "f", Reload: true, Logger: slog.New(slog.DiscardHandler)}, nil, parse)
		require.NoError(t, err)
		require.NoError(t, os.Chdir(t.TempDir()))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte("a"), 0o600))
		for range 2 {
			time.Sleep(reload.Interval)
			rules.Get()
		}
		assert.Equal(t, version{"a"}, rules.Get())
		assert.Zero(t, rules.Failed())
	})
}

func TestRulesDoNotWaitForALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parsing, parsed := make(chan bool, 1), make(chan bool)
		parsing <- true
		f := load(t, "a b", func(data []byte) (version, []error) {
			select {
			case <-parsing: // the first version
			case <-parsed:
			}
			return parse(data)
		})
		f.write("a")
		f.check("", "a b")
		done := make(chan version)
		time.Sleep(reload.Interval)
		go func() { done <- f.Get() }()
		synctest.Wait()
		time.Sleep(time.Hour)
		assert.Equal(t, version{"a", "b"}, f.Get())
		close(parsed)
		assert.Equal(t, version{"a"}, <-done)
		assert.Equal(t, version{"a"}, f.Get())
	})
}

func TestRulesAreReadOnceWithoutReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "f")
		require.NoError(t, os.WriteFile(path, []byte("\ufeffa b"), 0o600))
		rules, err := reload.Load(reload.Options{File: path}, nil, parse)
		require.NoError(t, err)
		require.NoError(t, os.Remove(path))
		for range 3 {
			time.Sleep(reload.Interval)
			assert.Equal(t, version{"a", "b"}, rules.Get())
		}
		assert.Zero(t, rules.Failed())
	})
}

func TestRulesAreDescribed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, []byte("a"), 0o600))
	for _, again := range []bool{false, true} {
		rules, err := reload.Load(reload.Options{File: path, Reload: again}, nil, parse)
		require.NoError(t, err)
		require.Len(t, rules.DescribeLabels(), 1)
		assert.Equal(t, "a", rules.DescribeLabels()[0].Key)
		assert.Equal(t, again, rules.DescribeLabels()[0].Values == nil, "another version may set other values")
		assert.Equal(t, []string{"x"}, rules.InputValues()["in-a"])
	}
}

func TestRulesOfOptions(t *testing.T) {
	t.Parallel()
	rules, err := reload.Load(reload.Options{Rules: 1}, func() (version, []error) { return version{"a"}, nil }, nil)
	require.NoError(t, err)
	assert.Equal(t, version{"a"}, rules.Get())
	assert.Equal(t, []string{"a"}, rules.OutputKeys())
}

func TestLoadRejects(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	large, bad := filepath.Join(dir, "large"), filepath.Join(dir, "bad")
	require.NoError(t, os.WriteFile(large, slices.Repeat([]byte("a"), reload.MaxSize+1), 0o600))
	require.NoError(t, os.WriteFile(bad, []byte("bad"), 0o600))
	inline := func() (version, []error) { return parse([]byte("bad")) }
	wd, err := os.Getwd()
	require.NoError(t, err)
	for name, c := range map[string]struct {
		opts reload.Options
		want string
	}{
		"no rules":            {reload.Options{}, `option "rules": must have at least one rule, or the option file must be set`},
		"rules and a file":    {reload.Options{File: large + "r", Rules: 1}, `option "rules": must be empty, as the rules are in the file "` + large + "r\"\n" + `option "file": ` + large + `r: no such file or directory`},
		"no file to reload":   {reload.Options{Reload: true, Rules: 1}, `option "reload": must be false, as there is no option file` + "\noption \"rules\": bad\noption \"rules\": worse"},
		"rules with errors":   {reload.Options{Rules: 1}, "option \"rules\": bad\noption \"rules\": worse"},
		"a file with errors":  {reload.Options{File: bad}, "option \"file\": bad\noption \"file\": worse"},
		"a large file":        {reload.Options{File: large}, `option "file": ` + large + `: must have at most 1048576 bytes`},
		"a file that is none": {reload.Options{File: large + "r"}, `option "file": ` + large + `r: no such file or directory`},
		"a relative path":     {reload.Options{File: "none.json"}, `option "file": ` + filepath.Join(wd, "none.json") + `: no such file or directory (the path is relative to the working directory)`},
		"a secret":            {reload.Options{File: "s3cret"}, `option "file": ` + filepath.Join(wd, "(hidden)") + `: no such file or directory (the path is relative to the working directory)`},
		"a directory":         {reload.Options{File: dir}, `option "file": ` + dir + `: must be a file, not a directory`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules, err := reload.Load(c.opts, inline, parse)
			require.EqualError(t, err, c.want)
			require.Nil(t, rules)
			_, ok := enricher.AsType[*enricher.ConfigError](err)
			assert.True(t, ok)
		})
	}
}
