package evidence

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// A textRow is what whole texts say that are those of sentinels of clients, which have
// neither a type nor a method. A text that programs may have themselves counts as little
// as the name of a type.
type textRow struct {
	weight Weight
	fault  Fault
	retry  Retry
	texts  string // one a line
}

// lines returns the texts of a row.
func (r textRow) lines() (all []string) {
	for text := range strings.Lines(r.texts) {
		if text = strings.TrimSpace(text); text != "" {
			all = append(all, text)
		}
	}
	return all
}

// texts has the meaning of whole texts.
var texts = sync.OnceValue(func() map[string]Evidence {
	m := maps.Clone(heads)
	maps.Copy(m, textsOf(slices.Concat(textRows, libraryTexts), "the text of a client"))
	return m
})

func textsOf(rows []textRow, why string) map[string]Evidence {
	m := map[string]Evidence{}
	for _, row := range rows {
		for _, text := range row.lines() {
			m[text] = Evidence{Weight: row.weight, Fault: row.fault, Retry: row.retry, Why: why}
		}
	}
	return m
}

// textRows are texts of these clients: words of job
// queues (asynq), circuit breakers, databases (MySQL, pgx, go-pg, gocql, mongo, zk, bolt,
// badger), brokers (kafka, nats, amqp, pulsar, nsq, mqtt), locks and migrations, the network (net/http, ssh, quic, websocket, memcache), git and S3.
var textRows = []textRow{
	{Word, "", Terminal, `
		skip retry for the task
		revoke task
	`},
	{Typed, Dependency, Retryable, `
		circuit breaker is open
		circuit breaker open
		hystrix: circuit open
		hystrix: max concurrency
		hystrix: timeout
		gocql: no response received from cassandra within timeout period
		gocql: no response to connection startup within timeout
		gocql: too many query timeouts on the connection
		gocql: connection closed waiting for response
		gocql: no streams available on connection
		gocql: no hosts available in the pool
		gocql: no control connection available
		gocql: unable to fetch prepared info: no connection available
		gocql: unable to create session: unable to discover protocol version
		no connections were made when creating the session
		zk: could not connect to a server
		zk: connection closed
		zk: session has been expired by the server
		zk: session moved to another server, so operation is ignored
		zk: zookeeper is closing
		kafka: client has run out of available brokers to talk to
		kafka: broker for ID is not found
		kafka: broker not connected
		kafka: controller is not available
		kafka: response did not contain all the expected topic/partition blocks
		kafka: insufficient data to decode packet, more bytes expected
		kafka: partition consumer giving up after consecutive failures
		consumer group generation has ended
		topic partition has no leader
		nats: no responders available for request
		nats: timeout
		nats: connection closed
		nats: connection reconnecting
		nats: server is disconnected
		nats: no servers available for connection
		nats: stale connection
		nats: Stale Connection
		nats: slow consumer, messages dropped
		nats: outbound buffer limit exceeded
		nats: no response from stream
		nats: no heartbeat received
		nats: draining connection timed out
		nats: server maximum connections exceeded
		nats: maximum connections exceeded
		nats: maximum account active connections exceeded
		nats: Server Shutdown
		nats: JetStream system temporarily unavailable
		nats: consumer is not active
		nats: leadership change
		nats: consumer leadership change
		nats: stalled with too many outstanding async published messages
		nats: timeout waiting for publish ack
		redis: connection pool timeout
		redis: connection pool exhausted
		redis: connection not available
		redigo: connection pool exhausted
		redigo: connection closed
		redis: all sentinels specified in configuration are unreachable
		memcache: no servers configured or available
		memcache: connect timeout
		pg: connection pool timeout
		pg: database is closed
		driver: bad connection
		commands out of sync. You can't run this command now
		busy buffer
		server selection timeout
		etcdclient: no available endpoints
		etcdserver: no leader
		etcdserver: request timed out
		clickhouse: acquire conn timeout. you can increase the number of max open conn or the dial timeout
		http2: no cached connection was available
		http2: client conn not usable
		http2: client connection lost
		http2: client connection force closed via ClientConn.Close
		http2: response body closed
		http2: Transport received Server's graceful shutdown GOAWAY
		http2: server sent GOAWAY and closed the connection
		http: server closed idle connection
		timed out waiting for the condition
		timed out waiting for caches to sync
		connection doesn't exist
		nsq: not connected
		timeout: can't acquire database lock
		redislock: not obtained
		redislock: lock not held
		no Elasticsearch node available
		mqtt: connection lost
		no tcp connection
	`},
	{Typed, Dependency, Undecided, `
		zk: version conflict
		zk: unknown error
		zk: api error
		zk: no server responses to process
		nats: message was already acknowledged
		nats: insufficient storage resources available
		gocql: no metadata available
		mongo: client is disconnected
		client is disconnected
		topology is closed
		kafka: failed to deliver messages
		remote repository is empty
		the client noticed that the server is not Elasticsearch and we do not support this unknown product
	`},
	{Typed, Dependency, Terminal, `
		zk: not authenticated
		zk: client authentication failed
		nats: authorization violation
		nats: Authorization Violation
		nats: authentication expired
		nats: authentication revoked
		nats: account authentication expired
		nats: permissions violation
		nats: Permissions Violation
		nats: secure connection required
		nats: jetstream not enabled
		nats: jetstream not enabled for account
		nats: headers not supported by this server
		this user requires clear text authentication. If you still want to use it, please add 'allowCleartextPasswords=1' to your DSN
		this user requires mysql native password authentication
		this user requires old password authentication. If you still want to use it, please add 'allowOldPasswords=1' to your DSN. See also https://github.com/go-sql-driver/mysql/wiki/old_passwords
		this authentication plugin is not supported
		TLS requested but server does not support TLS
		kafka: unknown SCRAM mechanism provided
		etcdserver: permission denied
		etcdserver: authentication failed, invalid user ID or password
		NoCredentialProviders: no valid providers in chain. Deprecated.
	`},
	{Typed, User, Terminal, `
		no rows in result set
		pg: no rows in result set
		pg: multiple rows in result set
		mongo: no documents in result
		mongo: no documents in results
		mongo: document is nil
		record not found
		zk: node does not exist
		zk: node already exists
		zk: node has children
		zk: invalid path
		zk: invalid ACL specified
		zk: ephemeral nodes may not have children
		kafka: message is larger than Consumer.Fetch.Max
		nats: maximum payload exceeded
		nats: invalid subject
		nats: stream not found
		nats: consumer not found
		nats: key not found
		nats: key exists
		nats: bucket not found
		nats: message not found
		nats: object not found
		nats: stream name already in use
		gocql: query argument length mismatch
		keyspace does not exist
		memcache: cache miss
		memcache: item not stored
		memcache: key is too long or contains invalid characters
		packet for query is too large. Try adjusting the ` + "`Config.MaxAllowedPacket`" + `
		packet for query is too large. Try adjusting the 'max_allowed_packet' variable on the server
		unsupported workbook file format
		the supplied open workbook password is not correct
		unsupported encryption mechanism
		corrupted parquet page
		bson: document too large
		http: request body too large
		snappy: corrupt input
		s2: corrupt input
		lz4: bad magic number
		couldn't find remote ref
	`},
	{Typed, System, Undecided, `
		redis: client is closed
		kafka: tried to use a client that was closed
		kafka: message received by producer in process of shutting down
		consumer group is closed
		session has been closed
		closed pool
		nats: connection draining
		nats: invalid connection
		nats: invalid subscription
		websocket: close sent
		can't unlock, as not currently locked
	`},
	{Typed, System, Terminal, `
		conn busy
		gocql: Scan called without calling Next
		zk: not locked
		zk: trying to acquire a lock twice
		no migration
		ssh: must specify HostKeyCallback
		ssh: no key found
		ssh: this private key is passphrase protected
	`},
	{Text, Dependency, Retryable, `
		sending queue is full
		database locked
		database is locked
		can't acquire lock
		lock is held
		Lock not held
		lock already taken
		failed to acquire lock
		too many requests
		rate limit exceeded
		bulkhead full
		timeout exceeded
		service unavailable
		connection closed
		connection lost
		connection reset by peer
		broken pipe
		i/o timeout
		bad connection
		malformed packet
		server busy
		ssh: handshake failed: EOF
		invalid connection
	`},
	{Text, System, Undecided, `
		handler not found for task
		client closed
	`},
	{Text, Dependency, Terminal, `
		repository not found
		authentication required
		authorization failed
		invalid auth method
		ssh: handshake failed: knownhosts: key mismatch
		knownhosts: key mismatch
		knownhosts: key is unknown
	`},
}

