//go:build linux

package corpustest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/IBM/sarama"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	ggcr "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-github/v74/github"
	consul "github.com/hashicorp/consul/api"
	"github.com/hashicorp/go-retryablehttp"
	vault "github.com/hashicorp/vault/api"
	"github.com/nats-io/nats.go"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	openaisdk "github.com/openai/openai-go"
	"github.com/openai/openai-go/option"
	"github.com/slack-go/slack"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/crypto/ssh"
	"golang.org/x/oauth2"
)

// siblingsMade are made by a client that cannot connect, or is answered by a server.
var siblingsMade = []provocation{
	{"pq/starting-up", func(t *testing.T) error {
		addr := serve(t, refuseStartup("57P03", "the database system is starting up"))
		return openDB(t, "postgres", dsn(addr)).Ping()
	}},
	{"mongo/server-selection", func(t *testing.T) error {
		c, err := mongo.Connect(options.Client().ApplyURI("mongodb://" + refusing(t)).SetServerSelectionTimeout(50 * time.Millisecond))
		if err != nil {
			return err
		}
		defer c.Disconnect(context.Background())
		return fmt.Errorf("load run: %w", c.Ping(context.Background(), nil))
	}},
	{"redis/out-of-memory", func(t *testing.T) error {
		return redisAnswer(t, "OOM command not allowed when used memory > 'maxmemory'.")
	}},
	{"redis/misconfigured", func(t *testing.T) error {
		return redisAnswer(t, "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled.")
	}},
	{"redis/cluster-down", func(t *testing.T) error { return redisAnswer(t, "CLUSTERDOWN Hash slot not served") }},
	{"neo4j/connectivity", func(t *testing.T) error {
		d, err := neo4j.NewDriverWithContext("bolt://"+refusing(t), neo4j.NoAuth())
		if err != nil {
			return err
		}
		return fmt.Errorf("open graph: %w", d.VerifyConnectivity(context.Background()))
	}},
	{"sarama/out-of-brokers", func(t *testing.T) error {
		config := sarama.NewConfig()
		config.Metadata.Retry.Max = 0
		_, err := sarama.NewClient([]string{refusing(t)}, config)
		return fmt.Errorf("publish: %w", err)
	}},
	{"franz/dial", func(t *testing.T) error {
		c, err := kgo.NewClient(kgo.SeedBrokers(refusing(t)))
		if err != nil {
			return err
		}
		defer c.Close()
		return fmt.Errorf("publish: %w", c.Ping(context.Background()))
	}},
	{"nats/no-servers", func(t *testing.T) error {
		_, err := nats.Connect("nats://" + refusing(t))
		return fmt.Errorf("publish: %w", err)
	}},
	{"aws/transaction-conflict", func(t *testing.T) error {
		_, err := dynamoAnswering(t, 400, `{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None]","CancellationReasons":[{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"},{"Code":"None"}]}`).
			TransactWriteItems(context.Background(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{{Delete: &types.Delete{TableName: aws.String("jobs"), Key: dynamoKey}}}})
		return fmt.Errorf("finish job: %w", err)
	}},
	{"aws/signature-expired", func(t *testing.T) error {
		_, err := dynamoAnswering(t, 400, `{"__type":"com.amazon.coral.service#InvalidSignatureException","message":"Signature expired: 20261130T090000Z is now earlier than 20261130T091000Z (20261130T091500Z - 5 min.)"}`).
			GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("jobs"), Key: dynamoKey})
		return fmt.Errorf("load job: %w", err)
	}},
	{"aws/unrecognized-client", func(t *testing.T) error {
		_, err := dynamoAnswering(t, 400, `{"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}`).
			GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("jobs"), Key: dynamoKey})
		return fmt.Errorf("load job: %w", err)
	}},
	{"aws/s3-access-denied", func(t *testing.T) error { return s3Answer(t, 403, "AccessDenied", "Access Denied") }},
	{"oauth2/unavailable", func(t *testing.T) error { return oauth2Answer(t, 503, "upstream connect error") }},
	{"oauth2/invalid-client", func(t *testing.T) error {
		return oauth2Answer(t, 401, `{"error":"invalid_client","error_description":"The client secret is expired."}`)
	}},
	{"github/bad-credentials", func(t *testing.T) error {
		return githubSays(t, 401, `{"message":"Bad credentials","documentation_url":"https://docs.github.com/rest"}`)
	}},
	{"slack/channel-not-found", func(t *testing.T) error {
		_, _, err := slack.New("xoxb", slack.OptionAPIURL(answering(t, 200, `{"ok":false,"error":"channel_not_found"}`)+"/")).PostMessage("C1", slack.MsgOptionText("deployed", false))
		return fmt.Errorf("notify: %w", err)
	}},
	{"openai/rate-limit", func(t *testing.T) error {
		url := answering(t, 429, `{"error":{"message":"Rate limit reached for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}`, "Retry-After", "20")
		c := openaisdk.NewClient(option.WithBaseURL(url), option.WithAPIKey("k"), option.WithMaxRetries(0))
		_, err := c.Chat.Completions.New(context.Background(), openaisdk.ChatCompletionNewParams{Model: "gpt-4o", Messages: []openaisdk.ChatCompletionMessageParamUnion{openaisdk.UserMessage("hi")}})
		return fmt.Errorf("summarize: %w", err)
	}},
	{"vault/no-active-node", func(t *testing.T) error {
		return vaultAnswer(t, 500, `{"errors":["local node not active but active cluster node not found"]}`)
	}},
	{"vault/permission-denied", func(t *testing.T) error {
		return vaultAnswer(t, 403, `{"errors":["1 error occurred:\n\t* permission denied\n\n"]}`)
	}},
	{"consul/permission-denied", func(t *testing.T) error {
		c, err := consul.NewClient(&consul.Config{Address: answering(t, 403, "Permission denied: token with AccessorID '00000000-0000-0000-0000-000000000002' lacks permission 'key:read' on \"locks/import\"")})
		if err != nil {
			return err
		}
		_, _, err = c.KV().Get("locks/import", nil)
		return fmt.Errorf("acquire lock: %w", err)
	}},
	{"ggcr/manifest-unknown", func(t *testing.T) error {
		return fmt.Errorf("pull: %w", ggcr.CheckError(answer(t, 404, `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"v9"}}]}`), 200))
	}},
	{"retryablehttp/refused", func(t *testing.T) error {
		c := retryablehttp.NewClient()
		c.Logger, c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = nil, 1, time.Millisecond, time.Millisecond
		_, err := c.Get("http://" + refusing(t))
		return fmt.Errorf("fetch feed: %w", err)
	}},
	{"exec/143-of-a-shell", func(*testing.T) error { return fmt.Errorf("transcode: %w", exec.Command("sh", "-c", "exit 143").Run()) }},
	{"ssh/handshake-eof", func(t *testing.T) error {
		_, err := ssh.Dial("tcp", serve(t, func(net.Conn) {}), &ssh.ClientConfig{User: "deploy", HostKeyCallback: ssh.InsecureIgnoreHostKey()})
		return fmt.Errorf("provision host: %w", err)
	}},
	{"smtp/user-unknown", func(t *testing.T) error {
		return sendMail(t, "550 5.1.1 <b@example.com>: Recipient address rejected: User unknown")
	}},
	{"x509/other-host", func(t *testing.T) error {
		srv := httptest.NewTLSServer(http.NotFoundHandler())
		t.Cleanup(srv.Close)
		roots := x509.NewCertPool()
		roots.AddCert(srv.Certificate())
		_, err := tls.Dial("tcp", srv.Listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: "billing.internal"})
		return fmt.Errorf("charge: %w", err)
	}},
	{"http/plain-answer", func(t *testing.T) error {
		_, err := http.Get(strings.Replace(answering(t, 200, ""), "http://", "https://", 1))
		return fmt.Errorf("charge: %w", err)
	}},
}

