package evidence

import "strings"

// dnsClients have the response code of a failed transfer of a zone in their text only.
var dnsClients = client{
	paths: []string{"github.com/miekg/dns", "codeberg.org/miekg/dns"},
	judge: func(v *Verdict, err error) {
		text := strings.TrimPrefix(err.Error(), "dns: ")
		if code, ok := strings.CutPrefix(text, "bad xfr rcode: "); ok {
			v.add(dnsCodes.answer(code))
			return
		}
		switch text {
		case "id mismatch", "short read":
			v.add(says(Typed, Dependency, Retryable, "an answer that was damaged on the way"))
		case "domain must be fully qualified", "bad rdata":
			v.add(says(Typed, User, Terminal, "a malformed record"))
		}
	},
}

// dnsCodes are the response codes. A server that rejects a query or has no authority may
// have it once it has loaded its zones.
var dnsCodes = &Table{
	Kind: DNSCode, Title: "Response code of DNS",
	Source: "https://www.iana.org/assignments/dns-parameters/dns-parameters.xhtml#dns-parameters-6",
	Rows: []Row{
		{Dependency, Retryable, "2=SERVFAIL 23=BADCOOKIE"},
		{Dependency, Undecided, "1=FORMERR 3=NXDOMAIN 5=REFUSED 9=NOTAUTH 18=BADTIME"},
		{Dependency, Terminal, "4=NOTIMP 11=DSOTYPENI 16=BADVERS 17=BADKEY 19=BADMODE 20=BADNAME 21=BADALG 22=BADTRUNC"},
		{User, Undecided, "6=YXDOMAIN 7=YXRRSET 8=NXRRSET"},
		{User, Terminal, "10=NOTZONE"},
	},
}
