package evidence

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// Names of fields in which clients keep what they were answered.
var (
	statusFields   = []string{"StatusCode", "HTTPStatusCode", "HTTPStatus", "HTTPCode", "HttpStatusCode", "HttpStatus", "HttpCode", "Status", "ResponseCode"}
	responseFields = []string{"Response", "HTTPResponse", "RawResponse", "Resp", "Res"}
	headerFields   = []string{"Header", "Headers", "ResponseHeader", "ResponseHeaders", "HTTPHeader"}
	waitFields     = []string{"RetryAfter", "RetryAfterSeconds", "RetryAfterS", "RetryAfterDuration", "RetryIn", "RetryDelay"}
	codeFields     = []string{"Code", "ErrorCode", "ErrCode", "Errcode", "ErrorCodes"}
	typeFields     = []string{"Type", "ErrorType", "ProblemType", "ErrorName", "Kind"}
)

// findFields finds what errors of any package tell in fields.
func findFields(t reflect.Type) []judge {
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	if entries := entriesField(t); entries != nil && t.Kind() == reflect.Slice && !isStandard(t.PkgPath()) {
		return []judge{func(v *Verdict, err error) { entries(v, indirect(reflect.ValueOf(err))) }}
	}
	if t.Kind() != reflect.Struct || t.Name() == "" || t.PkgPath() == "" || isStandard(t.PkgPath()) {
		return nil
	}
	var found []judge
	for _, f := range []struct {
		names []string
		find  func(t reflect.Type) func(v *Verdict, field reflect.Value)
	}{
		{[]string{"SQLState", "SqlState", "SQLSTATE"}, stateField},
		{codeFields, codeField},
		{typeFields, typeField},
		{statusFields, statusField},
		{actualFields(t), statusField},
		{[]string{"Code", "ErrorCode", "ErrCode"}, numberField},
		{responseFields, responseField},
		{headerFields, headerField},
		{waitFields, waitField},
		{[]string{"ExitCode", "ExitStatus"}, exitField},
		{[]string{"Retryable", "IsRetryable", "Retriable"}, retryableField},
		{[]string{"Temporary", "Transient", "IsTemporary", "IsTransient"}, temporaryField},
		{[]string{"Timeout", "IsTimeout"}, timeoutField},
		{[]string{"Extensions"}, extensionsField},
		{[]string{"Errors", "Diag"}, entriesField},
		{[]string{"Details"}, detailsField},
	} {
		for _, name := range f.names {
			field, ok := t.FieldByName(name)
			if !ok || !field.IsExported() {
				continue
			}
			judge := f.find(field.Type)
			if judge == nil {
				continue
			}
			found = append(found, func(v *Verdict, err error) {
				of := reflect.ValueOf(err)
				if pointer {
					of = of.Elem()
				}
				if value, err := of.FieldByIndexErr(field.Index); err == nil {
					judge(v, value)
				}
			})
		}
	}
	return found
}

// actualFields returns the name of the field with the status of an error that says which
// statuses were expected instead, such as those of gophercloud and mailgun-go.
func actualFields(t reflect.Type) []string {
	if expected, ok := t.FieldByName("Expected"); ok && expected.Type == reflect.TypeFor[[]int]() {
		return []string{"Actual"}
	}
	return nil
}

// isStandard reports whether a package is one of the standard library, whose errors
// are judged by their types.
func isStandard(pkg string) bool {
	first, _, _ := strings.Cut(pkg, "/")
	return !strings.Contains(first, ".") && first != "main" && first != "command-line-arguments" && standardRoots[first]
}

var standardRoots = map[string]bool{
	"archive": true, "compress": true, "crypto": true, "database": true, "encoding": true, "errors": true, "fmt": true, "go": true, "html": true,
	"image": true, "internal": true, "io": true, "mime": true, "net": true, "os": true, "reflect": true, "regexp": true, "runtime": true,
	"strconv": true, "strings": true, "syscall": true, "text": true, "time": true, "vendor": true,
}

// elem returns the type behind a pointer.
func elem(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

func isInt(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return t != reflect.TypeFor[time.Duration]()
	}
	return false
}

// indirect returns the value behind a pointer or in an interface.
func indirect(v reflect.Value) reflect.Value {
	for range 8 { // not for ever: an interface may hold a pointer to itself
		if v.Kind() != reflect.Pointer && v.Kind() != reflect.Interface {
			return v
		}
		v = v.Elem()
	}
	return reflect.Value{}
}

func stateField(t reflect.Type) func(*Verdict, reflect.Value) {
	if elem(t).Kind() != reflect.String {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		if field = indirect(field); field.IsValid() {
			v.add(ofSQLState(field.String(), ""))
		}
	}
}

func codeField(t reflect.Type) func(*Verdict, reflect.Value) {
	if elem(t).Kind() != reflect.String && t.Kind() != reflect.Interface {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		switch field = indirect(field); {
		case !field.IsValid():
		case field.Kind() == reflect.String:
			v.ownCode(field.String())
		default:
			if n, ok := inspect.IntOf(field); ok {
				v.ofNumber(n)
			}
		}
	}
}

// typeField judges a word, if it is known.
func typeField(t reflect.Type) func(*Verdict, reflect.Value) {
	if elem(t).Kind() != reflect.String {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		if field = indirect(field); field.IsValid() && field.Len() <= maxCode {
			word := field.String()
			v.word(word[strings.LastIndexByte(word, ':')+1:], word) // urn:ietf:params:acme:error:rateLimited
		}
	}
}

