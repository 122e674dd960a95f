package evidence

import "strings"

// redisClients have the reply as their text.
var redisClients = client{
	paths: []string{"github.com/redis/go-redis", "github.com/go-redis/redis", "github.com/redis/rueidis", "github.com/gomodule/redigo", "github.com/valkey-io/valkey-go", "github.com/valkey-io/valkey-glide", "github.com/mediocregopher/radix", "github.com/alicebob/miniredis"},
	judge: func(v *Verdict, err error) { v.add(ofRedis(err.Error())) },
}

// ofRedis judges a reply of Redis by its first word, which is the kind of error.
func ofRedis(reply string) Evidence {
	if reply == "redis: nil" || reply == "redis nil message" || reply == "redigo: nil returned" || reply == "valkey nil message" {
		return says(Typed, User, Terminal, "a key that does not exist")
	}
	if reply == "redis: transaction failed" {
		return says(Typed, Dependency, Retryable, "a transaction that another one has overtaken")
	}
	word, rest, _ := strings.Cut(reply, " ")
	if word == "ERR" {
		for start, e := range ofERR {
			if strings.HasPrefix(rest, start) {
				return e
			}
		}
	}
	e, ok := redisReplies.of(word)
	if word == "ERR" || !ok {
		// A script repeats the reply that ended it: "…: -READONLY You can't write…".
		if inner, found := scriptReply(rest); found {
			return inner
		}
	}
	return e
}

// scriptReply finds a reply of Redis inside the text of a failed script.
func scriptReply(text string) (Evidence, bool) {
	for {
		_, after, found := strings.Cut(text, "-")
		if !found {
			return Evidence{}, false
		}
		word, _, _ := strings.Cut(after, " ")
		if e, ok := redisReplies.of(strings.TrimRight(word, ":,.'")); ok && e.Code != "ERR" {
			return e, true
		}
		text = after
	}
}

// ofERR are replies that begin with the generic word ERR, also those of the proxies twemproxy
// and Codis when they do not reach a server.
var ofERR = map[string]Evidence{
	"max number of clients":   {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"max client":              {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"DISABLED":                {Weight: Coded, Fault: Dependency, Retry: Terminal, Kind: Redis, Code: "ERR"},
	"invalid password":        {Weight: Coded, Fault: Dependency, Retry: Terminal, Kind: Redis, Code: "ERR"},
	"Client sent AUTH":        {Weight: Coded, Fault: Dependency, Retry: Terminal, Kind: Redis, Code: "ERR"},
	"AUTH":                    {Weight: Coded, Fault: Dependency, Retry: Terminal, Kind: Redis, Code: "ERR"},
	"operation not permitted": {Weight: Coded, Fault: Dependency, Retry: Terminal, Kind: Redis, Code: "ERR"},
	"server closed":           {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"Background ":             {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"}, // saving or rewriting already in progress
	"Connection refused":      {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"Connection reset":        {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"Connection timed out":    {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"Host is down":            {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"handle response, ":       {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"Protocol error":          {Weight: Coded, Fault: Dependency, Retry: Undecided, Kind: Redis, Code: "ERR"},
	"internal error":          {Weight: Coded, Fault: Dependency, Retry: Undecided, Kind: Redis, Code: "ERR"},
	"no such key":             {Weight: Coded, Fault: User, Retry: Terminal, Kind: Redis, Code: "ERR"},
}

var redisReplies = &Table{
	Kind: Redis, Title: "First word of a reply of Redis",
	Source: "https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors",
	Rows: []Row{
		{Dependency, Retryable, "ASK BUSY CLUSTERDOWN IOERR INPROG LOADING MASTERDOWN MISCONF MOVED NOGOODSLAVE NOMASTERLINK NOREPLICAS " +
			"NOREPLICATION OOM READONLY REPLICALOADING TRYAGAIN UNBLOCKED UNKILLABLE"},
		{Dependency, Undecided, "NOTBUSY NOQUORUM"},
		{Dependency, Terminal, "DENIED NOAUTH NOPERM NOPROTO WRONGPASS"},
		{User, Terminal, "BUSYGROUP BUSYKEY CROSSSLOT ERR EXECABORT INVALIDOBJ NOGROUP NOSUBSCRIBE UNSTABLE WRONGTYPE"},
		{Dependency, Undecided, "NOSCRIPT"}, // the client has to load the script again
	},
}
