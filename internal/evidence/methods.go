package evidence

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// judges caches the judges of each type of errors: a []judge by reflect.Type. There
// are at most as many entries as the program has error types.
var judges sync.Map

func judgesOf(err error) []judge {
	t := reflect.TypeOf(err)
	if found, ok := judges.Load(t); ok {
		return found.([]judge)
	}
	found := findJudges(err, t)
	judges.Store(t, found)
	return found
}

// findJudges finds the judges of a type: by its methods and fields, its name and its
// package.
func findJudges(err error, t reflect.Type) []judge {
	pkg := inspect.NamedType(t).PkgPath()
	if pkg == "context" {
		return nil // its deadline has a Timeout method, but is not that of a call
	}
	var found []judge
	add := func(ok bool, j judge) {
		if ok {
			found = append(found, j)
		}
	}
	for _, m := range slices.Concat(exitMethods, methods) {
		add(m.has(err), m.judge)
	}
	if grpcStatus, ok := findGRPC(t); ok {
		found = append(found, grpcStatus)
	}
	if state, ok := findMySQL(t); ok {
		found = append(found, state)
	}
	if status, ok := findStatusField(t); ok {
		found = append(found, status)
	}
	if code, ok := findSQLite(t, pkg); ok {
		found = append(found, code)
	}
	if strings.HasPrefix(pkg, "github.com/redis/") || pkg == "github.com/gomodule/redigo/redis" {
		found = append(found, func(v *Verdict, err error) { v.add(ofRedis(err.Error())) })
	}
	if e, ok := named[t.String()]; ok {
		found = append(found, func(v *Verdict, _ error) { v.add(e) })
	}
	if e, ok := ofTypeName(t); ok {
		found = append(found, func(v *Verdict, _ error) { v.add(e) })
	}
	if e, ok := ofPackage(pkg); ok {
		found = append(found, func(v *Verdict, _ error) { v.add(e) })
	}
	return found
}

// A method judges errors that have a certain method.
type method struct {
	has   func(err error) bool
	judge judge
}

