//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/avast/retry-go/v4"
	"github.com/dop251/goja"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/go-playground/validator/v10"
	"github.com/golang-jwt/jwt/v5"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

var freshLibraries = []provocation{
	{"validator/required", func(*testing.T) error {
		var todo struct {
			Title string `validate:"required"`
			Email string `validate:"email"`
		}
		return fmt.Errorf("job arguments: %w", validator.New().Struct(todo))
	}},
	{"jwt/not-valid-yet", func(t *testing.T) error {
		key := []byte("secret")
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"nbf": time.Now().Add(time.Hour).Unix()}).SignedString(key)
		require.NoError(t, err)
		_, err = jwt.Parse(token, func(*jwt.Token) (any, error) { return key, nil })
		return fmt.Errorf("verify callback: %w", err)
	}},
	{"zstd/magic-mismatch", func(t *testing.T) error {
		decoder, err := zstd.NewReader(nil)
		require.NoError(t, err)
		t.Cleanup(decoder.Close)
		_, err = decoder.DecodeAll([]byte("\x1f\x8b\x08 this is gzip"), nil)
		return fmt.Errorf("unpack upload.zst: %w", err)
	}},
	{"goja/script-deadline", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		vm := goja.New()
		context.AfterFunc(ctx, func() { vm.Interrupt(ctx.Err()) })
		_, err := vm.RunString("while (true) {}")
		return fmt.Errorf("run transformation: %w", err)
	}},
	{"retry-go/all-attempts", func(t *testing.T) error {
		url := "http://" + refusing(t)
		return fmt.Errorf("push invoice: %w", retry.Do(func() error {
			res, err := newClient(t).Get(url)
			if err == nil {
				_ = res.Body.Close()
			}
			return err
		}, retry.Attempts(3), retry.Delay(0), retry.MaxJitter(1)))
	}},
	{"retry-go/unrecoverable", func(*testing.T) error {
		return fmt.Errorf("push invoice: %w", retry.Unrecoverable(errors.New("no recipient for invoice 4711")))
	}},
	{"failsafe/circuit-open", func(*testing.T) error {
		breaker := circuitbreaker.NewWithDefaults[any]()
		breaker.Open()
		return fmt.Errorf("price order 9: %w", failsafe.With[any](breaker).Run(func() error { return nil }))
	}},
}
