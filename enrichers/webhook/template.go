package webhook

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/failure-enrichers/enricher"
)

// Bounds of a template.
const (
	maxBody         = 256 << 10       // bytes of what it makes, and of each text on the way; PagerDuty accepts 512 KB
	maxSteps        = 1 << 16         // texts that it writes, passes of its loops and calls of templates
	maxTemplateTime = 5 * time.Second // for one body
)

var (
	errTooLong = fmt.Errorf("the body, or a text in it, has more than %d bytes", maxBody)
	errTooSlow = fmt.Errorf("the template takes more than %d steps or %v", maxSteps, maxTemplateTime)
	errNotJSON = errors.New("must make valid JSON of every failure: write {{json .Error}}, without quotes around it, for a text")
)

// newTemplate returns the body that a user's template makes. The template must
// work for samples, and make valid JSON of them if that is what is sent.
func newTemplate(text string, isJSON bool) (body, error) {
	t, err := template.New("body").
		Option("missingkey=zero"). // a label that is not set is empty
		Funcs(functions()).
		Parse(text)
	if err != nil {
		return nil, err
	}
	for _, t := range t.Templates() {
		addSteps(t.Root)
		t.Root.Nodes = append([]parse.Node{step}, t.Root.Nodes...)
	}
	make := func(m *Message) ([]byte, error) {
		made, err := execute(t, m)
		if err == nil && isJSON {
			err = checkJSON(t, m, made)
		}
		return made, err
	}
	for _, sample := range samples(text) {
		if _, err := make(sample); err != nil {
			return nil, err
		}
	}
	return make, nil
}

// execute returns what a template makes of a message.
func execute(t *template.Template, m *Message) ([]byte, error) {
	out := &output{end: time.Now().Add(maxTemplateTime)}
	err := t.Execute(out, m)
	if err != nil && strings.Contains(err.Error(), "in type *webhook.Message") {
		err = fmt.Errorf("%w; a message has %s", err, strings.Join(members(), ", "))
	}
	return out.Bytes(), err
}

// An output is what a template has made so far. It rejects what is out of bounds,
// which ends the template.
type output struct {
	bytes.Buffer
	steps int
	end   time.Time
}

func (o *output) Write(p []byte) (int, error) {
	switch o.steps++; {
	case o.Len()+len(p) > maxBody:
		return 0, errTooLong
	case o.steps > maxSteps, time.Now().After(o.end):
		return 0, errTooSlow
	}
	return o.Buffer.Write(p)
}

// step makes a template write nothing: a loop or a call that writes nothing else
// would not end.
var step = &parse.TextNode{NodeType: parse.NodeText}

// addSteps adds a step to each loop in nodes.
func addSteps(nodes *parse.ListNode) {
	if nodes == nil {
		return
	}
	for _, n := range nodes.Nodes {
		var inner *parse.BranchNode
		switch n := n.(type) {
		case *parse.IfNode:
			inner = &n.BranchNode
		case *parse.WithNode:
			inner = &n.BranchNode
		case *parse.RangeNode:
			inner = &n.BranchNode
			n.List.Nodes = append([]parse.Node{step}, n.List.Nodes...)
		default:
			continue
		}
		addSteps(inner.List)
		addSteps(inner.ElseList)
	}
}

// functions returns json, and the functions of package template that make texts,
// bounded: a text that is doubled in a loop would take all memory.
func functions() template.FuncMap {
	bounded := func(s string) (string, error) {
		if len(s) > maxBody {
			return "", errTooLong
		}
		return s, nil
	}
	all := template.FuncMap{
		"json": func(v any) (string, error) {
			text, err := encode(v)
			return string(text), err
		},
		"printf": func(format string, args ...any) (string, error) { return bounded(fmt.Sprintf(format, args...)) },
	}
	for name, fn := range map[string]func(...any) string{
		"print": fmt.Sprint, "println": fmt.Sprintln,
		"html": template.HTMLEscaper, "js": template.JSEscaper, "urlquery": template.URLQueryEscaper,
	} {
		all[name] = func(args ...any) (string, error) { return bounded(fn(args...)) }
	}
	return all
}

// checkJSON returns an error if what was made of a message is not JSON, or if a
// text of the message has ended a JSON string and added values of its own: without
// the characters that can do it, something of another shape is made then.
func checkJSON(t *template.Template, m *Message, made []byte) error {
	shape, ok := shapeOf(made)
	if !ok {
		return errNotJSON
	}
	harmless := m.mapTexts(special.Replace)
	other, err := execute(t, harmless)
	if err != nil {
		return err
	}
	if other, ok := shapeOf(other); !ok || other != shape {
		return errNotJSON
	}
	return nil
}

// special replaces what cannot stand in a JSON string as it is by characters that
// can, and of which a message has none: keys that differ still do.
var special = strings.NewReplacer(`"`, "\u0080", `\`, "\u0081", "\t", "\u0082", "\n", "\u0083")

// shapeOf returns the brackets and the kinds of the values in JSON, and whether it
// is JSON.
func shapeOf(text []byte) (string, bool) {
	if !json.Valid(text) {
		return "", false
	}
	var shape strings.Builder
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return shape.String(), true
		}
		if err != nil {
			return "", false
		}
		if bracket, ok := token.(json.Delim); ok {
			shape.WriteString(bracket.String())
		} else {
			fmt.Fprintf(&shape, "%T ", token)
		}
	}
}

// members returns the names of the fields and methods of a Message.
func members() (names []string) {
	t := reflect.TypeFor[*Message]()
	for f := range t.Elem().Fields() {
		if f.IsExported() {
			names = append(names, f.Name)
		}
	}
	for m := range t.Methods() {
		names = append(names, m.Name)
	}
	return names
}

// samples returns a message with everything, in texts that must be escaped, and
// one with nothing. Whatever text may be the key of a label or an attribute in the
// template is one.
func samples(text string) []*Message {
	const value = "it's a \"quoted\" text,\n\twith a \\ and <&>"
	byKey := map[string]string{value: value}
	for _, key := range append(word.FindAllString(text, -1), strings.FieldsFunc(text, isQuote)...) {
		byKey[key] = value
	}
	full := &Message{
		ID: value, RootID: value, JobID: value, JobName: value, TaskName: value, TaskManagerID: value, Endpoint: value,
		Type: enricher.FailureTypeTask, Attempt: 2, MaxAttempts: 3, Time: time.Unix(1e9, 0).UTC(),
		Error: value, ErrorType: value,
		Labels:     byKey,
		Attributes: byKey,
		HeldBack:   12, RateLimited: 3, Truncated: true,
	}
	return []*Message{full, {Labels: map[string]string{}, Attributes: map[string]string{}}}
}

var word = regexp.MustCompile(`[\pL_][\pL\p{Nd}_]*`)

func isQuote(r rune) bool { return r == '"' || r == '`' }
