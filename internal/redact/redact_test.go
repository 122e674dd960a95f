package redact_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/redact"
)

func TestTextMasks(t *testing.T) {
	t.Parallel()
	for name, cases := range map[string][][2]string{
		"passwords in URLs": {
			{"dial postgres://user:hunter2@db:5432/app failed", "dial postgres://user:***@db:5432/app failed"},
			{"redis://:hunter2@cache:6379/0", "redis://:***@cache:6379/0"},
			{"amqp://guest:p%40ss@mq//", "amqp://guest:***@mq//"},
			{"jdbc:mysql://root:hunter2@db/app", "jdbc:mysql://root:***@db/app"},
			{"mongodb+srv://u:hunter2@a.example,b.example/?x=1", "mongodb+srv://u:***@a.example,b.example/?x=1"},
			{"with an at sign: ftp://u:hun@ter2@host/x", "with an at sign: ftp://u:***@host/x"},
			{"with a slash: postgres://u:hun/ter2@host/x", "with a slash: postgres://u:***@host/x"},
			{`parse "postgres://u:hun/ter2@h/x": invalid port ":hun" after host`, `parse "postgres://u:***@h/x": invalid port "***" after host`},
			{`invalid port ":hun" after host`, `invalid port "***" after host`},
			{"two: http://a:b1@x/ and http://c:d1@y/", "two: http://a:***@x/ and http://c:***@y/"},
			{"joined http://a:b1@x/,http://c:d1@y/", "joined http://a:***@x/,http://c:***@y/"},
			{`{"url":"https://a:b1@x/"}`, `{"url":"https://a:***@x/"}`},
			{"cloning https://ghp_0123456789abcdefghij@github.com/a/b", "cloning https://***@github.com/a/b"},
			{"'http://u:it's@h/'", "'http://u:***@h/'"},
			{"without a user and with a slash: redis://:hun/ter2@h/0", "without a user and with a slash: redis://:***@h/0"},
			{"https://01234567890123456789@h/", "https://***@h/"},
			{"http://01234567890123456789@h/", "http://***@h/"},
			{"without a scheme: ://u:hunter2@h/x", "without a scheme: ://u:***@h/x"},
			{"proxy https://https://u:hunter2@proxy:8443/x", "proxy https://https://u:***@proxy:8443/x"},
			{"http://http://u:hunter2@h/x", "http://http://u:***@h/x"},
		},
		"data source names": {
			{"dsn user:hunter2@tcp(db:3306)/app?parseTime=true", "dsn user:***@tcp(db:3306)/app?parseTime=true"},
			{"user:hun:ter@2@tcp(db)/app", "user:***@tcp(db)/app"},
			{"user:hun/ter2@unix(/tmp/mysql.sock)/app", "user:***@unix(/tmp/mysql.sock)/app"},
			{"user:hunter2@/app", "user:***@/app"},
			{"user:hunter2@tcp(db)/app?email=a@b.c", "user:***@tcp(db)/app?email=a@b.c"},
			{"dsn=user:hunter2@tcp(db)/app", "dsn=user:***@tcp(db)/app"},
			{"admin:hunter2@10.0.0.1:5432", "admin:***@10.0.0.1:5432"},
			{"u:hunter2@h *:hunter2@h", "u:***@h *:***@h"},
			{"admin:hunter2@[::1]:5432", "admin:***@[::1]:5432"},
			{"u:hunter2@(h)/d", "u:***@(h)/d"},
			{"u:hunter2@tcp(h)/d and ab:/x@tcp(h)/d", "u:***@tcp(h)/d and ab:***@tcp(h)/d"},
			{"x:<user:hunter2@tcp(db)/a>", "x:<user:***@tcp(db)/a>"},
			{"x:>user:hunter2@tcp(db)/a", "x:>user:***@tcp(db)/a"},
			{"x:`user:hunter2@tcp(db)/a`", "x:`user:***@tcp(db)/a`"},
			{`x:"user:hunter2@tcp(db)/a"`, `x:"user:***@tcp(db)/a"`},
			{"x: user:hunter2@tcp(db)/a", "x: user:***@tcp(db)/a"},
			{"without a user: :hunter2@tcp(h)/d", "without a user: :***@tcp(h)/d"},
			{"before a URL: admin:hunter2@db,http://h/x", "before a URL: admin:***@db,http://h/x"},
			{"host=db user=app password=hunter2 sslmode=disable", "host=db user=app password=*** sslmode=disable"},
			{"host=db password='my pass word' user=app", "host=db password='***' user=app"},
			{`host=db password='it\'s' user=app`, `host=db password='***' user=app`},
			{`host=db password=my\ pass user=app`, `host=db password=*** user=app`},
			{"password = hunter2", "password = ***"},
			{"Server=db;User Id=sa;Password=hun,ter2&3;Database=x", "Server=db;User Id=sa;Password=***;Database=x"},
			{"Server=db;Password=hunter2;Database=x;", "Server=db;Password=***;Database=x;"},
			{"Driver=x;Pwd={hun;ter2};Uid=sa", "Driver=x;Pwd={***};Uid=sa"},
			{"AccountName=a;AccountKey=aGVsbG8=;Suffix=b", "AccountName=a;AccountKey=***;Suffix=b"},
		},
		"bearer and basic credentials": {
			{"Authorization: Bearer eyJhbGciOi.J9.x_y-z", "Authorization: Bearer ***"},
			{"authorization: bearer abcdef", "authorization: bearer ***"},
			{"sent BEARER abcdef to the server", "sent BEARER *** to the server"},
			{"Authorization: Basic dXNlcjpwYXNz, retrying", "Authorization: Basic ***, retrying"},
			{`-H "Authorization: Bearer YWJjZGVm=="`, `-H "Authorization: Bearer ***"`},
			{`{"Authorization":"Bearer abc"}`, `{"Authorization":"***"}`},
			{"map[Authorization:[Bearer abc] Accept:[*/*]]", "map[Authorization:[***] Accept:[*/*]]"},
			{`Authorization: Digest username="u", response="r"` + "\nHost: x", "Authorization: Digest ***\nHost: x"},
			{"Proxy-Authorization: token abc", "Proxy-Authorization: token ***"},
			{"Authorization: abcdef", "Authorization: ***"},
			{"Cookie: a=b; session=c\nHost: x", "Cookie: ***\nHost: x"},
			{"'Set-Cookie: sid=1; Path=/'", "'Set-Cookie: ***'"},
			{"Cookie: =hunter2", "Cookie: ***"},
			{"`Bearer abc`", "`Bearer ***`"},
			{"basic dXNlcjpwYXNz", "basic ***"},
			{"basic abc= basic ab+d basic aBcd basic abcA basic abcZ basic ab0d basic abc9", "basic *** basic *** basic *** basic *** basic *** basic *** basic ***"},
			{"Bearer a~b+c/d=e*f:g%h|j\u0080k_l-m.é x", "Bearer *** x"},
			{"token=Bearer abc", "token=*** ***"},
		},
		"values of keys": {
			{"GET /x?a=1&token=abc&b=2", "GET /x?a=1&token=***&b=2"},
			{"/x?api_key=abc", "/x?api_key=***"},
			{"/x?access_token=abc&expires=5: 401", "/x?access_token=***&expires=5: 401"},
			{"/x?client_secret=a.b-c", "/x?client_secret=***"},
			{"?X-Amz-Signature=abc&X-Amz-Security-Token=def", "?X-Amz-Signature=***&X-Amz-Security-Token=***"},
			{"?sv=1&sig=a%2Fb", "?sv=1&sig=***"},
			{"user[password]=abc", "user[password]=***"},
			{`{"user":"bob","password":"hunter2","n":1}`, `{"user":"bob","password":"***","n":1}`},
			{`{"password" : "hun\"ter2", "user":"bob"}`, `{"password" : "***", "user":"bob"}`},
			{`{"password":"hunter2\\","user":"bob"}`, `{"password":"***","user":"bob"}`},
			{`{"apiKey":"a b c"}`, `{"apiKey":"***"}`},
			{`{"token":12345,"user":"bob"}`, `{"token":***,"user":"bob"}`},
			{`{"token":["a","b"],"user":"bob"}`, `{"token":[***],"user":"bob"}`},
			{`body "{\"password\":\"hunter2\",\"user\":\"bob\"}"`, `body "{\"password\":\"***\",\"user\":\"bob\"}"`},
			{`"{\\\"password\\\":\\\"hunter2\\\",\\\"a\\\":1}"`, `"{\\\"password\\\":\\\"***\\\",\\\"a\\\":1}"`},
			{`{\"password\":\"hun\\\"ter2\",\"user\":\"bob\"}`, `{\"password\":\"***\",\"user\":\"bob\"}`},
			{"{User:bob Password:hunter2 Host:db}", "{User:bob Password:*** Host:db}"},
			{"map[password:hunter2 user:bob]", "map[password:*** user:bob]"},
			{"{Host:db Password:hunter2}", "{Host:db Password:***}"},
			{`Config{Password:"hunter2", Host:"db"}`, `Config{Password:"***", Host:"db"}`},
			{`{:password=>"hunter2", :user=>"bob"}`, `{:password=>"***", :user=>"bob"}`},
			{"password: hunter2", "password: ***"},
			{"level=warn db_password=hunter2 msg=x", "level=warn db_password=*** msg=x"},
			{`secret="two words" x=1`, `secret="***" x=1`},
			{"PGPASSWORD=hunter2 psql", "PGPASSWORD=*** psql"},
			{"AWS_SECRET_ACCESS_KEY=abc/def+ghi", "AWS_SECRET_ACCESS_KEY=***"},
			{"dbPass=hunter2 dbPASS=hunter2 db_pass=hunter2", "dbPass=*** dbPASS=*** db_pass=***"},
			{"dataPass=hunter2 DBPass=hunter2 DBPw=hunter2 pass=hunter2 Pass: hunter2", "dataPass=*** DBPass=*** DBPw=*** pass=*** Pass: ***"},
			{"dataPASS=hunter2 aPass=hunter2", "dataPASS=*** aPass=***"},
			{"password2=hunter2 TOKEN_1=hunter2", "password2=*** TOKEN_1=***"},
			{"password\t=hunter2 OLDPWD=hunter2", "password\t=*** OLDPWD=***"},
			{"password:/hun/ter2 password:/", "password:*** password:***"},
			{`{"auth":"hunter2"}`, `{"auth":"***"}`},
			{"run --password hunter2 --host db", "run --password *** --host db"},
			{"run --api-token=abc -v", "run --api-token=*** -v"},
			{"--password hunter2", "--password ***"},
			{"mysql -password hunter2 -v", "mysql -password *** -v"},
			{`exec ["mysql" "--password" "hunter2"]`, `exec ["mysql" "--password" "***"]`},
			{"[mysql --password hunter2]", "[mysql --password ***]"},
			{"run --password 'two words' x", "run --password '***' x"},
			{"<user>bob</user><password>hun ter2</password>", "<user>bob</user><password>***</password>"},
			{"<az09_-.AZpassword>hunter2", "<az09_-.AZpassword>***"},
			{"<" + strings.Repeat("k", 56) + "password>hunter2", "<" + strings.Repeat("k", 56) + "password>***"},
			{"password=hunter2.", "password=***."},
			{"(password=hunter2)", "(password=***)"},
			{`unterminated password="hunter2 and more` + "\nnext", `unterminated password="***` + "\nnext"},
			{"secret=жаба", "secret=***"},
			{"at the end password=hun,ter2", "at the end password=***"},
			{`at the end password="hunter2`, `at the end password="***`},
			{"after none: pwd=,token=hunter2", "after none: pwd=,token=***"},
			{"pwd=hun,=ter2", "pwd=***"},
			{"config::token=hunter2", "config::token=***"},
			{"pwd=hun," + strings.Repeat("k", 64) + "=1", "pwd=***," + strings.Repeat("k", 64) + "=1"},
			{"pwd=hun," + strings.Repeat("k", 65) + "=1", "pwd=***"},
		},
		"private keys": {
			{"x -----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc\n-----END RSA PRIVATE KEY----- y", "x -----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY----- y"},
			{"-----BEGIN PRIVATE KEY-----\nMIIE", "-----BEGIN PRIVATE KEY-----***"},
			{
				"-----BEGIN PRIVATE KEY-----a-----END PRIVATE KEY-----, -----BEGIN EC PRIVATE KEY-----b-----END",
				"-----BEGIN PRIVATE KEY-----***-----END PRIVATE KEY-----, -----BEGIN EC PRIVATE KEY-----***-----END",
			},
			{"PRIVATE KEY-----BEGIN PRIVATE KEY-----MIIE", "PRIVATE KEY-----BEGIN PRIVATE KEY-----***"},
			{
				"BEGIN a kind of 26 characters - PRIVATE KEY-----MIIE",
				"BEGIN a kind of 26 characters - PRIVATE KEY-----***",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range cases {
				assert.Equal(t, c[1], redact.Text(c[0]))
				assert.Equal(t, c[1], redact.Text(c[1]), "what is redacted stays as it is")
			}
		})
	}
}

