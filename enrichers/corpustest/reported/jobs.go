package reported

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/bsm/redislock"
	"github.com/cenkalti/backoff/v5"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/hibiken/asynq"
	"github.com/riverqueue/river"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/temporal"
)

var jobs = []Failure{
	{"asynq/skip-retry", func() error {
		err := json.Unmarshal([]byte("{"), &struct{}{})
		return fmt.Errorf("json.Unmarshal failed: %v: %w", err, asynq.SkipRetry)
	}},
	{"river/snooze", func() error { return river.JobSnooze(5 * time.Minute) }},
	{"temporal/non-retryable", func() error {
		return fmt.Errorf("verify replication tasks: %w", temporal.NewNonRetryableApplicationError("namespace acme.prod not found on remote cluster", "NamespaceNotFound", serviceerror.NewNamespaceNotFound("acme.prod")))
	}},
	{"backoff/permanent", func() error {
		_, err := backoff.Retry(context.Background(), func() (int, error) {
			return 0, backoff.Permanent(errors.New("unsupported manifest version 9"))
		}, backoff.WithMaxTries(1))
		return fmt.Errorf("import: %w", err)
	}},
	{"retryablehttp/giving-up", func() error {
		srv := serve(429, nil, "")
		defer srv.Close()
		c := retryablehttp.NewClient()
		c.Logger, c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = nil, 1, time.Millisecond, time.Millisecond
		_, err := c.Post(srv.URL+"/v1/embeddings", "application/json", strings.NewReader("{}"))
		return fmt.Errorf("create embeddings: %w", err)
	}},
	{"redislock/not-obtained", func() error { return fmt.Errorf("lock import-7: %w", redislock.ErrNotObtained) }},
	{"exec/137-of-a-shell", func() error { return fmt.Errorf("transcode: %w", exec.Command("sh", "-c", "exit 137").Run()) }},
	{"fs/stale-handle", func() error {
		return fmt.Errorf("read cache: %w", &fs.PathError{Op: "read", Path: "/mnt/nfs/cache/1", Err: syscall.ESTALE})
	}},
	{"fs/quota", func() error {
		return fmt.Errorf("start: %w", &fs.PathError{Op: "mkdir", Path: ".relion_lock", Err: syscall.EDQUOT})
	}},
	{"fs/too-many-open-files", func() error {
		return fmt.Errorf("load project: %w", &fs.PathError{Op: "open", Path: "/srv/a.so", Err: syscall.EMFILE})
	}},
}
