package enricherwasm

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero/api"
	"golang.org/x/time/rate"
)

// Log lines of one plugin: so many a second, after so many at once, each cut to so
// many bytes.
const (
	linesPerSecond = 10
	linesAtOnce    = 20
	maxLine        = 4 << 10
)

// A lineLogger writes the log lines of all instances of one plugin.
type lineLogger struct {
	logger *slog.Logger
	limit  *rate.Limiter

	mu         sync.Mutex
	suppressed int // since the last line
}

func newLineLogger(logger *slog.Logger) *lineLogger {
	return &lineLogger{logger: logger, limit: rate.NewLimiter(linesPerSecond, linesAtOnce)}
}

// logLine is the function that plugins import. The line is ignored if it is not in
// the memory.
func logLine(ctx context.Context, module api.Module, level int32, at, n uint32) {
	in, ok := ctx.Value(instanceKey{}).(*instance)
	if !ok || module.Memory() == nil {
		return
	}
	if text, ok := module.Memory().Read(at, min(n, maxLine)); ok {
		in.log.write(ctx, slog.Level(level), text)
	}
}

func (l *lineLogger) write(ctx context.Context, level slog.Level, text []byte) {
	defer func() { _ = recover() }() // a fault of the handler is not one of the plugin
	if !l.logger.Enabled(ctx, level) {
		return
	}
	l.mu.Lock()
	allowed := l.limit.Allow()
	suppressed := l.suppressed
	if allowed {
		l.suppressed = 0
	} else {
		l.suppressed++
	}
	l.mu.Unlock()
	if !allowed {
		return
	}
	var attrs []slog.Attr
	if suppressed > 0 {
		attrs = append(attrs, slog.Int("suppressed", suppressed))
	}
	l.logger.LogAttrs(ctx, level, strings.ToValidUTF8(string(text), "\uFFFD"), attrs...)
}

// rest logs how many lines were suppressed since the last.
func (l *lineLogger) rest() {
	defer func() { _ = recover() }() // as in write
	l.mu.Lock()
	suppressed := l.suppressed
	l.suppressed = 0
	l.mu.Unlock()
	if suppressed > 0 {
		l.logger.Warn("Log lines were suppressed", slog.Int("suppressed", suppressed), slog.String("kind", "plugin"))
	}
}
