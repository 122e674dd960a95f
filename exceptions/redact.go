package exceptions

import (
	"bytes"
	"encoding/json"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/redact"
	"github.com/failure-enrichers/enricher/wire"
)

// Redact returns text with what looks like a secret replaced by "***". It is
// [redact.Text].
func Redact(text string) string { return redact.Text(text) }

// wireOf returns the failure in the form of package wire, redacted by that package,
// and by the redactor of the caller if there is one.
func (h *History) wireOf(cause error, fc enricher.FailureContext) []byte {
	f := wire.New(cause, fc)
	f.Redact(redact.Redactor{})
	data, _ := json.Marshal(f) // an error means that there is no wire form
	if !h.redacts {
		return data
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil
	}
	data, _ = json.Marshal(h.redactAll(value))
	return data
}

// redactAll returns a JSON value with all of its texts redacted.
func (h *History) redactAll(value any) any {
	switch v := value.(type) {
	case string:
		return h.redact(v, len(v)+margin)
	case []any:
		for i := range v {
			v[i] = h.redactAll(v[i])
		}
	case map[string]any:
		own := make(map[string]any, len(v))
		for key, item := range v {
			own[h.redact(key, len(key)+margin)] = h.redactAll(item)
		}
		return own
	}
	return value
}
