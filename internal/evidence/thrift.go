package evidence

import (
	"reflect"
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// thriftClients have three kinds of exceptions, each with numbers of its own behind a
// method TypeId. A number 0 says nothing: what the exception wraps does.
var thriftClients = client{
	paths: []string{"github.com/apache/thrift", "git.apache.org/thrift.git"},
	judge: func(v *Verdict, err error) {
		name := inspect.NamedType(reflect.TypeOf(err)).Name()
		for kind, names := range thriftNames {
			if strings.Contains(name, kind) {
				if n, ok := inspect.Result(err, "TypeId"); ok && n > 0 && n <= int64(len(names)) {
					v.add(thrift.answer(names[n-1]))
				}
			}
		}
	},
}

// thriftNames are the names of the types of each kind of exception, from 1 on.
var thriftNames = map[string][]string{
	"Transport": strings.Fields("NOT_OPEN ALREADY_OPEN TIMED_OUT END_OF_FILE"),
	"Protocol":  strings.Fields("INVALID_DATA NEGATIVE_SIZE SIZE_LIMIT BAD_VERSION NOT_IMPLEMENTED DEPTH_LIMIT"),
	"Application": strings.Fields("UNKNOWN_METHOD INVALID_MESSAGE_TYPE WRONG_METHOD_NAME BAD_SEQUENCE_ID MISSING_RESULT INTERNAL_ERROR PROTOCOL_ERROR " +
		"INVALID_TRANSFORM INVALID_PROTOCOL UNSUPPORTED_CLIENT_TYPE VALIDATION_FAILED"),
}

var thrift = &Table{
	Kind: ThriftException, Title: "Type of an exception of Thrift", Weight: Typed,
	Source: "https://github.com/apache/thrift/blob/master/doc/specs/thrift-rpc.md", // and lib/go/thrift/*_exception.go
	Rows: []Row{
		{Dependency, Retryable, "NOT_OPEN TIMED_OUT END_OF_FILE"},
		{Dependency, Undecided, "INVALID_DATA NEGATIVE_SIZE SIZE_LIMIT BAD_VERSION DEPTH_LIMIT INVALID_MESSAGE_TYPE WRONG_METHOD_NAME BAD_SEQUENCE_ID MISSING_RESULT INTERNAL_ERROR PROTOCOL_ERROR"},
		{Dependency, Terminal, "UNKNOWN_METHOD INVALID_TRANSFORM INVALID_PROTOCOL UNSUPPORTED_CLIENT_TYPE"},
		{System, Undecided, "ALREADY_OPEN NOT_IMPLEMENTED"},
		{User, Terminal, "VALIDATION_FAILED"},
	},
}
