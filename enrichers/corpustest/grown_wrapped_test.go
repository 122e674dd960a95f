//go:build linux

package corpustest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	goerrors "github.com/go-errors/errors"
	pkgerrors "github.com/pkg/errors"

	"github.com/failure-enrichers/enricher"
)

// wrappedFailures are those that are wrapped, and those of unknown types.
var wrappedFailures = []provocation{
	{"wrapped by pkg/errors", func(t *testing.T) error {
		_, err := os.Open(filepath.Join(t.TempDir(), "orders.csv"))
		return pkgerrors.Wrap(pkgerrors.WithStack(err), "load orders")
	}},
	{"wrapped by pkg/errors and fmt", func(t *testing.T) error {
		_, err := net.Dial("tcp", refusing(t))
		return fmt.Errorf("step 2: %w", pkgerrors.WithMessage(err, "connect to broker"))
	}},
	{"wrapped by go-errors", func(*testing.T) error {
		_, err := strconv.Atoi("seven")
		return goerrors.WrapPrefix(err, "parse price", 0)
	}},
	{"wrapped in labels", func(*testing.T) error {
		err := json.Unmarshal([]byte("{"), &order{})
		return enricher.WithLabels(fmt.Errorf("parse order: %w", err), enricher.Labels{"team": "orders"})
	}},
	{"wrapped in labels twice, and fmt", func(t *testing.T) error {
		_, err := net.Dial("tcp", refusing(t))
		err = enricher.WithLabels(err, enricher.Labels{"target": "broker"})
		err = fmt.Errorf("connect: %w", err)
		return fmt.Errorf("step 2: %w", enricher.WithLabels(err, enricher.Labels{"team": "orders"}))
	}},
	{"joined, two of a kind", func(*testing.T) error {
		_, first := strconv.Atoi("seven")
		_, second := strconv.ParseBool("maybe")
		return fmt.Errorf("validate: %w", errors.Join(first, second))
	}},
	{"joined, a dependency first", func(t *testing.T) error {
		_, first := net.Dial("tcp", refusing(t))
		_, second := os.ReadFile(filepath.Join(t.TempDir(), "fallback.csv"))
		return errors.Join(fmt.Errorf("fetch orders: %w", first), fmt.Errorf("use fallback: %w", second))
	}},
	{"joined, the data first", func(t *testing.T) error {
		_, first := strconv.Atoi("seven")
		_, second := net.Dial("tcp", refusing(t))
		return errors.Join(fmt.Errorf("parse price: %w", first), fmt.Errorf("report it: %w", second))
	}},
	{"joined by fmt, closing second", func(t *testing.T) error {
		file, err := os.Open(newFile(t, "x"))
		if err != nil {
			return err
		}
		_, first := strconv.Atoi("seven")
		second := errors.Join(file.Close(), file.Close())
		return fmt.Errorf("load: %w (closing: %w)", first, second)
	}},
	{"text alone", func(*testing.T) error { return errOutOfStock }},
	{"text alone, wrapped", func(*testing.T) error { return fmt.Errorf("order 7: %w", errOutOfStock) }},
	{"text alone, formatted", func(*testing.T) error { return fmt.Errorf("order %d is strange", 7) }},
	{"text alone, where others said more", func(t *testing.T) error {
		_, err := os.Open(filepath.Join(t.TempDir(), "orders.csv"))
		return fmt.Errorf("load orders: %v", err)
	}},
	{"type of the service", func(*testing.T) error {
		return fmt.Errorf("rule 3: %w", &ruleError{"price", "negative"})
	}},
	{"type of the service, a string", func(*testing.T) error { return fmt.Errorf("rule 3: %w", ruleName("positive-price")) }},
	{"type of the service that timed out", func(*testing.T) error {
		return fmt.Errorf("ask broker: %w", brokerTimeout{})
	}},
	{"unexpected EOF, bare", func(*testing.T) error {
		_, err := io.ReadFull(strings.NewReader("x"), make([]byte, 2))
		return err
	}},
}

var errOutOfStock = errors.New("item is out of stock")

// A ruleError has no method that says anything.
type ruleError struct{ field, reason string }

func (e *ruleError) Error() string { return e.field + " is " + e.reason }

// A ruleName is no pointer, and no struct.
type ruleName string

func (n ruleName) Error() string { return "rule " + string(n) + " is broken" }

// A brokerTimeout is like a [net.Error], as clients of many kinds return them.
type brokerTimeout struct{}

func (brokerTimeout) Error() string   { return "no answer from partition 3" }
func (brokerTimeout) Timeout() bool   { return true }
func (brokerTimeout) Temporary() bool { return true }
