package guest

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
)

// A handler writes each record as a line: its message, and its attributes as those of a
// slog.TextHandler. The service adds the time, and the name of the enricher.
type handler struct {
	write func(level slog.Level, line []byte)
	with  []func(slog.Handler) slog.Handler // the calls of WithAttrs and WithGroup
}

func (h *handler) Enabled(context.Context, slog.Level) bool { return true } // the service knows

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	var line bytes.Buffer
	line.WriteString(r.Message)
	line.WriteByte(' ')
	var text slog.Handler = slog.NewTextHandler(&line, &slog.HandlerOptions{Level: r.Level, ReplaceAttr: onlyAttrs})
	for _, with := range h.with {
		text = with(text)
	}
	err := text.Handle(ctx, r)
	h.write(r.Level, bytes.TrimSpace(line.Bytes()))
	return err
}

// onlyAttrs removes what a TextHandler writes before the attributes.
func onlyAttrs(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey || a.Key == slog.MessageKey) {
		return slog.Attr{}
	}
	return a
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithAttrs(attrs) })
}

func (h *handler) WithGroup(name string) slog.Handler {
	return h.and(func(to slog.Handler) slog.Handler { return to.WithGroup(name) })
}

func (h *handler) and(with func(slog.Handler) slog.Handler) slog.Handler {
	return &handler{h.write, append(slices.Clip(h.with), with)}
}

// An onlyWithAttrs drops the records of New, which the service writes too. Those of
// FactoryConfig.Logger go to next: that logger has the attribute enricher, which the
// service adds, too.
type onlyWithAttrs struct{ next slog.Handler }

func (h onlyWithAttrs) Enabled(context.Context, slog.Level) bool  { return true }
func (h onlyWithAttrs) Handle(context.Context, slog.Record) error { return nil }
func (h onlyWithAttrs) WithAttrs([]slog.Attr) slog.Handler        { return h.next }
func (h onlyWithAttrs) WithGroup(string) slog.Handler             { return h }
