package evidence

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// amqpClients have the reply code in a field Code. Version 1.0 of the protocol
// (go-amqp) has a condition there instead: "amqp:not-found".
var amqpClients = client{
	paths:     []string{"github.com/rabbitmq/amqp091-go", "github.com/streadway/amqp", "github.com/Azure/go-amqp", "github.com/rabbitmq/rabbitmq-amqp-go-client", "pack.ag/amqp"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		reason, _ := inspect.String(err, "Reason")
		if code, ok := inspect.Int(err, "Code"); ok {
			e := amqp.number(code)
			if code == 406 && strings.Contains(reason, "timed out") {
				e.Fault, e.Retry = Dependency, Retryable // the consumer has been slower than the broker waits
			}
			v.add(e)
			return
		}
		if condition := inspect.StringOr(err, "", "Condition", "RemoteErr.Condition"); condition != "" {
			e := amqp.answer(strings.ToLower(condition))
			v.add(e)
		}
	},
}

var amqp = &Table{
	Kind: AMQPReply, Title: "Reply code of AMQP, or condition of AMQP 1.0",
	Source: "https://www.rabbitmq.com/amqp-0-9-1-reference#constants",
	Rows: []Row{
		{Dependency, Retryable, "320=CONNECTION_FORCED 405=RESOURCE_LOCKED 504=CHANNEL_ERROR 506=RESOURCE_ERROR 541=INTERNAL_ERROR " +
			"amqp:connection:forced amqp:link:detach-forced amqp:connection:redirect amqp:link:redirect amqp:resource-locked amqp:internal-error com.microsoft:server-busy com.microsoft:timeout com.microsoft:operation-cancelled com.microsoft:session-lock-lost com.microsoft:message-lock-lost"},
		{Dependency, Undecided, "312=NO_ROUTE 313=NO_CONSUMERS 402=INVALID_PATH 403=ACCESS_REFUSED 501=FRAME_ERROR amqp:connection:framing-error amqp:session:window-violation amqp:session:errant-link amqp:link:stolen amqp:resource-limit-exceeded amqp:session:handle-in-use amqp:illegal-state amqp:frame-size-too-small com.microsoft:entity-disabled"},
		{Dependency, Terminal, "540=NOT_IMPLEMENTED amqp:not-implemented amqp:unauthorized-access amqp:not-allowed com.microsoft:auth-failed"},
		{System, Terminal, "502=SYNTAX_ERROR 503=COMMAND_INVALID 505=UNEXPECTED_FRAME 530=NOT_ALLOWED"},
		{System, Undecided, "404=NOT_FOUND 406=PRECONDITION_FAILED amqp:precondition-failed"}, // queues and exchanges are declared by services
		{User, Terminal, "311=CONTENT_TOO_LARGE amqp:not-found amqp:decode-error amqp:invalid-field amqp:link:message-size-exceeded amqp:resource-deleted com.microsoft:argument-error com.microsoft:entity-already-exists"},
	},
}
