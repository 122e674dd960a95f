package evidence

import (
	"reflect"
	"strings"
	"sync"
	"time"
)

// judges are the judges of each type of errors, found once: a reflect.Type to a
// []judge. There are as many as the program has error types.
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

// findJudges looks for methods and fields by which errors say what they are
// without any interface that could be imported.
func findJudges(err error, t reflect.Type) []judge {
	pkg := packageOf(t)
	if pkg == "context" {
		return nil // its deadline has a Timeout method, but is no call's
	}
	var found []judge
	add := func(ok bool, j judge) {
		if ok {
			found = append(found, j)
		}
	}
	for _, m := range methods {
		add(m.has(err), m.ask)
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

// A method is one by which errors say what they are.
type method struct {
	has func(err error) bool
	ask judge
}

// on makes a method of an interface with that method only.
func on[I any](ask func(v *Verdict, err I)) method {
	return method{
		has: func(err error) bool { _, ok := err.(I); return ok },
		ask: func(v *Verdict, err error) { ask(v, err.(I)) },
	}
}

// marker makes a method of an interface whose method says by being there.
func marker[I any](f Fault, r Retry, name string) method {
	e := says(Coded, f, r, "it has a method "+name)
	return on(func(v *Verdict, _ I) { v.add(e) })
}

var methods = []method{
	// What the author says of trying again counts more than what we think.
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

	// False says nothing in these: it is the usual answer of an error that was never asked.
	on(func(v *Verdict, err interface{ Timeout() bool }) {
		if err.Timeout() {
			v.add(says(Generic, Dependency, Retryable, "a timeout"))
		}
	}),
	on(func(v *Verdict, err interface{ Temporary() bool }) {
		if err.Temporary() {
			v.add(Evidence{Weight: Generic, Retry: Retryable, Why: "it says that it is temporary"})
		}
	}),
	on(func(v *Verdict, err interface{ SafeToRetry() bool }) {
		if err.SafeToRetry() {
			v.add(Evidence{Weight: Generic, Retry: Retryable, Why: "it says that it is safe to retry"})
		}
	}),

	on(func(v *Verdict, err interface{ Is(error) bool }) {
		if err.Is(canceled) {
			v.add(says(Typed, Cancelled, Undecided, "it is context.Canceled"))
		}
	}),
	// The markers of containerd and Docker (packages errdefs): the method is there, or is not.
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
	e := Evidence{Weight: Author, Retry: Terminal, Why: "its method " + method + " says so"}
	if retryable {
		e.Retry = Retryable
	}
	v.add(e)
}

func (v *Verdict) after(d time.Duration, ok bool) {
	if ok && d > 0 && v.After == 0 {
		v.After = d
		v.add(Evidence{Weight: Generic, Retry: Retryable, Why: "it says when to retry"})
	}
}

func (v *Verdict) ownCode(code string) {
	e := Evidence{Weight: Author, Kind: OwnCode, Code: code}
	if throttling[code] {
		e.Fault, e.Retry = Dependency, Retryable
	}
	v.add(e)
}

// findGRPC finds the status of an error of google.golang.org/grpc, which has a
// method GRPCStatus that returns a status with a method Code, or the code of one
// of connectrpc.com/connect, which has that method itself.
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

// isGRPCCode reports whether a method returns a gRPC code and takes nothing but
// its receiver.
func isGRPCCode(method reflect.Type) bool {
	if method.NumIn() > 1 || method.NumOut() != 1 {
		return false
	}
	out := method.Out(0)
	return out.Kind() == reflect.Uint32 &&
		(out.PkgPath() == "google.golang.org/grpc/codes" || out.PkgPath() == "connectrpc.com/connect")
}

// findStatusField finds the HTTP status of errors that have it in a field, as
// those of many services and clients do.
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
