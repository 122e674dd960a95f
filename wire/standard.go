package wire

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"database/sql/driver"
	"encoding/csv"
	"encoding/xml"
	"net/http"
	"net/textproto"

	"github.com/failure-enrichers/enricher/wire/internal/form"
)

func init() {
	form.Add(
		[]form.Sentinel{
			{Name: "bufio.ErrTooLong", Err: bufio.ErrTooLong},
			{Name: "bytes.ErrTooLarge", Err: bytes.ErrTooLarge},
			{Name: "sql.ErrNoRows", Err: sql.ErrNoRows},
			{Name: "sql.ErrTxDone", Err: sql.ErrTxDone},
			{Name: "sql.ErrConnDone", Err: sql.ErrConnDone},
			{Name: "driver.ErrBadConn", Err: driver.ErrBadConn},
		},
		(*csv.ParseError)(nil), (*xml.SyntaxError)(nil), (*textproto.Error)(nil), (*http.MaxBytesError)(nil),
		(*tls.CertificateVerificationError)(nil), tls.RecordHeaderError{},
		x509.CertificateInvalidError{}, x509.HostnameError{}, x509.UnknownAuthorityError{},
	)
}
