package reported

import (
	"context"
	"fmt"
	"time"

	"github.com/alibabacloud-go/tea/tea"
	"github.com/minio/minio-go/v7"
	"golang.org/x/oauth2"
)

var clouds = []Failure{
	{"aws/throughput-exceeded", func() error {
		return fmt.Errorf("load item: %w", dynamo(400, "ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."))
	}},
	{"aws/s3-expired-token", func() error {
		return fmt.Errorf("upload part 2031: %w", s3err(400, "ExpiredToken", "The provided token has expired."))
	}},
	{"aws/s3-request-timeout", func() error {
		return fmt.Errorf("upload part 12: %w", s3err(400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period. Idle connections will be closed."))
	}},
	{"aws/s3-clock-skew", func() error {
		return fmt.Errorf("copy object: %w", s3err(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."))
	}},
	{"aws/s3-slow-down", func() error {
		return fmt.Errorf("put object: %w", s3err(503, "SlowDown", "Please reduce your request rate."))
	}},
	{"google/rate-limit-403", func() error {
		return fmt.Errorf("start query job: %w", google(403, "rateLimitExceeded", "Exceeded rate limits: too many concurrent queries for this project. For more information, see https://cloud.google.com/bigquery/troubleshooting-errors"))
	}},
	{"oauth2/invalid-grant", func() error {
		srv := serve(400, map[string]string{"Content-Type": "application/json"}, `{"error":"invalid_grant","error_description":"Token has been expired or revoked."}`)
		defer srv.Close()
		cfg := &oauth2.Config{ClientID: "id", ClientSecret: "s", Endpoint: oauth2.Endpoint{TokenURL: srv.URL, AuthStyle: oauth2.AuthStyleInParams}}
		_, err := cfg.Client(context.Background(), &oauth2.Token{RefreshToken: "r", Expiry: time.Now().Add(-time.Hour)}).Get("http://127.0.0.1:1/calendar/v3/calendars")
		return fmt.Errorf("sync calendar: %w", err)
	}},
	{"azure/429-retry-after", func() error {
		return fmt.Errorf("read service tags: %w", azure(429, map[string]string{"Retry-After": "76", "x-ms-error-code": "RetryableError"}, `{"error":{"code":"RetryableError","message":"A retryable error occurred.","details":[{"code":"RetryableErrorDueToTooManyCallsToThisOperation","message":"The call can be retried in 76 seconds."}]}}`))
	}},
	{"minio/storage-full", func() error {
		return fmt.Errorf("upload backup: %w", minio.ErrorResponse{Code: "XMinioStorageFull", Message: "Storage backend has reached its minimum free drive threshold. Please delete a few objects to proceed.", BucketName: "backup", Key: "db.tar", StatusCode: 507})
	}},
	{"alicloud/throttling-400", func() error {
		return fmt.Errorf("grant permissions: %w", tea.NewSDKError(map[string]any{"code": "Throttling.User", "message": "Request was denied due to user flow control.", "data": map[string]any{"statusCode": 400}}))
	}},
}