func TestTextKeepsWhatIsNoSecret(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"",
		"open /etc/x: no such file or directory",
		"dial tcp 10.0.0.1:5432: connect: connection refused",
		`Get "http://localhost:8080/a/b@c?x=a@b.c": EOF`,
		"https://medium.com/@user/post and mailto:bob@example.org, bob@example.org",
		"git@github.com:org/repo.git",
		"http://[::1]:80/x@y",
		"/root/go/pkg/mod/github.com/foo/bar@v1.2.3/file.go:123 +0x1d",
		`C:/Users/x/go/pkg/mod/github.com/foo/bar@v1.2.3/file.go:12`,
		"pulling registry:5000/app:1.2@sha256:0123abcd",
		"unexpected token: }",
		"Unexpected token: EOF",
		`pq: password authentication failed for user "bob"`,
		`secrets "db" not found`,
		"token bucket is empty, tokens=5, max_tokens: 4096, token_count=7",
		"bearer token missing; the Bearer authentication scheme is required",
		`WWW-Authenticate: Bearer realm="x", error="invalid_token"`,
		"basic auth failed: basic usage, Basic Authentication",
		"PWD=/home/bob",
		`{"token":null,"password":""}`,
		"password=",
		"{Password:<nil> Token:nil}", "secret: <unset>",
		"Bearer ", "basic", "bearer",
		"std::token::parse",
		"http: named cookie not present; cookie: not found",
		"auth: permission denied",
		"bypass=true compass=north",
		"port 70000: invalid port number",
		"run --token-bucket 5 -v --password -v --token",
		"a - b -- c --- d -----",
		"http://h:1239/x@y, http://h:/x@y, http://[fe80::1%eth0]/x@y",
		"https://0123456789012345678@h/ ftp://0123456789012345678901234@h/",
		"bob@x.org,http://h:1/", "see http://h/x@tcp(y) there",
		`C:\go\mod\bar@v1.2.3\x.go`, "pulling registry:5000/app@v2/db", "app:1.2@sha512:01",
		"a:b@ :x@y.z bob@x:80 a:b@*x f():T@main",
		"xbearer abcdef forbearer abcdef nonbasic dXNlcjpwYXNz bearerabcdef basicABC1",
		"basic Ab1 basic Abcd",
		"BEGIN a kind of 27 characters -- PRIVATE KEY----- too far away",
		`token=\`, "invalid port ", `invalid port "`,
		"-----BEGIN PRIVATE KEY----------END PRIVATE KEY----- is empty",
		"file:///a:b@c", "token://", "http://@h:x/y@z", "Pwd={};Uid=sa", "token:[] x",
		`{"token":{"limit":5}}`, "enter a password:.",
		"no PRIVATE KEY----- here -----END", "Authorization: Digest\nHost: x",
		"secret://vault/path token:", "OLDPWD=/home/bob PWD=",
		"COMPASS=north encompass=x",
		"goroutine 1 [running]:\nmain.token(0x1)\n\t/src/token.go:12 +0x1d",
	} {
		assert.Equal(t, text, redact.Text(text))
	}
}

