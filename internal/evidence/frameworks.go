package evidence

import (
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// named are types, as %T prints them, whose meaning is not that of their package: words
// of job queues and retry libraries, with which the author of a job says whether it
// runs again, and a few types of clients.
var named = map[string]Evidence{
	"*rivertype.JobCancelError":      decided(Terminal, "river.JobCancel"),
	"*rivertype.JobSnoozeError":      decided(Retryable, "river.JobSnooze"),
	"*rivertype.UnknownJobKindError": says(Typed, System, Undecided, "a job that this worker is not registered for"),
	"*reconcile.terminalError":       decided(Terminal, "reconcile.TerminalError"), // sigs.k8s.io/controller-runtime
	"*backoff.PermanentError":        decided(Terminal, "backoff.Permanent"),       // github.com/cenkalti/backoff
	"*backoff.RetryAfterError":       decided(Retryable, "backoff.RetryAfter"),
	"*retry.unrecoverableError":      decided(Terminal, "retry.Unrecoverable"), // github.com/avast/retry-go
	"retry.unrecoverableError":       decided(Terminal, "retry.Unrecoverable"),
	"*retry.retryableError":          decided(Retryable, "retry.RetryableError"),       // github.com/sethvargo/go-retry
	"tasks.ErrRetryTaskLater":        decided(Retryable, "tasks.NewErrRetryTaskLater"), // github.com/RichardKnop/machinery
	"*worker.NonRetryableError":      decided(Terminal, "worker.NewNonRetryableError"), // github.com/hatchet-dev/hatchet
	"*errors.noRetryError":           decided(Terminal, "inngestgo.NoRetryError"),
	"errors.noRetryError":            decided(Terminal, "inngestgo.NoRetryError"),
	"*errors.retryAtError":           decided(Retryable, "inngestgo.RetryAtError"),
	"*service.ErrBackOff":            decided(Retryable, "service.NewErrBackOff"), // Redpanda Connect
	"*component.ErrBackOff":          decided(Retryable, "service.NewErrBackOff"),
	"fserrors.retryError":            decided(Retryable, "fserrors.RetryErrorf"), // github.com/rclone/rclone
	"fserrors.wrappedRetryError":     decided(Retryable, "fserrors.RetryError"),
	"fserrors.wrappedNoRetryError":   decided(Terminal, "fserrors.NoRetryError"),

	"*http.MaxBytesError":              says(Typed, User, Terminal, "a body that is too large"),
	"*http.ProtocolError":              says(Typed, System, Terminal, "wrong use of HTTP"),
	"*pgconn.ParseConfigError":         says(Typed, User, Terminal, "a malformed address of a database"),
	"*proto.AuthError":                 says(Typed, Dependency, Terminal, "Redis rejects the credentials"),
	"*proto.PermissionError":           says(Typed, Dependency, Terminal, "Redis rejects a command"),
	"*dns.ParseError":                  says(Typed, User, Terminal, "a malformed zone"),                                           // github.com/miekg/dns
	"*serviceerror.WorkflowNotReady":   says(Specific, Dependency, Retryable, "a workflow that has not completed its first task"), // go.temporal.io/api
	"*serviceerror.NamespaceNotActive": says(Specific, Dependency, Retryable, "a namespace that is active in another cluster"),
	"ratelimit.QuotaExceededError":     says(Typed, Dependency, Retryable, "a client that pauses its retries, as many have failed"), // github.com/aws/aws-sdk-go-v2
	"*github.AcceptedError":            says(Typed, Dependency, Retryable, "an answer that is being prepared"),
	"*redsync.ErrTaken":                says(Typed, Dependency, Retryable, "a lock that another one holds"), // github.com/go-redsync/redsync
	"pgx.ScanArgError":                 says(Typed, System, Undecided, "a column that does not fit a variable"),
	"*field.Error":                     says(Typed, User, Terminal, "a field of an object of Kubernetes"),
	"*ssh.PassphraseMissingError":      says(Typed, System, Terminal, "a key without its passphrase"),
	"*ssh.ExitMissingError":            says(Typed, Dependency, Undecided, "a command of which the end is not known"),
	"*knownhosts.KeyError":             says(Typed, Dependency, Terminal, "a host with another key"),
	"*knownhosts.RevokedError":         says(Typed, Dependency, Terminal, "a host with a revoked key"),
	"rpc.ServerError":                  says(Generic, Dependency, Undecided, "an answer of net/rpc"),
	"migrate.ErrDirty":                 says(Typed, System, Terminal, "a migration that failed before"),
	"*meta.NoKindMatchError":           says(Typed, System, Undecided, "a kind that the cluster does not know yet"),
	"*meta.NoResourceMatchError":       says(Typed, System, Undecided, "a resource that the cluster does not know yet"),
}

func decided(r Retry, word string) Evidence {
	return Evidence{Weight: Word, Retry: r, Why: "the author says so with " + word}
}

// frameworkClients have the time to wait in a field.
var frameworkClients = client{
	local: true,
	paths: []string{"github.com/riverqueue/river", "github.com/cenkalti/backoff", "github.com/RichardKnop/machinery", "github.com/inngest/inngestgo", "github.com/redpanda-data/benthos", "github.com/redpanda-data/connect"},
	judge: func(v *Verdict, err error) {
		for _, name := range []string{"Duration", "Wait", "RetryAt"} {
			field, ok := inspect.Field(err, name)
			if !ok || !field.CanInterface() {
				continue
			}
			switch wait := field.Interface().(type) {
			case time.Duration:
				v.after(wait, true)
			case time.Time:
				v.after(time.Until(wait), !wait.IsZero())
			}
		}
	},
}