func statusField(t reflect.Type) func(*Verdict, reflect.Value) {
	switch {
	case isInt(elem(t)):
		return func(v *Verdict, field reflect.Value) {
			if n, ok := inspect.IntOf(indirect(field)); ok && n > 0 && n < 1000 {
				v.add(ofHTTP(n))
			}
		}
	case t.Kind() == reflect.String:
		return func(v *Verdict, field reflect.Value) { v.add(ofStatusText(field.String())) }
	}
	return nil
}

func numberField(t reflect.Type) func(*Verdict, reflect.Value) {
	if !isInt(elem(t)) {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		if n, ok := inspect.IntOf(indirect(field)); ok {
			v.ofNumber(n)
		}
	}
}

// ofNumber judges the number of an unknown set: most clients have the status of HTTP
// there, and those of JSON-RPC its codes.
func (v *Verdict) ofNumber(n int64) {
	if n == 0 {
		return
	}
	if e := ofHTTP(n); e.Code != "" {
		e.Weight = min(e.Weight, Typed)
		v.perhapsStatus(e)
		return
	}
	code := strconv.FormatInt(n, 10)
	if e, ok := jsonRPC.of(code); ok {
		v.add(e)
		return
	}
	v.add(Evidence{Kind: OwnCode, Code: code})
}

// perhapsStatus adds a number that is a status, unless the error has numbers of its own. So
// that it is terminal is a guess, which is too weak for a veto.
func (v *Verdict) perhapsStatus(e Evidence) {
	if e.Retry == Terminal {
		guess := e
		guess.Weight, guess.Fault = Text, ""
		v.add(guess)
		e.Retry = ""
	}
	v.add(e)
}

// jsonRPC are the codes of JSON-RPC 2.0, of nodes of Ethereum (EIP-1474) and Solana
// (https://github.com/anza-xyz/agave/blob/master/rpc-client-api/src/custom_error.rs), and of
// the Language Server Protocol. Of codes from -32000 to -32099 that two of them use, only
// what they agree on is said.
var jsonRPC = &Table{
	Kind: JSONRPC, Title: "Code of JSON-RPC", Weight: Typed,
	Source: "https://www.jsonrpc.org/specification#error_object",
	Rows: []Row{
		{User, Terminal, "-32700=parse_error -32600=invalid_request -32602=invalid_params -32003=transaction_rejected"},
		{Dependency, Terminal, "-32601=method_not_found -32006=version_not_supported"},
		{Dependency, Undecided, "-32603=internal_error -32000=server_error -32001=resource_not_found -32002=resource_unavailable " +
			"-32004=method_not_supported_or_block_not_available -32007=slot_skipped -32009=slot_skipped -32803=request_failed"},
		{Dependency, Retryable, "-32005=limit_exceeded_or_node_behind -32014=block_status_not_available -32016=context_slot_not_reached -32801=content_modified -32802=server_cancelled"},
		{Cancelled, Undecided, "-32800=request_cancelled"},
	},
}

func responseField(t reflect.Type) func(*Verdict, reflect.Value) {
	if t == reflect.TypeFor[*http.Response]() {
		return func(v *Verdict, field reflect.Value) { v.ofResponse(field.Interface().(*http.Response)) }
	}
	if s := elem(t); s.Kind() == reflect.Struct {
		// A response of a client that embeds that of net/http or has its status.
		for _, name := range []string{"Response", "StatusCode", "RawResponse", "HTTPResponse"} {
			inner, ok := s.FieldByName(name)
			if ok && inner.IsExported() && (inner.Type == reflect.TypeFor[*http.Response]() || isInt(inner.Type) && name == "StatusCode") {
				return func(v *Verdict, field reflect.Value) {
					value, ok := inspect.Field(field.Interface(), name)
					if !ok {
						return
					}
					if n, ok := inspect.IntOf(value); ok {
						v.add(ofHTTP(n))
					} else if value.CanAddr() {
						if r, ok := value.Addr().Interface().(*http.Response); ok {
							v.ofResponse(r)
						}
					}
				}
			}
		}
	}
	return nil
}

// headers are those of the clients that are generated with Kiota.
type headers interface{ Get(key string) []string }

func headerField(t reflect.Type) func(*Verdict, reflect.Value) {
	if t.Implements(reflect.TypeFor[headers]()) {
		return func(v *Verdict, field reflect.Value) {
			if indirect(field).IsValid() {
				values := http.Header{}
				for _, key := range waitHeaders {
					values[key] = field.Interface().(headers).Get(key)
				}
				v.waits(waitOf(values))
			}
		}
	}
	if !elem(t).ConvertibleTo(reflect.TypeFor[map[string][]string]()) {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		if field = indirect(field); field.IsValid() {
			v.waits(waitOf(field.Convert(reflect.TypeFor[http.Header]()).Interface().(http.Header)))
		}
	}
}

// waitField reads a duration, or seconds as a number or a text.
func waitField(t reflect.Type) func(*Verdict, reflect.Value) {
	switch e := elem(t); {
	case e == reflect.TypeFor[time.Duration]():
		return func(v *Verdict, field reflect.Value) {
			if field = indirect(field); field.IsValid() {
				v.waits(time.Duration(field.Int()))
			}
		}
	case isInt(e), e.Kind() == reflect.Float64:
		return func(v *Verdict, field reflect.Value) {
			switch field = indirect(field); {
			case !field.IsValid():
			case field.CanFloat():
				v.waits(seconds(field.Float()))
			default:
				n, _ := inspect.IntOf(field)
				v.waits(seconds(float64(n)))
			}
		}
	case e.Kind() == reflect.String:
		return func(v *Verdict, field reflect.Value) {
			if field = indirect(field); field.IsValid() {
				v.waits(waitIn(field.String()))
			}
		}
	}
	return nil
}
