package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"strings"
	"text/template"
	"time"

	"github.com/failure-enrichers/enricher"
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

// maxBody bounds what a template makes. PagerDuty accepts 512 KB.
const maxBody = 256 << 10

// newTemplate returns the body that a user's template makes. The template must
// work for samples, and make valid JSON of them if that is what is sent.
func newTemplate(text string, isJSON bool) (body, error) {
	t, err := template.New("body").
		Option("missingkey=zero"). // a label that is not set is empty
		Funcs(template.FuncMap{"json": func(v any) (string, error) {
			text, err := encode(v)
			return string(text), err
		}}).
		Parse(text)
	if err != nil {
		return nil, err
	}
	make := func(m *Message) ([]byte, error) {
		var out bytes.Buffer
		if err := t.Execute(&out, m); err != nil {
			return nil, err
		}
		if out.Len() > maxBody {
			return nil, fmt.Errorf("the body has more than %d bytes", maxBody)
		}
		return out.Bytes(), nil
	}
	for _, sample := range samples() {
		made, err := make(sample)
		if err != nil {
			return nil, err
		}
		if isJSON && !json.Valid(made) {
			return nil, errors.New("must make valid JSON of every failure: write {{json .Error}}, without quotes around it, for a text")
		}
	}
	return make, nil
}

// samples returns a message with everything, in texts that must be escaped, and
// one with nothing.
func samples() []*Message {
	const text = "a \"quoted\" text,\n\twith a \\ and <&>"
	full := &Message{
		ID: text, RootID: text, JobID: text, JobName: text, TaskName: text, TaskManagerID: text, Endpoint: text,
		Type: enricher.FailureTypeTask, Attempt: 2, MaxAttempts: 3, Time: time.Unix(1e9, 0).UTC(),
		Error: text, ErrorType: text,
		Labels:     map[string]string{text: text},
		Attributes: map[string]string{text: text},
		HeldBack:   12, RateLimited: 3, Truncated: true,
	}
	return []*Message{full, {Labels: map[string]string{}, Attributes: map[string]string{}}}
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
