package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// snowflakeClients have a number and, mostly, a SQLSTATE in fields.
var snowflakeClients = client{
	paths:     []string{"github.com/snowflakedb/gosnowflake"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if n, ok := inspect.Int(err, "Number"); ok && n != 0 {
			v.add(snowflake.number(n))
		}
		if state, ok := inspect.String(err, "SQLState"); ok {
			v.add(ofSQLState(state, ""))
		}
	},
}

// snowflake are the numbers of the service, and those of its driver, which begin with 26
// (see errors.go of github.com/snowflakedb/gosnowflake).
var snowflake = &Table{
	Kind: Snowflake, Title: "Error number of Snowflake", Weight: Specific,
	Source: "https://docs.snowflake.com/en/developer-guide/sql-api/reference#response-codes",
	Rows: []Row{
		{Dependency, Retryable, "606=no_warehouse_running 625=lock_timeout 250001=connection 250003=failed_connection 261000=post 261001=get 261004=post_query 261005=renew 261006=cancel 261007=close " +
			"261008=authentication_request 261014=heartbeat 262000=poll 263000=chunk 264001 264002 264003 390110=session_missing 390111=session_gone 390112=session_expired 390114=token_expired 390115=session_expired 390195=id_token_expired 390318=oauth_token_expired " +
			"300005 90109=busy"},
		{Dependency, Undecided, "630=statement_timeout 300002=internal 370001=internal 630001 90073=warehouse_quota"},
		{Dependency, Terminal, "390100=login 390101=login 390103=authenticator 390144=JWT 390186=role 390189=role 390190=SAML 390191 390302=oauth 390303=oauth_invalid 390400=MFA 390422=network_policy 390432=network_policy 394300=token 394304=JWT 394400=password_rejected 394508=MFA 3001=privileges 3003=privileges 3540=suspended_account 390913=client"},
		{User, Terminal, "904=identifier 938 939 979 1003=syntax 1007 1011 1044=types 1104 2001 2002=exists 2003=missing 2023 2025=duplicate 2028 2043=missing 2140 100035=timestamp 100038=number 100040=date 100046=range 100051=division 100062=null 100069=JSON 100071=cast 100072=null 100078=too_long 100080=columns 100082=truncated 100096 100132 100183"},
		{System, Terminal, "260000=no_account 260001=no_user 260002=no_password 260005=DSN 260006=private_key 260007=private_key 260008=connector 260009=OCSP 260010=region 260011 260012 260013 260014 261002 261003"},
		{Cancelled, Undecided, "604=query_cancelled"},
	},
}
