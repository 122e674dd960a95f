package evidence_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/evidence"
)

type (
	rejection struct {
		StatusCode int
		Message    string
	}
	vanished   struct{ error }
	numberName int
	named      struct{ code numberName }
	stated     struct {
		Diag []struct {
			State       string
			NativeError int
		}
	}
	places struct {
		Errors []struct{ Code, Location string }
	}
	rows     struct{ Errors []struct{ State string } }
	detailed struct{ Details []map[string]any }
	later    struct{ in time.Duration }
	at       struct{ time.Time }
	until    struct{ time.Time }
	revived  bool
	OomError struct{}
	hangs    struct{ StatusCode int }
)

func (a rejection) Error() string { return a.Message }
func (vanished) NotFound()        {}
func (n numberName) String() string {
	return map[numberName]string{1: "not-found", 2: "unavailable"}[n]
}
func (n named) Code() numberName       { return n.code }
func (named) Error() string            { return "x: context deadline exceeded" }
func (stated) Error() string           { return "x" }
func (places) Error() string           { return "x" }
func (rows) Error() string             { return "x" }
func (detailed) Error() string         { return "x" }
func (later) Error() string            { return "x" }
func (l later) RetryIn() time.Duration { return l.in }
func (at) Error() string               { return "x" }
func (a at) RetryAt() time.Time        { return a.Time }
func (until) Error() string            { return "x" }
func (u until) RetryAfter() time.Time  { return u.Time }
func (revived) Error() string          { return "x" }
func (r revived) IsRecoverable() bool  { return bool(r) }
func (OomError) Error() string         { return "x" }
func (hangs) Error() string            { panic("no text") }

func TestStatusThatMayPassIsNoVeto(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{rejection{422, "Droplet already has a pending event."}, "USER / unknown / 422"},
		{fmt.Errorf("a: %w", rejection{400, `Instance is busy running a "migrate" operation`}), "USER / unknown / 400"},
		{rejection{403, "The account is being created. Please TRY AGAIN later."}, "DEPENDENCY / unknown / 403"},
		{vanished{errors.New("Error response from daemon: No such container: 1cfc")}, "USER / unknown / -"},
		{rejection{422, "no such product"}, "USER / terminal / 422"},
		{rejection{404, "manifest of busybox:9 unknown"}, "USER / terminal / 404"},
		{rejection{422, `title "please try again" is too long`}, "USER / terminal / 422"},
		{rejection{503, "busy"}, "DEPENDENCY / retryable / 503"},
		{fmt.Errorf("busy, try again: %w", rejection{404, "no such product"}), "USER / terminal / 404"}, // a text of another error
		{errors.Join(rejection{404, "no such product"}, rejection{400, "is busy"}), "USER / terminal / 404"},
		{vanished{errors.New("no such image")}, "USER / terminal / -"},
		{hangs{404}, "USER / terminal / 404"}, // Error panics
	} {
		assert.Equal(t, c.want, judged(c.err), "%#v", c.err)
	}
}

func TestOfReadsListsDetailsAndNumbersWithNames(t *testing.T) {
	odbc := stated{}
	odbc.Diag = append(odbc.Diag, struct {
		State       string
		NativeError int
	}{"HYT01", 0})
	one := func(code string) places { return places{[]struct{ Code, Location string }{{code, ""}}} }
	two := places{append(one("NOT_FOUND").Errors, one("THROTTLED").Errors...)}
	wait := func(name string) detailed { return detailed{[]map[string]any{{"@type": name, "retryDelay": "53s"}}} }
	for name, c := range map[string]struct {
		err   error
		want  string
		after time.Duration
	}{
		"a list of codes":                {one("ZONE_RESOURCE_POOL_EXHAUSTED"), "DEPENDENCY / retryable / ZONE_RESOURCE_POOL_EXHAUSTED", 0},
		"codes of several entries":       {two, "- / - / -", 0},
		"a code of a field of the input": {one("required"), "- / - / -", 0},
		"states of ODBC":                 {odbc, "DEPENDENCY / retryable / HYT01", 0},
		"other states":                   {rows{[]struct{ State string }{{"08001"}}}, "- / - / -", 0},
		"a detail in JSON":               {wait("type.googleapis.com/google.rpc.RetryInfo"), "DEPENDENCY / retryable / -", 53 * time.Second},
		"another detail":                 {wait("x"), "- / - / -", 0},
		"a number with a name":           {named{2}, "DEPENDENCY / retryable / unavailable", 0},
		"a name in two words":            {named{1}, "USER / terminal / not-found", 0},
		"a wait":                         {later{4 * time.Hour}, "- / retryable / -", 4 * time.Hour},
		"a time that has passed":         {at{time.Now().Add(-time.Hour)}, "- / - / -", 0},
		"no time":                        {until{}, "- / - / -", 0},
		"the author says that it helps":  {revived(true), "- / retryable / -", 0},
		"false says nothing":             {revived(false), "- / - / -", 0},
		"a name with OOM":                {OomError{}, "SYSTEM / retryable / -", 0},
	} {
		assert.Equal(t, c.want, judged(c.err), name)
		assert.Equal(t, c.after, evidence.Of(c.err).After, name)
	}
	synctest.Test(t, func(t *testing.T) {
		in := time.Now().Add(5 * time.Minute)
		for _, err := range []error{at{in}, until{in}} {
			v := evidence.Of(err)
			assert.Equal(t, evidence.Retryable, v.Retry.Retry)
			assert.Equal(t, 5*time.Minute, v.After)
		}
	})
}
