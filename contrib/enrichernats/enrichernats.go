// Package enrichernats asks failure enrichers that run in other processes, over NATS.
//
// The process that has the enricher serves it:
//
//	svc, err := enrichernats.Serve(nc, "owner", fe, enrichernats.Options{})
//
// The process that has the failures configures it like any other:
//
//	enricher.Register("nats", enrichernats.Factory(nc))
//
//	failure-enrichers: [type, nats/owner]
//	failure-enricher:
//	  nats/owner:
//	    keys: [team, oncall]
//	    reads: [type]
//
// Any number of processes may serve the same enricher; each failure goes to one of
// them. [Factory] lists the options, and says what happens if no process answers.
//
// # Subjects
//
//	enricher.v1.NAME.process  a failure, as package wire writes it; the answer is
//	                          {"labels":{…}} or {"error":{"text":…}}
//	enricher.v1.NAME.info     anything; the answer is {"v":1,"name":…,"version":…,
//	                          "outputKeys":[…],"inputKeys":[…]}
//
// Any other field of an answer is an error: see package wire.
//
// An answer with an error has the headers of package micro. Nats-Service-Error-Code is
// 400 if the failure cannot be read, 500 if the enricher failed or panicked, 503 if all
// slots are in use, and 504 if the time is up.
//
// The permissions of NATS decide who may send failures and who may answer them: a user who
// may subscribe to these subjects gets the failures.
package enrichernats

import (
	"fmt"
	"regexp"

	"github.com/failure-enrichers/enricher/wire"
)

// names are those that can be part of a subject.
var names = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

func checkName(name string) error {
	if !names.MatchString(name) {
		return fmt.Errorf("%q: must be letters, digits, '_' and '-', in parts that dots separate", name)
	}
	return nil
}

func subject(name, endpoint string) string {
	return fmt.Sprintf("enricher.v%d.%s.%s", wire.Version, name, endpoint)
}

// An answer is the answer to a failure.
type answer struct {
	wire.Answer
	code string // of an error, for the header
}

// The codes of answers with an error.
const (
	codeUnreadable = "400"
	codeFailed     = "500"
	codeBusy       = "503"
	codeTimeUp     = "504"
)

// descriptions are what the header says beside the code.
var descriptions = map[string]string{
	codeUnreadable: "the failure cannot be read",
	codeFailed:     "the enricher failed",
	codeBusy:       "all slots are in use",
	codeTimeUp:     "the time is up",
}

func failed(code, text string) answer {
	return answer{wire.Answer{Error: &wire.Problem{Text: text}}, code}
}
