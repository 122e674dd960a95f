package evidence

import "strconv"

// ofHTTP judges the status, 300 to 599, of an answer of another system; see
// RFC 9110, section 15, and the IANA registry of status codes.
func ofHTTP(status int) Evidence {
	if status < 300 || status > 599 {
		return Evidence{}
	}
	e, ok := statuses[status]
	if !ok {
		e = statuses[status/100]
	}
	if e.Fault != "" {
		e.Weight = Coded
	}
	e.Kind, e.Code = HTTPStatus, strconv.Itoa(status)
	return e
}

// statuses has the meaning of statuses and, by first digit, of the rest.
var statuses = map[int]Evidence{
	3:   {Fault: Dependency, Retry: Undecided},
	4:   {Fault: User, Retry: Terminal},
	5:   {Fault: Dependency, Retry: Retryable},
	401: {Fault: Dependency, Retry: Terminal}, // of the user or of this service
	403: {Fault: Dependency, Retry: Terminal},
	407: {Fault: System, Retry: Terminal}, // of the proxy
	408: {Fault: Dependency, Retry: Retryable},
	409: {Fault: User, Retry: Undecided}, // a concurrent change, or it exists already
	421: {Fault: Dependency, Retry: Retryable},
	423: {Fault: Dependency, Retry: Retryable},
	424: {Fault: Dependency, Retry: Retryable},
	425: {Fault: Dependency, Retry: Retryable},
	429: {Fault: Dependency, Retry: Retryable},
	499: {Fault: Cancelled, Retry: Undecided}, // nginx: the client closed the connection
	501: {Fault: Dependency, Retry: Terminal},
	505: {Fault: Dependency, Retry: Terminal},
	511: {Fault: System, Retry: Undecided}, // a captive portal
}

// ofGRPC judges a status code of gRPC, see
// https://grpc.io/docs/guides/status-codes.
func ofGRPC(code uint64) Evidence {
	if code == 0 || code >= uint64(len(grpcCodes)) {
		return Evidence{}
	}
	row := grpcCodes[code]
	return Evidence{Weight: Coded, Fault: row.fault, Retry: row.retry, Kind: GRPCStatus, Code: row.name}
}

var grpcCodes = [...]grpcRow{
	{"OK", "", ""},
	{"CANCELLED", Cancelled, Undecided},
	{"UNKNOWN", Dependency, Undecided},
	{"INVALID_ARGUMENT", User, Terminal},
	{"DEADLINE_EXCEEDED", Dependency, Retryable},
	{"NOT_FOUND", User, Terminal},
	{"ALREADY_EXISTS", User, Terminal},
	{"PERMISSION_DENIED", Dependency, Terminal},
	{"RESOURCE_EXHAUSTED", Dependency, Retryable},
	{"FAILED_PRECONDITION", User, Terminal},
	{"ABORTED", Dependency, Retryable},
	{"OUT_OF_RANGE", User, Terminal},
	{"UNIMPLEMENTED", Dependency, Terminal},
	{"INTERNAL", Dependency, Undecided},
	{"UNAVAILABLE", Dependency, Retryable},
	{"DATA_LOSS", Dependency, Terminal},
	{"UNAUTHENTICATED", Dependency, Terminal},
}

type grpcRow struct {
	name  string
	fault Fault
	retry Retry
}

// GRPCCodes returns the names of the codes that [GRPCStatus] can have.
func GRPCCodes() []string {
	var names []string
	for _, row := range grpcCodes[1:] {
		names = append(names, row.name)
	}
	return names
}

// throttling are the codes of services of AWS that ask for a slower rate, whatever
// their HTTP status; see
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html.
var throttling = map[string]bool{
	"BandwidthLimitExceeded":                 true,
	"EC2ThrottledException":                  true,
	"PriorRequestNotComplete":                true,
	"ProvisionedThroughputExceededException": true,
	"RequestLimitExceeded":                   true,
	"RequestThrottled":                       true,
	"RequestThrottledException":              true,
	"RequestTimeout":                         true,
	"RequestTimeoutException":                true,
	"SlowDown":                               true,
	"ThrottledException":                     true,
	"Throttling":                             true,
	"ThrottlingException":                    true,
	"TooManyRequestsException":               true,
	"TransactionInProgressException":         true,
}
