//go:build linux

package corpustest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// redisFailures are those of a Redis server, and of one that is not there.
var redisFailures = []provocation{
	{"redis key missing", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		return fmt.Errorf("load session: %w", client.Get(ctx, "missing").Err())
	}},
	{"redis key of another kind", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		client.Set(ctx, "session", "x", 0)
		return fmt.Errorf("queue: %w", client.LPush(ctx, "session", "x").Err())
	}},
	{"redis value no number", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		client.Set(ctx, "session", "x", 0)
		return fmt.Errorf("count: %w", client.Incr(ctx, "session").Err())
	}},
	{"redis command unknown", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		return fmt.Errorf("count: %w", client.Do(ctx, "INCREMENT", "x").Err())
	}},
	{"redis transaction overtaken", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		other := clientOf(t, client.Options().Addr, time.Minute)
		return fmt.Errorf("reserve: %w", client.Watch(ctx, func(tx *redis.Tx) error {
			other.Set(ctx, "stock", 1, 0)
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Decr(ctx, "stock").Err() })
			return err
		}, "stock"))
	}},
	redisSays("NOAUTH Authentication required."),
	redisSays("LOADING Redis is loading the dataset in memory"),
	redisSays("READONLY You can't write against a read only replica."),
	redisSays("OOM command not allowed when used memory > 'maxmemory'."),
	redisSays("CLUSTERDOWN The cluster is down"),
	redisSays("NOPERM this user has no permissions to run the 'set' command"),
	{"redis not there", func(t *testing.T) error { return setRedis(t.Context(), clientOf(t, refusing(t), time.Minute)) }},
	{"redis silent", func(t *testing.T) error { return setRedis(t.Context(), clientOf(t, serve(t, silent), short)) }},
	{"redis client closed", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		_ = client.Close()
		return setRedis(ctx, client)
	}},
	{"redis connections used up", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		conn := client.Conn()
		defer conn.Close()
		conn.Ping(ctx)
		return setRedis(ctx, client)
	}},
}

// redisSays is a command that the server refuses.
func redisSays(text string) provocation {
	return provocation{"redis says " + text, func(t *testing.T) error {
		ctx, client := newRedis(t, text)
		return setRedis(ctx, client)
	}}
}

func setRedis(ctx context.Context, client *redis.Client) error {
	return fmt.Errorf("store session: %w", client.Set(ctx, "session", "x", 0).Err())
}
