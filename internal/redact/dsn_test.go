package redact_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/redact"
)

// A dsn is a form of a data source name. %s stands for the password. A form does not
// allow every character in its password as it is.
type dsn struct{ form, without string }

const space = " "

var dsns = []dsn{
	{"postgres://app:%s@db:5432/shop?sslmode=disable", ""},
	{"postgres://app:%s@db/shop", ""},
	{"postgresql+psycopg2://app:%s@db:5432/shop", ""},
	{"mysql+pymysql://app:%s@db/shop", ""},
	{"jdbc:postgresql://app:%s@db/shop", ""},
	{"sqlserver://sa:%s@db:1433?database=shop", ""},
	{"mongodb://app:%s@a.example:27017,b.example:27017/shop", ""},
	{"mongodb+srv://app:%s@cluster.example/shop?w=1", ""},
	{"redis://:%s@cache:6379/0", ""},
	{"rediss://app:%s@cache:6379/0", ""},
	{"amqp://guest:%s@mq:5672/", ""},
	{"amqps://guest:%s@mq//", ""},
	{"nats://app:%s@nats:4222", ""},
	{"clickhouse://app:%s@ch:9000/shop", ""},
	{"oracle://app:%s@db:1521/shop", ""},
	{"snowflake://app:%s@account/shop", ""},
	{"http://app:%s@proxy:3128", "/"}, // http://host:/x@y has a path
	{"https://app:%s@registry.example/v2/", "/"},
	{"ftp://app:%s@files/x", "/"},
	{"app:%s@tcp(db:3306)/shop?parseTime=true", ""},
	{"app:%s@unix(/tmp/mysql.sock)/shop", ""},
	{"app:%s@(db)/shop", ""},
	{"app:%s@/shop", space},
	{"app:%s@account/shop/public", space + "/"},
	{"app:%s@db:5432", space + "/"},
	{"app/%s@db:1521/shop", space + "\"`<>"},
	{"jdbc:oracle:thin:app/%s@db:1521:shop", space + "\"`<>"},
	{"host=db user=app password=%s sslmode=disable", space},
	{"host=db user=app password='%s' sslmode=disable", `'`},
	{"Server=db;User Id=sa;Password=%s;Database=shop", ""},
	{"Server=db;User Id=sa;Pwd=%s;Database=shop", ""},
	{"Driver={ODBC Driver 18};UID=sa;PWD={%s};Server=db", "}"},
	{`Server=db;Password="%s";Database=shop`, `"`},
	{"jdbc:sqlserver://db:1433;user=sa;password=%s;encrypt=true", ""},
	{"jdbc:mysql://db/shop?user=app&password=%s&useSSL=true", space},
	{`user="app" password="%s" connectString="db/shop"`, `"`},
	{`PlainLoginModule required username="app" password="%s";`, `"`},
	{"sasl.username=app\nsasl.password=%s\nsasl.mechanism=PLAIN", space},
}

// others are forms that are no data source names.
var others = []dsn{
	{"mysql -u root -p%s shop", space},
	{"curl -u app:%s https://h/", space},
	{"curl --proxy-user app:%s https://h/", space},
	{"sshpass -p %s ssh h", space + "-"},
	{"redis-cli -a %s PING", space + "-"},
	{"docker login -u app -p %s registry.example", space + "-"},
	{"openssl rsa -passin pass:%s", space},
	{"run --password %s --host db", space + "-"},
	{"run --password=%s --host db", space},
	{"DB_PASSWORD=%s\nHOST=db", space},
	{"environment:\n  - DB_PASSWORD=\n    %s\n  - HOST=db", space + ":"},
	{"GET /x?a=1&token=%s&b=2", space},
	{"db:\n  password: %s\n  user: bob", space},
	{"db:\n  password:\n    %s\n  user: bob", space + ":"},
	{"db:\r\n  password:\r\n    %s\r\n  user: bob", space + ":"},
	{"password: |\n  %s\nuser: bob", ""},
	{"password: >-\n  %s\nuser: bob", ""},
	{"X-Api-Key: %s", space},
	{"Authorization: Bearer %s", space},
	{"Authorization: Basic %s", space},
	{"Cookie: a=b; session=%s; c=d", ""},
	{"Set-Cookie: session=%s; Path=/", ""},
	{"{Password:%s User:bob}", space},
	{"{User:bob Password:%s}", space},
	{"{Password:{String:%s Valid:true} User:bob}", space},
	{"map[password:%s user:bob]", space},
	{"[{Name:DB_PASSWORD Value:%s ValueFrom:<nil>}]", space},
}

