package evidence

import (
	"context"
	"strings"
)

var canceled = context.Canceled

// ofPackage judges an error by the package that declares its type, or else by the
// nearest parent directory that is listed.
func ofPackage(path string) (Evidence, bool) {
	for path != "" {
		if e, ok := packages[path]; ok {
			return e, true
		}
		path = path[:max(0, strings.LastIndexByte(path, '/'))]
	}
	return Evidence{}, false
}

// packages are those whose errors all have one meaning: malformed data, or a failure
// of another system.
var packages = func() map[string]Evidence {
	m := map[string]Evidence{}
	for _, path := range []string{
		"archive", "compress", "crypto", "encoding", "go", "html/template", "image", "mime", "net/mail", "net/netip", "os/user",
		"regexp", "strconv", "text/template", "time",
		"github.com/BurntSushi/toml", "github.com/go-playground/validator", "github.com/go-viper/mapstructure",
		"github.com/goccy/go-yaml", "github.com/golang/protobuf", "github.com/pelletier/go-toml",
		"github.com/santhosh-tekuri/jsonschema", "github.com/vmihailenco/msgpack",
		"go.yaml.in/yaml", "google.golang.org/protobuf", "gopkg.in/yaml.v2", "gopkg.in/yaml.v3", "sigs.k8s.io/yaml",
	} {
		m[path] = says(Typed, User, Terminal, "malformed data: an error of "+path)
	}
	for _, path := range []string{
		"net", "net/http", "net/rpc", "net/smtp", "net/textproto", "vendor/golang.org/x/net",
		"cloud.google.com/go", "connectrpc.com/connect",
		"github.com/Azure/azure-sdk-for-go", "github.com/IBM/sarama", "github.com/aws/aws-sdk-go",
		"github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go", "github.com/elastic/go-elasticsearch",
		"github.com/go-redis/redis", "github.com/go-sql-driver/mysql", "github.com/hashicorp/vault/api", "github.com/jackc/pgx",
		"github.com/lib/pq", "github.com/minio/minio-go", "github.com/nats-io/nats.go", "github.com/rabbitmq/amqp091-go",
		"github.com/redis/go-redis", "github.com/redis/rueidis", "github.com/segmentio/kafka-go",
		"github.com/slack-go/slack", "github.com/twmb/franz-go", "go.mongodb.org/mongo-driver",
		"golang.org/x/net/http2", "google.golang.org/api", "google.golang.org/grpc", "k8s.io/apimachinery",
	} {
		m[path] = says(Generic, Dependency, Retryable, "an error of "+path)
	}
	for _, path := range []string{"crypto/tls", "crypto/x509"} {
		m[path] = says(Typed, Dependency, Terminal, "an error of "+path)
	}
	return m
}()

// named are types, as %T prints them, whose meaning is not that of their package.
var named = map[string]Evidence{
	"*http.MaxBytesError":       says(Typed, User, Terminal, "a body that is too large"),
	"*http.ProtocolError":       says(Typed, System, Terminal, "wrong use of HTTP"),
	"*pgconn.ParseConfigError":  says(Typed, User, Terminal, "a malformed address of a database"),
	"*proto.AuthError":          says(Typed, Dependency, Terminal, "Redis rejects the credentials"),
	"*proto.PermissionError":    says(Typed, Dependency, Terminal, "Redis rejects a command"),
	"rpc.ServerError":           says(Generic, Dependency, Undecided, "an answer of net/rpc"),
	"*backoff.PermanentError":   {Weight: Author, Retry: Terminal, Why: "it is marked as permanent"},
	"*backoff.RetryAfterError":  {Weight: Author, Retry: Retryable, Why: "it has a time to retry"},
	"*retry.unrecoverableError": {Weight: Author, Retry: Terminal, Why: "it is marked as unrecoverable"},
	"retry.unrecoverableError":  {Weight: Author, Retry: Terminal, Why: "it is marked as unrecoverable"},
}
