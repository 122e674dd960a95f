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

// packages are those whose errors all have one meaning. A client lends its errors only
// the fault, as a guess: whether a retry helps is known from codes. Only the errors of a
// transport can be retried without a code.
var packages = func() map[string]Evidence {
	m := map[string]Evidence{}
	for _, path := range []string{
		"archive", "compress", "crypto", "encoding", "go", "html/template", "image", "mime", "net/mail", "net/netip", "os/user",
		"regexp", "strconv", "text/template", "time",
		"cuelang.org/go", "github.com/BurntSushi/toml", "github.com/bufbuild/protovalidate-go", "github.com/evanphx/json-patch", "github.com/expr-lang/expr",
		"github.com/fxamacker/cbor", "github.com/getkin/kin-openapi", "github.com/go-ozzo/ozzo-validation",
		"github.com/go-playground/validator", "github.com/go-viper/mapstructure", "github.com/goccy/go-json", "github.com/goccy/go-yaml",
		"github.com/golang/protobuf", "github.com/google/cel-go", "github.com/hamba/avro", "github.com/hashicorp/hcl", "github.com/json-iterator/go",
		"github.com/linkedin/goavro", "github.com/mitchellh/mapstructure", "github.com/parquet-go/parquet-go", "github.com/pelletier/go-toml",
		"github.com/robfig/cron", "github.com/santhosh-tekuri/jsonschema", "github.com/segmentio/encoding", "github.com/ugorji/go/codec", "github.com/ulikunitz/xz",
		"github.com/vmihailenco/msgpack", "github.com/xeipuuv/gojsonschema", "github.com/xuri/excelize",
		"go.yaml.in/yaml", "google.golang.org/protobuf", "gopkg.in/yaml.v2", "gopkg.in/yaml.v3", "sigs.k8s.io/yaml",
	} {
		m[path] = says(Typed, User, Terminal, "malformed data: an error of "+path)
	}
	for _, path := range []string{
		"net", "net/http", "net/rpc", "net/smtp", "net/textproto", "vendor/golang.org/x/net", "golang.org/x/net/http2", "github.com/quic-go/quic-go",
	} {
		m[path] = says(Generic, Dependency, Retryable, "a transport: an error of "+path)
	}
	lends := []string{
		"cloud.google.com/go", "connectrpc.com/connect", "firebase.google.com/go",
		"github.com/Azure/azure-sdk-for-go", "github.com/Azure/go-autorest", "github.com/PagerDuty/go-pagerduty", "github.com/aliyun", "github.com/alibabacloud-go",
		"github.com/anthropics/anthropic-sdk-go", "github.com/apache/pulsar-client-go", "github.com/apache/rocketmq-client-go", "github.com/aws/aws-sdk-go", "github.com/aws/aws-sdk-go-v2",
		"github.com/alexbrainman/odbc", "github.com/aws/smithy-go", "github.com/baidubce/bce-sdk-go", "github.com/beanstalkd/go-beanstalk", "github.com/bradfitz/gomemcache", "github.com/bwmarrin/discordgo",
		"github.com/bsm/redislock", "github.com/cloudflare/cloudflare-go", "github.com/containerd/containerd", "github.com/couchbase/gocb", "github.com/databricks/databricks-sdk-go",
		"github.com/digitalocean/godo", "github.com/docker/docker", "github.com/eclipse/paho.mqtt.golang", "github.com/elastic/go-elasticsearch",
		"github.com/getsentry/sentry-go", "github.com/go-git/go-git", "github.com/go-ldap/ldap", "github.com/go-zookeeper/zk", "github.com/google/go-containerregistry",
		"github.com/google/go-github", "github.com/gophercloud/gophercloud", "github.com/hashicorp/consul/api", "github.com/hashicorp/nomad/api",
		"github.com/hashicorp/vault/api", "github.com/digitalocean/go-libvirt", "github.com/hetznercloud/hcloud-go", "github.com/ibmdb/go_ibm_db", "github.com/influxdata/influxdb-client-go", "github.com/linode/linodego", "github.com/lxc/incus", "github.com/meilisearch/meilisearch-go", "github.com/minio/minio-go",
		"github.com/nsqio/go-nsq", "github.com/olivere/elastic", "github.com/openai/openai-go", "github.com/opensearch-project/opensearch-go", "github.com/pkg/sftp",
		"github.com/ovh/go-ovh", "github.com/qdrant/go-client", "github.com/samuel/go-zookeeper", "github.com/sashabaranov/go-openai", "github.com/scaleway/scaleway-sdk-go", "github.com/slack-go/slack", "github.com/stripe/stripe-go",
		"github.com/tencentcloud/tencentcloud-sdk-go", "github.com/tikv/client-go", "github.com/trinodb/trino-go-client", "github.com/twilio/twilio-go",
		"github.com/twitchtv/twirp", "github.com/vmware/govmomi", "github.com/vultr/govultr", "github.com/weaviate/weaviate-go-client", "github.com/xanzy/go-gitlab", "gitlab.com/gitlab-org/api/client-go", "go.etcd.io/etcd",
		"go.temporal.io/api", "golang.org/x/crypto/acme", "golang.org/x/crypto/ssh", "golang.org/x/oauth2", "google.golang.org/api", "google.golang.org/genai", "google.golang.org/grpc", "go.uber.org/yarpc",
		"oras.land/oras-go", "storj.io/uplink",
	}
	for _, c := range clients {
		lends = append(lends, c.lends()...)
	}
	for _, path := range lends {
		m[path] = Evidence{Weight: Generic, Fault: Dependency, Why: "an error of " + path}
	}
	for _, path := range []string{"crypto/tls", "crypto/x509"} {
		m[path] = says(Typed, Dependency, Terminal, "an error of "+path)
	}
	return m
}()