// lines returns texts in which one of the other forms may be.
func lines(s string) []string {
	return []string{s, "run " + s + "\nexit status 1", fmt.Sprintf("level=ERROR msg=%q", s), fmt.Sprintf("cannot read %q", s)}
}

// texts returns texts in which the data source name may be.
func texts(dsn string) []string {
	quoted, _ := json.Marshal(map[string]string{"dsn": dsn, "owner": "team@example.org"})
	parsed := fmt.Sprintf("parse %q: invalid userinfo", dsn)
	if _, err := url.Parse(dsn); err != nil {
		parsed = err.Error()
	}
	return []string{
		dsn,
		parsed,
		fmt.Sprintf("%q", parsed),
		fmt.Sprintf("'%s'", dsn),
		"`" + dsn + "`",
		`"` + dsn + `"`,
		fmt.Sprintf("connect to %s: connection refused, tried 3 times", dsn),
		fmt.Sprintf("connect to %q: connection refused", dsn),
		fmt.Sprintf("cannot open %s", dsn),
		string(quoted),
		fmt.Sprintf("%q", quoted),
		fmt.Sprintf("level=ERROR msg=%q", "open "+dsn),
	}
}

func TestTextMasksPasswordsOfEveryCharacter(t *testing.T) {
	t.Parallel()
	const head, tail = "Zebra", "Yakxx"
	check := func(text string) {
		redacted := redact.Text(text)
		if strings.Contains(redacted, head) || strings.Contains(redacted, tail) {
			t.Errorf("%q\nleaves %q", text, redacted)
		}
	}
	for _, kind := range []struct {
		forms []dsn
		texts func(dsn string) []string
	}{{dsns, texts}, {others, lines}} {
		for _, d := range kind.forms {
			for c := byte(' '); c <= '~'; c++ {
				if strings.IndexByte(d.without, c) >= 0 {
					continue
				}
				passwords := []string{string(c) + head + tail, head + string(c) + tail, head + tail + string(c)}
				if strings.Contains(d.form, "%s@") { // as out of a file
					passwords = append(passwords, head+string(c)+tail+"\n", head+tail+"\r\n")
				}
				for _, password := range passwords {
					for _, text := range kind.texts(fmt.Sprintf(d.form, password)) {
						check(text)
					}
				}
			}
		}
	}
}

func TestTextKeepsWhatIsNoDataSourceName(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"user@host", "bob@example.org at 12:30", "12:30:45 mail to bob@example.org", "From: Bob <bob@example.org>",
		"http://host/path?x=1", "http://host:8080/path?mail=bob@example.org", "postgres://db:5432/shop for bob@example.org",
		"dial redis://cache:6379: connection refused, ask bob@example.org", "(see nats://nats:4222) or bob@example.org",
		"mongodb://a:27017,b:27017/shop or bob@example.org", "postgres://app@db/shop", "amqp://mq, bob@example.org",
		`{"url":"redis://cache:6379","mail":"bob@example.org"}`, `{"a":"x:y","mail":"bob@example.org"}`,
		`{"dsn":"root@tcp(db)/shop"}`, "open root@tcp(db:3306)/shop", `"host:80" "bob@example.org"`,
		"actions/checkout@v4", "github.com/a/b@v1.2.3: invalid version", "org/app@main:12", "a:b @ c:d", "ratio 3:4 @ 2x",
		"oci://registry:5000/app@sha256:0123", "docker://registry:5000/app@v2", "From: <sip:alice@example.com>;tag=1",
		"jdbc:oracle:thin:@//db:1521/shop", "git@github.com:org/repo.git", "scp a/b@c", "ssh://git@host:22/x",
		`parse "http://host:80a/x": invalid character`, "ws://h:1/@x y@z",
	} {
		assert.Equal(t, text, redact.Text(text))
	}
}
