package enrichernats

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher/wire"
)

// checkEvery is the time between two comparisons of the keys, and checkTime that of one.
const (
	checkEvery = time.Minute
	checkTime  = 30 * time.Second
)

// checkSoon compares the keys in the background, if it is time to.
func (c *client) checkSoon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open.Err() != nil || !c.checked.IsZero() && time.Since(c.checked) < checkEvery {
		return
	}
	c.checked = time.Now()
	c.checks.Go(c.check)
}

// check compares the keys with those of an instance, if one answers.
func (c *client) check() {
	ctx, cancel := context.WithTimeout(c.open, checkTime)
	defer cancel()
	msg, err := c.request(ctx, "info", nil)
	if err != nil {
		return
	}
	var served wire.Info
	err = json.Unmarshal(msg.Data, &served)
	if err == nil && served.V == wire.Version && same(served.OutputKeys, c.options.Keys) && same(served.InputKeys, c.options.Reads) {
		return
	}
	c.mismatch.Add(1)
	c.mu.Lock()
	warned := c.warned
	c.warned = true
	c.mu.Unlock()
	if warned {
		return
	}
	attrs := []any{
		slog.String("service", c.options.Service), slog.String("version", served.Version),
		slog.Any("keys", c.options.Keys), slog.Any("service_sets", served.OutputKeys),
		slog.Any("reads", c.options.Reads), slog.Any("service_reads", served.InputKeys),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	c.logger.Warn("Keys of a failure enricher differ from those of its service", attrs...)
}

// same reports whether two lists have the same keys.
func same(a, b []string) bool {
	set := func(keys []string) []string { return slices.Compact(slices.Sorted(slices.Values(keys))) }
	return slices.Equal(set(a), set(b))
}
