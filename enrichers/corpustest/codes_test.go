//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/alibabacloud-go/tea/tea"
	"github.com/aws/smithy-go"
	"github.com/go-ldap/ldap/v3"
	"github.com/go-sql-driver/mysql"
	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	redigo "github.com/gomodule/redigo/redis"
	ggcr "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-github/v74/github"
	"github.com/gotd/td/tgerr"
	consul "github.com/hashicorp/consul/api"
	vault "github.com/hashicorp/vault/api"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/minio/minio-go/v7"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	olivere "github.com/olivere/elastic/v7"
	amqp "github.com/rabbitmq/amqp091-go"
	goopenai "github.com/sashabaranov/go-openai"
	"github.com/segmentio/kafka-go"
	"github.com/sijms/go-ora/v2/network"
	"github.com/slack-go/slack"
	"github.com/snowflakedb/gosnowflake"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/stripe/stripe-go/v82"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"google.golang.org/api/googleapi"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/errtype"
	"github.com/failure-enrichers/enricher/enrichers/fault"
	"github.com/failure-enrichers/enricher/enrichers/restart"
)

// A coded failure is one of the errors of a client, with the labels that are right for
// it. Those of one label are separated by |; there may be several. Code is empty if it is not judged.
type coded struct {
	name, typ, retry, code string
	cause                  error
}

// What is right for a failure. It was written down before the enrichers were run.
const (
	D = "DEPENDENCY"
	U = "USER"
	S = "SYSTEM"

	ours    = "USER|SYSTEM"       // the program's or the user's
	notUser = "DEPENDENCY|SYSTEM" // not the user's
	anyone  = "DEPENDENCY|SYSTEM|USER"

	again    = "retryable"
	never    = "terminal"
	mayPass  = "retryable|unknown"
	notAgain = "terminal|unknown"
)

// otherwise are failures that the enrichers judge otherwise, and why.
var otherwise = map[string]string{
	"k8s/405":      "the server does not allow the method, perhaps in this version only",
	"smtp/552":     "a message that is too large, or a mailbox that is full for now",
	"std/deadline": "a bare context.DeadlineExceeded does not say whose deadline it was",
	"neo4j/Neo.ClientError.Security.AuthenticationRateLimit": "the password is wrong, too often",
}

func TestCodesAreClassified(t *testing.T) {
	ft, err := fault.New(fault.Options{})
	require.NoError(t, err)
	rt, err := restart.New(restart.Options{})
	require.NoError(t, err)
	for _, f := range slices.Concat(codesOfDatabases(), codesOfServices()) {
		et, err := errtype.New(errtype.Options{}) // one bounds how many codes there are
		require.NoError(t, err)
		got := enricher.Labels{}
		for _, e := range []enricher.FailureEnricher{ft, et, rt} {
			labels, err := e.ProcessFailure(context.Background(), f.cause, enricher.FailureContext{JobName: f.name})
			require.NoError(t, err, f.name)
			maps.Copy(got, labels)
		}
		_, contrary := otherwise[f.name]
		right := in(f.typ, got["type"]) && in(f.retry, got["retry"])
		assert.Equal(t, !contrary, right, "%s is %s and %s, not %s and %s", f.name, got["type"], got["retry"], f.typ, f.retry)
		assert.True(t, f.code == "" || in(f.code, got["error_code"]), "%s has the code %q, not %s", f.name, got["error_code"], f.code)
	}
}

// in reports whether value is one of a list.
func in(list, value string) bool { return oneOf(strings.Split(list, "|")).has(value) }

func failure(name, typ, retry, code string, cause error) coded {
	return coded{name, typ, retry, code, cause}
}

// withCode returns what makes a failure with a code.
func withCode[C any](client string, fail func(C) error) func(code C, typ, retry string) coded {
	return func(code C, typ, retry string) coded {
		return coded{fmt.Sprintf("%s/%v", client, code), typ, retry, fmt.Sprint(code), fail(code)}
	}
}

// withStatus returns what makes a failure with a status and a word. Either is the code.
func withStatus(client string, fail func(int, string) error) func(status int, word, typ, retry string) coded {
	return func(status int, word, typ, retry string) coded {
		return coded{fmt.Sprintf("%s/%d-%s", client, status, word), typ, retry, fmt.Sprint(status, "|", word), fail(status, word)}
	}
}

var sentRequest = &http.Request{Method: http.MethodGet, URL: &url.URL{Scheme: "https", Host: "api.example.com"}}

