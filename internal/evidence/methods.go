package evidence

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// A method judges errors that have a certain method.
type method struct {
	has   func(err error) bool
	judge judge
}

// on returns the method of an interface with one method.
func on[I any](judge func(v *Verdict, err I)) method {
	return method{
		has: func(err error) bool { _, ok := foreign.As[I](err); return ok },
		judge: func(v *Verdict, err error) {
			e, _ := foreign.As[I](err)
			judge(v, e)
		},
	}
}

// marker returns a method whose presence is the evidence.
func marker[I any](f Fault, r Retry, name string) method {
	e := says(Coded, f, r, "it has a method "+name)
	return on(func(v *Verdict, _ I) { v.add(e) })
}

var methods = []method{
	// The author of an error knows best whether a retry helps.
	on(func(v *Verdict, err interface{ Retryable() bool }) { v.author(err.Retryable(), "Retryable") }),
	on(func(v *Verdict, err interface{ IsRetryable() bool }) { v.author(err.IsRetryable(), "IsRetryable") }),
	on(func(v *Verdict, err interface{ RetryableError() bool }) {
		v.author(err.RetryableError(), "RetryableError")
	}),
	on(func(v *Verdict, err interface{ NonRetryable() bool }) {
		v.authorIf(err.NonRetryable(), false, "NonRetryable")
	}),
	// False is no evidence in these: some clients have it for what they know nothing about.
	on(func(v *Verdict, err interface{ Retriable() bool }) { v.authorIf(err.Retriable(), true, "Retriable") }),
	on(func(v *Verdict, err interface{ IsRetriable() bool }) {
		v.authorIf(err.IsRetriable(), true, "IsRetriable")
	}),
	on(func(v *Verdict, err interface{ ShouldRetry() bool }) {
		v.authorIf(err.ShouldRetry(), true, "ShouldRetry")
	}),
	on(func(v *Verdict, err interface{ IsRecoverable() bool }) {
		v.authorIf(err.IsRecoverable(), true, "IsRecoverable")
	}),
	on(func(v *Verdict, err interface{ Transient() bool }) { v.authorIf(err.Transient(), true, "Transient") }),
	on(func(v *Verdict, err interface{ IsTransient() bool }) {
		v.authorIf(err.IsTransient(), true, "IsTransient")
	}),
	on(func(v *Verdict, err interface{ IsTemporary() bool }) {
		v.authorIf(err.IsTemporary(), true, "IsTemporary")
	}),
	on(func(v *Verdict, err interface{ Permanent() bool }) { v.authorIf(err.Permanent(), false, "Permanent") }),
	on(func(v *Verdict, err interface{ IsPermanent() bool }) {
		v.authorIf(err.IsPermanent(), false, "IsPermanent")
	}),
	on(func(v *Verdict, err interface{ HasErrorLabel(string) bool }) { v.ofMongoLabels(err.HasErrorLabel) }),
	on(func(v *Verdict, err interface{ RetryAfter() time.Duration }) { v.after(err.RetryAfter(), true) }),
	on(func(v *Verdict, err interface{ RetryAfter() (time.Duration, bool) }) { v.after(err.RetryAfter()) }),
	on(func(v *Verdict, err interface{ NextRetryDelay() time.Duration }) { v.after(err.NextRetryDelay(), true) }),
	on(func(v *Verdict, err interface{ RetryIn() time.Duration }) { v.after(err.RetryIn(), true) }),
	on(func(v *Verdict, err interface{ RetryAfter() time.Time }) { v.after(time.Until(err.RetryAfter()), true) }),
	on(func(v *Verdict, err interface{ RetryAt() time.Time }) { v.after(time.Until(err.RetryAt()), true) }),

	on(func(v *Verdict, err interface{ StatusCode() int }) { v.add(ofHTTP(err.StatusCode())) }),
	on(func(v *Verdict, err interface{ HTTPStatusCode() int }) { v.add(ofHTTP(err.HTTPStatusCode())) }),
	on(func(v *Verdict, err interface{ HTTPStatus() int }) { v.add(ofHTTP(err.HTTPStatus())) }),
	on(func(v *Verdict, err interface{ Status() int }) { v.add(ofHTTP(err.Status())) }),
	on(func(v *Verdict, err interface{ Status() string }) { v.add(ofStatusText(err.Status())) }),
	on(func(v *Verdict, err interface{ GetStatus() int }) { v.add(ofHTTP(err.GetStatus())) }),
	on(func(v *Verdict, err interface{ GetHTTPStatusCode() int }) { v.add(ofHTTP(err.GetHTTPStatusCode())) }),
	on(func(v *Verdict, err interface{ GetStatusCode() int }) { v.add(ofHTTP(err.GetStatusCode())) }),
	on(func(v *Verdict, err interface{ Response() *http.Response }) { v.ofResponse(err.Response()) }),
	on(func(v *Verdict, err interface{ SQLState() string }) {
		v.add(ofSQLState(err.SQLState(), inspect.StringOr(err, "", "Message")))
	}),
	// The fields of go-pg and pgdriver are those of the protocol of PostgreSQL:
	// https://www.postgresql.org/docs/current/protocol-error-fields.html.
	on(func(v *Verdict, err interface{ Field(k byte) string }) {
		v.add(ofSQLState(err.Field('C'), err.Field('M')))
	}),
	on(func(v *Verdict, err interface { // an error of a server of MongoDB
		ErrorCodes() []int
		HasErrorLabel(string) bool
	},
	) {
		v.ofMongo(err.ErrorCodes()...)
	}),
	// Clients that OpenAPI Generator or Swagger Codegen have made have the status as text.
	on(func(v *Verdict, err interface {
		error
		Body() []byte
		Model() any
	},
	) {
		v.add(ofStatusText(err.Error()))
	}),
	on(func(v *Verdict, err interface{ ExitStatus() int }) { v.add(ofExitStatus(err.ExitStatus())) }),

	// False is no evidence in these: it is the default of many errors.
	on(func(v *Verdict, err interface{ Timeout() bool }) {
		if err.Timeout() {
			v.add(says(Generic, Dependency, Retryable, "a timeout"))
		}
	}),
	on(func(v *Verdict, err interface{ IsTimeout() bool }) {
		if err.IsTimeout() {
			v.add(says(Generic, Dependency, Retryable, "its method IsTimeout returns true"))
		}
	}),
	on(func(v *Verdict, err interface{ IsNotFound() bool }) {
		if err.IsNotFound() {
			v.add(says(Generic, User, Terminal, "its method IsNotFound returns true"))
		}
	}),
	on(func(v *Verdict, err interface{ Temporary() bool }) {
		if err.Temporary() {
			v.add(Evidence{Weight: Generic, Retry: Retryable, Why: "its method Temporary returns true"})
		}
	}),
	on(func(v *Verdict, err interface{ SafeToRetry() bool }) {
		if err.SafeToRetry() {
			v.add(Evidence{Weight: Generic, Retry: Retryable, Why: "its method SafeToRetry returns true"})
		}
	}),
	on(func(v *Verdict, err interface{ ConnectionError() bool }) {
		if err.ConnectionError() {
			v.add(says(Generic, Dependency, Retryable, "its method ConnectionError returns true"))
		}
	}),
	on(func(v *Verdict, err interface{ CanceledError() bool }) {
		if err.CanceledError() {
			v.add(says(Coded, Cancelled, Undecided, "its method CanceledError returns true"))
		}
	}),
	on(func(v *Verdict, err interface{ Is(error) bool }) {
		if err.Is(canceled) {
			v.add(says(Typed, Cancelled, Undecided, "it is context.Canceled"))
		}
	}),
	// The markers of containerd and Docker (packages errdefs).
	marker[interface{ InvalidParameter() }](User, Terminal, "InvalidParameter"),
	marker[interface{ NotFound() }](User, Terminal, "NotFound"),
	marker[interface{ Unauthorized() }](Dependency, Terminal, "Unauthorized"),
	marker[interface{ Forbidden() }](Dependency, Terminal, "Forbidden"),
	marker[interface{ Conflict() }](User, Undecided, "Conflict"),
	marker[interface{ AlreadyExists() }](User, Terminal, "AlreadyExists"),
	marker[interface{ FailedPrecondition() }](User, Undecided, "FailedPrecondition"),
	marker[interface{ OutOfRange() }](User, Terminal, "OutOfRange"),
	marker[interface{ NotImplemented() }](System, Terminal, "NotImplemented"),
	marker[interface{ System() }](System, Undecided, "System"),
	marker[interface{ DataLoss() }](System, Terminal, "DataLoss"),
	marker[interface{ Unavailable() }](Dependency, Retryable, "Unavailable"),
	marker[interface{ ResourceExhausted() }](Dependency, Retryable, "ResourceExhausted"),
	marker[interface{ Aborted() }](Dependency, Retryable, "Aborted"),
	marker[interface{ Deadline() }](Dependency, Retryable, "Deadline"),
	marker[interface{ DeadlineExceeded() }](Dependency, Retryable, "DeadlineExceeded"),
	marker[interface{ Cancelled() }](Cancelled, Undecided, "Cancelled"),

	on(func(v *Verdict, err interface{ ErrorCode() string }) { v.ownCode(err.ErrorCode()) }),
	on(func(v *Verdict, err interface{ Code() string }) { v.ownCode(err.Code()) }),
	on(func(v *Verdict, err interface{ Code() any }) { // github.com/samber/oops
		switch code := err.Code().(type) {
		case string:
			v.ownCode(code)
		case int:
			v.ofNumber(int64(code))
		}
	}),
	on(func(v *Verdict, err interface{ GetCode() string }) { v.ownCode(err.GetCode()) }),
}

