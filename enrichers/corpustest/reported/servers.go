package reported

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/redis/go-redis/v9"
	"golang.org/x/crypto/ssh"
	"golang.org/x/net/http2"
	_ "modernc.org/sqlite"
)

func serve(status int, header map[string]string, body string) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
}

func response(status int, header map[string]string, body string) *http.Response {
	h := http.Header{}
	for k, v := range header {
		h.Set(k, v)
	}
	return &http.Response{StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Header: h, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Body: io.NopCloser(strings.NewReader(body)), Request: httptest.NewRequest("GET", "https://example.com/x", nil)}
}

func mysqlError(number uint16, state, message string) error {
	e := &mysql.MySQLError{Number: number, Message: message}
	copy(e.SQLState[:], state)
	return e
}

// postgres is a server that refuses every connection with this SQLSTATE.
func postgres(code, message string) (addr string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				b := pgproto3.NewBackend(c, c)
				for {
					m, err := b.ReceiveStartupMessage()
					if err != nil {
						return
					}
					if _, ok := m.(*pgproto3.SSLRequest); ok {
						c.Write([]byte("N"))
						continue
					}
					b.Send(&pgproto3.ErrorResponse{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: code, Message: message, File: "proc.c", Line: 365, Routine: "InitProcess"})
					b.Flush()
					return
				}
			}()
		}
	}()
	return l.Addr().String(), func() { l.Close() }
}

// redisReply is what go-redis makes of this reply.
func redisReply(reply string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					n, _ := strconv.Atoi(strings.Trim(line, "*\r\n"))
					var words []string
					for range n {
						r.ReadString('\n')
						w, err := r.ReadString('\n')
						if err != nil {
							return
						}
						words = append(words, strings.TrimSpace(w))
					}
					if len(words) == 0 {
						return
					}
					switch strings.ToUpper(words[0]) {
					case "HELLO", "CLIENT":
						io.WriteString(c, "-ERR unknown command\r\n")
					default:
						io.WriteString(c, "-"+reply+"\r\n")
					}
				}
			}()
		}
	}()
	c := redis.NewClient(&redis.Options{Addr: l.Addr().String(), MaxRetries: -1, DialTimeout: 5 * time.Second})
	defer c.Close()
	return c.Set(context.Background(), "k", "v", 0).Err()
}

// cassandra sets what the driver sets in an error from the wire.
func cassandra(err error, code int, message string) error {
	v := reflect.ValueOf(err).Elem().FieldByName("errorFrame")
	set := func(name string, x any) {
		f := v.FieldByName(name)
		reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem().Set(reflect.ValueOf(x))
	}
	set("code", code)
	set("message", message)
	return err
}

// sqliteBusy is what SQLite says while another connection writes.
func sqliteBusy() error {
	dir, err := os.MkdirTemp("", "busy")
	if err != nil {
		return nil
	}
	defer os.RemoveAll(dir)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "x.db")+"?_pragma=journal_mode(WAL)")
	if err != nil {
		return nil
	}
	defer db.Close()
	ctx := context.Background()
	if _, err := db.Exec("CREATE TABLE t (a)"); err != nil {
		return nil
	}
	one, err := db.Conn(ctx)
	if err != nil {
		return nil
	}
	defer one.Close()
	two, err := db.Conn(ctx)
	if err != nil {
		return nil
	}
	defer two.Close()
	one.ExecContext(ctx, "BEGIN IMMEDIATE")
	_, err = two.ExecContext(ctx, "INSERT INTO t VALUES (1)")
	one.ExecContext(ctx, "ROLLBACK")
	return err
}

// goAway is a server that answers the first request with GOAWAY and closes.
func goAway() (*httptest.Server, *http.Client) {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.TLSNextProto = map[string]func(*http.Server, *tls.Conn, http.Handler){
		"h2": func(_ *http.Server, c *tls.Conn, _ http.Handler) {
			defer c.Close()
			if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
				return
			}
			f := http2.NewFramer(c, c)
			f.WriteSettings()
			for {
				fr, err := f.ReadFrame()
				if err != nil {
					return
				}
				if h, ok := fr.(*http2.HeadersFrame); ok {
					f.WriteGoAway(h.StreamID, http2.ErrCodeNo, nil)
					return
				}
			}
		},
	}
	srv.TLS = &tls.Config{NextProtos: []string{"h2"}}
	srv.StartTLS()
	tr := srv.Client().Transport.(*http.Transport).Clone()
	tr.ForceAttemptHTTP2 = true
	return srv, &http.Client{Transport: tr}
}

// sshDial connects to a server that does not know the key.
func sshDial() error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil
	}
	sc := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
		return nil, errors.New("unknown key")
	}}
	sc.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil
	}
	defer l.Close()
	go func() {
		if c, err := l.Accept(); err == nil {
			defer c.Close()
			ssh.NewServerConn(c, sc)
		}
	}()
	_, err = ssh.Dial("tcp", l.Addr().String(), &ssh.ClientConfig{User: "deploy", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second})
	return err
}

// smtpServer answers RCPT with this reply.
func smtpServer(reply string) (addr string, stop func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				say := func(s string) { io.WriteString(c, s+"\r\n") }
				say("220 mx ESMTP")
				r := bufio.NewReader(c)
				for {
					line, err := r.ReadString('\n')
					if err != nil {
						return
					}
					switch cmd := strings.ToUpper(strings.Fields(line)[0]); cmd {
					case "EHLO", "HELO":
						say("250-mx")
						say("250 8BITMIME")
					case "RCPT":
						say(reply)
					case "QUIT":
						say("221 bye")
						return
					default:
						say("250 ok")
					}
				}
			}()
		}
	}()
	return l.Addr().String(), func() { l.Close() }
}