var (
	postgres        = withCode("pq", func(c string) error { return &pq.Error{Code: pq.ErrorCode(c), Message: "x"} })
	pgxError        = withCode("pgx", func(c string) error { return &pgconn.PgError{Code: c, Message: "x", Severity: "ERROR"} })
	mysqlError      = withCode("mysql", func(c uint16) error { return &mysql.MySQLError{Number: c, Message: "x"} })
	sqlServer       = withCode("sqlserver", func(c int32) error { return mssql.Error{Number: c, Message: "x"} })
	oracle          = withCode("oracle", func(c int) error { return &network.OracleError{ErrCode: c, ErrMsg: fmt.Sprintf("ORA-%05d: x", c)} })
	clickhouseError = withCode("clickhouse", func(c int32) error { return &clickhouse.Exception{Code: c, Message: "x"} })
	mongoError      = withCode("mongo", func(c int32) error { return mongo.CommandError{Code: c, Message: "x"} })
	neo4jError      = withCode("neo4j", func(c string) error { return &neo4j.Neo4jError{Code: c, Msg: "x"} })
	kafkaError      = withCode("kafka", func(c int) error { return kafka.Error(c) })
	amqpError       = withCode("amqp", func(c int) error { return &amqp.Error{Code: c, Reason: "x", Server: true} })
	ldapError       = withCode("ldap", func(c uint16) error { return ldap.NewError(c, errors.New("x")) })
	smtpReply       = withCode("smtp", func(c int) error { return &textproto.Error{Code: c, Msg: "x"} })
	slackError      = withCode("slack", func(c string) error { return slack.SlackErrorResponse{Err: c} })
	awsError        = withCode("aws", func(c string) error {
		return &smithy.OperationError{ServiceID: "S3", OperationName: "Op", Err: &smithy.GenericAPIError{Code: c, Message: "x"}}
	})
	githubError = withCode("github", func(c int) error {
		return &github.ErrorResponse{Response: &http.Response{StatusCode: c, Request: sentRequest}, Message: "x"}
	})
	vaultError = withCode("vault", func(c int) error {
		return &vault.ResponseError{StatusCode: c, HTTPMethod: http.MethodGet, URL: "https://vault"}
	})
	consulError = withCode("consul", func(c int) error { return consul.StatusError{Code: c, Body: "x"} })

	google = withStatus("google", func(status int, word string) error {
		return &googleapi.Error{Code: status, Message: "x", Errors: []googleapi.ErrorItem{{Reason: word, Message: "x"}}}
	})
	azure = withStatus("azure", func(status int, word string) error {
		return &azcore.ResponseError{StatusCode: status, ErrorCode: word}
	})
	minioError = withStatus("minio", func(status int, word string) error {
		return minio.ErrorResponse{StatusCode: status, Code: word, Message: "x"}
	})
	elastic = withStatus("elastic", func(status int, word string) error {
		return &olivere.Error{Status: status, Details: &olivere.ErrorDetails{Type: word, Reason: "x"}}
	})
	openai = withStatus("openai", func(status int, word string) error {
		return &goopenai.APIError{HTTPStatusCode: status, Code: word, Message: "x"}
	})
	alibaba = withStatus("alibaba", func(status int, word string) error {
		return tea.NewSDKError(map[string]any{"code": word, "message": "x", "statusCode": status})
	})
	registry = withStatus("registry", func(status int, word string) error {
		return &ggcr.Error{StatusCode: status, Errors: []ggcr.Diagnostic{{Code: ggcr.ErrorCode(word), Message: "x"}}, Request: sentRequest}
	})
	gotd = withStatus("gotd", func(status int, word string) error { return tgerr.New(status, word) })
)

// redisReply makes a failure out of a reply, whose first word is the code.
func redisReply(reply, typ, retry string) coded {
	return coded{"redis/" + reply, typ, retry, strings.Fields(reply)[0], redigo.Error(reply)}
}

func grpcError(code codes.Code, name, typ, retry string) coded {
	return coded{"grpc/" + name, typ, retry, name, status.Error(code, "x")}
}

func snowflake(number int, state, typ, retry string) coded {
	return coded{fmt.Sprint("snowflake/", number), typ, retry, fmt.Sprintf("%d|%06d|%s", number, number, state), &gosnowflake.SnowflakeError{Number: number, SQLState: state, Message: "x"}}
}

func stripeError(status int, kind stripe.ErrorType, code stripe.ErrorCode, typ, retry string) coded {
	return coded{
		fmt.Sprintf("stripe/%d-%s-%s", status, kind, code), typ, retry, fmt.Sprintf("%d|%s|%s", status, code, kind),
		&stripe.Error{HTTPStatusCode: status, Type: kind, Code: code, Msg: "x"},
	}
}

func telegram(status int, text, typ, retry string) coded {
	return coded{"telegram/" + text, typ, retry, fmt.Sprint(status), &tgbotapi.Error{Code: status, Message: text}}
}
