package evidence

import (
	"reflect"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// sftpClients have the status in a field Code, or are it.
var sftpClients = client{
	paths:     []string{"github.com/pkg/sftp"},
	ownFields: true,
	judge: func(v *Verdict, err error) {
		if n, ok := inspect.IntOf(reflect.ValueOf(err)); ok {
			v.add(sftp.number(n))
		} else if n, ok := inspect.Int(err, "Code"); ok {
			v.add(sftp.number(n))
		}
	},
}

var sftp = &Table{
	Kind: SFTPStatus, Title: "Status of SFTP",
	Source: "https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-13#section-9.1",
	Rows: []Row{
		{Dependency, Retryable, "6=NO_CONNECTION 7=CONNECTION_LOST 17=LOCK_CONFLICT 25=BYTE_RANGE_LOCK_CONFLICT 27=DELETE_PENDING"},
		{Dependency, Undecided, "1=EOF 4=FAILURE 5=BAD_MESSAGE 9=INVALID_HANDLE 13=NO_MEDIA 14=NO_SPACE_ON_FILESYSTEM 15=QUOTA_EXCEEDED 26=BYTE_RANGE_LOCK_REFUSED 31=NO_MATCHING_BYTE_RANGE_LOCK"},
		{Dependency, Terminal, "3=PERMISSION_DENIED 8=OP_UNSUPPORTED 12=WRITE_PROTECT 16=UNKNOWN_PRINCIPAL 29=OWNER_INVALID 30=GROUP_INVALID"},
		{User, Terminal, "2=NO_SUCH_FILE 10=NO_SUCH_PATH 11=FILE_ALREADY_EXISTS 18=DIR_NOT_EMPTY 19=NOT_A_DIRECTORY 20=INVALID_FILENAME 21=LINK_LOOP 22=CANNOT_DELETE 23=INVALID_PARAMETER 24=FILE_IS_A_DIRECTORY 28=FILE_CORRUPT"},
	},
}
