//go:build linux

package evidence_test

import (
	"cmp"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/evidence"
)

// Errors with the fields, methods and names of those of clients.
type (
	ofFault               struct{ Fault bool }
	ofUint32              uint32
	ofText                string
	ofException           struct{ ExceptionCode byte }
	ofSchema              struct{ StatusCode, ErrorCode int }
	ofQuery               struct{ ErrorName, ErrorType string }
	ofReason              struct{ Reason string }
	ofReasonCode          struct{ ReasonCode byte }
	ofIMAP                struct{ Type, Code string }
	ofStatus              struct{ StatusCode uint16 }
	ofResultCode          struct{ ResultCode int }
	ofResult              int
	ofType                struct{ Type ofText }
	ofMethodCode          int
	ofChannel             struct{ Reason uint32 }
	ofMQ                  struct{ MQCC, MQRC int32 }
	ofJMS                 string
	tTransportException   int
	tProtocolException    int
	tApplicationException int32
)

func (*ofFault) Error() string                { return "x" }
func (ofUint32) Error() string                { return "x" }
func (e ofText) Error() string                { return string(e) }
func (ofException) Error() string             { return "x" }
func (ofSchema) Error() string                { return "x" }
func (ofQuery) Error() string                 { return "x" }
func (ofReason) Error() string                { return "x" }
func (ofReasonCode) Error() string            { return "x" }
func (ofIMAP) Error() string                  { return "x" }
func (ofStatus) Error() string                { return "x" }
func (ofResultCode) Error() string            { return "x" }
func (ofResult) Error() string                { return "x" }
func (e ofResult) Result() ofResult           { return e }
func (ofType) Error() string                  { return "x" }
func (ofMethodCode) Error() string            { return "x" }
func (ofChannel) Error() string               { return "x" }
func (ofMQ) Error() string                    { return "x" }
func (ofJMS) Error() string                   { return "x" }
func (e ofJMS) GetErrorCode() string          { return string(e) }
func (e ofMethodCode) Code() int              { return int(e) }
func (tTransportException) Error() string     { return "x" }
func (e tTransportException) TypeId() int     { return int(e) }
func (tProtocolException) Error() string      { return "x" }
func (e tProtocolException) TypeId() int      { return int(e) }
func (tApplicationException) Error() string   { return "x" }
func (e tApplicationException) TypeId() int32 { return int32(e) }

