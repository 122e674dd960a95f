package reported

import (
	"fmt"

	"github.com/IBM/sarama"
	"github.com/nats-io/nats.go"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
)

var brokers = []Failure{
	{"kafka-go/leader-not-available", func() error { return fmt.Errorf("publish: %w", kafka.LeaderNotAvailable) }},
	{"sarama/too-large-for-producer", func() error {
		return fmt.Errorf("publish: %w", sarama.ProducerErrors{{Msg: &sarama.ProducerMessage{Topic: "events"}, Err: sarama.ConfigurationError("Attempt to produce message larger than configured Producer.MaxMessageBytes: 1000088 > 1000000")}})
	}},
	{"franz/leader-not-available", func() error { return fmt.Errorf("fetch %s: %w", "events", kerr.LeaderNotAvailable) }},
	{"nats/no-responders", func() error { return fmt.Errorf("ack message: %w", nats.ErrNoResponders) }},
	{"amqp/ack-timeout", func() error {
		return fmt.Errorf("consumer closed: %w", &amqp.Error{Code: 406, Reason: "PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms. This timeout value can be configured, see consumers doc guide to learn more", Server: true, Recover: true})
	}},
	{"amqp/vhost-or-limit", func() error { return fmt.Errorf("dial broker: %w", amqp.ErrVhost) }},
}
