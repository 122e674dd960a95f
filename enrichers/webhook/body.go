package webhook

import (
	"bytes"
	"encoding/json"
	"mime"
	"strings"
	"unicode"

	"github.com/failure-enrichers/enricher/enrichers/internal/file"
)

// A body makes what is posted of a message.
type body func(m *Message) ([]byte, error)

// newBody returns the body that options describe. The routing key is read later.
func newBody(c *checker, opts *Options, routingKey *string) body {
	media, _, err := mime.ParseMediaType(opts.ContentType)
	isJSON := media == "application/json" || strings.HasSuffix(media, "+json")
	switch {
	case err != nil || !strings.Contains(media, "/") || strings.ContainsFunc(opts.ContentType, unicode.IsControl):
		c.addf("content-type", "%s: must be a media type such as application/json", file.Quote(opts.ContentType))
	case opts.Body == "" && !isJSON:
		c.addf("content-type", "%s: must be application/json or end in +json, as presets make JSON", file.Quote(media))
	}
	switch {
	case opts.Body != "":
		made, err := newTemplate(opts.Body, isJSON)
		c.add("body", err)
		return made
	case opts.Preset == PresetSlack:
		return slackBody
	case opts.Preset == PresetPagerDuty:
		return newPagerDuty(routingKey, opts.Severity)
	default:
		return jsonBody
	}
}

// encode returns v as JSON. Unlike [json.Marshal] it does not escape <, > and &,
// which would take six bytes each.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}
