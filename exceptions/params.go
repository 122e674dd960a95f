package exceptions

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
)

// maxEcho is how much of a wrong value an error quotes, in bytes.
const maxEcho = 64

// params reads the parameters of a request and collects their errors. Unknown
// parameters are ignored, as in Flink.
type params struct {
	query   url.Values
	errs    []string
	missing string // the error if the job of the path is not there
}

func (p *params) fail(name, format string, args ...any) {
	p.errs = append(p.errs, name+": "+fmt.Sprintf(format, args...))
}

// one returns the value of a parameter, and whether it is there, once.
func (p *params) one(name string) (value string, ok bool) {
	values := p.query[name]
	if len(values) > 1 {
		p.fail(name, "given %d times: must be given once", len(values))
	}
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// limit returns a parameter as a Query.Limit.
func (p *params) limit(name string, otherwise int) int {
	value, ok := p.one(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(value, "+"), 10, 31)
	switch {
	case err != nil:
		p.fail(name, "%q: must be a whole number from 0 to %d", cut(value, maxEcho), math.MaxInt32)
		return otherwise
	case n == 0:
		return -1
	default:
		return int(n)
	}
}

// filter returns the filter of the request.
func (p *params) filter() Filter {
	f, err := ParseFilter(p.query["failureLabelFilter"]...)
	if err != nil {
		p.fail("failureLabelFilter", "%v", err)
	}
	return f
}

// flink reports whether the answer may have only Flink's own keys.
func (p *params) flink() bool {
	value, ok := p.one("format")
	if ok && value != "flink" && value != "" {
		p.fail("format", "%q: must be flink, or omitted", cut(value, maxEcho))
	}
	return value == "flink"
}

// jobs returns the IDs of the jobs of the request. An empty ID is that of failures
// without a job.
func (p *params) jobs() []string { return p.query["jobId"] }
