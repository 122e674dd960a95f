package exceptions

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
)

// maxEcho is how much of a wrong value an error repeats, bytes.
const maxEcho = 64

// params reads the parameters of a request and collects what is wrong with them.
// Those that it does not know are ignored, as in Flink.
type params struct {
	query   url.Values
	errs    []string
	missing string // what the path names and is not there
}

func (p *params) fail(name, format string, args ...any) {
	p.errs = append(p.errs, name+": "+fmt.Sprintf(format, args...))
}

// one returns the only value of a parameter, if it is there.
func (p *params) one(name string) (value string, ok bool) {
	values := p.query[name]
	if len(values) > 1 {
		p.fail(name, "may be given once, not %d times", len(values))
	}
	if len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// limit returns the Query.Limit that a parameter asks for.
func (p *params) limit(name string, otherwise int) int {
	value, ok := p.one(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(value, "+"), 10, 31)
	switch {
	case err != nil:
		p.fail(name, "%q is not a whole number from 0 to %d", cut(value, maxEcho), math.MaxInt32)
		return otherwise
	case n == 0:
		return -1
	default:
		return int(n)
	}
}

// filter returns the filter that is asked for.
func (p *params) filter() Filter {
	f, err := ParseFilter(p.query["failureLabelFilter"]...)
	if err != nil {
		p.fail("failureLabelFilter", "%v", err)
	}
	return f
}

// flink reports whether only Flink's own keys are wanted.
func (p *params) flink() bool {
	value, ok := p.one("format")
	if ok && value != "flink" && value != "" {
		p.fail("format", "%q is not a format: it may be flink, or left out", cut(value, maxEcho))
	}
	return value == "flink"
}

// jobs returns the jobs that are asked for. An empty ID is that of failures
// without a job.
func (p *params) jobs() []string { return p.query["jobId"] }