func TestClientsReadTheirCodes(t *testing.T) {
	for _, c := range []struct {
		path string
		err  error
		want string // fault, retry, code
	}{
		{"github.com/gorilla/websocket", &numberCode{1006}, "DEPENDENCY / retryable / WebSocket code 1006 (abnormal_closure)"},
		{"nhooyr.io/websocket", &numberCode{1009}, "USER / terminal / WebSocket code 1009 (message_too_big)"},
		{"github.com/coder/websocket", &numberCode{4001}, "DEPENDENCY / unknown / WebSocket code 4001"},
		{"github.com/emersion/go-imap/v2", ofIMAP{"NO", "INUSE"}, "DEPENDENCY / retryable / IMAP code INUSE"},
		{"github.com/emersion/go-imap/v2", ofIMAP{"NO", "X-NEW"}, "DEPENDENCY / unknown / IMAP code X-NEW"},
		{"github.com/emersion/go-imap/v2", ofIMAP{"BYE", ""}, "DEPENDENCY / retryable / "},
		{"github.com/hirochachacha/go-smb2", &numberCode{0xC0000043}, "DEPENDENCY / retryable / NTSTATUS 0xC0000043 (SHARING_VIOLATION)"},
		{"github.com/hirochachacha/go-smb2", &numberCode{0xC000FFFF}, "DEPENDENCY / unknown / NTSTATUS 0xC000FFFF"},
		{"github.com/miekg/dns", ofText("dns: bad xfr rcode: 2"), "DEPENDENCY / retryable / DNS response code 2 (SERVFAIL)"},
		{"github.com/miekg/dns", ofText("dns: id mismatch"), "DEPENDENCY / retryable / "},
		{"github.com/gopcua/opcua/ua", ofUint32(0x80260000), "DEPENDENCY / retryable / OPC UA status 0x80260000 (SessionClosed)"},
		{"github.com/gopcua/opcua/ua", ofUint32(0x80740480), "USER / terminal / OPC UA status 0x80740000 (TypeMismatch)"},
		{"github.com/goburrow/modbus", ofException{6}, "DEPENDENCY / retryable / Modbus exception 6 (server_device_busy)"},
		{"github.com/simonvetter/modbus", ofText("illegal data value"), "USER / terminal / Modbus exception 3 (illegal_data_value)"},
		{"github.com/simonvetter/modbus", ofText("request timed out"), "DEPENDENCY / retryable / "},
		{"github.com/apache/thrift/lib/go/thrift", tTransportException(3), "DEPENDENCY / retryable / Thrift exception TIMED_OUT"},
		{"github.com/apache/thrift/lib/go/thrift", tProtocolException(3), "DEPENDENCY / unknown / Thrift exception SIZE_LIMIT"},
		{"github.com/apache/thrift/lib/go/thrift", tApplicationException(11), "USER / terminal / Thrift exception VALIDATION_FAILED"},
		{"github.com/apache/thrift/lib/go/thrift", tTransportException(0), " /  / "},
		{"github.com/apache/thrift/lib/go/thrift", tTransportException(99), " /  / "},
		{"github.com/trinodb/trino-go-client/trino", ofQuery{"TABLE_NOT_FOUND", "USER_ERROR"}, "USER / terminal / Trino error TABLE_NOT_FOUND"},
		{"github.com/trinodb/trino-go-client/trino", ofQuery{"TRANSACTION_CONFLICT", "USER_ERROR"}, "DEPENDENCY / retryable / Trino error TRANSACTION_CONFLICT"},
		{"github.com/trinodb/trino-go-client/trino", ofQuery{"HIVE_READ_ONLY", "USER_ERROR"}, "USER / unknown / Trino error HIVE_READ_ONLY"},
		{"github.com/trinodb/trino-go-client/trino", ofQuery{"X", "INSUFFICIENT_RESOURCES"}, "DEPENDENCY / retryable / Trino error X"},
		{"github.com/trinodb/trino-go-client/trino", ofQuery{"HIVE_BAD_DATA", "EXTERNAL"}, "DEPENDENCY / unknown / Trino error HIVE_BAD_DATA"},
		{"github.com/nsqio/go-nsq", ofReason{"E_PUB_FAILED PUB failed exiting"}, "DEPENDENCY / retryable / NSQ code E_PUB_FAILED"},
		{"github.com/beanstalkd/go-beanstalk", fmt.Errorf("put: %w", errors.New("draining")), "DEPENDENCY / retryable / beanstalkd answer DRAINING"},
		{"github.com/eclipse/paho.golang/autopaho", ofReasonCode{137}, "DEPENDENCY / retryable / MQTT reason code 137 (server_busy)"},
		{"github.com/eclipse/paho.golang/autopaho", ofReasonCode{0}, " /  / "},
		{"github.com/twmb/franz-go/pkg/sr", ofSchema{409, 409}, "USER / terminal / Schema Registry code 409 (incompatible_schema)"},
		{"github.com/twmb/franz-go/pkg/sr", ofSchema{0, 50002}, "DEPENDENCY / retryable / Schema Registry code 50002 (timeout)"},
		{"github.com/twmb/franz-go/pkg/sr", ofSchema{503, 0}, "DEPENDENCY / retryable / HTTP status 503"},
		{"github.com/hetznercloud/hcloud-go/v2/hcloud", textCode{"conflict"}, "DEPENDENCY / retryable / service code conflict"},
		{"github.com/apache/pulsar-client-go/pulsar", ofResult(25), "DEPENDENCY / retryable / Pulsar result 25 (ProducerBlockedQuotaExceededException)"},
		{"github.com/apache/pulsar-client-go/pulsar", ofResult(27), "USER / terminal / Pulsar result 27 (MessageTooBig)"},
		{"github.com/apache/pulsar-client-go/pulsar", ofResult(32), "DEPENDENCY / unknown / Pulsar result 32 (TopicTerminated)"},
		{"github.com/apache/pulsar-client-go/pulsar", ofResult(99), "DEPENDENCY / unknown / Pulsar result 99"},
		{"github.com/aerospike/aerospike-client-go/v8", ofResultCode{14}, "DEPENDENCY / retryable / Aerospike code 14 (KEY_BUSY)"},
		{"github.com/aerospike/aerospike-client-go/v8", ofResultCode{-8}, "DEPENDENCY / retryable / Aerospike code -8 (NO_AVAILABLE_CONNECTIONS_TO_NODE)"},
		{"github.com/couchbase/gocb/v2", ofStatus{134}, "DEPENDENCY / retryable / Couchbase status 134 (ETMPFAIL)"},
		{"github.com/SAP/go-hdb/driver/internal/protocol", ofMethodCode(301), "USER / terminal / HANA number 301 (unique_constraint_violated)"},
		{"github.com/SAP/go-hdb/driver/internal/protocol", ofMethodCode(503), "DEPENDENCY / unknown / HANA number 503"},
		{"github.com/Azure/azure-sdk-for-go/sdk/messaging/azeventhubs", textCode{"ownershiplost"}, "DEPENDENCY / unknown / Service Bus code ownershiplost"},
		{"github.com/prometheus/client_golang/api/prometheus/v1", ofType{"bad_data"}, "USER / terminal / Prometheus error bad_data"},
		{"github.com/ibm-messaging/mq-golang/v5/ibmmq", &ofMQ{2, 2009}, "DEPENDENCY / retryable / IBM MQ reason 2009 (CONNECTION_BROKEN)"},
		{"github.com/ibm-messaging/mq-golang-jms20/jms20subset", ofJMS("2999"), "DEPENDENCY / unknown / IBM MQ reason 2999"},
		{"golang.org/x/crypto/ssh", ofChannel{4}, "DEPENDENCY / retryable / "},
		{"goa.design/goa/v3/pkg", &ofFault{true}, "DEPENDENCY /  / "},
		{"goa.design/goa/v3/pkg", &ofFault{}, " /  / "},
		{"github.com/sourcegraph/jsonrpc2", &numberCode{-28}, "DEPENDENCY / retryable / JSON-RPC code -28 (warming_up)"},
	} {
		v, ok := evidence.JudgeOf(c.path, c.err)
		assert.True(t, ok, c.path)
		code := v.Code.Reason()
		assert.Equal(t, c.want, fmt.Sprintf("%s / %s / %s", v.Fault.Fault, v.Retry.Retry, code), "%s: %T %v", c.path, c.err, c.err)
	}
}

