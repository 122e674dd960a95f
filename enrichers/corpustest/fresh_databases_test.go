//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/meilisearch/meilisearch-go"
	"github.com/nakagami/firebirdsql"
	"github.com/opensearch-project/opensearch-go/v4"
	pkgerrors "github.com/pkg/errors"
	"github.com/qdrant/go-client/qdrant"
	"github.com/stretchr/testify/require"
	_ "github.com/trinodb/trino-go-client/trino"
	"github.com/valkey-io/valkey-go"
	"go.etcd.io/bbolt"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"gorm.io/gorm"
)

var freshDatabases = []provocation{
	{"meilisearch/search-queue-full", func(t *testing.T) error {
		url := answering(t, 503, `{"message":"Too many search requests running at the same time: 1000. Retry after 10s.","code":"too_many_search_requests","type":"system","link":"https://docs.meilisearch.com/errors#too_many_search_requests"}`, "Retry-After", "10")
		_, err := meilisearch.New(url, meilisearch.DisableRetries()).Index("products").Search(t.Context(), "lamp", &meilisearch.SearchRequest{})
		return fmt.Errorf("enrich product 4: %w", err)
	}},
	{"opensearch/flood-stage", func(*testing.T) error {
		return fmt.Errorf("index logs: %w", openSearchError(429, "cluster_block_exception",
			"index [otel] blocked by: [TOO_MANY_REQUESTS/12/disk usage exceeded flood-stage watermark, index has read-only-allow-delete block];"))
	}},
	{"opensearch/mapping", func(*testing.T) error {
		return errors.Join(
			fmt.Errorf("document 1: %w", openSearchError(400, "mapper_parsing_exception", "failed to parse field [pid] of type [long] in document with id 'A7b6DHUB'")),
			fmt.Errorf("document 2: %w", openSearchError(400, "mapper_parsing_exception", "failed to parse field [pid] of type [long] in document with id 'BLb6DHUB'")),
		)
	}},
	{"trino/cluster-out-of-memory", func(t *testing.T) error {
		return fmt.Errorf("build report: %w", queryTrino(t, 131076, "CLUSTER_OUT_OF_MEMORY", "INSUFFICIENT_RESOURCES",
			"Query killed because the cluster is out of memory. Please try again in a few minutes."))
	}},
	{"trino/syntax", func(t *testing.T) error {
		return fmt.Errorf("run saved query 17: %w", queryTrino(t, 1, "SYNTAX_ERROR", "USER_ERROR", "line 1:1: mismatched input 'SELCT'"))
	}},
	{"qdrant/rate-limited", func(t *testing.T) error {
		addr := serveGRPC(t, func(ctx context.Context) error {
			_ = grpc.SetTrailer(ctx, metadata.Pairs("retry-after", "29"))
			return status.Error(codes.ResourceExhausted, "Rate limiting exceeded: Write rate limit exceeded, retry later")
		})
		host, port := splitPort(t, addr)
		client, err := qdrant.NewClient(&qdrant.Config{Host: host, Port: port, SkipCompatibilityCheck: true, PoolSize: 1})
		require.NoError(t, err)
		t.Cleanup(func() { _ = client.Close() })
		_, err = client.Upsert(t.Context(), &qdrant.UpsertPoints{CollectionName: "benchmark"})
		return pkgerrors.Wrap(err, "store vectors")
	}},
	{"memcache/object-too-large", func(t *testing.T) error {
		addr := talk(t, "", "set ", "SERVER_ERROR object too large for cache\r\n")
		return fmt.Errorf("write back: %w", memcache.New(addr).Set(&memcache.Item{Key: "chunk", Value: []byte("x")}))
	}},
	{"memcache/connect-timeout", func(*testing.T) error {
		return fmt.Errorf("load session: %w", &memcache.ConnectTimeoutError{Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 11211}})
	}},
	{"valkey/loading", func(t *testing.T) error {
		return fmt.Errorf("read cart: %w", getValkey(t, "LOADING Valkey is loading the dataset in memory"))
	}},
	{"valkey/cluster-down", func(t *testing.T) error {
		return &freshStepError{"reserve stock", getValkey(t, "CLUSTERDOWN The cluster is down")}
	}},
	{"bbolt/file-locked", func(t *testing.T) error {
		path := filepath.Join(t.TempDir(), "locode.db")
		db, err := bbolt.Open(path, 0o600, nil)
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		_, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Millisecond})
		return fmt.Errorf("could not open BoltDB: %w", err)
	}},
	{"firebird/lock-conflict", func(*testing.T) error {
		return fmt.Errorf("settle invoice: %w", &firebirdsql.FbError{
			GDSCodes: []int{335544345, 335544336, 335544451}, SQLCode: -901, SQLState: "40001",
			Message: "lock conflict on no wait transaction\ndeadlock\nupdate conflicts with concurrent update\n",
		})
	}},
	{"gorm/duplicated-key", func(*testing.T) error {
		return fmt.Errorf("create user: %w", gorm.ErrDuplicatedKey)
	}},
}

// openSearchError returns what a client returns for the answer of a server.
func openSearchError(code int, kind, reason string) error {
	body := fmt.Sprintf(`{"error":{"root_cause":[{"type":%[2]q,"reason":%[3]q}],"type":%[2]q,"reason":%[3]q},"status":%[1]d}`, code, kind, reason)
	return opensearch.ParseError(&opensearch.Response{StatusCode: code, Body: io.NopCloser(strings.NewReader(body))})
}

func queryTrino(t *testing.T, code int, name, kind, message string) error {
	url := answering(t, 200, fmt.Sprintf(`{"id":"20260926_1","infoUri":"x","stats":{"state":"FAILED"},"error":{"message":%q,"errorCode":%d,"errorName":%q,"errorType":%q}}`, message, code, name, kind))
	rows, err := openDB(t, "trino", "http://job@"+hostOf(url)).Query("SELECT 1")
	if err == nil {
		rows.Next()
		err = rows.Err()
		_ = rows.Close()
	}
	return err
}

func getValkey(t *testing.T, refusal string) error {
	addr := talk(t, "", "HELLO", "-ERR unknown command 'HELLO'\r\n", "SETINFO", "+OK\r\n", "GET", "-"+refusal+"\r\n", "PING", "+PONG\r\n")
	client, err := valkey.NewClient(valkey.ClientOption{InitAddress: []string{addr}, AlwaysRESP2: true, DisableCache: true, DisableRetry: true, ForceSingleClient: true})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client.Do(t.Context(), client.B().Get().Key("cart").Build()).Error()
}
