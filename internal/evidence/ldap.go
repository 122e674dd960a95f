package evidence

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// ldapClients have the result code in a field ResultCode.
var ldapClients = client{
	paths: []string{"github.com/go-ldap/ldap", "gopkg.in/ldap.v2", "gopkg.in/ldap.v3", "github.com/jimlambrt/gldap"},
	judge: func(v *Verdict, err error) {
		code, ok := inspect.Int(err, "ResultCode")
		if !ok {
			return
		}
		e := ldap.number(code)
		if code == 49 { // Active Directory: 775 is a locked account, 532 and 773 are passwords that have run out
			for _, data := range []string{"data 775", "data 532", "data 773", "data 533", "data 701"} {
				if strings.Contains(err.Error(), data) {
					e.Why += ", " + data
				}
			}
		}
		v.add(e)
	},
}

// ldap are the result codes, and those of clients: 200 on is that of go-ldap.
var ldap = &Table{
	Kind: LDAPResult, Title: "Result code of LDAP",
	Source: "https://www.rfc-editor.org/rfc/rfc4511#appendix-A",
	Rows: []Row{
		{Dependency, Retryable, "3=timeLimitExceeded 51=busy 52=unavailable 81=serverDown 85=timeout 90=noMemory 91=connectError 200=network"},
		{Dependency, Undecided, "1=operationsError 2=protocolError 9 10=referral 11=adminLimitExceeded 14=saslBindInProgress 53=unwillingToPerform 54=loopDetect 71=affectsMultipleDSAs 80=other 82=localError 84=decodingError 94=noResultsReturned 95=moreResultsToReturn 96=clientLoop 97=referralLimitExceeded 205=unexpectedMessage 206=unexpectedResponse"},
		{Dependency, Terminal, "7=authMethodNotSupported 8=strongerAuthRequired 12=unavailableCriticalExtension 13=confidentialityRequired 48=inappropriateAuthentication 49=invalidCredentials 50=insufficientAccessRights 86=authUnknown 92=notSupported"},
		{User, Terminal, "4=sizeLimitExceeded 16=noSuchAttribute 17=undefinedAttributeType 18=inappropriateMatching 19=constraintViolation 20=attributeOrValueExists 21=invalidAttributeSyntax 32=noSuchObject 33=aliasProblem 34=invalidDNSyntax 35=isLeaf 36=aliasDereferencingProblem " +
			"60=sortControlMissing 61=offsetRangeError 64=namingViolation 65=objectClassViolation 66=notAllowedOnNonLeaf 67=notAllowedOnRDN 68=entryAlreadyExists 69=objectClassModsProhibited 70=resultsTooLarge 76=virtualListViewError 83=encodingError 87=filterError 89=paramError 93=controlNotFound " +
			"201=filterCompile 202=filterDecompile 203=debugging 204=emptyPassword"},
		{Cancelled, Undecided, "88=userCancelled 118=cancelled"},
		{Dependency, Undecided, "119=noSuchOperation 120=tooLate 121=cannotCancel 122=assertionFailed 123=authorizationDenied"},
	},
}
