package reported

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"strconv"

	"github.com/wneessen/go-mail"
	"github.com/xuri/excelize/v2"
)

var network = []Failure{
	{"http/goaway", func() error {
		srv, client := goAway()
		defer srv.Close()
		resp, err := client.Get(srv.URL)
		if err == nil {
			_, err = io.ReadAll(resp.Body)
			resp.Body.Close()
		}
		return fmt.Errorf("tail failed with %w", err)
	}},
	{"x509/unknown-authority", func() error {
		srv := httptest.NewTLSServer(http.NotFoundHandler())
		defer srv.Close()
		srv.Config.ErrorLog = nil
		_, err := (&http.Client{Transport: &http.Transport{}}).Get(srv.URL)
		return fmt.Errorf("verify registry: %w", err)
	}},
	{"ssh/unable-to-authenticate", func() error { return fmt.Errorf("provision host: %w", sshDial()) }},
	{"smtp/try-again-later", func() error {
		addr, stop := smtpServer("451 4.7.1 Try again later")
		defer stop()
		return fmt.Errorf("send invoice: %w", smtp.SendMail(addr, nil, "a@example.com", []string{"b@example.com"}, []byte("x")))
	}},
	{"go-mail/greylisted", func() error {
		addr, stop := smtpServer("450 4.2.0 <b@example.com>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.com.html")
		defer stop()
		host, port, _ := net.SplitHostPort(addr)
		p, _ := strconv.Atoi(port)
		c, err := mail.NewClient(host, mail.WithPort(p), mail.WithTLSPolicy(mail.NoTLS), mail.WithHELO("localhost"))
		if err != nil {
			return nil
		}
		m := mail.NewMsg()
		m.From("a@example.com")
		m.To("b@example.com")
		m.SetBodyString(mail.TypeTextPlain, "x")
		return fmt.Errorf("send invoice: %w", c.DialAndSend(m))
	}},
	{"excelize/encrypted", func() error {
		_, err := excelize.OpenReader(bytes.NewReader(append([]byte("PK\x03\x04 not really"), make([]byte, 4096)...)))
		return fmt.Errorf("import prices.xlsx: %w", err)
	}},
}