var dynamoKey = map[string]types.AttributeValue{"id": &types.AttributeValueMemberS{Value: "1"}}

func redisAnswer(t *testing.T, reply string) error {
	ctx, c := newRedis(t, reply)
	return fmt.Errorf("enqueue: %w", c.Set(ctx, "k", "v", 0).Err())
}

func dynamoAnswering(t *testing.T, status int, body string) *dynamodb.Client {
	url := answering(t, status, body, "Content-Type", "application/x-amz-json-1.0")
	return dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: &url, Credentials: aws.AnonymousCredentials{}, RetryMaxAttempts: 1})
}

func s3Answer(t *testing.T, status int, code, message string) error {
	url := answering(t, status, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>`+message+`</Message></Error>`)
	c := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: &url, UsePathStyle: true, Credentials: aws.AnonymousCredentials{}, RetryMaxAttempts: 1})
	_, err := c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: strings.NewReader("x")})
	return fmt.Errorf("upload: %w", err)
}

func githubSays(t *testing.T, status int, body string) error {
	c, err := github.NewClient(nil).WithEnterpriseURLs(answering(t, status, body), "http://127.0.0.1:1")
	if err != nil {
		return err
	}
	_, _, err = c.Repositories.Get(context.Background(), "acme", "shop")
	return fmt.Errorf("sync: %w", err)
}

func oauth2Answer(t *testing.T, status int, body string) error {
	config := oauth2.Config{ClientID: "id", ClientSecret: "s", Endpoint: oauth2.Endpoint{TokenURL: answering(t, status, body), AuthStyle: oauth2.AuthStyleInParams}}
	_, err := config.Client(context.Background(), &oauth2.Token{RefreshToken: "r", Expiry: time.Now().Add(-time.Hour)}).Get("http://127.0.0.1:1/")
	return fmt.Errorf("sync calendar: %w", err)
}

func vaultAnswer(t *testing.T, status int, body string) error {
	config := vault.DefaultConfig()
	config.Address = answering(t, status, body)
	c, err := vault.NewClient(config)
	if err != nil {
		return err
	}
	c.SetMaxRetries(0)
	c.SetToken("t")
	_, err = c.Logical().Read("secret/data/db")
	return fmt.Errorf("read credentials: %w", err)
}
