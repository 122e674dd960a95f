package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// websocketClients have the code with which the connection was closed in a field Code.
var websocketClients = client{
	paths:     []string{"github.com/gorilla/websocket", "github.com/coder/websocket", "nhooyr.io/websocket", "github.com/fasthttp/websocket", "github.com/lxzan/gws", "github.com/gobwas/ws"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.Int(err, "Code", "code"); ok {
			v.add(websocket.number(code))
		}
	},
}

// websocket are the codes of the registry. Those from 4000 on belong to applications.
var websocket = &Table{
	Kind: WebSocketCode, Title: "Close code of WebSocket",
	Source: "https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number", // and RFC 6455, section 7.4
	Rows: []Row{
		{Dependency, Retryable, "1001=going_away 1006=abnormal_closure 1011=internal_error 1012=service_restart 1013=try_again_later 1014=bad_gateway 3008=timeout"},
		// A policy may be a limit of the rate or a missing permission.
		{Dependency, Undecided, "1000=normal_closure 1002=protocol_error 1004=reserved 1005=no_status 1008=policy_violation 1015=TLS_handshake"},
		{Dependency, Terminal, "1010=mandatory_extension 3000=unauthorized 3003=forbidden"},
		{User, Terminal, "1003=unsupported_data 1007=invalid_data 1009=message_too_big"},
	},
}
