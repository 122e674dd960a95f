// Package evidence judges errors: who is at fault, whether a retry can help, and
// which code the error has. It looks at types, codes and methods. Texts count least, and
// only those of errors that have nothing else.
//
// Nothing here panics, whatever the error is.
package evidence

import (
	"cmp"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// A Fault says who is at fault.
type Fault string

// The faults. An empty one means that it is not known.
const (
	User       Fault = "USER"       // the input of the job is wrong
	System     Fault = "SYSTEM"     // the machine, the platform or the service itself
	Dependency Fault = "DEPENDENCY" // another system that the job needs
	Cancelled  Fault = "CANCELLED"  // a person, a shutdown or its own deadline ended the job
	Unknown    Fault = "UNKNOWN"
)

// A Retry says whether the same job can succeed if it is started again later.
type Retry string

// The values of a Retry. An empty one means that it is not known.
const (
	Retryable Retry = "retryable"
	Terminal  Retry = "terminal"
	Undecided Retry = "unknown" // it depends on facts that are not in the error
)

// A Kind is a set of codes.
type Kind string

// The kinds of codes.
const (
	Errno      Kind = "errno"       // "ECONNREFUSED"
	SQLState   Kind = "SQLSTATE"    // "23505"
	HTTPStatus Kind = "HTTP status" // "503"
	GRPCStatus Kind = "gRPC status" // "UNAVAILABLE"
	ExitStatus Kind = "exit status" // "3"
	Signal     Kind = "signal"      // "SIGKILL"
	SQLite     Kind = "SQLite code" // "5"
	Redis      Kind = "Redis reply" // "WRONGTYPE"
	SMTPReply  Kind = "SMTP reply"  // "550"

	AMQPReply     Kind = "AMQP reply"         // "406"
	Cassandra     Kind = "Cassandra code"     // "4096"
	ClickHouse    Kind = "ClickHouse code"    // "252"
	CloudCode     Kind = "service code"       // "ThrottlingException"
	Elasticsearch Kind = "Elasticsearch type" // "mapper_parsing_exception"
	JSONRPC       Kind = "JSON-RPC code"      // "-32602"
	KafkaCode     Kind = "Kafka code"         // "5"
	Kubernetes    Kind = "Kubernetes reason"  // "Conflict"
	LDAPResult    Kind = "LDAP result"        // "51"
	MongoCode     Kind = "MongoDB code"       // "11000"
	MySQLNumber   Kind = "MySQL number"       // "1213"
	NATSCode      Kind = "JetStream code"     // "10059"
	Neo4jCode     Kind = "Neo4j code"         // "Neo.TransientError.Transaction.DeadlockDetected"
	OracleNumber  Kind = "ORA number"         // "60"
	SFTPStatus    Kind = "SFTP status"        // "4"
	Snowflake     Kind = "Snowflake number"   // "390114"
	SQLServer     Kind = "SQL Server number"  // "1205"

	AerospikeCode   Kind = "Aerospike code"       // "18"
	BeanstalkReply  Kind = "beanstalkd answer"    // "JOB_TOO_BIG"
	CouchbaseStatus Kind = "Couchbase status"     // "134"
	DNSCode         Kind = "DNS response code"    // "9"
	HANANumber      Kind = "HANA number"          // "131"
	IBMMQReason     Kind = "IBM MQ reason"        // "2009"
	IMAPCode        Kind = "IMAP code"            // "UNAVAILABLE"
	ModbusException Kind = "Modbus exception"     // "11"
	MQTTReason      Kind = "MQTT reason code"     // "135"
	NSQCode         Kind = "NSQ code"             // "E_BAD_MESSAGE"
	NTStatus        Kind = "NTSTATUS"             // "0xC00000CC"
	OPCUAStatus     Kind = "OPC UA status"        // "0x80250000"
	PrometheusError Kind = "Prometheus error"     // "bad_data"
	PulsarResult    Kind = "Pulsar result"        // "25"
	SchemaRegistry  Kind = "Schema Registry code" // "40401"
	ServiceBusCode  Kind = "Service Bus code"     // "locklost"
	ChromiumError   Kind = "Chromium error"       // "ERR_CONNECTION_REFUSED"
	ThriftException Kind = "Thrift exception"     // "END_OF_FILE"
	TrinoError      Kind = "Trino error"          // "SYNTAX_ERROR"
	WebSocketCode   Kind = "WebSocket code"       // "1006"

	OwnCode Kind = "code" // what a method Code or ErrorCode returns, of an unknown set
)

// A Weight is how strong evidence is. The strongest evidence of a chain decides,
// and among equals the outermost.
type Weight int

// The weights, ascending.
const (
	None     Weight = iota
	Text            // a text of the standard library, or a word in the name of a type
	Deadline        // a deadline of a context: of the job, unless other evidence is that of a call
	Generic         // a panic, a timeout, an error of a client's package
	Typed           // a type or sentinel that has one meaning
	Coded           // a code that has one meaning
	Specific        // a code of a service that says more than the status it comes with
	Author          // a method by which the author of the error decides
	Word            // a word of a job queue or retry library, which is about the whole job
)

// Evidence is what one error tells. Any field may be empty.
type Evidence struct {
	Weight Weight
	Fault  Fault
	Retry  Retry
	Kind   Kind
	Code   string
	Why    string // the reason, if there is no code, or else the name of the code or ""
}

// Reason returns the code with its kind and name, or Why.
func (e Evidence) Reason() string {
	switch {
	case e.Code == "":
		return e.Why
	case e.Why == "" || e.Kind == SQLState: // whose names are those of classes
		return string(e.Kind) + " " + e.Code
	}
	return string(e.Kind) + " " + e.Code + " (" + e.Why + ")"
}

// A Verdict is the outcome of judging a chain of errors.
type Verdict struct {
	Fault Evidence      // decides about the Fault; zero if there is none
	Retry Evidence      // decides about the Retry; zero if there is none
	Code  Evidence      // the most specific code, and of equally specific ones the outermost
	After time.Duration // the wait before a retry that the outermost error asks for; 0 if none does

	all  *[]Evidence // if not nil, collects all codes
	each *[]Evidence // if not nil, collects all evidence
	told bool        // the error that is considered has told who is at fault, or a code that is more than an exit status
	late bool        // something was closed or had ended already
}

// Of judges err and all that it wraps. Of joined errors the first with evidence
// decides, because the others are mostly its consequences, as in
// errors.Join(err, file.Close()). Two kinds of evidence count less than that of the
// errors after them: a text or name, and what is itself the consequence of a failure
// elsewhere: the cancellation of a context, and that something is closed already. The code
// is that of the error that decides, if it has one. A [Word] counts wherever it is. The
// bounds are those of [guard.Walk].
func Of(err error) Verdict {
	var w guard.Walk
	v := along(&w, err, 1)
	if v.Retry.Weight == Deadline && v.Fault.Fault == Dependency {
		v.Retry = Evidence{Weight: Generic, Retry: Retryable, Why: "a deadline of a call"}
	}
	return v
}

// along judges err, which is at depth in the tree that w walks, and what it wraps.
func along(w *guard.Walk, err error, depth int) Verdict {
	var v Verdict
	for ; w.Enter(err, depth); depth++ {
		k := kindOf(err)
		many, one := v.examine(k, err)
		if one == nil {
			v.join(w, many, depth+1)
			break
		}
		err = one
	}
	return v
}

// join adds the evidence of joined errors.
func (v *Verdict) join(w *guard.Walk, branches []error, depth int) {
	var chosen Verdict
	var code Evidence // of another than the chosen one
	for _, branch := range branches {
		if w.Over() {
			break
		}
		b := along(w, branch, depth)
		better := chosen.Cancelled() || chosen.late && !b.late || chosen.guessed() && !b.guessed()
		if !chosen.decided() || better && b.fails() {
			chosen.Code, b.Code = b.Code, chosen.Code
			chosen.Fault, chosen.late = b.Fault, b.late
			if chosen.Retry.Weight < Author { // who may know nothing of the fault
				chosen.Retry = b.Retry
			}
		}
		if b.Retry.Weight == Word && chosen.Retry.Weight < Word {
			chosen.Retry = b.Retry
		}
		if code.Code == "" || b.Code.Code != "" && b.Code.rank() > code.rank() {
			code = b.Code
		}
		if v.After == 0 {
			v.After = b.After
		}
	}
	v.add(chosen.Fault)
	v.add(chosen.Retry)
	v.late = v.late || chosen.late
	v.addCode(cmp.Or(chosen.Code, code))
}

func (v *Verdict) decided() bool { return v.Fault.Fault != "" || v.Retry.Retry != "" }

// Cancelled reports whether the verdict is that the job was cancelled from outside, and not that
// its time was up.
func (v *Verdict) Cancelled() bool { return v.Fault.Fault == Cancelled && v.Fault.Weight == Coded }

// guessed reports whether the verdict rests on a text or a name.
func (v *Verdict) guessed() bool { return v.Fault.Weight <= Text }

// fails reports whether the failure can have caused the cancellation of its
// siblings. A signal cannot: it is a consequence of cancellation.
func (v *Verdict) fails() bool {
	return v.decided() && v.Fault.Fault != Cancelled && v.Fault.Kind != Signal
}

// IsInterruption reports whether the error may be what a cancellation has led to, if there
// was one: a command that os/exec has killed, a query that the database has ended, and what
// was closed have no other error.
func (v *Verdict) IsInterruption() bool {
	return v.Fault.Fault == Cancelled || v.late || v.Fault.Code == "SIGKILL" || v.Fault.Code == "57014"
}

// CodeOf returns the evidence of err itself, without what it wraps, that has a code;
// zero if it has none. A code of a protocol comes before one of a service.
func CodeOf(err error) Evidence { return Main(CodesOf(err)) }

// Main returns what CodeOf returns, of what CodesOf has returned.
func Main(codes []Evidence) Evidence {
	var first Evidence
	for _, e := range codes {
		if e.Kind != OwnCode && e.Weight <= Coded {
			return e
		}
		if first.Code == "" || first.Kind == OwnCode && e.Kind != OwnCode {
			first = e
		}
	}
	return first
}

// CodesOf returns all evidence of err itself, without what it wraps, that has a code.
func CodesOf(err error) []Evidence {
	var all []Evidence
	v := Verdict{all: &all}
	v.consider(kindOf(err), err)
	return all
}

// examine adds the evidence of one error, and that of its text if there is no other. It
// returns what err wraps.
func (v *Verdict) examine(k *kind, err error) (many []error, one error) {
	v.consider(k, err)
	many, one = k.unwrap(err)
	v.read(k, err, one, many)
	return many, one
}

// consider adds the evidence of one error.
func (v *Verdict) consider(k *kind, err error) {
	if f := foreign.Of(err); f != nil {
		v.recall(err, f)
		v.told = true
		return
	}
	v.told = false
	before := v.Retry
	v.apply(standard, err)
	for _, j := range k.judges {
		v.apply(j, err)
	}
	v.doubt(err, before)
}

// A judge adds evidence of an error.
type judge func(v *Verdict, err error)

// apply calls j. If a method of err panics, there is no evidence of this judge.
func (v *Verdict) apply(j judge, err error) {
	defer func() { _ = recover() }()
	j(v, err)
}

func (v *Verdict) add(e Evidence) {
	v.told = v.told || e.Fault != "" || e.Code != "" && e.Kind != OwnCode && e.Kind != ExitStatus
	v.late = v.late || isConsequence(e)
	if v.each != nil && e != (Evidence{}) {
		*v.each = append(*v.each, e)
	}
	if e.Fault != "" && e.Weight > v.Fault.Weight {
		v.Fault = e
	}
	if e.Retry != "" && e.Weight > v.Retry.Weight {
		v.Retry = e
	}
	v.addCode(e)
}

func (v *Verdict) addCode(e Evidence) {
	if e.Code == "" {
		return
	}
	if v.Code.Code == "" || e.rank() > v.Code.rank() {
		v.Code = e
	}
	if v.all != nil && e.Weight != Text { // which a text has in it
		*v.all = append(*v.all, e)
	}
}

// rank says how much a code tells.
func (e Evidence) rank() int {
	switch {
	case e.Kind == OwnCode || e.Weight == Text:
		return 0
	case e.Weight < Specific:
		return 1
	}
	return 2
}
