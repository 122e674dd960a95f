package evidence

// libraryTexts are texts of sentinels of these libraries:
// MQTT (https://github.com/eclipse-paho/paho.mqtt.golang), memcache, gorm, JWT
// (https://github.com/golang-jwt/jwt), bbolt, compression
// (https://github.com/klauspost/compress), streams of RabbitMQ
// (https://github.com/rabbitmq/rabbitmq-stream-go-client), franz-go
// (https://pkg.go.dev/github.com/twmb/franz-go/pkg/kgo), gocbcore
// (https://github.com/couchbase/gocbcore), asynq (https://github.com/hibiken/asynq), go-tfe
// (https://github.com/hashicorp/go-tfe), go-git, helm
// (https://github.com/helm/helm), Cloud Storage (https://pkg.go.dev/cloud.google.com/go/storage)
// and WebSocket, and of cloudflare-go; then those of package net/http and net/smtp, pgx,
// redsync (https://github.com/go-redsync/redsync), etcd's package concurrency
// (https://pkg.go.dev/go.etcd.io/etcd/client/v3/concurrency), badger
// (https://pkg.go.dev/github.com/dgraph-io/badger/v4), goleveldb, pebble, fasthttp
// (https://pkg.go.dev/github.com/valyala/fasthttp), ants
// (https://pkg.go.dev/github.com/panjf2000/ants/v2), dgo, Google's credentials, Docker's
// client, bcrypt and Kubernetes' quantities. Short texts of common words count less.
var libraryTexts = []textRow{
	{Typed, Dependency, Retryable, `
		server Unavailable
		network Error
		not Connected
		publish was broken by timeout
		subscribe was broken by timeout
		unsubscribe was broken by timeout
		pingresp not received, disconnecting
		memcache: compare-and-swap conflict
		token is not valid yet
		token used before issued
		Token used before issued
		Token is not valid yet
		Leader not Ready yet
		Stream Not Available
		Confirmation Timeout Error
		Can't Send the message, connection closed
		records have timed out before they were able to be produced
		record failed after being retried too many times
		the maximum amount of records are buffered, cannot buffer more
		operation has timed out
		rate limited failure
		exceeded available rate limit retries
		queue overflowed
		document locked
		durable write in progress
		durable write recommit in progress
		workspace already locked
		unable to unlock workspace while state version upload is still pending
		redsync: failed to acquire lock
		redsync: failed to extend lock
		mutex: Locked by another session
		mutex: session is expired
		Transaction Conflict. Please retry
		Transaction has been aborted. Please retry
		no free connections available to host
		the server closed connection before returning the first response byte. Make sure the server returns 'Connection: close' response header before closing the connection
		dialing to the given TCP address timed out
		tls handshake timed out
		connection is closed by peer while being in the connection pool
	`},
	{Typed, Dependency, Undecided, `
		identifier rejected
		protocol Violation
		memcache: server error
		memcache: no statistics available
		Stream Metadata Failure
		cas mismatch
		durability ambiguous
		quota limited failure
		some refs were not updated
		another operation (install/upgrade/rollback) is in progress
		websocket: bad handshake
	`},
	{Typed, Dependency, Terminal, `
		server refused TLS connection
		unencrypted connection
		google: could not find default credentials. See https://cloud.google.com/docs/authentication/external/set-up-adc for more information
		google: could not find default credentials. See https://developers.google.com/accounts/docs/application-default-credentials for more information
		unacceptable protocol version
		bad user name or password
		not Authorized
		Authentication Failure
		Authentication Failure Loopback Error
		Virtual Host Access Failure
		Resources Access Refused
	`},
	{Typed, User, Undecided, `
		violates foreign key constraint
		token is unverifiable
		token signature is invalid
		token is expired
		Token is expired
		CRC check failed
		s2: corrupt input, crc mismatch
		window size exceeded
		decompressed size exceeds configured limit
		unknown dictionary
	`},
	{Typed, User, Terminal, `
		http: no such file
		http: named cookie not present
		request Content-Type isn't multipart/form-data
		leveldb: not found
		pebble: not found
		Txn is too big to fit into one request
		crypto/bcrypt: hashedPassword is not the hash of the given password
		bcrypt: password length exceeds 72 bytes
		quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
		invalid Topic; empty string
		invalid Topic; multi-level wildcard must be last level
		malformed: key is too long or contains invalid characters
		Stream Does Not Exist
		Stream Already Exists
		Frame Too Large, the buffer is too big
		task ID conflicts with another task
		storage: object doesn't exist
		storage: bucket doesn't exist
		release: not found
		document not found
		document exists
		value not json
		duplicated key not allowed
		violates check constraint
		token is malformed
		token is missing required claim
		token has invalid audience
		token has invalid issuer
		token has invalid subject
		token has invalid id
		invalid input: magic number mismatch
		invalid input: reserved block type encountered
		invalid input: compressed size too big
		invalid input: window size was too small
		frame size does not match size on stream
		reserved bit set on frame header
		corrupt block: reserved bits not zero
		corrupt stream: too short
		corrupt stream, did not find end of stream
		snappy: decoded block is too large
		snappy: unsupported input
		s2: decoded block is too large
		s2: unsupported input
	`},
	{Typed, System, Terminal, `
		WHERE conditions required
		model value required
		model accessible fields required
		sub query required
		dry run mode unsupported
		invalid value, should be pointer to struct or slice
		invalid association values, length doesn't match
		preload is not allowed when count is used
		key is not a valid ECDSA public key
		key is not a valid ECDSA private key
		key is not a valid Ed25519 private key
		key is not a valid Ed25519 public key
		key is not a valid RSA private key
		key is not a valid RSA public key
		invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key
		decoder used after Close
		encoder used after Close
		nil input provided as reader
	`},
	{Typed, System, Retryable, `
		too many goroutines blocked on submit or Nonblocking is set
		asynq: task lease expired
	`},
	{Typed, System, Undecided, `
		tx is closed
		commit unexpectedly resulted in rollback
		this pool has been closed
		Writes are blocked, possibly due to DropAll or Close
		database isn't correctly mapped
		database is in read-only mode
		database reached maximum size
		free pages are not pre-loaded
		the requested hash function is unavailable
	`},
	{Text, Dependency, Retryable, `
		timeout
		timed out
		operation timed out
		operation timeout
		request timed out
		rate limited
		rate limit reached
		temporarily unavailable
		try again later
		too many connections
		temporary failure
		service not available
	`},
	{Text, Dependency, Undecided, `
		quota exceeded
		object not found
		internal server failure
	`},
	{Text, Dependency, Terminal, `
		access denied
		unauthenticated
		unauthorized
	`},
	{Text, System, Terminal, `
		not implemented
		not supported
		unsupported operation
	`},
	{Text, System, Undecided, `
		invalid transaction
		unsupported driver
		invalid db
		key is invalid
		key is of invalid type
		database not open
		invalid database
		version mismatch
		checksum error
		tx not writable
		tx closed
	`},
	{Text, User, Undecided, `
		token has invalid claims
		signature is invalid
	`},
	{Text, User, Terminal, `
		Key not found
		key not found
		item not found
		entry not found
		Entry not found
		user not found
		already exists
		duplicate key
		invalid argument
		invalid input
		invalid request
		invalid QoS
		reference not found
		repository does not exist
		remote not found
		task already exists
		queue not found
		primary key required
		unsupported relations
		unsupported data
		invalid field
		empty slice found
		invalid type for claim
		bucket not found
		bucket already exists
		bucket name required
		key required
		key too large
		value too large
		incompatible value
		the source and target are the same bucket
		block too small
		unexpected block size
		frame size exceeded
	`},
}
