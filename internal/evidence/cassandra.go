package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// cassandraClients have the code behind a method Code.
var cassandraClients = client{
	paths:     []string{"github.com/gocql/gocql", "github.com/apache/cassandra-gocql-driver", "github.com/scylladb/gocql"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if n, ok := inspect.Result(err, "Code"); ok {
			// 0 is a code here: the server failed.
			if n == 0 {
				v.add(says(Coded, Dependency, Undecided, "an internal error of Cassandra"))
			}
			v.add(cassandra.number(n))
		}
	},
}

// cassandra are the codes of section 9 of the protocol, in decimal.
var cassandra = &Table{
	Kind: Cassandra, Title: "Error code of Cassandra and ScyllaDB",
	Source: "https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v5.spec",
	Rows: []Row{
		{Dependency, Retryable, "4096=UNAVAILABLE 4097=OVERLOADED 4098=IS_BOOTSTRAPPING 4352=WRITE_TIMEOUT 4608=READ_TIMEOUT 5632=CDC_WRITE_FAILURE 5888=CAS_WRITE_UNKNOWN 9472=UNPREPARED 61440=RATE_LIMIT_REACHED"},
		{Dependency, Undecided, "10=PROTOCOL_ERROR 4099=TRUNCATE_ERROR 4864=READ_FAILURE 5376=WRITE_FAILURE"},
		{Dependency, Terminal, "256=BAD_CREDENTIALS 8448=UNAUTHORIZED"},
		{User, Terminal, "5120=FUNCTION_FAILURE 8192=SYNTAX_ERROR 8704=INVALID 8960=CONFIG_ERROR 9216=ALREADY_EXISTS"},
	},
}
