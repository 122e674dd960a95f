package reported

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"

	azruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-github/v74/github"
	vault "github.com/hashicorp/vault/api"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/openai/openai-go"
	openaioption "github.com/openai/openai-go/option"
	"google.golang.org/api/googleapi"
)

var creds = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}, nil
})

func dynamo(status int, code, message string) error {
	m, _ := json.Marshal(message)
	srv := serve(status, map[string]string{"Content-Type": "application/x-amz-json-1.0", "X-Amzn-Requestid": "8KRS15P5JUD29RHDVEK26MAU1VVV4KQNSO5AEMVJF66Q9ASUAAJG"}, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":`+string(m)+`}`)
	defer srv.Close()
	c := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), Credentials: creds, RetryMaxAttempts: 1})
	_, err := c.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("jobs"), Key: map[string]ddbtypes.AttributeValue{"id": &ddbtypes.AttributeValueMemberS{Value: "1"}}})
	return err
}

func s3err(status int, code, message string) error {
	srv := serve(status, map[string]string{"Content-Type": "application/xml", "x-amz-request-id": "656c76696e6727732072657175657374"}, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>`+message+`</Message><RequestId>656c76696e6727732072657175657374</RequestId></Error>`)
	defer srv.Close()
	c := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), UsePathStyle: true, Credentials: creds, RetryMaxAttempts: 1})
	_, err := c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: strings.NewReader("x")})
	return err
}

func google(status int, reason, message string) error {
	m, _ := json.Marshal(message)
	return googleapi.CheckResponse(response(status, map[string]string{"Content-Type": "application/json; charset=UTF-8"}, fmt.Sprintf(`{"error":{"code":%d,"message":%s,"errors":[{"domain":"usageLimits","reason":%q,"message":%s}]}}`, status, m, reason, m)))
}

func azure(status int, header map[string]string, body string) error {
	return azruntime.NewResponseError(response(status, header, body))
}

func hub(srv *httptest.Server) error {
	c := github.NewClient(nil)
	c.BaseURL, _ = url.Parse(srv.URL + "/")
	_, _, err := c.Repositories.Get(context.Background(), "acme", "shop")
	return err
}

func openAI(body string) error {
	srv := serve(429, map[string]string{"Content-Type": "application/json"}, body)
	defer srv.Close()
	c := openai.NewClient(openaioption.WithBaseURL(srv.URL), openaioption.WithAPIKey("k"), openaioption.WithMaxRetries(0))
	_, err := c.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{Model: "gpt-4o", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hi")}})
	return err
}

func influx(status int, header map[string]string, body string) error {
	srv := serve(status, header, body)
	defer srv.Close()
	c := influxdb2.NewClient(srv.URL, "token")
	defer c.Close()
	return c.WriteAPIBlocking("org", "bucket").WriteRecord(context.Background(), "test value=1i")
}

func vaultRead(status int, body string) error {
	srv := serve(status, map[string]string{"Content-Type": "application/json"}, body)
	defer srv.Close()
	cfg := vault.DefaultConfig()
	cfg.Address = srv.URL
	c, err := vault.NewClient(cfg)
	if err != nil {
		return nil
	}
	c.SetMaxRetries(0)
	c.SetToken("t")
	_, err = c.Logical().Read("secret/data/db")
	return err
}
