package inspect_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/textproto"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

type panicking struct{}

func (panicking) Error() string { panic("no text") }

type wrapper[E error] struct{ err E }

func (w *wrapper[E]) Error() string { return "wrapped: " + w.err.Error() }
func (w *wrapper[E]) Unwrap() error { return w.err }

func TestText(t *testing.T) {
	assert.Equal(t, "a\uFFFDb", inspect.Text(errors.New("a\x00bc"), 5), "cleaned and cut")
	assert.Equal(t, "(the Error method of a inspect_test.panicking panicked: no text)", inspect.Text(panicking{}, 200))
}

func TestTypeNames(t *testing.T) {
	for _, c := range []struct {
		err               error
		otel, short, long string
	}{
		{errors.New("x"), "*errors.errorString", "*errors.errorString", "*errors.errorString"},
		{&fs.PathError{}, "*fs.PathError", "*fs.PathError", "*io/fs.PathError"},
		{syscall.ENOENT, "syscall.Errno", "syscall.Errno", "syscall.Errno"},
		{textproto.ProtocolError(""), "net/textproto.ProtocolError", "textproto.ProtocolError", "net/textproto.ProtocolError"},
		{struct{ error }{}, "struct { error }", "struct { error }", "struct { error }"},
		{
			&wrapper[syscall.Errno]{},
			"*inspect_test.wrapper[syscall.Errno]", "*inspect_test.wrapper[syscall.Errno]",
			"*github.com/failure-enrichers/enricher/internal/evidence/inspect_test.wrapper[syscall.Errno]",
		},
	} {
		t.Run(c.short, func(t *testing.T) {
			assert.Equal(t, c.otel, inspect.TypeName(c.err))
			assert.Equal(t, [2]string{c.short, c.long}, inspect.TypeNames(c.err))
			assert.True(t, inspect.IsType(c.err, c.short))
			assert.True(t, inspect.IsType(c.err, strings.ToLower(c.long)), "loaders lower-case keys")
			assert.False(t, inspect.IsType(c.err, "*"+c.short))
			if !strings.Contains(c.short, " ") {
				assert.NoError(t, inspect.CheckTypeName(c.short))
				assert.NoError(t, inspect.CheckTypeName(c.long))
			}
		})
	}
}

func TestCheckTypeName(t *testing.T) {
	for _, name := range []string{
		"*gopkg.in/yaml.v3.TypeError", "*example.com.Error", "main.größe", "*a.B[int,c/d.E]", "*github.com/o-r/~x/v2.B",
	} {
		assert.NoError(t, inspect.CheckTypeName(name), name)
	}
	for _, name := range []string{
		"", "StockError", "*StockError", ".StockError", "*.StockError", "fs.", "*shop/StockError", // no package or no name
		"&shop.StockError", "shop.*StockError", "**shop.StockError", "*shop.StockError{}", "shop.Err()", " shop.Err", // of Go code
		"*shop.Stock*", "*shop.Stock?rror", "*.*", "shop.[a-c]x", "^shop.Err$", "*shop.Err|*shop.Other", // patterns
	} {
		assert.ErrorContains(t, inspect.CheckTypeName(name), "must be a Go type with its package", name)
	}
}

func TestCheckTypeNameKnowsOtherNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"*os.PathError": "*fs.PathError", "*OS.patherror": "*fs.PathError", "os.PathError": "fs.PathError",
		"unix.Errno": "syscall.Errno", "golang.org/x/sys/unix.Errno": "syscall.Errno",
	} {
		assert.EqualError(t, inspect.CheckTypeName(name), "is another name of "+want+", which errors have: write that")
	}
	for _, name := range []string{"*os.LinkError", "*os.SyscallError", "*example.com/os.PathError"} {
		assert.NoError(t, inspect.CheckTypeName(name), name)
	}
}

func TestPeel(t *testing.T) {
	path := &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}
	plain := errors.New("x")
	for _, c := range []struct {
		name      string
		err, want error
	}{
		{"nothing to peel", path, path},
		{"wrappers of fmt", fmt.Errorf("a: %w", fmt.Errorf("b: %w", path)), path},
		{"joined: the first", fmt.Errorf("a: %w", errors.Join(path, plain)), path},
		{"several verbs: the first", fmt.Errorf("%w: %w", plain, path), plain},
		{"labels", enricher.WithLabels(path, enricher.Labels{"a": "b"}), path},
		{"a type of its own is no plain wrapper", &wrapper[error]{path}, &wrapper[error]{path}},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, inspect.Peel(c.err))
		})
	}

	t.Run("nothing but wrappers: the innermost", func(t *testing.T) {
		err := fmt.Errorf("a: %w", errors.Join(nil, fmt.Errorf("b: %w", nil)))
		assert.NotNil(t, inspect.Peel(err))
	})
}
