//go:build linux

package corpustest

import (
	"encoding/binary"
	"fmt"
	"net"
	"testing"

	"github.com/Azure/go-amqp"
	"github.com/beanstalkd/go-beanstalk"
	mqtt "github.com/eclipse/paho.mqtt.golang"
	"github.com/nsqio/go-nsq"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/sr"
)

var freshBrokers = []provocation{
	{"amqp10/detach-forced", func(*testing.T) error {
		return fmt.Errorf("failed to read message: %w", &amqp.LinkError{RemoteErr: &amqp.Error{
			Condition:   amqp.ErrCondDetachForced,
			Description: "The link 'G19:151274741:MB9x' is force detached. Code: consumer(link11331556). Details: InnerMessageReceiver was closed.",
		}})
	}},
	{"amqp10/message-size-exceeded", func(*testing.T) error {
		return fmt.Errorf("publish asset: %w", &amqp.Error{
			Condition:   amqp.ErrCondMessageSizeExceeded,
			Description: "The received message (delivery-id:0, size:262412 bytes) exceeds the limit (262144 bytes) currently allowed on the link.",
		})
	}},
	{"beanstalk/job-too-big", func(t *testing.T) error {
		conn, err := beanstalk.Dial("tcp", talk(t, "", "put ", "JOB_TOO_BIG\r\n"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = conn.Put([]byte("x"), 1, 0, 60)
		return fmt.Errorf("enqueue thumbnail: %w", err)
	}},
	{"mqtt/not-authorized", func(t *testing.T) error { return fmt.Errorf("connect to broker: %w", connectMQTT(t, 5)) }},
	{"mqtt/server-unavailable", func(t *testing.T) error { return fmt.Errorf("publish readings: %w", connectMQTT(t, 3)) }},
	{"nsq/message-too-big", func(t *testing.T) error {
		addr := talk(t, "", "IDENTIFY", nsqFrame(0, "OK"), "PUB", nsqFrame(1, "E_BAD_MESSAGE PUB message too big 1293055 > 1048576"))
		producer, err := nsq.NewProducer(addr, nsq.NewConfig())
		require.NoError(t, err)
		producer.SetLoggerLevel(nsq.LogLevelError + 1)
		t.Cleanup(producer.Stop)
		return fmt.Errorf("publish metrics: %w", producer.Publish("metrics", []byte("x")))
	}},
	{"schema-registry/incompatible", func(t *testing.T) error {
		url := answering(t, 409, `{"error_code":409,"message":"Schema being registered is incompatible with an earlier schema for subject \"topic.internal.any.v1-value\""}`)
		client, err := sr.NewClient(sr.URLs(url))
		require.NoError(t, err)
		_, err = client.CreateSchema(t.Context(), "topic.internal.any.v1-value", sr.Schema{Schema: `"string"`})
		return fmt.Errorf("register schema: %w", err)
	}},
}

// connectMQTT connects to a broker that refuses it.
func connectMQTT(t *testing.T, code byte) error {
	addr := serve(t, func(conn net.Conn) {
		if _, err := conn.Read(make([]byte, 1024)); err == nil {
			_, _ = conn.Write([]byte{0x20, 2, 0, code})
		}
	})
	token := mqtt.NewClient(mqtt.NewClientOptions().AddBroker("tcp://" + addr).SetProtocolVersion(4).SetAutoReconnect(false)).Connect()
	token.Wait()
	return token.Error()
}

func nsqFrame(kind uint32, data string) string {
	frame := binary.BigEndian.AppendUint32(nil, uint32(4+len(data)))
	return string(binary.BigEndian.AppendUint32(frame, kind)) + data
}
