//go:build linux

package corpustest

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/IBM/sarama"
	gotransport "github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-zookeeper/zk"
	"github.com/google/go-github/v74/github"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/pkg/sftp"
	goopenai "github.com/sashabaranov/go-openai"
	"github.com/segmentio/kafka-go"
	"github.com/slack-go/slack"
	"github.com/sony/gobreaker"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/xuri/excelize/v2"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/crypto/acme"
	"golang.org/x/net/http2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// codesOfServices are failures of brokers, clouds, services and the standard library.
func codesOfServices() []coded {
	path := func(e error) error { return &fs.PathError{Op: "write", Path: "/data/x", Err: e} }
	dial := func(e error) error {
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", e)}
	}
	gone := schema.GroupResource{Resource: "pods"}
	_, numErr := strconv.Atoi("x")
	var js struct{ A int }
	jsErr := json.Unmarshal([]byte(`{"A":"x"}`), &js)
	jsSyn := json.Unmarshal([]byte(`{`), &js)
	_, csvErr := csv.NewReader(strings.NewReader("a,\"b\nc")).ReadAll()
	_, timeErr := time.Parse(time.RFC3339, "x")
	_, b64Err := base64.StdEncoding.DecodeString("!")
	_, gzErr := gzip.NewReader(strings.NewReader("no gzip at all"))
	xmlErr := xml.Unmarshal([]byte("<a><b></a>"), &struct{}{})
	_, urlErr := url.Parse("http://[::1")
	exitErr := func(code string) error { return exec.Command("sh", "-c", "exit "+code).Run() }
	notFound := exec.Command("no-such-program-x").Run()

	return []coded{
		kafkaError(6, D, again), kafkaError(7, D, again), kafkaError(29, anyone, notAgain), kafkaError(17, ours, never),
		kafkaError(3, "DEPENDENCY|USER", mayPass), kafkaError(1, anyone, notAgain), kafkaError(19, D, again), kafkaError(27, D, again),
		kafkaError(58, notUser, notAgain), kafkaError(35, notUser, never), kafkaError(87, ours, never), kafkaError(89, D, again),
		kafkaError(2, "DEPENDENCY|USER", mayPass), kafkaError(22, notUser, mayPass), kafkaError(47, notUser, notAgain), kafkaError(56, D, again),
		kafkaError(44, ours, notAgain), kafkaError(14, D, again), kafkaError(25, notUser, mayPass), kafkaError(18, ours, never),
		failure("kafka/franz-not-leader", D, again, "6|NOT_LEADER_FOR_PARTITION", kerr.NotLeaderForPartition),
		failure("kafka/franz-topic-auth", anyone, notAgain, "29|TOPIC_AUTHORIZATION_FAILED", kerr.TopicAuthorizationFailed),
		failure("sarama/out-of-brokers", D, again, "", sarama.ErrOutOfBrokers),
		failure("sarama/config", ours, never, "", sarama.ConfigurationError("Net.DialTimeout must be > 0")),
		failure("sarama/closed", "SYSTEM|DEPENDENCY|CANCELLED", "retryable|unknown|terminal", "", sarama.ErrClosedClient),
		failure("sarama/not-leader", D, again, "6|NOT_LEADER_OR_FOLLOWER|NOT_LEADER_FOR_PARTITION", sarama.ErrNotLeaderForPartition),
		failure("sarama/insufficient-data", notUser, mayPass, "", sarama.ErrInsufficientData),
		failure("kafka/write-errors", ours, never, "10|MESSAGE_TOO_LARGE", kafka.WriteErrors{nil, kafka.MessageSizeTooLarge}),
		amqpError(404, anyone, notAgain), amqpError(320, D, again), amqpError(504, notUser, mayPass), amqpError(405, D, mayPass), amqpError(541, D, again),
		amqpError(311, ours, never), amqpError(506, D, mayPass), amqpError(530, anyone, notAgain), amqpError(312, anyone, notAgain),
		amqpError(501, notUser, "retryable|unknown|terminal"),
		failure("nats/timeout", D, again, "", nats.ErrTimeout), failure("nats/max-payload", ours, never, "", nats.ErrMaxPayload),
		failure("nats/auth", notUser, notAgain, "", nats.ErrAuthorization),
		failure("nats/closed", "DEPENDENCY|SYSTEM|CANCELLED", mayPass, "", nats.ErrConnectionClosed),
		failure("nats/stale", D, again, "", nats.ErrStaleConnection), failure("nats/no-servers", D, again, "", nats.ErrNoServers),
		failure("nats/stream-not-found", anyone, notAgain, "404|10059", jetstream.ErrStreamNotFound),
		failure("nats/js-503", D, again, "503|10008", &jetstream.APIError{Code: 503, ErrorCode: 10008, Description: "JetStream system temporarily unavailable"}),
		failure("nats/js-bad", anyone, notAgain, "400|10003", &jetstream.APIError{Code: 400, ErrorCode: 10003, Description: "bad sentRequest"}),
		failure("nats/slow", notUser, mayPass, "", nats.ErrSlowConsumer), failure("nats/perm", anyone, notAgain, "", nats.ErrPermissionViolation),
		failure("nats/bad-subject", ours, never, "", nats.ErrBadSubject),
		awsError("ThrottlingException", D, again), awsError("ProvisionedThroughputExceededException", D, again),
		awsError("ValidationException", ours, never), awsError("ConditionalCheckFailedException", anyone, notAgain),
		awsError("AccessDeniedException", anyone, notAgain), awsError("NoSuchBucket", anyone, never), awsError("NoSuchKey", anyone, never),
		awsError("SlowDown", D, again), awsError("RequestTimeout", D, again), awsError("InvalidAccessKeyId", anyone, notAgain),
		awsError("ExpiredTokenException", notUser, mayPass), awsError("ResourceNotFoundException", anyone, notAgain),
		awsError("LimitExceededException", D, mayPass), awsError("InternalServerError", D, again), awsError("InsufficientInstanceCapacity", D, again),
		awsError("UnrecognizedClientException", anyone, notAgain), awsError("RequestLimitExceeded", D, again),
		awsError("ServiceQuotaExceededException", D, "terminal|unknown|retryable"), awsError("SignatureDoesNotMatch", anyone, notAgain),
		awsError("KMSAccessDeniedException", anyone, notAgain), awsError("ItemCollectionSizeLimitExceededException", anyone, never),
		awsError("QueueDoesNotExist", anyone, never), awsError("AWS.SimpleQueueService.NonExistentQueue", anyone, never),
		awsError("EntityTooLarge", ours, never), awsError("BucketAlreadyExists", anyone, notAgain), awsError("OperationAborted", D, again),
		awsError("ResourceInUseException", anyone, mayPass), awsError("TooManyRequestsException", D, again), awsError("ServiceUnavailable", D, again),
		awsError("MalformedPolicyDocument", ours, never), awsError("InvalidParameterValue", ours, never),
		awsError("KMSInvalidStateException", D, "terminal|unknown|retryable"), awsError("AuthFailure", anyone, notAgain),
		awsError("InvalidObjectState", anyone, notAgain), awsError("PriorRequestNotComplete", D, again), awsError("EC2ThrottledException", D, again),
		awsError("DryRunOperation", "USER|UNKNOWN|SYSTEM|DEPENDENCY", notAgain), awsError("UnauthorizedOperation", anyone, notAgain),
		awsError("Unavailable", D, again),
		google(409, "alreadyExists", anyone, notAgain), google(412, "conditionNotMet", anyone, "retryable|unknown|terminal"),
		google(404, "notFound", anyone, notAgain), google(503, "backendError", D, again), google(403, "userRateLimitExceeded", D, again),
		google(403, "dailyLimitExceeded", D, "terminal|unknown|retryable"), google(400, "invalid", ours, never), google(401, "authError", anyone, notAgain),
		google(429, "rateLimitExceeded", D, again), google(400, "jobRateLimitExceeded", D, again), google(400, "invalidQuery", ours, never),
		google(403, "quotaExceeded", D, "terminal|unknown|retryable"), google(400, "resourcesExceeded", anyone, notAgain),
		google(403, "accessNotConfigured", anyone, notAgain), google(403, "billingNotEnabled", anyone, notAgain),
		google(400, "stopped", "CANCELLED|DEPENDENCY|USER|SYSTEM", notAgain), google(413, "uploadTooLarge", ours, never),
		azure(404, "BlobNotFound", anyone, notAgain), azure(409, "ContainerBeingDeleted", D, again), azure(403, "AuthorizationFailure", anyone, notAgain),
		azure(503, "ServerBusy", D, again), azure(500, "OperationTimedOut", D, again), azure(409, "LeaseAlreadyPresent", D, mayPass),
		azure(412, "ConditionNotMet", anyone, "retryable|unknown|terminal"), azure(403, "AuthenticationFailed", anyone, notAgain),
		azure(413, "RequestBodyTooLarge", ours, never), azure(409, "AnotherOperationInProgress", D, again),
		azure(409, "ResourceGroupBeingDeleted", "DEPENDENCY|USER", mayPass), azure(429, "SubscriptionRequestsThrottled", D, again),
		azure(409, "QuotaExceeded", D, "terminal|unknown|retryable"), azure(400, "InvalidQueryParameterValue", ours, never),
		azure(409, "BlobAlreadyExists", anyone, notAgain), azure(409, "BlobArchived", anyone, notAgain),
		minioError(503, "SlowDownWrite", D, again), minioError(404, "NoSuchBucket", anyone, notAgain), minioError(403, "AccessDenied", anyone, notAgain),
		minioError(503, "XMinioServerNotInitialized", D, again), minioError(400, "EntityTooLarge", ours, never),
		minioError(403, "SignatureDoesNotMatch", anyone, notAgain), minioError(507, "XMinioStorageFull", D, mayPass),
		minioError(400, "ExpiredToken", notUser, mayPass), minioError(403, "RequestTimeTooSkewed", notUser, mayPass),
		minioError(400, "BadDigest", anyone, mayPass),
		failure("k8s/notfound", anyone, notAgain, "404|NotFound", apierrors.NewNotFound(gone, "x")),
		failure("k8s/exists", anyone, notAgain, "409|AlreadyExists", apierrors.NewAlreadyExists(gone, "x")),
		failure("k8s/429", D, again, "429|TooManyRequests", apierrors.NewTooManyRequests("x", 3)),
		failure("k8s/servertimeout", D, again, "500|504|ServerTimeout", apierrors.NewServerTimeout(gone, "get", 3)),
		failure("k8s/timeout", D, again, "504|Timeout", apierrors.NewTimeoutError("x", 3)),
		failure("k8s/503", D, again, "503|ServiceUnavailable", apierrors.NewServiceUnavailable("x")),
		failure("k8s/401", anyone, notAgain, "401|Unauthorized", apierrors.NewUnauthorized("x")),
		failure("k8s/expired", notUser, mayPass, "410|Expired", apierrors.NewResourceExpired("x")),
		failure("k8s/413", ours, never, "413|RequestEntityTooLarge", apierrors.NewRequestEntityTooLargeError("x")),
		failure("k8s/500", D, again, "500|InternalError", apierrors.NewInternalError(errors.New("x"))),
		failure("k8s/quota", anyone, "retryable|unknown|terminal", "403|Forbidden", apierrors.NewForbidden(gone, "x", errors.New("exceeded quota: compute, requested: cpu=1"))),
		failure("k8s/badrequest", ours, never, "400|BadRequest", apierrors.NewBadRequest("x")),
		failure("k8s/405", ours, never, "405|MethodNotAllowed", apierrors.NewMethodNotSupported(gone, "patch")),
		failure("k8s/webhook", D, again, "500|InternalError", apierrors.NewInternalError(errors.New(`failed calling webhook "v.x.io": Post "https://x": context deadline exceeded`))),
		grpcError(codes.Unknown, "UNKNOWN", "UNKNOWN|DEPENDENCY", "unknown"), grpcError(codes.InvalidArgument, "INVALID_ARGUMENT", U, never), grpcError(codes.DeadlineExceeded, "DEADLINE_EXCEEDED", D, again),
		grpcError(codes.NotFound, "NOT_FOUND", anyone, notAgain), grpcError(codes.AlreadyExists, "ALREADY_EXISTS", anyone, notAgain), grpcError(codes.PermissionDenied, "PERMISSION_DENIED", anyone, notAgain),
		failure("grpc/ingress-without-route", D, mayPass, "UNIMPLEMENTED", status.Error(codes.Unimplemented, `unexpected HTTP status code received from server: 404 (Not Found); transport: received unexpected content-type "text/html"`)),
		failure("grpc/token-not-fetched", notUser, mayPass, "UNAUTHENTICATED", status.Error(codes.Unauthenticated, `transport: per-RPC creds failed due to error: Post "https://oauth2.googleapis.com/token": dial tcp: i/o timeout`)),
		failure("ssh/connection-ended", D, again, "", errors.New("ssh: unexpected packet in response to channel open: <nil>")),
		grpcError(codes.ResourceExhausted, "RESOURCE_EXHAUSTED", D, again), grpcError(codes.FailedPrecondition, "FAILED_PRECONDITION", anyone, notAgain), grpcError(codes.Aborted, "ABORTED", D, again),
		grpcError(codes.OutOfRange, "OUT_OF_RANGE", ours, never), grpcError(codes.Unimplemented, "UNIMPLEMENTED", anyone, never), grpcError(codes.Internal, "INTERNAL", D, mayPass),
		grpcError(codes.Unavailable, "UNAVAILABLE", D, again), grpcError(codes.DataLoss, "DATA_LOSS", D, notAgain), grpcError(codes.Unauthenticated, "UNAUTHENTICATED", anyone, notAgain),
		failure("etcd/no-leader", D, again, "", rpctypes.ErrNoLeader),
		failure("etcd/compacted", anyone, "retryable|unknown|terminal", "", rpctypes.ErrCompacted),
		failure("etcd/lease", anyone, "terminal|unknown|retryable", "", rpctypes.ErrLeaseNotFound),
		failure("etcd/too-many", D, again, "", rpctypes.ErrTooManyRequests),
		failure("etcd/nospace", D, "retryable|unknown|terminal", "", rpctypes.ErrNoSpace),
		failure("etcd/auth", anyone, notAgain, "", rpctypes.ErrAuthFailed), failure("etcd/too-large", ours, never, "", rpctypes.ErrRequestTooLarge),
		failure("etcd/timeout-leader", D, again, "", rpctypes.ErrTimeoutDueToLeaderFail),
		failure("etcd/perm", anyone, notAgain, "", rpctypes.ErrPermissionDenied), failure("etcd/empty-key", ours, never, "", rpctypes.ErrEmptyKey),
		ldapError(49, anyone, notAgain), ldapError(32, anyone, notAgain), ldapError(50, anyone, notAgain), ldapError(52, D, again),
		ldapError(68, anyone, never), ldapError(53, anyone, notAgain), ldapError(3, D, mayPass), ldapError(200, D, again), ldapError(19, anyone, never),
		ldapError(4, "USER|DEPENDENCY", notAgain), ldapError(34, ours, never), ldapError(65, ours, never), ldapError(1, D, mayPass),
		ldapError(11, "DEPENDENCY|USER", "terminal|unknown|retryable"), ldapError(81, D, again), ldapError(85, D, again),
		failure("sftp/2", anyone, notAgain, "2|SSH_FX_NO_SUCH_FILE", &sftp.StatusError{Code: 2}),
		failure("sftp/3", anyone, notAgain, "3|SSH_FX_PERMISSION_DENIED", &sftp.StatusError{Code: 3}),
		failure("sftp/4", D, mayPass, "4|SSH_FX_FAILURE", &sftp.StatusError{Code: 4}),
		failure("sftp/7", D, again, "7|SSH_FX_CONNECTION_LOST", &sftp.StatusError{Code: 7}),
		failure("sftp/8", anyone, never, "8|SSH_FX_OP_UNSUPPORTED", &sftp.StatusError{Code: 8}),
		failure("sftp/lost", D, again, "", sftp.ErrSSHFxConnectionLost),
		smtpReply(550, "USER|DEPENDENCY", never), smtpReply(421, D, again), smtpReply(535, anyone, notAgain), smtpReply(552, "USER|DEPENDENCY", never),
		smtpReply(554, anyone, notAgain), smtpReply(451, D, again), smtpReply(452, D, again), smtpReply(530, anyone, notAgain),
		smtpReply(503, anyone, "terminal|unknown|retryable"), smtpReply(454, D, again),
		githubError(422, anyone, never), githubError(404, anyone, notAgain), githubError(401, anyone, notAgain), githubError(502, D, again),
		githubError(403, anyone, notAgain), githubError(409, anyone, "retryable|unknown|terminal"),
		failure("github/abuse", D, again, "", &github.AbuseRateLimitError{Response: &http.Response{StatusCode: 403, Request: sentRequest}, RetryAfter: new(30 * time.Second)}),
		slackError("channel_not_found", anyone, never), slackError("invalid_auth", anyone, notAgain), slackError("ratelimited", D, again),
		slackError("not_in_channel", anyone, never), slackError("internal_error", D, again), slackError("msg_too_long", ours, never),
		slackError("token_revoked", anyone, notAgain), slackError("is_archived", anyone, never), slackError("service_unavailable", D, again),
		slackError("fatal_error", D, mayPass), slackError("missing_scope", anyone, notAgain), slackError("invalid_blocks", ours, never),
		slackError("user_not_found", anyone, never),
		failure("slack/status", D, again, "502", slack.StatusCodeError{Code: 502, Status: "502 Bad Gateway"}),
		stripeError(402, "card_error", "card_declined", U, notAgain), stripeError(429, "invalid_request_error", "rate_limit", D, again),
		stripeError(500, "api_error", "", D, again), stripeError(429, "invalid_request_error", "lock_timeout", D, again),
		stripeError(401, "invalid_request_error", "", anyone, notAgain), stripeError(404, "invalid_request_error", "resource_missing", anyone, notAgain),
		stripeError(400, "idempotency_error", "", ours, notAgain), stripeError(409, "idempotency_error", "idempotency_key_in_use", notUser, mayPass),
		stripeError(400, "invalid_request_error", "parameter_invalid_empty", ours, never),
		stripeError(402, "card_error", "processing_error", "DEPENDENCY|USER", mayPass), stripeError(402, "card_error", "insufficient_funds", U, notAgain),
		openai(401, "invalid_api_key", anyone, notAgain), openai(429, "rate_limit_exceeded", D, again), openai(400, "context_length_exceeded", ours, never),
		openai(503, "", D, again), openai(404, "model_not_found", anyone, notAgain), openai(400, "content_filter", U, never),
		openai(403, "unsupported_country_region_territory", anyone, notAgain),
		failure("openai/sentRequest", D, again, "502", &goopenai.RequestError{HTTPStatusCode: 502, Err: errors.New("x")}),
		telegram(403, "Forbidden: bot was blocked by the user", anyone, never), telegram(400, "Bad Request: chat not found", anyone, never),
		telegram(502, "Bad Gateway", D, again), telegram(401, "Unauthorized", anyone, notAgain),
		telegram(409, "Conflict: terminated by other getUpdates sentRequest", anyone, "retryable|unknown|terminal"),
		gotd(420, "FLOOD_WAIT_30", D, again), gotd(401, "AUTH_KEY_UNREGISTERED", anyone, notAgain), gotd(400, "PHONE_NUMBER_INVALID", ours, never),
		gotd(500, "RPC_CALL_FAIL", D, again), gotd(303, "PHONE_MIGRATE_4", notUser, mayPass), gotd(406, "AUTH_KEY_DUPLICATED", anyone, notAgain),
		gotd(420, "SLOWMODE_WAIT_10", "DEPENDENCY|USER", again),
		vaultError(403, anyone, notAgain), vaultError(503, D, again), vaultError(429, D, again), vaultError(400, anyone, notAgain),
		vaultError(412, D, mayPass), vaultError(404, anyone, notAgain), vaultError(473, D, mayPass),
		consulError(404, anyone, notAgain), consulError(403, anyone, notAgain), consulError(429, D, again), consulError(503, D, again),
		consulError(413, ours, never),
		elastic(409, "version_conflict_engine_exception", anyone, "retryable|unknown|terminal"), elastic(404, "index_not_found_exception", anyone, notAgain),
		elastic(400, "mapper_parsing_exception", ours, never), elastic(429, "es_rejected_execution_exception", D, again),
		elastic(503, "no_shard_available_action_exception", D, again), elastic(403, "cluster_block_exception", D, "retryable|unknown|terminal"),
		elastic(429, "circuit_breaking_exception", D, again), elastic(400, "search_phase_execution_exception", anyone, notAgain),
		elastic(403, "security_exception", anyone, notAgain), elastic(401, "security_exception", anyone, notAgain),
		elastic(503, "master_not_discovered_exception", D, again), elastic(400, "illegal_argument_exception", ours, never),
		elastic(400, "resource_already_exists_exception", anyone, notAgain), elastic(400, "parsing_exception", ours, never),
		elastic(404, "search_context_missing_exception", anyone, "retryable|unknown|terminal"),
		elastic(503, "process_cluster_event_timeout_exception", D, again),
		failure("zk/no-node", anyone, notAgain, "", zk.ErrNoNode), failure("zk/exists", anyone, notAgain, "", zk.ErrNodeExists),
		failure("zk/closed", D, again, "", zk.ErrConnectionClosed), failure("zk/no-auth", anyone, notAgain, "", zk.ErrNoAuth),
		failure("zk/no-server", D, again, "", zk.ErrNoServer), failure("zk/bad-version", anyone, "retryable|unknown|terminal", "", zk.ErrBadVersion),
		registry(401, "UNAUTHORIZED", anyone, notAgain), registry(404, "MANIFEST_UNKNOWN", anyone, notAgain), registry(429, "TOOMANYREQUESTS", D, again),
		registry(500, "UNKNOWN", D, again), registry(403, "DENIED", anyone, notAgain), registry(400, "NAME_INVALID", ours, never),
		registry(503, "UNAVAILABLE", D, again),
		alibaba(503, "ServiceUnavailable", D, again), alibaba(404, "InvalidAccessKeyId.NotFound", anyone, notAgain),
		alibaba(403, "Forbidden.RAM", anyone, notAgain), alibaba(400, "IncorrectInstanceStatus", anyone, "retryable|unknown|terminal"),
		alibaba(400, "InvalidParameter", ours, never), alibaba(403, "QuotaExceed.DiskCapacity", anyone, "terminal|unknown|retryable"),
		alibaba(500, "InternalError", D, again), alibaba(400, "OperationConflict", anyone, mayPass),
		failure("temporal/notfound", anyone, notAgain, "NOT_FOUND", serviceerror.NewNotFound("x")),
		failure("temporal/unavailable", D, again, "UNAVAILABLE", serviceerror.NewUnavailable("x")),
		failure("temporal/started", anyone, notAgain, "ALREADY_EXISTS", serviceerror.NewWorkflowExecutionAlreadyStarted("x", "a", "b")),
		failure("temporal/denied", anyone, notAgain, "PERMISSION_DENIED", serviceerror.NewPermissionDenied("x", "")),
		failure("temporal/invalid", ours, never, "INVALID_ARGUMENT", serviceerror.NewInvalidArgument("x")),
		failure("temporal/deadline", D, again, "DEADLINE_EXCEEDED", serviceerror.NewDeadlineExceeded("x")),
		failure("temporal/nonretryable", "USER|UNKNOWN|SYSTEM", never, "BadInput", temporal.NewNonRetryableApplicationError("x", "BadInput", nil)),
		failure("http2/refused", D, again, "", http2.StreamError{StreamID: 3, Code: http2.ErrCodeRefusedStream}),
		failure("http2/goaway", D, again, "", http2.GoAwayError{LastStreamID: 1, ErrCode: http2.ErrCodeNo}),
		failure("http2/enhance", D, again, "", http2.StreamError{Code: http2.ErrCodeEnhanceYourCalm}),
		failure("http2/internal", D, mayPass, "", http2.StreamError{Code: http2.ErrCodeInternal}),
		failure("git/auth", anyone, notAgain, "", gotransport.ErrAuthenticationRequired),
		failure("git/authz", anyone, notAgain, "", gotransport.ErrAuthorizationFailed),
		failure("git/empty", anyone, notAgain, "", gotransport.ErrEmptyRemoteRepository),
		failure("acme/badnonce", D, again, "400|urn:ietf:params:acme:error:badNonce", &acme.Error{StatusCode: 400, ProblemType: "urn:ietf:params:acme:error:badNonce"}),
		failure("acme/unauthorized", anyone, notAgain, "403|urn:ietf:params:acme:error:unauthorized", &acme.Error{StatusCode: 403, ProblemType: "urn:ietf:params:acme:error:unauthorized"}),
		failure("acme/dns", "USER|DEPENDENCY", "terminal|unknown|retryable", "400|urn:ietf:params:acme:error:dns", &acme.Error{StatusCode: 400, ProblemType: "urn:ietf:params:acme:error:dns"}),
		failure("acme/serverInternal", D, again, "500|urn:ietf:params:acme:error:serverInternal", &acme.Error{StatusCode: 500, ProblemType: "urn:ietf:params:acme:error:serverInternal"}),
		failure("excelize/sheet", U, never, "", excelize.ErrSheetNotExist{SheetName: "x"}),
		failure("excelize/format", U, never, "", excelize.ErrWorkbookFileFormat), failure("excelize/password", U, never, "", excelize.ErrWorkbookPassword),
		failure("gobreaker/open", D, again, "", gobreaker.ErrOpenState), failure("gobreaker/many", D, again, "", gobreaker.ErrTooManyRequests),
		failure("net/dns-notfound", anyone, "unknown|retryable|terminal", "", &net.DNSError{Err: "no such host", Name: "db.x", IsNotFound: true}),
		failure("net/dns-temp", notUser, again, "", &net.DNSError{Err: "server misbehaving", Name: "db.x", IsTemporary: true}),
		failure("net/reset", D, again, "ECONNRESET", dial(syscall.ECONNRESET)), failure("net/pipe", notUser, again, "EPIPE", dial(syscall.EPIPE)),
		failure("net/unreach", notUser, again, "EHOSTUNREACH", dial(syscall.EHOSTUNREACH)),
		failure("net/inuse", S, "retryable|unknown|terminal", "EADDRINUSE", dial(syscall.EADDRINUSE)),
		failure("net/notavail", S, mayPass, "EADDRNOTAVAIL", dial(syscall.EADDRNOTAVAIL)), failure("fs/nospc", S, mayPass, "ENOSPC", path(syscall.ENOSPC)),
		failure("fs/mfile", S, mayPass, "EMFILE", path(syscall.EMFILE)), failure("fs/rofs", S, "terminal|unknown|retryable", "EROFS", path(syscall.EROFS)),
		failure("fs/quota", anyone, "retryable|unknown|terminal", "EDQUOT", path(syscall.EDQUOT)),
		failure("fs/nomem", S, mayPass, "ENOMEM", path(syscall.ENOMEM)),
		failure("fs/noent", "USER|SYSTEM|UNKNOWN", notAgain, "ENOENT", path(syscall.ENOENT)),
		failure("fs/acces", ours, notAgain, "EACCES", path(syscall.EACCES)), failure("fs/io", S, mayPass, "EIO", path(syscall.EIO)),
		failure("fs/stale", notUser, mayPass, "ESTALE", path(syscall.ESTALE)),
		failure("fs/nametoolong", ours, never, "ENAMETOOLONG", path(syscall.ENAMETOOLONG)),
		failure("fs/txtbusy", S, mayPass, "ETXTBSY", path(syscall.ETXTBSY)), failure("std/json-type", U, never, "", jsErr),
		failure("std/json-syntax", "USER|DEPENDENCY", notAgain, "", jsSyn), failure("std/num", U, never, "", numErr),
		failure("std/csv", U, never, "", csvErr), failure("std/time", U, never, "", timeErr), failure("std/b64", U, never, "", b64Err),
		failure("std/gzip", "USER|DEPENDENCY", never, "", gzErr), failure("std/zip", U, never, "", zip.ErrFormat), failure("std/xml", U, never, "", xmlErr),
		failure("std/url", U, never, "", urlErr), failure("std/unexpected-eof", "DEPENDENCY|USER|UNKNOWN", mayPass, "", io.ErrUnexpectedEOF),
		failure("std/toolong", U, never, "", bufio.ErrTooLong), failure("std/norows", "USER|UNKNOWN|SYSTEM", notAgain, "", sql.ErrNoRows),
		failure("std/conndone", notUser, mayPass, "", sql.ErrConnDone), failure("std/badconn", D, again, "", driver.ErrBadConn),
		failure("std/canceled", "CANCELLED", "unknown", "", context.Canceled),
		failure("std/deadline", "DEPENDENCY|SYSTEM|UNKNOWN", mayPass, "", context.DeadlineExceeded), failure("std/exec-notfound", S, never, "", notFound),
		failure("std/exit-1", "UNKNOWN|USER|SYSTEM", "unknown", "1", exitErr("1")), failure("std/exit-127", ours, notAgain, "127", exitErr("127")),
		failure("std/exit-137", S, mayPass, "137|SIGKILL", exitErr("137")),
		failure("std/exit-78", "SYSTEM|USER|UNKNOWN", notAgain, "78|EX_CONFIG", exitErr("78")),
		failure("std/exit-75", "SYSTEM|DEPENDENCY|UNKNOWN", mayPass, "75|EX_TEMPFAIL", exitErr("75")),
		failure("std/x509", notUser, notAgain, "", x509.UnknownAuthorityError{}),
		failure("std/x509-host", notUser, notAgain, "", x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}),
		failure("std/closed-pipe", "SYSTEM|DEPENDENCY|UNKNOWN", mayPass, "", io.ErrClosedPipe),
	}
}