func (v *Verdict) author(retryable bool, method string) {
	e := Evidence{Weight: Author, Retry: Terminal, Why: "its method " + method + " decides"}
	if retryable {
		e.Retry = Retryable
	}
	v.add(e)
}

// authorIf is like author if the method returns true.
func (v *Verdict) authorIf(yes, retryable bool, method string) {
	if yes {
		v.author(retryable, method)
	}
}

func (v *Verdict) after(d time.Duration, ok bool) {
	if ok && d > 0 && v.After == 0 {
		v.After = d
		v.add(Evidence{Weight: Generic, Retry: Retryable, Why: "it says when to retry"})
	}
}

// maxCode bounds the length of a code in bytes. What is longer is a text.
const maxCode = 128

// ownCode adds a code of any service. If it is one of those that many services use, it
// is judged as well.
func (v *Verdict) ownCode(code string) {
	if code == "" || len(code) > maxCode {
		return
	}
	v.word(code, code)
	if e := ofStatusText(code); e.Code == code {
		v.perhapsStatus(e)
		return
	} else if e.Code != "" {
		v.add(e)
		return
	}
	v.add(Evidence{Kind: OwnCode, Code: code})
}

// word judges a code by a word that many services use, and nothing if it is not known.
func (v *Verdict) word(word, code string) {
	word = strings.TrimPrefix(word, "AWS.SimpleQueueService.") // as in its older protocol
	if _, after, ok := strings.Cut(word, "#"); ok {            // com.amazonaws.dynamodb.v20120810#ThrottlingException
		word = after
	}
	e, ok := cloudWords.word(word)
	if !ok {
		word = strings.NewReplacer(" ", "_", "-", "_").Replace(word)
		e, ok = apiWords.of(strings.ToLower(word))
	}
	if !ok && word != "internal" && word != "unknown" { // which may be its own fault
		if upper := strings.ToUpper(word); slices.Contains(grpcNames, upper) {
			e, ok = cloudWords.of(upper)
		}
	}
	if ok {
		e.Code = code
		v.add(e)
	}
}

