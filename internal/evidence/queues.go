package evidence

import (
	"errors"
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// nsqClients have the answer in a field Reason, whose first word is the code.
var nsqClients = client{
	paths: []string{"github.com/nsqio/go-nsq"},
	judge: func(v *Verdict, err error) {
		reason, _ := inspect.String(err, "Reason")
		if code, _, _ := strings.Cut(reason, " "); strings.HasPrefix(code, "E_") {
			v.add(nsq.answer(code))
		}
	},
}

var nsq = &Table{
	Kind: NSQCode, Title: "Error of NSQ",
	Source: "https://github.com/nsqio/nsq/blob/master/nsqd/protocol_v2.go", // and https://nsq.io/clients/tcp_protocol_spec.html
	Rows: []Row{
		{Dependency, Retryable, "E_PUB_FAILED E_MPUB_FAILED E_DPUB_FAILED E_PUT_FAILED"},
		{Dependency, Undecided, "E_FIN_FAILED E_REQ_FAILED E_TOUCH_FAILED E_AUTH_FAILED E_AUTH_ERROR E_SUB_FAILED"},
		{Dependency, Terminal, "E_UNAUTHORIZED E_AUTH_DISABLED E_AUTH_FIRST"},
		{System, Undecided, "E_INVALID E_MISSING_PARAMS"},
		{User, Terminal, "E_BAD_TOPIC E_BAD_CHANNEL E_BAD_BODY E_BAD_MESSAGE"},
	},
}

// beanstalkClients wrap one text for each answer of the protocol.
var beanstalkClients = client{
	paths: []string{"github.com/beanstalkd/go-beanstalk", "github.com/kr/beanstalk", "github.com/prep/beanstalk"},
	judge: func(v *Verdict, err error) {
		if inner := errors.Unwrap(err); inner != nil {
			v.add(beanstalk.answer(beanstalkTexts[inner.Error()]))
		}
	},
}

var beanstalkTexts = map[string]string{
	"bad command format": "BAD_FORMAT", "buried": "BURIED", "deadline soon": "DEADLINE_SOON", "draining": "DRAINING", "expected CR LF": "EXPECTED_CRLF",
	"internal error": "INTERNAL_ERROR", "job too big": "JOB_TOO_BIG", "not found": "NOT_FOUND", "not ignored": "NOT_IGNORED",
	"server is out of memory": "OUT_OF_MEMORY", "timeout": "TIMED_OUT", "unknown command": "UNKNOWN_COMMAND",
}

// beanstalk are the answers of the protocol. A server that drains takes no jobs until it
// is restarted.
var beanstalk = &Table{
	Kind: BeanstalkReply, Title: "Answer of beanstalkd",
	Source: "https://github.com/beanstalkd/beanstalkd/blob/master/doc/protocol.txt",
	Rows: []Row{
		{Dependency, Retryable, "OUT_OF_MEMORY DRAINING DEADLINE_SOON TIMED_OUT"},
		{Dependency, Undecided, "INTERNAL_ERROR BURIED NOT_IGNORED NOT_FOUND"},
		{Dependency, Terminal, "UNKNOWN_COMMAND"},
		{System, Undecided, "BAD_FORMAT EXPECTED_CRLF"},
		{User, Terminal, "JOB_TOO_BIG"},
	},
}

// ofMemcache judges the text of a client of memcached that quotes an answer, see
// https://github.com/memcached/memcached/blob/master/doc/protocol.txt (Error strings).
func ofMemcache(text string) Evidence {
	_, answer, found := strings.Cut(text, `"SERVER_ERROR `)
	switch {
	case found && (strings.HasPrefix(answer, "object too large") || strings.HasPrefix(answer, "item too large")):
		return says(Typed, User, Terminal, "memcached: a value that is too large")
	case found:
		return says(Typed, Dependency, Undecided, "memcached: SERVER_ERROR")
	case strings.Contains(text, `"CLIENT_ERROR `), strings.HasPrefix(text, "memcache: client error: "):
		return says(Typed, User, Undecided, "memcached: CLIENT_ERROR")
	case strings.HasPrefix(text, "memcache: unexpected "), strings.HasPrefix(text, "memcache: corrupt "):
		return says(Typed, Dependency, Undecided, "memcached: an unexpected answer")
	}
	return Evidence{}
}

// mqttClients have the reason code of MQTT 5 in a field ReasonCode. Those of MQTT 3 have
// texts only.
var mqttClients = client{
	paths: []string{"github.com/eclipse/paho.golang", "github.com/eclipse/paho.mqtt.golang"},
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.Int(err, "ReasonCode"); ok && code >= 128 {
			v.add(mqtt.number(code))
		}
	},
}

