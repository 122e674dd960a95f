package reported

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"

	azruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	ddbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/go-sql-driver/mysql"
	"github.com/google/go-github/v74/github"
	vault "github.com/hashicorp/vault/api"
	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/openai/openai-go"
	openaioption "github.com/openai/openai-go/option"
	"github.com/redis/go-redis/v9"
	"golang.org/x/crypto/ssh"
	"golang.org/x/net/http2"
	"google.golang.org/api/googleapi"
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

func sqliteBusy(snapshot bool) error {
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
	if !snapshot {
		one.ExecContext(ctx, "BEGIN IMMEDIATE")
		_, err := two.ExecContext(ctx, "INSERT INTO t VALUES (1)")
		one.ExecContext(ctx, "ROLLBACK")
		return err
	}
	one.ExecContext(ctx, "BEGIN")
	var n int
	one.QueryRowContext(ctx, "SELECT count(*) FROM t").Scan(&n)
	two.ExecContext(ctx, "INSERT INTO t VALUES (1)")
	_, err = one.ExecContext(ctx, "INSERT INTO t VALUES (2)")
	one.ExecContext(ctx, "ROLLBACK")
	return err
}

var creds = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "SK"}, nil
})

func dynamo(status int, code, message, more string) error {
	m, _ := json.Marshal(message)
	srv := serve(status, map[string]string{"Content-Type": "application/x-amz-json-1.0", "X-Amzn-Requestid": "8KRS15P5JUD29RHDVEK26MAU1VVV4KQNSO5AEMVJF66Q9ASUAAJG"}, `{"__type":"com.amazonaws.dynamodb.v20120810#`+code+`","message":`+string(m)+more+`}`)
	defer srv.Close()
	c := dynamodb.New(dynamodb.Options{Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), Credentials: creds, RetryMaxAttempts: 1})
	if code == "TransactionCanceledException" {
		_, err := c.TransactWriteItems(context.Background(), &dynamodb.TransactWriteItemsInput{TransactItems: []ddbtypes.TransactWriteItem{{Delete: &ddbtypes.Delete{TableName: aws.String("jobs"), Key: map[string]ddbtypes.AttributeValue{"id": &ddbtypes.AttributeValueMemberS{Value: "1"}}}}}})
		return err
	}
	_, err := c.GetItem(context.Background(), &dynamodb.GetItemInput{TableName: aws.String("jobs"), Key: map[string]ddbtypes.AttributeValue{"id": &ddbtypes.AttributeValueMemberS{Value: "1"}}})
	return err
}

func s3err(status int, code, message string) error {
	srv := serve(status, map[string]string{"Content-Type": "application/xml", "x-amz-request-id": "656c76696e6727732072657175657374"}, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>`+message+`</Message><RequestId>656c76696e6727732072657175657374</RequestId></Error>`)
	defer srv.Close()
	c := s3.New(s3.Options{Region: "us-east-1", BaseEndpoint: aws.String(srv.URL), UsePathStyle: true, Credentials: creds, RetryMaxAttempts: 1})
	_, err := c.PutObject(context.Background(), &s3.PutObjectInput{Bucket: aws.String("b"), Key: aws.String("k"), Body: strings.NewReader("x")})
	return err
}

func google(status int, reason, message string) error {
	m, _ := json.Marshal(message)
	return googleapi.CheckResponse(response(status, map[string]string{"Content-Type": "application/json; charset=UTF-8"}, fmt.Sprintf(`{"error":{"code":%d,"message":%s,"errors":[{"domain":"usageLimits","reason":%q,"message":%s}]}}`, status, m, reason, m)))
}

func azure(status int, header map[string]string, body string) error {
	return azruntime.NewResponseError(response(status, header, body))
}

func hub(srv *httptest.Server) error {
	c := github.NewClient(nil)
	c.BaseURL, _ = url.Parse(srv.URL + "/")
	_, _, err := c.Repositories.Get(context.Background(), "acme", "shop")
	return err
}

func openAI(header map[string]string, body string) error {
	h := map[string]string{"Content-Type": "application/json"}
	for k, v := range header {
		h[k] = v
	}
	srv := serve(429, h, body)
	defer srv.Close()
	c := openai.NewClient(openaioption.WithBaseURL(srv.URL), openaioption.WithAPIKey("k"), openaioption.WithMaxRetries(0))
	_, err := c.Chat.Completions.New(context.Background(), openai.ChatCompletionNewParams{Model: "gpt-4o", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hi")}})
	return err
}

func influx(status int, header map[string]string, body string) error {
	srv := serve(status, header, body)
	defer srv.Close()
	c := influxdb2.NewClient(srv.URL, "token")
	defer c.Close()
	return c.WriteAPIBlocking("org", "bucket").WriteRecord(context.Background(), "test value=1i")
}

func vaultRead(status int, body string) error {
	srv := serve(status, map[string]string{"Content-Type": "application/json"}, body)
	defer srv.Close()
	cfg := vault.DefaultConfig()
	cfg.Address = srv.URL
	c, err := vault.NewClient(cfg)
	if err != nil {
		return nil
	}
	c.SetMaxRetries(0)
	c.SetToken("t")
	_, err = c.Logical().Read("secret/data/db")
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

// sshRun runs a command that ends with status, or is not let in.
func sshRun(in bool, status uint32) error {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil
	}
	signer, err := ssh.NewSignerFromKey(key)
	if err != nil {
		return nil
	}
	sc := &ssh.ServerConfig{PublicKeyCallback: func(ssh.ConnMetadata, ssh.PublicKey) (*ssh.Permissions, error) {
		if in {
			return nil, nil
		}
		return nil, errors.New("unknown key")
	}}
	sc.AddHostKey(signer)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil
	}
	defer l.Close()
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, chans, reqs, err := ssh.NewServerConn(c, sc)
		if err != nil {
			return
		}
		go ssh.DiscardRequests(reqs)
		for nc := range chans {
			ch, reqs, err := nc.Accept()
			if err != nil {
				return
			}
			go func() {
				for r := range reqs {
					if r.WantReply {
						r.Reply(true, nil)
					}
					if r.Type == "exec" {
						ch.SendRequest("exit-status", false, ssh.Marshal(struct{ S uint32 }{status}))
						ch.Close()
					}
				}
			}()
		}
	}()
	c, err := ssh.Dial("tcp", l.Addr().String(), &ssh.ClientConfig{User: "deploy", Auth: []ssh.AuthMethod{ssh.PublicKeys(signer)}, HostKeyCallback: ssh.InsecureIgnoreHostKey(), Timeout: 5 * time.Second})
	if err != nil {
		return err
	}
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Run("./step")
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