func TestOfKnowsTextsOfLibraries(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"server Unavailable", "DEPENDENCY / retryable"},
		{"not Authorized", "DEPENDENCY / terminal"},
		{"duplicated key not allowed", "USER / terminal"},
		{"timeout", "DEPENDENCY / retryable"},
		{"token is expired", "USER / unknown"},
		{"invalid input: magic number mismatch", "USER / terminal"},
		{`memcache: unexpected response line from "set": "SERVER_ERROR object too large for cache\r\n"`, "USER / terminal"},
		{`memcache: unexpected response line from "set": "SERVER_ERROR out of memory storing object\r\n"`, "DEPENDENCY / unknown"},
		{"memcache: client error: bad data chunk", "USER / unknown"},
		{"memcache: compare-and-swap conflict", "DEPENDENCY / retryable"},
		{"memcache: something else", "- / -"},
	} {
		v := evidence.Of(errors.New(c.text))
		assert.Equal(t, c.want, fmt.Sprintf("%s / %s", cmp.Or(v.Fault.Fault, "-"), cmp.Or(v.Retry.Retry, "-")), c.text)
	}
	claims := fmt.Errorf("%w: %w", errors.New("token has invalid claims"), errors.New("token is not valid yet"))
	assert.Equal(t, evidence.Retryable, evidence.Of(claims).Retry.Retry, "the wrapper says less")
}