var mqtt = &Table{
	Kind: MQTTReason, Title: "Reason code of MQTT 5",
	Source: "https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html#_Toc3901031",
	Rows: []Row{
		{Dependency, Retryable, "136=server_unavailable 137=server_busy 139=server_shutting_down 141=keep_alive_timeout 147=receive_maximum_exceeded 150=message_rate_too_high 152=administrative_action 156=use_another_server 159=connection_rate_exceeded"},
		{Dependency, Undecided, "128=unspecified_error 129=malformed_packet 130=protocol_error 131=implementation_specific 133=client_identifier_not_valid 142=session_taken_over 145=packet_identifier_in_use 146=packet_identifier_not_found 148=topic_alias_invalid 151=quota_exceeded 157=server_moved 160=maximum_connect_time"},
		{Dependency, Terminal, "132=unsupported_protocol_version 134=bad_user_name_or_password 135=not_authorized 138=banned 140=bad_authentication_method 154=retain_not_supported 155=QoS_not_supported 158=shared_subscriptions_not_supported 161=subscription_identifiers_not_supported 162=wildcard_subscriptions_not_supported"},
		{User, Terminal, "143=topic_filter_invalid 144=topic_name_invalid 149=packet_too_large 153=payload_format_invalid"},
	},
}

// schemaClients have the code in a field ErrorCode or Code. A conflict with an earlier
// schema stays, unlike other conflicts.
var schemaClients = client{
	paths: []string{
		"github.com/twmb/franz-go/pkg/sr", "github.com/riferrei/srclient",
		"github.com/confluentinc/confluent-kafka-go/schemaregistry", "github.com/confluentinc/confluent-kafka-go/v2/schemaregistry",
	},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		status, _ := inspect.Int(err, "StatusCode")
		code, ok := inspect.Int(err, "ErrorCode", "Code")
		if !ok || code == 0 {
			code = status
		}
		if code > 599 || code == 409 {
			v.add(schemaRegistry.number(code))
		}
		if code > 599 {
			code /= 100 // the first digits are the status
		}
		if status == 0 {
			status = code
		}
		v.add(ofHTTP(status))
	},
}

var schemaRegistry = &Table{
	Kind: SchemaRegistry, Title: "Code of a Schema Registry", Weight: Specific,
	Source: "https://docs.confluent.io/platform/current/schema-registry/develop/api.html#errors",
	Rows: []Row{
		{Dependency, Retryable, "50001=store 50002=timeout 50003=forwarding 50004=unknown_leader"},
		{Dependency, Undecided, "42205=operation_not_permitted 42206=reference_exists 42211=context_not_empty 50005=JSON_parse_error"},
		{User, Terminal, "409=incompatible_schema 40401=subject_not_found 40402=version_not_found 40403=schema_not_found 40404=subject_soft_deleted 40405=subject_not_soft_deleted " +
			"40406=version_soft_deleted 40407=version_not_soft_deleted 40408=compatibility_not_configured 40409=mode_not_configured " +
			"42201=invalid_schema 42202=invalid_version 42203=invalid_compatibility 42204=invalid_mode 42207=ID_does_not_match 42208=invalid_subject " +
			"42209=schema_too_large 42210=invalid_ruleset"},
	},
}

// serviceBusClients have a code of the client in a field Code.
var serviceBusClients = client{
	paths:     []string{"github.com/Azure/azure-sdk-for-go/sdk/messaging"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.String(err, "Code"); ok {
			v.add(serviceBus.answer(code))
		}
	},
}

// serviceBus are the codes of Service Bus and of Event Hubs. A message whose lock is lost
// is delivered again.
var serviceBus = &Table{
	Kind: ServiceBusCode, Title: "Code of the clients of Azure Service Bus and Event Hubs",
	Source: "https://pkg.go.dev/github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus#Code",
	Rows: []Row{
		{Dependency, Retryable, "connlost timeout"},
		{Dependency, Undecided, "locklost ownershiplost"},
		{Dependency, Terminal, "unauthorized"},
		{System, Undecided, "closed"},
		{User, Terminal, "notfound"},
	},
}
