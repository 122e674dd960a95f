package evidence

import (
	"cmp"
	"strings"
	"sync"
	"syscall"
)

// maxParts bounds how many parts of a text between ": " are looked up.
const maxParts = 16

// ofParts looks up the lines of text, and what follows each ": " in them: there fmt.Errorf
// puts the text of an error that it does not wrap.
func ofParts(text string) Evidence {
	before, found := "", Evidence{}
	for range maxParts {
		line, rest, lines := strings.Cut(text, "\n")
		line = strings.TrimSuffix(line, "\r")
		if e, ok := lostTexts()[line]; ok {
			return e
		}
		if e := ofSystemText(before, line); e.Fault != "" {
			return e
		}
		if e := cmp.Or(startOf(text, parts), startOf(text, prefixes)); e.Fault != "" {
			e.Weight = Text
			return e
		}
		start, after, ok := strings.Cut(line, ": ")
		found = cmp.Or(found, ofProgramText(before, start)) // what follows may have a code
		switch {
		case !ok && !lines:
			return found
		case !ok:
			before, text = "", rest
			continue
		case after == "EOF" && strings.HasSuffix(start, `"`): // Get "https://…": EOF
			return says(Text, Dependency, Retryable, "the text of an answer that ends early")
		}
		before, text = start, strings.TrimLeft(text[len(start)+len(": "):], " ")
	}
	return found
}

// lostTexts has the texts of errors of the end of processes and of the standard library.
var lostTexts = sync.OnceValue(func() map[string]Evidence {
	m := textsOf([]textRow{
		{Text, Cancelled, Undecided, `
			context canceled
			context deadline exceeded
			operation was canceled
		`},
		{Text, Dependency, Retryable, `
			context deadline exceeded (Client.Timeout exceeded while awaiting headers)
			context deadline exceeded (Client.Timeout or context cancellation while reading body)
			net/http: request canceled (Client.Timeout exceeded while awaiting headers)
			net/http: request canceled (Client.Timeout or context cancellation while reading body)
			net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)
			net/http: TLS handshake timeout
			net/http: timeout awaiting response headers
			i/o timeout
			no such host
			Couldn't connect to server
			Temporary failure in name resolution
			socket hang up
			server misbehaving
			unexpected EOF
			use of closed network connection
			deadlock detected
			not connected to target source or sink
			timed out
		`},
		{Text, Dependency, Undecided, `
			http: server gave HTTP response to HTTPS client
			The session is not authenticated.
		`},
		{Text, Dependency, Terminal, `
			Permission to perform this operation was denied.
			unable to get local issuer certificate
			self-signed certificate
			self signed certificate
			self-signed certificate in certificate chain
			self signed certificate in certificate chain
			Host key verification failed.
		`},
		{Text, System, Terminal, `
			executable file not found in $PATH
			command not found
		`},
		{Text, User, Terminal, `
			sql: no rows in result set
			redis: nil
			unexpected end of JSON input
			pdfcpu: please provide the correct password
			cannot re-use a name that is still in use
		`},
	}, "the text of an error that is not wrapped")
	for n := syscall.Signal(1); n < 32; n++ {
		if e, ok := signalNumbered(int(n)); ok {
			e.Weight = Text
			m["signal: "+n.String()] = e
			m["signal: "+n.String()+" (core dumped)"] = e
		}
	}
	return m
})
