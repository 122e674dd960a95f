package evidence

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// imapClients have the response code in a field Code, and the kind of the response in a
// field Type.
var imapClients = client{
	paths:     []string{"github.com/emersion/go-imap"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if code, ok := inspect.String(err, "Code", "Resp.Code"); ok {
			v.add(imap.answer(code))
		}
		if kind, _ := inspect.String(err, "Type", "Resp.Type"); kind == "BYE" {
			v.add(says(Typed, Dependency, Retryable, "the server closes the connection"))
		}
	},
}

var imap = &Table{
	Kind: IMAPCode, Title: "Response code of IMAP",
	Source: "https://www.iana.org/assignments/imap-response-codes/imap-response-codes.xhtml", // most are of RFC 5530
	Rows: []Row{
		{Dependency, Retryable, "UNAVAILABLE INUSE EXPUNGEISSUED INPROGRESS TEMPFAIL MODIFIED THROTTLED CLOSED"},
		{Dependency, Undecided, "ALERT CONTACTADMIN CORRUPTION LIMIT OVERQUOTA PARSE SERVERBUG REFERRAL UNDEFINED-FILTER NOTSAVED NOUPDATE " +
			"MAXCONVERTMESSAGES MAXCONVERTPARTS NOTIFICATIONOVERFLOW UIDNOTSTICKY TOOMANY READ-ONLY"},
		{Dependency, Terminal, "AUTHENTICATIONFAILED AUTHORIZATIONFAILED EXPIRED PRIVACYREQUIRED NOPERM NOPRIVATE"},
		{System, Undecided, "CLIENTBUG COMPRESSIONACTIVE"},
		{User, Terminal, "ALREADYEXISTS NONEXISTENT TRYCREATE CANNOT HASCHILDREN TOOBIG BADCHARSET BADCOMPARATOR BADEVENT BADURL UNKNOWN-CTE USEATTR"},
	},
}
