package evidence_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/evidence"
)

type (
	exitCode   struct{ ExitCode int }
	mayRetry   struct{ Retryable bool }
	temporary  struct{ Temporary bool }
	timedOut   struct{ Timeout bool }
	extended   struct{ Extensions map[string]any }
	entry      struct{ Extensions struct{ Code string } }
	entries    []*entry
	entryMaps  []struct{ Extensions map[string]any }
	answerWith struct{ Errors []entry }
	listFields struct{ Errors listOfErrors }
	onlyField  struct {
		HTTPError error
		Messages  []string
	}
	twoFields struct{ First, Second error }
	valueList []numberCode

	recurring            bool
	postponed            bool
	lasting              bool
	UserNotFoundError    struct{}
	SeatAlreadyExists    struct{}
	APIRateLimitExceeded struct{}
	errConnectionFailed  struct{}
	LostAndFoundError    struct{}
)

func self() (pointer any) {
	pointer = &pointer
	return pointer
}

func (exitCode) Error() string             { return "x" }
func (mayRetry) Error() string             { return "x" }
func (temporary) Error() string            { return "x" }
func (timedOut) Error() string             { return "x" }
func (extended) Error() string             { return "x" }
func (entries) Error() string              { return "x" }
func (entryMaps) Error() string            { return "x" }
func (answerWith) Error() string           { return "x" }
func (listFields) Error() string           { return "x" }
func (onlyField) Error() string            { return "x" }
func (twoFields) Error() string            { return "x" }
func (valueList) Error() string            { return "x" }
func (recurring) Error() string            { return "x" }
func (r recurring) IsRetriable() bool      { return bool(r) }
func (postponed) Error() string            { return "x" }
func (p postponed) ShouldRetry() bool      { return bool(p) }
func (lasting) Error() string              { return "x" }
func (p lasting) Permanent() bool          { return bool(p) }
func (UserNotFoundError) Error() string    { return "x" }
func (SeatAlreadyExists) Error() string    { return "x" }
func (APIRateLimitExceeded) Error() string { return "x" }
func (errConnectionFailed) Error() string  { return "x" }
func (LostAndFoundError) Error() string    { return "x" }

func TestOfReadsErrorsOfServices(t *testing.T) {
	codes := func(code string) *entry {
		e := &entry{}
		e.Extensions.Code = code
		return e
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"an exit status":                  {exitCode{137}, "SYSTEM / retryable / SIGKILL"},
		"no exit status":                  {exitCode{}, "- / - / -"},
		"a field that is true":            {mayRetry{true}, "- / retryable / -"},
		"false is a default":              {mayRetry{}, "- / - / -"},
		"a failure that is temporary":     {temporary{true}, "- / retryable / -"},
		"a timeout":                       {timedOut{true}, "DEPENDENCY / retryable / -"},
		"a code in a map":                 {extended{map[string]any{"code": "THROTTLED"}}, "DEPENDENCY / retryable / THROTTLED"},
		"no extensions":                   {extended{}, "- / - / -"},
		"a code that points to itself":    {anyCode{self()}, "- / - / -"},
		"a list of GraphQL":               {entries{nil, codes("UNAUTHENTICATED")}, "DEPENDENCY / terminal / UNAUTHENTICATED"},
		"a list with maps":                {entryMaps{{map[string]any{"code": "BAD_USER_INPUT"}}}, "USER / terminal / BAD_USER_INPUT"},
		"an answer of GraphQL":            {&answerWith{[]entry{*codes("THROTTLED")}}, "DEPENDENCY / retryable / THROTTLED"},
		"an empty answer":                 {&answerWith{}, "- / - / -"},
		"a list of errors in a field":     {listFields{listOfErrors{{503}}}, "DEPENDENCY / retryable / 503"},
		"the only field that is an error": {onlyField{HTTPError: http(404)}, "USER / terminal / 404"},
		"none of two fields":              {twoFields{http(404), http(503)}, "- / - / -"},
		"a list of values":                {valueList{{503}}, "DEPENDENCY / retryable / 503"},
		"a method that says so":           {recurring(true), "- / retryable / -"},
		"false says nothing":              {recurring(false), "- / - / -"},
		"another one":                     {postponed(true), "- / retryable / -"},
		"a permanent failure":             {lasting(true), "- / terminal / -"},
		"one that is not permanent":       {lasting(false), "- / - / -"},
		"a code of gRPC in lower case":    {textCode{"not_found"}, "USER / terminal / not_found"},
		"a code that may mean itself":     {textCode{"internal"}, "- / - / internal"},
		"a name that ends in NotFound":    {UserNotFoundError{}, "USER / terminal / -"},
		"in AlreadyExists":                {SeatAlreadyExists{}, "USER / terminal / -"},
		"with a limit of a rate":          {APIRateLimitExceeded{}, "DEPENDENCY / retryable / -"},
		"with a connection":               {errConnectionFailed{}, "DEPENDENCY / retryable / -"},
		"with other words":                {LostAndFoundError{}, "- / - / -"},
		"a text that says nothing":        {errors.New("x"), "- / - / -"},
	} {
		assert.Equal(t, c.want, judged(c.err), name)
	}
}

func TestNumberIsNoVeto(t *testing.T) {
	for _, err := range []error{&numberCode{404}, textCode{"404"}} {
		v := evidence.Of(err)
		assert.Equal(t, evidence.Text, v.Retry.Weight, "%#v: it may be a number of the error's own", err)
		assert.Equal(t, "USER / terminal / 404", judged(err))
		assert.Len(t, evidence.CodesOf(err), 1, "options and fingerprints see it")
	}
	assert.Equal(t, evidence.Coded, evidence.Of(http(404)).Retry.Weight, "a field StatusCode has no other number")
}
