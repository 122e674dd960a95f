package evidence

import (
	"strconv"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// smtpClients have the reply in a field or method of their own, if the error of
// net/textproto is not in the chain.
var smtpClients = client{
	paths:     []string{"github.com/emersion/go-smtp", "github.com/wneessen/go-mail", "github.com/xhit/go-simple-mail", "github.com/jordan-wright/email", "gopkg.in/gomail.v2", "gopkg.in/mail.v2", "github.com/go-mail/mail", "github.com/jlaffaye/ftp", "github.com/secsy/goftp"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		code, ok := inspect.Result(err, "ErrorCode")
		if !ok || code == 0 {
			if code, ok = inspect.Result(err, "Code"); !ok {
				code, _ = inspect.Int(err, "Code", "errcode")
			}
		}
		if code != 0 {
			v.add(ofReply(int(code)))
		}
		if temporary, ok := err.(interface{ IsTemp() bool }); ok && temporary.IsTemp() {
			v.add(says(Typed, Dependency, Retryable, "its method IsTemp returns true"))
		}
	},
}

// ofReply judges a reply code of SMTP, FTP and similar protocols, or else its first
// digit: 4yz is transient, 5yz is permanent.
func ofReply(code int) Evidence {
	text := strconv.Itoa(code)
	if code < 400 || code > 599 {
		return Evidence{}
	}
	e, ok := smtpReplies.of(text)
	if !ok {
		e, _ = smtpReplies.of(text[:1])
		e.Code = text
	}
	return e
}

var smtpReplies = &Table{
	Kind: SMTPReply, Title: "Reply code of SMTP and FTP, or its first digit",
	Source: "https://www.rfc-editor.org/rfc/rfc5321#section-4.2", // and RFC 959
	Rows: []Row{
		{Dependency, Retryable, "4"},
		{Dependency, Undecided, "552=no_space"},
		{Dependency, Terminal, "5"},
		{User, Terminal, "550=mailbox_or_file 551=mailbox 553=mailbox_or_file_name"},
	},
}
