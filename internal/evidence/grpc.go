package evidence

import (
	"reflect"
	"strings"
	"time"
)

// grpcCodes are in the order of their numbers, from 1 on.
var grpcCodes = &Table{
	Kind: GRPCStatus, Title: "gRPC status",
	Source: "https://grpc.io/docs/guides/status-codes",
	Rows: []Row{
		{Cancelled, Undecided, "CANCELLED"},
		{Dependency, Undecided, "UNKNOWN INTERNAL"},
		{Dependency, Retryable, "DEADLINE_EXCEEDED RESOURCE_EXHAUSTED ABORTED UNAVAILABLE"},
		{Dependency, Terminal, "PERMISSION_DENIED UNIMPLEMENTED DATA_LOSS UNAUTHENTICATED"},
		{User, Terminal, "INVALID_ARGUMENT NOT_FOUND ALREADY_EXISTS FAILED_PRECONDITION OUT_OF_RANGE"},
	},
}

// grpcNames are the names of the codes, by number.
var grpcNames = strings.Fields("OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED " +
	"RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED")

// GRPCCodes returns the names of the codes that [GRPCStatus] can have.
func GRPCCodes() []string { return grpcNames[1:] }

// ofGRPC judges a status code and its message.
func ofGRPC(code uint64, message string) Evidence {
	if code == 0 || code >= uint64(len(grpcNames)) {
		return ofHTTP(int64(min(code, 1000))) // Loki, Mimir and Cortex send a status of HTTP so
	}
	e, _ := grpcCodes.of(grpcNames[code])
	for _, m := range grpcMessages {
		if m.code == e.Code && strings.Contains(message, m.part) {
			e.Weight, e.Fault, e.Retry, e.Why = Specific, m.fault, m.retry, m.part
		}
	}
	return e
}

// grpcMessages are messages of the implementations of gRPC themselves and of etcd that say
// more than the code; see internal/transport and rpc_util.go of grpc-go, and
// api/v3rpc/rpctypes of etcd. Other implementations of gRPC have the same texts with a
// different case or the sizes in between.
var grpcMessages = []struct {
	code, part string
	fault      Fault
	retry      Retry
}{
	{"RESOURCE_EXHAUSTED", "message larger than max", User, Terminal},
	{"RESOURCE_EXHAUSTED", "message is larger than", User, Terminal},
	{"RESOURCE_EXHAUSTED", "message exceeds maximum size", User, Terminal},
	{"RESOURCE_EXHAUSTED", "space exceeded", Dependency, Undecided},
	{"RESOURCE_EXHAUSTED", "o space left on device", Dependency, Undecided},
	{"CANCELLED", "the client connection is closing", System, Undecided},
	{"CANCELLED", "received RST_STREAM", Dependency, Retryable},
	{"UNAVAILABLE", "certificate signed by unknown authority", Dependency, Terminal},
	{"UNAVAILABLE", "x509: certificate", Dependency, Terminal},
	{"UNKNOWN", "stream terminated by RST_STREAM", Dependency, Retryable},
	{"INTERNAL", "stream terminated by RST_STREAM", Dependency, Retryable},
	{"INTERNAL", "server closed the stream without sending trailers", Dependency, Retryable},
	{"FAILED_PRECONDITION", "not leader", Dependency, Retryable},
	{"OUT_OF_RANGE", "required revision has been compacted", Dependency, Undecided},
	{"UNAUTHENTICATED", "invalid auth token", Dependency, Retryable}, // the token of etcd has run out
	{"NOT_FOUND", "requested lease not found", Dependency, Undecided},
	{"INVALID_ARGUMENT", "revision of auth store is old", Dependency, Retryable}, // as above
	{"INVALID_ARGUMENT", "etcdserver: user name is empty", Dependency, Undecided},
	// An ingress without a route answers with 404, and a proxy with 403.
	{"UNIMPLEMENTED", "unexpected HTTP status code received from server: 404", Dependency, Undecided},
	{"PERMISSION_DENIED", "unexpected HTTP status code received from server: 403", Dependency, Undecided},
	// The token could not be fetched, for whatever reason.
	{"UNAUTHENTICATED", "per-RPC creds failed due to error", Dependency, Undecided},
	{"FAILED_PRECONDITION", "can only promote a learner member", Dependency, Retryable},
	{"FAILED_PRECONDITION", "re-configuration failed due to not enough started members", Dependency, Retryable},
}

