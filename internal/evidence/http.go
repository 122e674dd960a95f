package evidence

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ofHTTP judges the status, 300 to 599, of an answer of another system.
func ofHTTP[N int | int64](status N) Evidence {
	if status < 300 || status > 599 {
		return Evidence{}
	}
	code := strconv.FormatInt(int64(status), 10)
	e, ok := statuses.of(code)
	if !ok {
		e, _ = statuses.of(code[:1])
		e.Code = code
	}
	return e
}

// statuses has the meaning of statuses and, by first digit, of the rest.
var statuses = &Table{
	Kind: HTTPStatus, Title: "HTTP status, or its first digit",
	Source: "https://www.rfc-editor.org/rfc/rfc9110#section-15", // and the IANA registry
	Rows: []Row{
		{User, Terminal, "4"},
		{User, Undecided, "409 412"}, // a concurrent change, or it exists already
		{Dependency, Retryable, "5 408 421 423 424 425 429 " +
			"420 449"}, // a limit of rates of Twitter, Telegram and others; "retry with" of Microsoft
		{Dependency, Terminal, "401 403 501 505"}, // of the user or of this service
		{Dependency, Undecided, "3 " +
			"507"}, // the storage is full
		{System, Terminal, "407"},     // of the proxy
		{System, Undecided, "511"},    // a captive portal
		{Cancelled, Undecided, "499"}, // nginx: the client closed the connection
	},
}

// ofResponse judges the status of a response, and the wait that its headers ask for.
func (v *Verdict) ofResponse(r *http.Response) {
	if r == nil {
		return
	}
	v.add(ofHTTP(r.StatusCode))
	v.waits(waitOf(r.Header))
}

// waits adds a wait that a server has asked for. It counts more than the status:
// a rate limit may have the status of a missing permission.
func (v *Verdict) waits(d time.Duration) {
	if d <= 0 {
		return
	}
	if v.After == 0 {
		v.After = d
	}
	v.add(Evidence{Weight: Specific, Fault: Dependency, Retry: Retryable, Why: "the server says when to retry"})
}

// waitOf returns the wait that the headers of a response ask for, or 0: seconds or a
// date in Retry-After (RFC 9110, section 10.2.3), and milliseconds in
// Retry-After-Ms and X-Ms-Retry-After-Ms, which services of Azure and OpenAI send.
func waitOf(h http.Header) time.Duration {
	for _, key := range waitHeaders[1:] {
		if ms, err := strconv.ParseFloat(h.Get(key), 64); err == nil && ms > 0 && ms < 1e10 {
			return time.Duration(ms * float64(time.Millisecond))
		}
	}
	return waitIn(h.Get("Retry-After"))
}

var waitHeaders = []string{"Retry-After", "Retry-After-Ms", "X-Ms-Retry-After-Ms"}

// waitIn reads seconds, a duration or a date.
func waitIn(text string) time.Duration {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil {
		return seconds(s)
	}
	if d, err := time.ParseDuration(text); err == nil {
		return d
	}
	if at, err := http.ParseTime(text); err == nil {
		return time.Until(at)
	}
	return 0
}

// seconds returns s seconds as a duration, or 0 if that is none.
func seconds(s float64) time.Duration {
	if !(s > 0 && s < 1e8) {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}

// ofStatusLine judges a text that is only a status and its name, such as "404 Not Found",
// which clients and programs take from the answer.
func ofStatusLine(text string) Evidence {
	e := ofStatusText(text)
	if status, _ := strconv.Atoi(e.Code); status == 0 || text[3:] != " "+http.StatusText(status) {
		return Evidence{}
	}
	e.Weight = Typed
	return e
}

// ofStatusText judges a status as some clients keep it: "404" or "404 Not Found".
func ofStatusText(text string) Evidence {
	if len(text) < 3 || len(text) > 3 && text[3] != ' ' {
		return Evidence{}
	}
	status, err := strconv.Atoi(text[:3])
	if err != nil {
		return Evidence{}
	}
	return ofHTTP(status)
}
