package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/wirelaw"
	"github.com/failure-enrichers/enricher/internal/hostile"
	"github.com/failure-enrichers/enricher/wire"
)

// FuzzDecode has documents that nothing of ours has written.
func FuzzDecode(f *testing.F) {
	for _, g := range goldenFailures() {
		f.Add([]byte(g.Failure))
	}
	f.Add([]byte(`{"v":1,"chain":[{"depth":5,"type":"*net.OpError","fields":{}},{"depth":1,"inner":[{"depth":3},{"inner":[]}]},{"joined":true}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := wire.Decode(data)
		if err != nil {
			return
		}
		cause := got.Cause()
		for err := range enricher.Chain(cause) {
			_ = err.Error()
		}
		again := wire.Encode(cause, got.Context())
		assert.LessOrEqual(t, len(again), 64<<10)
		assert.True(t, utf8.Valid(again))
		if cause != nil {
			_, err = wirelaw.Compare(cause, got.Context())
			require.NoError(t, err)
		}
	})
}

// FuzzLaw has trees of errors that are made of text, as shape says.
func FuzzLaw(f *testing.F) {
	f.Add("the job has failed", []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add("open /a b: \xff\x00", []byte{10, 10, 0, 1, 7, 7, 9})
	f.Add("", []byte{11, 3, 3, 12})
	f.Fuzz(func(t *testing.T, text string, shape []byte) {
		_, err := wirelaw.Compare(grow(text, shape[:min(len(shape), 100)]), enricher.FailureContext{JobName: text, Time: time.Unix(0, 0)})
		require.NoError(t, err)
	})
}

// grow returns an error made of text.
func grow(text string, shape []byte) error {
	if len(shape) == 0 {
		return errors.New(text)
	}
	inner := func() error { return grow(text, shape[1:]) }
	all := slices.DeleteFunc(hostile.Errors(), func(h hostile.Named) bool {
		return strings.Contains(h.Name, "panic") // such a method is not encoded
	})
	switch kind := int(shape[0]) % (16 + len(all)); kind {
	case 0:
		return fmt.Errorf("%s: %w", text, inner())
	case 1:
		return hostile.Wrap(text, inner())
	case 2:
		return &fs.PathError{Op: "open", Path: text, Err: inner()}
	case 3:
		return &url.Error{Op: "Get", URL: text, Err: inner()}
	case 4:
		return &net.OpError{Op: text, Net: "tcp", Err: inner()}
	case 5:
		return &net.DNSError{Err: text, Name: text, IsTimeout: len(text)%2 == 0}
	case 6:
		return hostile.Join(grow(text, shape[1:1+len(shape)/2]), grow(text, shape[1+len(shape)/2:]))
	case 7:
		return enricher.WithLabels(inner(), enricher.Labels{text: text, "tenant": text})
	case 8:
		return &stateError{text, text, text}
	case 9:
		return codeError{text}
	case 10:
		return causeError{inner()}
	case 11:
		return listError{inner(), context.Canceled}
	case 12:
		return enricher.NewPanicError(inner(), []byte(text))
	case 13:
		return enricher.NewPanicError(text, nil)
	case 14:
		return syscall.Errno(len(text))
	case 15:
		return typedError{text}
	default:
		return hostile.Wrap(text, all[kind-16].Err)
	}
}

func BenchmarkEncode(b *testing.B) {
	fc, cause := sample()
	b.ReportAllocs()
	for b.Loop() {
		wire.Encode(cause, fc)
	}
}

func BenchmarkDecode(b *testing.B) {
	fc, cause := sample()
	data := wire.Encode(cause, fc)
	b.ReportAllocs()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		f, _ := wire.Decode(data)
		f.Cause()
	}
}

// sample is a failure as it is common: six errors.
func sample() (enricher.FailureContext, error) {
	dial := &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 5432}, Err: syscall.ECONNREFUSED}
	fc := enricher.FailureContext{
		ID: "f-1", Type: enricher.FailureTypeTask, JobID: "import", JobName: "Import", TaskName: "parse", Attempt: 3, Time: time.Unix(1_790_000_000, 0),
		Attributes: map[string]string{"queue": "low", "tenant": "acme"},
	}
	return fc, fmt.Errorf("job 7: %w", fmt.Errorf("load: %w", &upstreamError{&url.Error{Op: "Get", URL: "https://shop.example/orders", Err: dial}}))
}