// findGRPC finds the code of an error of google.golang.org/grpc, which has a method
// GRPCStatus that returns a status with a method Code, of the API of Temporal, whose
// errors have the method Status instead, or of connectrpc.com/connect and etcd, whose
// errors have the method Code themselves.
func findGRPC(t reflect.Type) (judge, bool) {
	for _, name := range []string{"GRPCStatus", "Status"} {
		status, ok := t.MethodByName(name)
		if !ok || status.Type.NumIn() != 1 || status.Type.NumOut() != 1 {
			continue
		}
		code, ok := status.Type.Out(0).MethodByName("Code")
		if ok && isGRPCCode(code.Type) {
			return func(v *Verdict, err error) {
				status := reflect.ValueOf(err).MethodByName(name).Call(nil)[0]
				e := ofGRPC(status.MethodByName("Code").Call(nil)[0].Uint(), messageOf(status))
				v.add(e)
				v.ofDetails(status)
			}, true
		}
	}
	if code, ok := t.MethodByName("Code"); ok && isGRPCCode(code.Type) {
		return func(v *Verdict, err error) {
			of := reflect.ValueOf(err)
			v.add(ofGRPC(of.MethodByName("Code").Call(nil)[0].Uint(), messageOf(of)))
			v.ofDetails(of)
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

// messageOf returns the message of a status, or the text of an error.
func messageOf(status reflect.Value) string {
	switch s := status.Interface().(type) {
	case interface{ Message() string }:
		return s.Message()
	case error:
		return s.Error()
	}
	return ""
}

// maxDetails bounds how many details of a status are looked at.
const maxDetails = 16

// ofDetails adds what the details of a status say, which are messages of package
// google.rpc: a RetryInfo has a delay and an ErrorInfo a reason, see
// https://cloud.google.com/apis/design/errors#error_details.
func (v *Verdict) ofDetails(status reflect.Value) {
	s, ok := status.Interface().(interface{ Details() []any })
	if !ok {
		v.ofConnectDetails(status)
		return
	}
	details := s.Details()
	for _, d := range details[:min(len(details), maxDetails)] {
		v.ofDetail(d)
	}
}

// ofConnectDetails reads the details of connectrpc.com/connect, each of which has a
// method Value that decodes it.
func (v *Verdict) ofConnectDetails(err reflect.Value) {
	details := err.MethodByName("Details")
	if !details.IsValid() || details.Type().NumIn() != 0 || details.Type().NumOut() != 1 || details.Type().Out(0).Kind() != reflect.Slice {
		return
	}
	all := details.Call(nil)[0]
	for i := range min(all.Len(), maxDetails) {
		value := all.Index(i).MethodByName("Value")
		if value.IsValid() && value.Type().NumIn() == 0 && value.Type().NumOut() == 2 {
			v.ofDetail(value.Call(nil)[0].Interface())
		}
	}
}

func (v *Verdict) ofDetail(detail any) {
	if info, ok := detail.(interface {
		GetReason() string
		GetDomain() string
	}); ok {
		v.word(info.GetReason(), info.GetReason())
	}
	if info, ok := detail.(interface{ GetResourceType() string }); ok && info.GetResourceType() == "type.googleapis.com/google.spanner.v1.Session" {
		v.add(says(Specific, Dependency, Retryable, "a session of Spanner that was deleted")) // the client makes a new one
	}
	delay := reflect.ValueOf(detail).MethodByName("GetRetryDelay")
	if !delay.IsValid() || delay.Type().NumIn() != 0 || delay.Type().NumOut() != 1 {
		return
	}
	if d, ok := delay.Call(nil)[0].Interface().(interface{ AsDuration() time.Duration }); ok {
		v.waits(d.AsDuration())
	}
}

// ofTwirp judges a code of https://twitchtv.github.io/twirp/docs/errors.html, which
// is the name of one of gRPC in lower case, or of HTTP.
func ofTwirp(code string) Evidence {
	switch code {
	case "canceled":
		code = "cancelled"
	case "malformed":
		code = "invalid_argument"
	case "bad_route":
		code = "unimplemented"
	case "dataloss":
		code = "data_loss"
	}
	e, _ := grpcCodes.of(strings.ToUpper(code))
	return e
}
