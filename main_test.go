package enricher_test

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails if a test leaves a goroutine behind: every enricher that hangs
// in a test has to be released by it.
func TestMain(m *testing.M) {
	// For the examples, which log where everybody does.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}
