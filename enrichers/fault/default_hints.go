package fault

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io/fs"
	"net"
	"net/http"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// A defaultHint is a hint of option default-hints, with the codes that have it. Of
// SQLSTATEs and HTTP statuses there may be classes, such as 23 and 5xx.
type defaultHint struct {
	hint
	errnos, sqlStates, statuses, grpc, exits, signals, reasons, sqlite, redis string // separated by spaces
}

// The hints that errors of the standard library have as well: see ofStandard.
var (
	memory       = hint{text: "The job ran out of memory: give it more, or let it hold less at once."}
	noHost       = hint{text: "The name of the host does not exist: check the address and the DNS."}
	expired      = hint{text: "The certificate of the server has expired or is not valid yet."}
	untrusted    = hint{text: "The certificate of the server is not signed by an authority that the worker trusts."}
	otherHost    = hint{text: "The certificate of the server is for another host."}
	noTLS        = hint{text: "The server does not speak TLS at this address: check the scheme and the port."}
	noPermission = hint{text: "The worker may not access the file: check its owner and permissions."}
	noFile       = hint{text: "A file or directory that the job needs does not exist."}
	deadline     = hint{text: "A deadline passed before the work was done: find out what is slow, or allow more time.", ended: true}
	cancelled    = hint{text: "The job was cancelled, by a person or by a shutdown.", ended: true}
	tooLarge     = hint{text: "A message or request is larger than the receiver accepts: split it, or raise the limit."}
	invalid      = hint{text: "The input is malformed or out of range: correct it."}
	notFound     = hint{text: "What the job asked for does not exist: check its name or ID."}
	panicked     = hint{text: "The program has a bug and panicked: the stack says where."}
	noCommand    = hint{text: "The command is not installed on the worker or in the image, or its path is wrong."}
)

var defaultHints = []*defaultHint{
	{hint: hint{text: "The disk of the worker is full."}, errnos: "ENOSPC", sqlite: "13"},
	{hint: hint{text: "The disk of the database is full."}, sqlStates: "53100"},
	{hint: hint{text: "A disk quota is used up: delete files, or ask for more."}, errnos: "EDQUOT", statuses: "507"},
	{hint: hint{text: "The file system is mounted read-only."}, errnos: "EROFS"},
	{hint: memory, errnos: "ENOMEM", reasons: "OOMKilled", sqlite: "7"},
	{hint: hint{text: "The process was killed, mostly because memory ran out: look at the log of the machine."}, signals: "SIGKILL"},
	{hint: hint{text: "The process crashed in native code: look for a core dump."}, signals: "SIGSEGV SIGBUS SIGILL SIGFPE SIGABRT"},
	{
		hint:    hint{text: "The platform took the machine away or needed it for other work: start the job again."},
		reasons: "Evicted NodeLost Shutdown NodeShutdown Terminated TerminationByKubelet DeletionByTaintManager DeletionByPodGC EvictionByEvictionAPI PreemptionByScheduler Preempting Preempted SpotInterruption TerminationNotice InfrastructureHealth ContainerStatusUnknown",
	},
	{hint: hint{text: "The image cannot be pulled: check its name, its tag and the access to the registry."}, reasons: "ErrImagePull ImagePullBackOff InvalidImageName ErrImageNeverPull RegistryUnavailable ImageInspectError"},
	{hint: hint{text: "The container crashes each time that it starts: its log says why."}, reasons: "CrashLoopBackOff"},
	{hint: noCommand, exits: "127", reasons: "ContainerCannotRun StartError"},
	{hint: hint{text: "The command cannot be executed: check its permissions and its format."}, errnos: "ENOEXEC", exits: "126"},
	{hint: panicked},

	{hint: noHost, exits: "68"},
	{hint: hint{text: "Nothing listens at the address: the service is down, or the port is wrong."}, errnos: "ECONNREFUSED"},
	{hint: hint{text: "The connection was closed by the other side: it was restarted, or an idle limit ended it."}, errnos: "ECONNRESET ECONNABORTED EPIPE"},
	{hint: hint{text: "The network does not reach the host: check routes and firewalls."}, errnos: "EHOSTUNREACH ENETUNREACH EHOSTDOWN ENETDOWN"},
	{hint: hint{text: "The address is in use by another process."}, errnos: "EADDRINUSE"},
	{hint: expired},
	{hint: untrusted},
	{hint: otherHost},
	{hint: noTLS},

	{hint: noPermission, errnos: "EACCES EPERM", exits: "77"},
	{hint: noFile, errnos: "ENOENT ENOTDIR", exits: "66"},
	{hint: hint{text: "The process has too many open files: raise its limit, or look for files that it does not close."}, errnos: "EMFILE ENFILE"},
	{hint: deadline, errnos: "ETIMEDOUT", sqlStates: "57014 25P03", statuses: "408 504", grpc: "DEADLINE_EXCEEDED", exits: "124", reasons: "DeadlineExceeded"},
	{hint: cancelled, errnos: "ECANCELED", statuses: "499", grpc: "CANCELLED", signals: "SIGTERM SIGINT SIGHUP SIGQUIT", reasons: "UserInitiated", sqlite: "9"},

	{hint: hint{text: "The other system rejects the credentials: check the user, the password or the token."}, sqlStates: "28", statuses: "401", grpc: "UNAUTHENTICATED", redis: "NOAUTH WRONGPASS"},
	{hint: hint{text: "The credentials do not allow this: grant the permission, or use other ones."}, sqlStates: "42501", statuses: "403", grpc: "PERMISSION_DENIED", sqlite: "3 23", redis: "NOPERM"},
	{hint: hint{text: "The proxy rejects the credentials of the worker."}, statuses: "407"},
	{hint: hint{text: "The other system limits the rate of requests: send fewer, or ask for more."}, statuses: "429"},
	{hint: hint{text: "A quota or limit of the other system is reached: send less, or ask for more."}, sqlStates: "53 54", grpc: "RESOURCE_EXHAUSTED", redis: "OOM"},

	{hint: hint{text: "There is an entry with this key already."}, errnos: "EEXIST", sqlStates: "23505", grpc: "ALREADY_EXISTS", sqlite: "1555 2067"},
	{hint: hint{text: "The data refers to an entry that does not exist, or others refer to the entry."}, sqlStates: "23503", sqlite: "787"},
	{hint: hint{text: "A constraint of the database rejects the data: correct it."}, sqlStates: "23 44", sqlite: "19"},
	{hint: hint{text: "The database ended the transaction to resolve a deadlock: run it again."}, sqlStates: "40P01"},
	{hint: hint{text: "The transaction conflicted with another one: run it again."}, sqlStates: "40", grpc: "ABORTED"},
	{hint: hint{text: "Another process holds the lock: run the job again, or find what holds it."}, errnos: "EBUSY EDEADLK ETXTBSY", sqlStates: "55P03", statuses: "423", sqlite: "5 6"},
	{hint: hint{text: "The database is read-only, as after a failover: connect to the primary."}, sqlStates: "25006", sqlite: "8", redis: "READONLY"},
	{hint: hint{text: "The database has no connections left: use fewer or smaller pools, or raise its limit."}, sqlStates: "53300 08004"},
	{hint: hint{text: "A table, column or schema does not exist: a migration may be missing."}, sqlStates: "42P01 42703 42S02 42S22 3F 3D"},
	{hint: hint{text: "The database rejects the statement: its syntax is wrong, or it does not fit the schema."}, sqlStates: "42", sqlite: "1"},

	{hint: tooLarge, errnos: "EMSGSIZE E2BIG EFBIG", statuses: "413", sqlite: "18"},
	{hint: invalid, errnos: "EINVAL EILSEQ ERANGE EDOM", sqlStates: "22", statuses: "400 422", grpc: "INVALID_ARGUMENT OUT_OF_RANGE", exits: "64 65", sqlite: "20", redis: "WRONGTYPE"},
	{hint: hint{text: "The configuration of the command is wrong."}, exits: "78", reasons: "CreateContainerConfigError"},
	{hint: notFound, sqlStates: "02", statuses: "404 410", grpc: "NOT_FOUND"},
	{hint: hint{text: "It was changed at the same time, or it exists already: read it again."}, statuses: "409 412"},
	{hint: hint{text: "The state of the other system does not allow this now: read what it says."}, grpc: "FAILED_PRECONDITION"},
	{hint: hint{text: "The other system does not have this call: its version or the address may be wrong."}, statuses: "405 501", grpc: "UNIMPLEMENTED"},
	{hint: hint{text: "The other system is not available: check its status."}, sqlStates: "08 57", statuses: "502 503", grpc: "UNAVAILABLE", exits: "69 75", redis: "LOADING CLUSTERDOWN MASTERDOWN TRYAGAIN"},
	{hint: hint{text: "The other system has failed: look at its log."}, sqlStates: "58 XX", statuses: "5xx", grpc: "INTERNAL UNKNOWN DATA_LOSS"},
}

