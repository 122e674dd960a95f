package exceptions_test

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a test leaves a goroutine behind.
func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.DiscardHandler)) // for the examples
	goleak.VerifyTestMain(m)
}