// A textStart is the beginning of texts with a part that varies.
type textStart struct {
	start  string
	weight Weight
	fault  Fault
	retry  Retry
}

func startOf(text string, starts []textStart) Evidence {
	for _, s := range starts {
		if strings.HasPrefix(text, s.start) {
			return Evidence{Weight: s.weight, Fault: s.fault, Retry: s.retry, Why: "a text that starts with " + s.start}
		}
	}
	return Evidence{}
}

// prefixes are those of x/crypto/ssh, go-retryablehttp, database/sql and some clients.
var prefixes = []textStart{
	{"Cannot connect to the Docker daemon at ", Typed, Dependency, Retryable},
	{"converting NULL to ", Text, System, Terminal}, // database/sql
	{"converting driver.Value type ", Text, System, Terminal},
	{"lock already taken, locked nodes: ", Text, Dependency, Retryable},
	{"sql: Scan error on column ", Text, System, Terminal},
	{"unsupported Scan, storing driver.Value type ", Text, System, Terminal},
	{"ssh: unable to authenticate, attempted methods ", Typed, Dependency, Terminal},
	{"ssh: handshake failed: ssh: unable to authenticate, attempted methods ", Typed, Dependency, Terminal},
	{"ssh: no common algorithm for ", Typed, Dependency, Terminal},
	{"ssh: handshake failed: ssh: no common algorithm for ", Typed, Dependency, Terminal},
	{"ssh: disconnect, reason ", Typed, Dependency, Retryable},
	{"ssh: unexpected packet in response to channel open", Typed, Dependency, Retryable}, // the connection has ended
	{"server selection error: ", Typed, Dependency, Retryable},
	{"invalid magic header of parquet file", Typed, User, Terminal},
	{"invalid magic footer of parquet file", Typed, User, Terminal},
	{"clickhouse: acquire conn timeout", Typed, Dependency, Retryable},
	{"nats: Permissions Violation", Typed, Dependency, Terminal},
	{"etcdserver: mvcc: database space exceeded", Typed, Dependency, Undecided},
}
