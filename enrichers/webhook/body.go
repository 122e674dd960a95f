package webhook

import (
	"bytes"
	"encoding/json"
	"mime"
	"strings"
)

// A body makes what is posted of a message.
type body func(m *Message) ([]byte, error)

func newBody(c *checker, opts *Options, routingKey string) body {
	media, _, err := mime.ParseMediaType(opts.ContentType)
	if err != nil {
		c.addf("content-type", "%q: must be a media type", opts.ContentType)
	}
	switch {
	case opts.Body != "":
		isJSON := media == "application/json" || strings.HasSuffix(media, "+json")
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