// findType finds a method Type that returns a string or a type of strings, which is judged
// if it is known. One of a single word may have any meaning.
func findType(t reflect.Type) (judge, bool) {
	m, ok := t.MethodByName("Type")
	if !ok || m.Type.NumIn() != 1 || m.Type.NumOut() != 1 || m.Type.Out(0).Kind() != reflect.String {
		return nil, false
	}
	return func(v *Verdict, err error) {
		if word := reflect.ValueOf(err).MethodByName("Type").Call(nil)[0].String(); strings.Contains(word, "_") && len(word) <= maxCode {
			v.word(word, word)
		}
	}, true
}

// findCode finds a method Code, ErrorCode or ErrCode that returns a number, a type of numbers
// with names or a string type, and ErrorFault of the clients of AWS.
func findCode(t reflect.Type) (judge, bool) {
	if m, ok := t.MethodByName("ErrorFault"); ok && m.Type.NumIn() == 1 && m.Type.NumOut() == 1 && m.Type.Out(0).Kind() == reflect.Int {
		return func(v *Verdict, err error) {
			switch n, _ := inspect.Result(err, "ErrorFault"); n {
			case 1: // smithy.FaultServer
				v.add(says(Typed, Dependency, Retryable, "the service says that it failed itself"))
			case 2: // smithy.FaultClient
				v.add(says(Generic, User, Undecided, "the service says that the request is at fault"))
			}
		}, true
	}
	for _, name := range []string{"Code", "ErrorCode", "ErrCode"} {
		m, ok := t.MethodByName(name)
		if !ok || m.Type.NumIn() != 1 || m.Type.NumOut() != 1 {
			continue
		}
		switch out := m.Type.Out(0); {
		case out.Kind() == reflect.String && out != reflect.TypeFor[string]():
			twirp := strings.HasPrefix(out.PkgPath(), "github.com/twitchtv/twirp")
			return func(v *Verdict, err error) {
				code := reflect.ValueOf(err).MethodByName(name).Call(nil)[0].String()
				if twirp {
					v.add(ofTwirp(code))
					return
				}
				v.ownCode(code)
			}, true
		case isInt(out) && out.PkgPath() != "" && !isGRPCCode(m.Type) && out.Implements(reflect.TypeFor[fmt.Stringer]()): // go.uber.org/yarpc
			return func(v *Verdict, err error) {
				code := reflect.ValueOf(err).MethodByName(name).Call(nil)[0].Interface().(fmt.Stringer)
				v.ownCode(code.String())
			}, true
		case out.Kind() == reflect.Int && name == "ErrorCode", // github.com/ethereum/go-ethereum/rpc
			(out.Kind() == reflect.Int || out.Kind() == reflect.Int32 || out.Kind() == reflect.Int64) && out.PkgPath() == "":
			return func(v *Verdict, err error) {
				n, _ := inspect.Result(err, name)
				v.ofNumber(n)
			}, true
		}
	}
	return nil, false
}
