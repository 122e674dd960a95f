//go:build linux

package corpustest

import (
	"fmt"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/messaging/azservicebus"
	"github.com/aws/smithy-go"
	"github.com/hibiken/asynq"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rabbitmq/rabbitmq-stream-go-client/pkg/stream"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.temporal.io/api/serviceerror"
)

var furtherBrokers = []provocation{
	{"rabbitmq-stream/leader-not-ready", func(*testing.T) error { return fmt.Errorf("publish: %w", stream.LeaderNotReady) }},
	{"rabbitmq-stream/not-available", func(*testing.T) error { return fmt.Errorf("publish: %w", stream.StreamNotAvailable) }},
	{"rabbitmq-stream/does-not-exist", func(*testing.T) error { return fmt.Errorf("publish: %w", stream.StreamDoesNotExist) }},
	{"rabbitmq-stream/confirmation-timeout", func(*testing.T) error { return fmt.Errorf("publish: %w", stream.ConfirmationTimoutError) }},
	{"servicebus/lock-lost", func(*testing.T) error {
		return fmt.Errorf("complete message: %w", &azservicebus.Error{Code: azservicebus.CodeLockLost})
	}},
	{"servicebus/unauthorized", func(*testing.T) error {
		return fmt.Errorf("receive: %w", &azservicebus.Error{Code: azservicebus.CodeUnauthorizedAccess})
	}},
	{"servicebus/connection-lost", func(*testing.T) error {
		return fmt.Errorf("receive: %w", &azservicebus.Error{Code: azservicebus.CodeConnectionLost})
	}},
	{"sqs/over-limit", func(*testing.T) error {
		return amazonError("SQS", "ReceiveMessage", "AWS.SimpleQueueService.OverLimit", smithy.FaultClient)
	}},
	{"sqs/purge-in-progress", func(*testing.T) error {
		return amazonError("SQS", "PurgeQueue", "AWS.SimpleQueueService.PurgeQueueInProgress", smithy.FaultClient)
	}},
	{"jetstream/message-id-in-process", func(*testing.T) error {
		return fmt.Errorf("publish: %w", &jetstream.APIError{Code: 409, ErrorCode: 10158, Description: "duplicate message id is in process"})
	}},
	{"jetstream/max-bytes-required", func(*testing.T) error {
		return fmt.Errorf("create stream: %w", &jetstream.APIError{Code: 400, ErrorCode: 10113, Description: "account requires a stream config to have max bytes set"})
	}},
	{"franz/record-timeout", func(*testing.T) error { return fmt.Errorf("produce: %w", kgo.ErrRecordTimeout) }},
	{"franz/max-buffered", func(*testing.T) error { return fmt.Errorf("produce: %w", kgo.ErrMaxBuffered) }},
	{"asynq/task-id-conflict", func(*testing.T) error { return fmt.Errorf("enqueue report: %w", asynq.ErrTaskIDConflict) }},
	{"asynq/lease-expired", func(*testing.T) error { return asynq.ErrLeaseExpired }},
	{"temporal/workflow-not-ready", func(*testing.T) error {
		return fmt.Errorf("query: %w", serviceerror.NewWorkflowNotReady("Workflow state is not ready to handle the query"))
	}},
}

func amazonError(service, operation, code string, fault smithy.ErrorFault) error {
	return &smithy.OperationError{ServiceID: service, OperationName: operation, Err: &smithy.GenericAPIError{Code: code, Message: "x", Fault: fault}}
}
