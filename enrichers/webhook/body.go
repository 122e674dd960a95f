package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A body makes what is posted of a message.
type body func(m *Message) ([]byte, error)

// maxBody bounds what a template makes. PagerDuty, for one, takes 512 KB.
const maxBody = 256 << 10

// newTemplate returns the body that a user's template makes. It is tried on
// samples first, and has to make valid JSON of them where that is what it is
// sent as.
func newTemplate(text, contentType string) (body, error) {
	t, err := template.New("body").
		Option("missingkey=zero"). // a label that is not set is empty
		Funcs(template.FuncMap{"json": templateJSON}).
		Parse(text)
	if err != nil {
		return nil, err
	}
	make := func(m *Message) ([]byte, error) {
		var out limitedBuffer
		if err := t.Execute(&out, m); err != nil {
			return nil, err
		}
		return out.buf.Bytes(), nil
	}
	for _, sample := range samples() {
		made, err := make(sample)
		switch {
		case err != nil:
			return nil, err
		case isJSON(contentType) && !json.Valid(made):
			return nil, errors.New("does not make valid JSON of every failure: write {{json .Error}}, without quotes around it, for a text")
		}
	}
	return make, nil
}

// isJSON reports whether the media type is JSON.
func isJSON(contentType string) bool {
	media, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	media = strings.TrimSpace(media)
	return media == "application/json" || strings.HasSuffix(media, "+json")
}

// samples returns a message with all that there can be, in texts that have to be
// escaped, and one with as little as there can be.
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

// encode returns v as JSON. Unlike [json.Marshal] it leaves <, > and & alone, as
// nothing of it gets into a page unescaped.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

func templateJSON(v any) (string, error) {
	text, err := encode(v)
	return string(text), err
}

// A limitedBuffer fails when it is full.
type limitedBuffer struct{ buf bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.buf.Len()+len(p) > maxBody {
		return 0, fmt.Errorf("the body has more than %d bytes", maxBody)
	}
	return b.buf.Write(p)
}
