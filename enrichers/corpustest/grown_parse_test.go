//go:build linux

package corpustest

import (
	"bufio"
	"crypto/aes"
	"encoding/base32"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"go/parser"
	"mime"
	"net"
	netmail "net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"
)

// parseFailures are those of text that a job was given.
var parseFailures = []provocation{
	{"csv with a bare quote", fromCSV("id,price\n1,\"2\"3\n")},
	{"csv with a field too many", fromCSV("id,price\n1,2,3\n")},
	{"csv with an open quote", fromCSV("id,price\n1,\"2\n")},
	{"line too long", func(*testing.T) error {
		lines := bufio.NewScanner(strings.NewReader(strings.Repeat("x", bufio.MaxScanTokenSize+1)))
		lines.Scan()
		return fmt.Errorf("read lines: %w", lines.Err())
	}},
	parsing("number syntax", "seven", strconv.Atoi),
	parsing("number empty", "", strconv.Atoi),
	parsing("number out of range", "99999999999999999999", strconv.Atoi),
	parsing("boolean syntax", "maybe", strconv.ParseBool),
	parsing("quoted string syntax", `"open`, strconv.Unquote),
	parsing("time syntax", "31.12.2026", func(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) }),
	parsing("time out of range", "2026-02-30T00:00:00Z", func(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) }),
	parsing("duration syntax", "5 minutes", time.ParseDuration),
	parsing("time zone unknown", "Mars/Olympus", time.LoadLocation),
	parsing("base64 syntax", "%%%%", base64.StdEncoding.DecodeString),
	parsing("base32 syntax", "1111", base32.StdEncoding.DecodeString),
	parsing("hex syntax", "xy", hex.DecodeString),
	parsing("hex of odd length", "abc", hex.DecodeString),
	parsing("url escape", "100%", url.QueryUnescape),
	parsing("url syntax", "http://example.org:port/", url.Parse),
	parsing("ip address syntax", "300.1.1.1", netip.ParseAddr),
	parsing("ip prefix syntax", "10.0.0.0/99", netip.ParsePrefix),
	parsing("network range syntax", "10.0.0.0", func(s string) (net.IP, error) { ip, _, err := net.ParseCIDR(s); return ip, err }),
	parsing("hardware address syntax", "00:00", net.ParseMAC),
	parsing("mail address syntax", "nobody at example.org", netmail.ParseAddress),
	parsing("media type syntax", "text/", func(s string) (string, error) { kind, _, err := mime.ParseMediaType(s); return kind, err }),
	parsing("regular expression syntax", "(open", regexp.Compile),
	parsing("go expression syntax", "1 +", parser.ParseExpr),
	parsing("key of the wrong size", "too short", func(s string) (any, error) { return aes.NewCipher([]byte(s)) }),
	parsing("template syntax", "Dear {{.Name", func(s string) (*template.Template, error) { return template.New("mail").Parse(s) }),
	parsing("template without the field", "Dear {{.Name}}", func(s string) (any, error) {
		return nil, template.Must(template.New("mail").Parse(s)).Execute(&strings.Builder{}, order{})
	}),
	parsing("template indexing too far", "{{index . 3}}", func(s string) (any, error) {
		return nil, template.Must(template.New("mail").Parse(s)).Execute(&strings.Builder{}, []int{1})
	}),
	parsing("scanned text of another format", "seven apples", func(s string) (int, error) {
		var n int
		_, err := fmt.Sscanf(s, "%d apples", &n)
		return n, err
	}),
}

// parsing is a job that is given text that does not parse.
func parsing[T any](name, text string, parse func(string) (T, error)) provocation {
	return provocation{name, func(*testing.T) error {
		_, err := parse(text)
		return fmt.Errorf("row 42: parameter %q: %w", text, err)
	}}
}

func fromCSV(text string) func(*testing.T) error {
	return func(*testing.T) error {
		_, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		return fmt.Errorf("load orders: %w", err)
	}
}