// on returns the method of an interface with one method.
func on[I any](judge func(v *Verdict, err I)) method {
	return method{
		has:   func(err error) bool { _, ok := err.(I); return ok },
		judge: func(v *Verdict, err error) { judge(v, err.(I)) },
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
	on(func(v *Verdict, err interface{ NonRetryable() bool }) {
		if err.NonRetryable() {
			v.author(false, "NonRetryable")
		}
	}),
	on(func(v *Verdict, err interface{ RetryAfter() time.Duration }) { v.after(err.RetryAfter(), true) }),
	on(func(v *Verdict, err interface{ RetryAfter() (time.Duration, bool) }) { v.after(err.RetryAfter()) }),

	on(func(v *Verdict, err interface{ StatusCode() int }) { v.add(ofHTTP(err.StatusCode())) }),
	on(func(v *Verdict, err interface{ HTTPStatusCode() int }) { v.add(ofHTTP(err.HTTPStatusCode())) }),
	on(func(v *Verdict, err interface{ SQLState() string }) { v.add(ofSQLState(err.SQLState())) }),

	// False is no evidence in these: it is the default of many errors.
	on(func(v *Verdict, err interface{ Timeout() bool }) {
		if err.Timeout() {
			v.add(says(Generic, Dependency, Retryable, "a timeout"))
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
	marker[interface{ NotImplemented() }](System, Terminal, "NotImplemented"),
	marker[interface{ System() }](System, Undecided, "System"),
	marker[interface{ DataLoss() }](System, Terminal, "DataLoss"),
	marker[interface{ Unavailable() }](Dependency, Retryable, "Unavailable"),
	marker[interface{ Deadline() }](Dependency, Retryable, "Deadline"),
	marker[interface{ Cancelled() }](Cancelled, Undecided, "Cancelled"),

	on(func(v *Verdict, err interface{ ErrorCode() string }) { v.ownCode(err.ErrorCode()) }),
	on(func(v *Verdict, err interface{ Code() string }) { v.ownCode(err.Code()) }),
}

func (v *Verdict) author(retryable bool, method string) {
	e := Evidence{Weight: Author, Retry: Terminal, Why: "its method " + method + " decides"}
	if retryable {
		e.Retry = Retryable
	}
	v.add(e)
}

func (v *Verdict) after(d time.Duration, ok bool) {
	if ok && d > 0 && v.After == 0 {
		v.After = d
		v.add(Evidence{Weight: Generic, Retry: Retryable, Why: "its method RetryAfter returns when to retry"})
	}
}

func (v *Verdict) ownCode(code string) {
	e := Evidence{Weight: Author, Kind: OwnCode, Code: code}
	if throttling[code] {
		e.Fault, e.Retry = Dependency, Retryable
	}
	v.add(e)
}

// findGRPC finds the code of an error of google.golang.org/grpc, which has a method
// GRPCStatus that returns a status with a method Code, or of
// connectrpc.com/connect, whose errors have the method Code themselves.
func findGRPC(t reflect.Type) (judge, bool) {
	if status, ok := t.MethodByName("GRPCStatus"); ok && status.Type.NumIn() == 1 && status.Type.NumOut() == 1 {
		code, ok := status.Type.Out(0).MethodByName("Code")
		if ok && isGRPCCode(code.Type) {
			return func(v *Verdict, err error) {
				status := reflect.ValueOf(err).MethodByName("GRPCStatus").Call(nil)[0]
				v.add(ofGRPC(status.MethodByName("Code").Call(nil)[0].Uint()))
			}, true
		}
	}
	if code, ok := t.MethodByName("Code"); ok && isGRPCCode(code.Type) {
		return func(v *Verdict, err error) {
			v.add(ofGRPC(reflect.ValueOf(err).MethodByName("Code").Call(nil)[0].Uint()))
		}, true
	}
	return nil, false
}

// isGRPCCode reports whether a method has no parameters and returns a gRPC code.
func isGRPCCode(method reflect.Type) bool {
	if method.NumIn() > 1 || method.NumOut() != 1 {
		return false
	}
	out := method.Out(0)
	return out.Kind() == reflect.Uint32 &&
		(out.PkgPath() == "google.golang.org/grpc/codes" || out.PkgPath() == "connectrpc.com/connect")
}

// findStatusField finds the HTTP status of errors that have it in a field, as many
// services and clients do.
func findStatusField(t reflect.Type) (judge, bool) {
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	for _, name := range []string{"StatusCode", "HTTPStatusCode", "HTTPStatus", "HTTPCode"} {
		field, ok := t.FieldByName(name)
		if !ok || field.Type.Kind() != reflect.Int {
			continue
		}
		return func(v *Verdict, err error) {
			value := reflect.ValueOf(err)
			if pointer {
				value = value.Elem()
			}
			v.add(ofHTTP(int(value.FieldByIndex(field.Index).Int())))
		}, true
	}
	return nil, false
}

// findMySQL finds the SQLSTATE and the number of github.com/go-sql-driver/mysql,
// whose errors have them in fields.
func findMySQL(t reflect.Type) (judge, bool) {
	if t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		return nil, false
	}
	state, ok := t.Elem().FieldByName("SQLState")
	number, ok2 := t.Elem().FieldByName("Number")
	if !ok || !ok2 || state.Type != reflect.TypeFor[[5]byte]() || number.Type.Kind() != reflect.Uint16 {
		return nil, false
	}
	return func(v *Verdict, err error) {
		fields := reflect.ValueOf(err).Elem()
		state := fields.FieldByIndex(state.Index).Interface().([5]byte)
		v.add(ofMySQL(string(state[:]), fields.FieldByIndex(number.Index).Uint()))
	}, true
}

// findSQLite finds the result code of modernc.org/sqlite and of
// github.com/mattn/go-sqlite3.
func findSQLite(t reflect.Type, pkg string) (judge, bool) {
	switch pkg {
	case "modernc.org/sqlite":
		return func(v *Verdict, err error) {
			if e, ok := err.(interface{ Code() int }); ok {
				v.add(ofSQLite(e.Code()))
			}
		}, true
	case "github.com/mattn/go-sqlite3":
		if t.Kind() == reflect.Struct {
			if field, ok := t.FieldByName("Code"); ok && field.Type.Kind() == reflect.Int {
				return func(v *Verdict, err error) {
					v.add(ofSQLite(int(reflect.ValueOf(err).FieldByIndex(field.Index).Int())))
				}, true
			}
		}
	}
	return nil, false
}
