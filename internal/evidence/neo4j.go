package evidence

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// neo4jClients have the code in a field Code: "Neo.Classification.Category.Title".
var neo4jClients = client{
	paths:     []string{"github.com/neo4j/neo4j-go-driver"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.String(err, "Code"); ok {
			v.add(ofNeo4j(code))
		}
	},
}

// ofNeo4j judges a code, or else its classification and category, or its classification.
func ofNeo4j(code string) Evidence {
	for prefix := code; prefix != ""; {
		if e, ok := neo4j.of(prefix); ok {
			e.Code = code
			return e
		}
		prefix = prefix[:max(0, strings.LastIndexByte(prefix, '.'))]
	}
	return neo4j.answer(code)
}

var neo4j = &Table{
	Kind: Neo4jCode, Title: "Status code of Neo4j, or its beginning",
	Source: "https://neo4j.com/docs/status-codes/current/errors/all-errors/",
	Rows: []Row{
		{Dependency, Retryable, "Neo.TransientError Neo.ClientError.Cluster.NotALeader Neo.ClientError.General.ForbiddenOnReadOnlyDatabase Neo.ClientError.Security.AuthorizationExpired Neo.ClientError.Security.TokenExpired " +
			"Neo.ClientError.Cluster.Routing Neo.DatabaseError.General.DatabaseUnavailable"},
		{Dependency, Undecided, "Neo.DatabaseError Neo.TransientError.General.MemoryPoolOutOfMemoryError Neo.TransientError.Transaction.Terminated Neo.TransientError.Transaction.LockClientStopped Neo.ClientError.Database.DatabaseNotFound Neo.ClientError.Transaction.TransactionTimedOut " +
			"Neo.ClientError.Transaction.TransactionTimedOutClientConfiguration"},
		{Dependency, Terminal, "Neo.ClientError.Security"},
		{User, Terminal, "Neo.ClientError Neo.ClientError.Statement Neo.ClientError.Schema Neo.ClientError.Procedure"},
		{User, Undecided, "Neo.ClientError.Transaction"},
		{Cancelled, Undecided, "Neo.ClientError.Transaction.Terminated Neo.ClientError.Transaction.LockClientStopped"},
	},
}