var defaultsByCode = func() map[code]*hint {
	all := map[code]*hint{}
	for _, d := range defaultHints {
		for kind, codes := range map[evidence.Kind]string{
			evidence.Errno: d.errnos, evidence.SQLState: d.sqlStates, evidence.HTTPStatus: d.statuses, evidence.GRPCStatus: d.grpc,
			evidence.ExitStatus: d.exits, evidence.Signal: d.signals, evidence.ExitReason: d.reasons, evidence.SQLite: d.sqlite, evidence.Redis: d.redis,
		} {
			for text := range strings.FieldsSeq(codes) {
				all[code{kind, upper(text)}] = &d.hint
			}
		}
	}
	return all
}()

// ofStandard returns the default hint of an error that has no code, with the reason.
func ofStandard(err error) (found *hint, why string) {
	guard.Do(func() { found, why = standardHint(err) })
	return found, why
}

func standardHint(err error) (*hint, string) {
	err = foreign.Value(err)
	switch e := err.(type) {
	case *net.DNSError:
		if e.IsNotFound {
			return &noHost, "a name that DNS does not know"
		}
	case x509.CertificateInvalidError:
		if e.Reason == x509.Expired {
			return &expired, "an expired certificate"
		}
	case x509.UnknownAuthorityError:
		return &untrusted, "an unknown authority"
	case x509.HostnameError:
		return &otherHost, "a certificate of another host"
	case tls.RecordHeaderError:
		return &noTLS, "a record that is not TLS"
	case *http.MaxBytesError:
		return &tooLarge, "a body that is too large"
	case *json.SyntaxError, *json.UnmarshalTypeError, *xml.SyntaxError, *csv.ParseError, *strconv.NumError, *time.ParseError:
		return &invalid, "malformed data"
	case *exec.Error:
		return &noCommand, "a command that cannot be started"
	case *enricher.PanicError, runtime.Error:
		return &panicked, "a panic"
	}
	switch err { // their types are comparable
	case context.Canceled:
		return &cancelled, "a cancelled context"
	case context.DeadlineExceeded:
		return &deadline, "a deadline of a context"
	case fs.ErrNotExist:
		return &noFile, "a file that does not exist"
	case fs.ErrPermission:
		return &noPermission, "a missing permission"
	case sql.ErrNoRows:
		return &notFound, "no rows"
	}
	return nil, ""
}
