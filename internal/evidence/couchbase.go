package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// couchbaseClients have the status of the protocol in a field StatusCode. What the client
// finds itself has a text of libraries.go.
var couchbaseClients = client{
	paths:     []string{"github.com/couchbase/gocb", "github.com/couchbase/gocbcore"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if status, ok := inspect.Int(err, "StatusCode"); ok {
			v.add(couchbase.number(status))
		}
		if status, ok := inspect.Int(err, "HTTPStatusCode", "HTTPResponseCode"); ok {
			v.add(ofHTTP(status))
		}
	},
}

// couchbase are the statuses of the protocol, in decimal. A key that exists is that of an
// insert, or of a document that has been changed meanwhile.
var couchbase = &Table{
	Kind: CouchbaseStatus, Title: "Status of Couchbase",
	Source: "https://github.com/couchbase/kv_engine/blob/master/docs/BinaryProtocol.md#response-status",
	Rows: []Row{
		{Dependency, Retryable, "7=NOT_MY_VBUCKET 9=LOCKED 31=AUTH_STALE 48=RATE_LIMITED_NETWORK_INGRESS 49=RATE_LIMITED_NETWORK_EGRESS 50=RATE_LIMITED_MAX_CONNECTIONS 51=RATE_LIMITED_MAX_COMMANDS " +
			"130=ENOMEM 133=EBUSY 134=ETMPFAIL 161=DURABILITY_IMPOSSIBLE 162=SYNC_WRITE_IN_PROGRESS 164=SYNC_WRITE_RE_COMMIT_IN_PROGRESS"},
		{Dependency, Undecided, "2=KEY_EEXISTS 5=NOT_STORED 52=SCOPE_SIZE_LIMIT_EXCEEDED 132=EINTERNAL 163=SYNC_WRITE_AMBIGUOUS"},
		{Dependency, Terminal, "8=NO_BUCKET 32=AUTH_ERROR 36=EACCESS 129=UNKNOWN_COMMAND 131=NOT_SUPPORTED"},
		{User, Terminal, "1=KEY_ENOENT 3=E2BIG 4=EINVAL 6=DELTA_BADVAL 34=ERANGE 136=UNKNOWN_COLLECTION 140=UNKNOWN_SCOPE 160=DURABILITY_INVALID_LEVEL"},
	},
}
