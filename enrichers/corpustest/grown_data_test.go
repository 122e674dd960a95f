//go:build linux

package corpustest

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/aes"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"go/parser"
	"image"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"math"
	"math/big"
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

	"github.com/stretchr/testify/require"
)

// An order is what the jobs of these tests read.
type order struct {
	ID    int `json:"id" xml:"id" yaml:"id"`
	Price int `json:"price" xml:"price" yaml:"price"`
}

// jsonFailures are those of structured documents.
var jsonFailures = []provocation{
	{"json syntax", fromJSON(`{"id": 1,}`)},
	{"json of another type", fromJSON(`{"id": "seven"}`)},
	{"json number out of range", fromJSON(`{"id": 1e99}`)},
	{"json cut", fromJSON(`{"id": 1`)},
	{"json empty", fromJSON(``)},
	{"json stream cut", func(*testing.T) error {
		var o order
		return fmt.Errorf("read order 2: %w", json.NewDecoder(strings.NewReader(`{"id":`)).Decode(&o))
	}},
	{"json with an unknown field", func(*testing.T) error {
		decoder := json.NewDecoder(strings.NewReader(`{"identity": 1}`))
		decoder.DisallowUnknownFields()
		return fmt.Errorf("parse parameters: %w", decoder.Decode(&order{}))
	}},
	{"json into no pointer", fromJSONInto(`{}`, order{})},
	{"json of a channel", func(*testing.T) error {
		_, err := json.Marshal(map[string]any{"done": make(chan int)})
		return fmt.Errorf("write state: %w", err)
	}},
	{"json of a number that is none", func(*testing.T) error {
		_, err := json.Marshal(math.NaN())
		return fmt.Errorf("write mean: %w", err)
	}},
	{"json of a value that cannot say", func(*testing.T) error {
		_, err := json.Marshal(map[string]any{"at": unsayable{}})
		return fmt.Errorf("write state: %w", err)
	}},
	{"xml syntax", fromXML(`<order><id>1</order>`)},
	{"xml cut", fromXML(`<order><id>1`)},
	{"xml of another element", fromXML(`<invoice/>`)},
	{"xml of another type", fromXML(`<order><id>seven</id></order>`)},
}

// An unsayable value has no JSON.
type unsayable struct{}

func (unsayable) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("no time zone") }

func fromJSON(text string) func(*testing.T) error { return fromJSONInto(text, &order{}) }

func fromJSONInto(text string, into any) func(*testing.T) error {
	return func(*testing.T) error {
		return fmt.Errorf("parse order: %w", json.Unmarshal([]byte(text), into))
	}
}

func fromXML(text string) func(*testing.T) error {
	return func(*testing.T) error {
		into := struct {
			XMLName xml.Name `xml:"order"`
			order
		}{}
		return fmt.Errorf("parse order: %w", xml.Unmarshal([]byte(text), &into))
	}
}

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

// binaryFailures are those of archives, images, keys and the like that a job
// was given.
var binaryFailures = []provocation{
	decoding("gzip of something else", "id,price\n1,2\n", func(r io.Reader) error {
		_, err := gzip.NewReader(r)
		return err
	}),
	{"gzip with a wrong checksum", func(t *testing.T) error {
		packed := pack(t, "a long report")
		packed[len(packed)-8] ^= 1
		return unpack(packed)
	}},
	{"gzip cut", func(t *testing.T) error {
		packed := pack(t, "a long report")
		return unpack(packed[:len(packed)-10])
	}},
	decoding("zlib of something else", "id,price", func(r io.Reader) error { _, err := zlib.NewReader(r); return err }),
	decoding("flate damaged", "\xff\xff\xff", func(r io.Reader) error { return drain(flate.NewReader(r)) }),
	decoding("bzip2 of something else", "id,price", func(r io.Reader) error { return drain(bzip2.NewReader(r)) }),
	decoding("tar of something else", string(bytes.Repeat([]byte("x"), 512)), func(r io.Reader) error {
		_, err := tar.NewReader(r).Next()
		return err
	}),
	decoding("zip of something else", "id,price", func(r io.Reader) error {
		_, err := zip.NewReader(r.(io.ReaderAt), 8)
		return err
	}),
	decoding("gob of something else", "\x03\x04\x05\x06\x07", func(r io.Reader) error { return gob.NewDecoder(r).Decode(&order{}) }),
	decoding("record cut", "\x00\x01", func(r io.Reader) error { return binary.Read(r, binary.BigEndian, new(uint64)) }),
	decoding("image of an unknown format", "GIF?", decodeImage),
	decoding("image damaged, png", "\x89PNG\r\n\x1a\nxxxxIHDR", decodeImage),
	decoding("image damaged, jpeg", "\xff\xd8\xff\xc0\x00\x01", decodeImage),
	{"asn.1 syntax", func(*testing.T) error {
		_, err := asn1.Unmarshal([]byte{0x02, 0x02, 0x00, 0x01}, new(int))
		return fmt.Errorf("parse token: %w", err)
	}},
	{"asn.1 cut", func(*testing.T) error {
		_, err := asn1.Unmarshal([]byte{0x02, 0x05, 0x00}, new(int))
		return fmt.Errorf("parse token: %w", err)
	}},
	{"certificate damaged", func(*testing.T) error {
		_, err := x509.ParseCertificate([]byte("certificate"))
		return fmt.Errorf("read certificate: %w", err)
	}},
	{"certificate file of something else", func(*testing.T) error {
		_, err := tls.X509KeyPair([]byte("certificate"), []byte("key"))
		return fmt.Errorf("read certificate: %w", err)
	}},
	{"certificate signed wrongly", func(t *testing.T) error {
		cert, _ := certificate(t, "127.0.0.1", time.Now())
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		require.NoError(t, err)
		return fmt.Errorf("check upload: %w", leaf.CheckSignature(x509.ECDSAWithSHA256, nil, make([]byte, 64)))
	}},
	{"signature wrong", func(*testing.T) error {
		key := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 2047), E: 65537}
		key.N.SetBit(key.N, 0, 1)
		return fmt.Errorf("check upload: %w", rsa.VerifyPKCS1v15(key, 0, make([]byte, 32), make([]byte, 256)))
	}},
}

// decoding is a job that is given bytes that are not what they should be.
func decoding(name, data string, decode func(io.Reader) error) provocation {
	return provocation{name, func(*testing.T) error {
		return fmt.Errorf("read upload: %w", decode(bytes.NewReader([]byte(data))))
	}}
}

func decodeImage(r io.Reader) error {
	_, _, err := image.Decode(r)
	return err
}

func drain(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func pack(t *testing.T, text string) []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.WriteString(w, text)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.Bytes()
}

func unpack(packed []byte) error {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return err
	}
	return fmt.Errorf("unpack report: %w", drain(r))
}