func TestTextMasksWhatTheStandardLibraryWrites(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t/p@ss"
	dsn := fmt.Sprintf("postgres://user:%s@db:5432/x", secret)
	_, parseErr := url.Parse(dsn)
	require.Error(t, parseErr)
	config := struct{ User, Password string }{"bob", secret}
	text, err := json.Marshal(config)
	require.NoError(t, err)
	for _, s := range []string{
		parseErr.Error(), string(text), fmt.Sprintf("%+v", config), fmt.Sprintf("%#v", config),
		fmt.Sprintf("%q", text), fmt.Sprintf("%q", fmt.Sprintf("%q", text)),
		fmt.Sprintf("%v", map[string]string{"password": secret}),
		(&url.URL{Scheme: "http", User: url.UserPassword("u", secret), Host: "h"}).String(),
		url.Values{"token": {secret}}.Encode(),
	} {
		redacted := redact.Text(s)
		assert.NotContains(t, redacted, "s3cr3t", "of %s", s)
		assert.NotContains(t, redacted, "p@ss", "of %s", s)
		assert.NotContains(t, redacted, "p%40ss", "of %s", s)
	}
}

func TestTextIsLinear(t *testing.T) {
	t.Parallel()
	const size = 1 << 19
	for _, unit := range []string{
		"a://", "a:", "@", "a@", ":@", "token=[", "token={", `token="`, `token=\"`, `"`, `\`, "password", "=", " ", " =", " --", "-", " -", "--password ", "--password --", `"--token" `,
		"authorization: ", "cookie: ", "cookie: a=", "authorization: digest ", "bearer ", "basic ", "PRIVATE KEY-----", "BEGIN PRIVATE KEY-----",
		"<token>", ">", "a,", "token=a,", "&", `invalid port "`, `token=\`, "]", "token:", "http://a:b/", "\x00", "é",
		"%3D", "token%3D", "&quot;", "token:&quot;", "token:&quot;&quot;", "token=[]", "token=[\n", "<a ", "value: ", "name: token value: ", "token: |\n ", "token: |\n  x\n", "password ", "identified by '", "auth plain ",
		"4242 ", "4242 4242 4242 4242 ", "ghp_", "sk-", "eyJ", "SK", "api.telegram.org/bot", " -u a:b", "mysql -p", "access key: ", "key key ", "token: a ", "BEGIN PRIVATE",
		"redis://a:b ", "redis://a:b\"", "redis://:", "@tcp(", "a:\"@tcp(", "a \"@b/", "a/b@c:1521 ", "password=a ", "password=a;", "password=<a", "password=a\"b",
		"%3A%2F%2Fa%3Ab", "token%22%3A%22", `token\u0022:\u0022`, "<token><![CDATA[", "hooks/", "hooks.slack.com/", "hooks.slack.com/a/", "hc-ping.com/", "4242424242424242", "AKIA",
		"NRAL", "12345678:AA", "T3BlbkFJ", "Maaaaaaaaaaaaaaaaaaaaaaaaa.", "xoxd-%", "$2a$,", "s.", "Private-Lines:", "Private-Lines:\n", "?key=", "pin:", "token=${", "token={{",
		"curl -ua:", "docker login -pa ", `"-p",`, "-p\n- ", "пароль=", "secret value: ", `name="token" value="`, "token is ", "key '", "BEGIN PRIVATE KEY ----", "password ([", `"token":` + "\n",
		"a://b:c\n@", "a:b\n@", "\n", "@\n", "a/b\"c@d:1521 ", "token:\n ", `token:\n `, `token:\n`, "token: >-\n x\n", `token: |\n  x\n`, "token:{a ", "token:{", "{token::a ", "{token::", `token:{"value":`, "mysql -p\"",
		"mysqli_connect('a', ", "mysqli_connect('", "password('", "<token> ", "<token a> ", "token=\"\"a", `""token"":""a`, `["token"]=>`, "['token'", "%5Dtoken%5D=", "token=string(7) \"", "token is: a1 ", "(token)=(", "(token)=(a) ", "(token)=(1", "user_a=", `"a":1,"value":`,
		"%25", "token%253D", "token&#61;", `token\u003d`, `"token","a1b2c3`, `"token":["a",`, "token:[]string{\"a", "token->", "token -> \"", `token="a" -> "b" -> `, "?code=", "token is:", "token provided: a",
		"values", "(token)values(", "(token) values ('", "(token)values('a'),", "echo ", "echo '", "a1 LOGIN ", "a1 LOGIN a '", "set a_token ", "set a_token '", "a:5432:", "a:5432:b:c:", "*:*:", "password is not a valid token ", "PASS ", "USER a\nPASS ",
		"kind: Secret\n data:\n", "kind: Secret\ndata:\n a: ", `"kind":"Secret""data":{`, `"kind":"Secret""data":{"a":"`, `"kind":"Secret""data":map["a":"`, `\"kind\":\"Secret\"\"data\":{\"a\":\"`, "kind:Secret data:", "login a password ", "reset-password/", "vault login ", `"vault","login","a1`, `"vault" "login" `, `"set","a_token",`, "token a1b2c3d4 is ", "&lt;token&gt;", `\u003ctoken\u003e`, "create secret --from-literal=", "curl -b '", "api key a1",
	} {
		text := strings.Repeat(unit, size/len(unit))
		assert.LessOrEqual(t, len(redact.Text(text)), 3*size, "%q", unit) // in quadratic time it would take hours
	}
}

