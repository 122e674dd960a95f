package webhook

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/text"
)

// The presets.
const (
	PresetJSON      = "json"      // a [Message]
	PresetSlack     = "slack"     // an incoming webhook of Slack, or of a service that accepts the same
	PresetPagerDuty = "pagerduty" // the Events API v2 of PagerDuty
)

// pagerDutyURL is where events go, unless the account is in another region.
const pagerDutyURL = "https://events.pagerduty.com/v2/enqueue"

func jsonBody(m *Message) ([]byte, error) { return encode(m) }

// A slackMessage is the payload of an incoming webhook:
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
type slackMessage struct {
	Text   string       `json:"text"` // for notifications, which show no blocks
	Blocks []slackBlock `json:"blocks"`
}

type slackBlock struct {
	Type     string      `json:"type"`
	Text     *slackText  `json:"text,omitempty"`     // of a section
	Elements []slackText `json:"elements,omitempty"` // of a context
}

type slackText struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// Slack takes 3000 characters in the text of a block, and advises against more
// than 4000 in a message.
const (
	maxSlackTitle = 600
	maxSlackError = 2000
	maxSlackLine  = 2000
)

func slackBody(m *Message) ([]byte, error) {
	section := "*" + slackEscape(m.Title(), maxSlackTitle) + "*"
	if text := strings.TrimSpace(m.Error); text != "" {
		// A fence in the text would end the block.
		text = strings.ReplaceAll(text, "```", "'''")
		section += "\n```\n" + slackEscape(text, maxSlackError) + "\n```"
	}
	s := slackMessage{
		Text:   slackEscape(m.Summary(), maxSlackLine),
		Blocks: []slackBlock{{Type: "section", Text: &slackText{"mrkdwn", section}}},
	}
	for _, line := range []string{enricher.Labels(m.Labels).String(), m.Unsent()} {
		if line = slackEscape(line, maxSlackLine); line != "" {
			s.Blocks = append(s.Blocks, slackBlock{Type: "context", Elements: []slackText{{"mrkdwn", line}}})
		}
	}
	return encode(s)
}

// slackEscape returns s as text for Slack in at most limit bytes. Escaping these
// three characters also prevents mentions.
func slackEscape(s string, limit int) string {
	escaped := slackEscaper.Replace(s)
	// It is cut before it is escaped, so that no entity is cut in two.
	for n := limit; len(escaped) > limit; n = n * 3 / 4 {
		escaped = slackEscaper.Replace(abridge(s, n))
	}
	return escaped
}

var slackEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// A pagerDutyEvent is an event of the Events API v2:
// https://developer.pagerduty.com/docs/send-alert-event
type pagerDutyEvent struct {
	RoutingKey  string           `json:"routing_key"`
	EventAction string           `json:"event_action"`
	DedupKey    string           `json:"dedup_key,omitempty"` // at most 255 characters; without one, each event is an alert
	Payload     pagerDutyPayload `json:"payload"`
}

type pagerDutyPayload struct {
	Summary       string    `json:"summary"` // at most 1024 characters
	Source        string    `json:"source"`
	Severity      string    `json:"severity"`
	Timestamp     time.Time `json:"timestamp,omitzero"`
	Component     string    `json:"component,omitempty"`
	Class         string    `json:"class,omitempty"`
	CustomDetails *Message  `json:"custom_details"`
}

const (
	maxPagerDutySummary = 1024
	maxPagerDutyKey     = 255
)

// The severities of PagerDuty.
var severities = []string{"critical", "error", "warning", "info"}

// newPagerDuty returns the body of the preset.
func newPagerDuty(routingKey *string, severity string) body {
	host, _ := os.Hostname()
	return func(m *Message) ([]byte, error) {
		if !slices.Contains(severities, m.severity) {
			m.severity = severity
		}
		return encode(pagerDutyEvent{
			RoutingKey:  *routingKey,
			EventAction: "trigger",
			DedupKey:    text.Clean(m.alert, maxPagerDutyKey),
			Payload: pagerDutyPayload{
				Summary:       abridge(m.Summary(), maxPagerDutySummary),
				Source:        cmp.Or(m.Endpoint, m.TaskManagerID, host, "unknown"),
				Severity:      m.severity,
				Timestamp:     m.Time,
				Component:     cmp.Or(m.JobName, m.JobID),
				Class:         m.ErrorType,
				CustomDetails: m,
			},
		})
	}
}