func FuzzText(f *testing.F) {
	for _, s := range []string{
		"postgres://u:p@h/d", "redis://:p q@h ", "u:p@tcp(h)/d", "u:p q@tcp(h)/d", "u:p\"q@h/d", "u/p@h:1521/d", "Password=a b;c=d", "password=<x>", `{"password":"x"}`, "token=a&b=c", "Bearer abc", "--token x",
		`{\"token\":\"x\"}`, "token:'a b'@host", "-----BEGIN PRIVATE KEY-----x", "Cookie: a=b", "<token>x</token>",
	} {
		f.Add(s)
	}
	f.Add("://a:" + strings.Repeat("s", 140)) // longer than a password
	for _, s := range []string{
		"%3Ftoken%3Dx%26", "&quot;token&quot;:&quot;x&quot;", "<a:Password b=c>x</a>", "name: TOKEN\nvalue: x", "token: |\n  x\n  y\nz",
		"password x12345 y", "identified by 'x y'", "auth plain QUI=", "4242 4242 4242 4242", "ghp_0123456789abcdefghij", "curl -u a:b",
		"mysql -px", "Authorization: A b1234567", "token: x y", "token: not x", "secret access key: x", "BEGIN%20PRIVATE%20KEY-----x",
		"Q:@(\x1b@(" + strings.Repeat("\x1b&@(", 12), "api.telegram.org/bot1:x/y", "eyJ0123456789abcdefghijklmnopqrstuvw", "session=a1", "--token is", "arn:a:secret:x",
		"p%3A%2F%2Fu%3Ax%40h", "%22token%22%3A%22x%22", `{\u0022token\u0022:\u0022x\u0022}`, "<t:token><![CDATA[x]]>", "https://h/hooks/a1b2c3d4e5f6a7b8c9", "378282246310005",
		"AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMIbK7MDENGbbPxRfiCYEXAMPLEKEY", "12345678:AAaB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0dF3", "Private-Lines: 1\nx\nPrivate-MAC: y",
		"u://a:b\n@h", "a:b\r\n@tcp(h)/d", "a:b c\n@(h)/d", "a/b\"c@h:1521", "a/b/c\n@h:1521/d", "token:\n  x1\ny", `token:\n  x1\ny`, "token: >-\n  x\n  y", `token: |2\n  x\ny`, "{Token::x", "Token:{x y",
		`{"token":{"value":"x"}}`, "{Token:{String:x", "mysql -p'x y' z", "cookie: a=\"b; c\" d", "token=*…", `["-p","x"] mysql`, "args:\n- --token\n- x", "password: ${X} {{ y }} $(z)", "IDENTIFIED WITH a BY 'x'", "sqlplus a/b@c", "xxxxx [REDACTED]",
		"a['token'] = 'x'", `"token"":""x"",`, "setPassword('x')", "PDO->__construct('a', 'b', 'x')", "[\"token\"]=>\n string(1) \"x\"", "<token> <b>", "a%5Btoken%5D=x", "x -u a -p b12345", "the token is: x12345",
		`{"name":"TOKEN","a":1,"value":"x"}`, `PlainLoginModule user_a="x"`, "USER a\nPASS x12345", "Key (token)=(x) exists", "bearer a=b", "key Abcdefgh01234567ij==",
		"vault login a1" + strings.Repeat("é", 99), "token -> a1" + strings.Repeat("é", 99), strings.Repeat("é", 99) + "a1 is not a valid token",
		"token%253Dx%2526", "token&#61;x", `["token","x12345"]`, `token:[]string{"x","y"}`, "token -> x12345", `token="x" -> "y"`, "?code=4/a1b2c3d4e5f6a7b8c9d0e1", "key provided: x12345", "(a, token) values ('b', 'x'), (1, 'y''z')", "echo x | sudo -S",
		"a1 LOGIN b x", "vault login x12345", "set a_token 'x y'", "db:5432:a:b:x", "'x12345678' is not a valid token", "USER a\nPASS x", "data:\n a: x\nkind: Secret\n", `"data":{"a":"x"},"kind":"Secret"`, `map["data":map["a":"x"] "kind":"Secret"]`, `\"data\":{\"a\":\"x\"},\"kind\":\"Secret\"`, "machine a login b password x",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := redact.Text(text)
		require.Equal(t, once, redact.Text(once), "it changes what is redacted: %q", text)
		require.LessOrEqual(t, len(once), 3*len(text))
		if utf8.ValidString(text) {
			require.True(t, utf8.ValidString(once))
		}
		// A pair on a line of its own is found, whatever the other lines are.
		if !strings.Contains(text, "PRIVATE KEY") {
			require.NotContains(t, redact.Text(text+"\npassword=hunter2hunter2\n"), "hunter2hunter2")
		}
	})
}

func TestTextMayEndAnywhereInALongPassword(t *testing.T) {
	t.Parallel()
	text := "postgres://user:" + strings.Repeat("y", 300) + " and@db"
	for i := range len(text) {
		redact.Text(text[:i])
	}
}
