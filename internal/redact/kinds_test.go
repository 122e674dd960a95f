package redact_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/redact"
)

func TestTextMasksSecretsOfEachKind(t *testing.T) {
	t.Parallel()
	for name, cases := range map[string][][2]string{
		"tokens known by how they begin": {
			{"denied for ghp_0123456789abcdefghij.", "denied for ghp_***."},
			{"key sk-proj-abc_def-0123456789abcdef is wrong", "key sk-*** is wrong"},
			{"?x=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmN failed", "?x=eyJ*** failed"},
			{"hash $2y$10$GJ/juNvyraROActwtWSWxOhVba75sGCKemH6jvt7hK.wUNuNrvEqO, 5", "hash $2y$***, 5"},
			{"hooks.slack.com/services/T0/B0/abc: 404", "hooks.slack.com/services/***: 404"},
			{"https://api.telegram.org/bot12:ab-c/getMe", "https://api.telegram.org/bot***"},
		},
		"headers with schemes of their own": {
			{"Authorization: SSWS 00FZ8wJ6m rejected", "Authorization: SSWS *** rejected"},
			{"authorization: AWS AKIA1:frJ+/8=", "authorization: AWS ***"},
			{"https://x-access-token:hunter@h/a, https://token:hunter", "https://x-access-token:***@h/a, https://token:***"},
		},
		"tokens in place of a user, and under keys of APIs": {
			{`Get "https://Zq7Xk2Vb9Lm4Tr8WpN3y:***@h.freshdesk.com/api": EOF`, `Get "https://***@h.freshdesk.com/api": EOF`},
			{"https://Zq7Xk2Vb9Lm4Tr8WpN3y:x-oauth-basic@github.com/x and http://Zq7Xk2Vb9Lm4Tr8WpN3y:@h:80/", "https://***@github.com/x and http://***@h:80/"},
			{"https://deployment-service-account:hunter2@h/", "https://deployment-service-account:***@h/"},
			{"GET /x?user_key=Zq7Xk2Vb9Lm4Tr8WpN3y&serviceKey=8WpN3yZq7Xk2Vb9Lm4Tr&user_key=bob", "GET /x?user_key=***&serviceKey=***&user_key=bob"},
			{"nats://hunter@h:4222, nats://bob:hunter2@h", "nats://***@h:4222, nats://bob:***@h"},
			{"curl -u Zq7Xk2Vb9Lm4Tr8WpN3y: https://h/: exit status 22", "curl -u ***: https://h/: exit status 22"},
			{"curl --user Zq7Xk2Vb9Lm4Tr8WpN3y:X https://h/", "curl --user *** https://h/"},
		},
		"escaped once more": {
			{"?next=%2Fcb%3Ftoken%3Dhunter2%26n%3D1 x", "?next=%2Fcb%3Ftoken%3D***%26n%3D1 x"},
			{"?next=%2fcb%3fsig%3dhunter2&a=b", "?next=%2fcb%3fsig%3d***&a=b"},
			{"{&quot;password&quot;:&quot;hunter2&quot;,&quot;a&quot;:1}", "{&quot;password&quot;:&quot;***&quot;,&quot;a&quot;:1}"},
			{"password%3Dhunter2", "password%3D***"},
			{"-----BEGIN%20EC%20PRIVATE%20KEY-----%0AMII-----END%20EC", "-----BEGIN%20EC%20PRIVATE%20KEY-----***-----END%20EC"},
			{"-----BEGIN+PRIVATE+KEY-----MII", "-----BEGIN+PRIVATE+KEY-----***"},
			{"-----BEGIN PGP PRIVATE KEY BLOCK-----\nlQO\n-----END PGP PRIVATE KEY BLOCK-----: x", "-----BEGIN PGP PRIVATE KEY BLOCK-----***-----END PGP PRIVATE KEY BLOCK-----: x"},
		},
		"command lines": {
			{"curl -sf -u admin:hunter2 https://h/", "curl -sf -u admin:*** https://h/"},
			{"curl --proxy-user a:hunter2", "curl --proxy-user a:***"},
			{"mysqldump -uroot -phunter2 shop", "mysqldump -uroot -p*** shop"},
			{"redis-cli -h cache -a hunter2 PING", "redis-cli -h cache -a *** PING"},
			{"security unlock-keychain -p hunter2 x; dotnet nuget push a -k hunter2", "security unlock-keychain -p *** x; dotnet nuget push a -k ***"},
			{"['mysql', '--password', 'hunter2', 'shop']", "['mysql', '--password', '***', 'shop']"},
		},
		"names and values apart": {
			{"[{Name:DB_PASSWORD Value:hunter2 X:nil} {Name:PORT Value:80}]", "[{Name:DB_PASSWORD Value:*** X:nil} {Name:PORT Value:80}]"},
			{"- name: DB_PASSWORD\n  value: hunter2\n- name: PORT\n  value: 80", "- name: DB_PASSWORD\n  value: ***\n- name: PORT\n  value: 80"},
			{`{"name":"API_TOKEN","value":"hunter2"}`, `{"name":"API_TOKEN","value":"***"}`},
			{"password: |\n  hunter2\n  more\nport: 1", "password: |\n  ***\nport: 1"},
			{`<w:Password Type="x#y">hunter2</w:Password>`, `<w:Password Type="x#y">***</w:Password>`},
		},
		"over several lines": {
			{"dial redis://:hunter2\n@h:6379/0", "dial redis://:***@h:6379/0"},
			{"dial redis://:p@ssword2\r\n@h:6379/0", "dial redis://:***@h:6379/0"},
			{"open u:hunter2\n@tcp(db)/x and u:hunter2\n@db:5432", "open u:***@tcp(db)/x and u:***@db:5432"},
			{"a:\n  password:\n    hunter\n  x: y", "a:\n  password:\n    ***\n  x: y"},
			{"  - DB_PASSWORD=\n      hunter\n  - X=y", "  - DB_PASSWORD=\n      ***\n  - X=y"},
			{"password:\nhunter2\nuser:\nbob", "password:\n***\nuser:\nbob"},
			{"password:\n  'two words'\nx", "password:\n  '***'\nx"},
			{"password: >2-\n  two\n  words\nx: y", "password: >2-\n  ***\nx: y"},
		},
		"structs and objects": {
			{"insert [{user bob} {password hunter2} {api_token Zq7Xk2Vb9Lm4Tr8WpN3y}]: EOF", "insert [{user bob} {password ***} {api_token ***}]: EOF"},
			{"&{User:bob Password::hunter2 Host:db}", "&{User:bob Password:*** Host:db}"},
			{"map[password:{hunter2 user:bob]", "map[password:*** user:bob]"},
			{"{Password:{String:hunter2 Valid:true}}", "{Password:{String:*** Valid:true}}"},
			{`{"password": {"value": "hunter2", "n": 1}}`, `{"password": {"value": "***", "n": 1}}`},
		},
		"indexes, calls and dumps": {
			{`config['password'] = 'hunter2'; user%5Bpassword%5D=hunter2&x=1`, `config['password'] = '***'; user%5Bpassword%5D=***&x=1`},
			{"Key (token)=(hunter2) already exists", "Key (token)=(***) already exists"},
			{`a.setPassword("hunter2").go("x")`, `a.setPassword("***").go("x")`},
			{"#0 a.php(1): PDO->__construct('mysql:...', 'bob', 'hunter2', Array)", "#0 a.php(1): PDO->__construct('mysql:...', 'bob', '***', Array)"},
			{`"a ""password"":""hunter2"",""n"":1"`, `"a ""password"":""***"",""n"":1"`},
			{`[{"name":"DB_PASSWORD","slot":false,"value":"hunter2"}]`, `[{"name":"DB_PASSWORD","slot":false,"value":"***"}]`},
		},
		"keys of several words or languages": {
			{"Secret Access Key: hunter2", "Secret Access Key: ***"},
			{"API key=hunter2", "API key=***"},
			{"Passwort=hunter2 DBPASS=hunter2", "Passwort=*** DBPASS=***"},
			{"Mot de passe : hunter2, 密码：hunter2, contraseña: hunter2", "Mot de passe : ***, 密码：***, contraseña: ***"},
			{"PAY_KEY=0123456789abcdefg PAY_PUBLIC_KEY=0123456789abcdefh", "PAY_KEY=*** PAY_PUBLIC_KEY=0123456789abcdefh"},
			{"'a.Token' expected type 'int', got unconvertible type 'string', value: 'hunter'", "'a.Token' expected type 'int', got unconvertible type 'string', value: '***'"},
			{`BasicAuth: hunter2, routing_key="0123456789abcdef0123456789abcdef", wrong api_key "hunter22"`, `BasicAuth: ***, routing_key="***", wrong api_key "***"`},
			{"X-Auth-Key: hunter2, otp=123456 session=hunter2", "X-Auth-Key: ***, otp=*** session=***"},
			{"?Expires=1&Signature=abc~d&Key-Pair-Id=K2", "?Expires=1&Signature=***&Key-Pair-Id=K2"},
		},
		"keys without a separator": {
			{"machine h login bob password hunter2", "machine h login bob password ***"},
			{"CREATE USER a IDENTIFIED BY 'hunter two' x", "CREATE USER a IDENTIFIED BY '***' x"},
			{`+ mysqldump '--password=it'\''shunter2' shop`, `+ mysqldump '--password=***' shop`},
			{`+ run --password 'it'"'"'s hunter2' -v`, `+ run --password '***' -v`},
			{`DB_PASSWORD='it'\''s hunter2' run`, `DB_PASSWORD='***' run`},
			{"CREATE USER a IDENTIFIED BY 'it''s hunter2' x", "CREATE USER a IDENTIFIED BY '***' x"},
			{"ALTER USER a PASSWORD 'hunter2''' x", "ALTER USER a PASSWORD '***' x"},
			{"password: 'it''s hunter2'\nuser: bob", "password: '***'\nuser: bob"},
			{"password = '''hunter2''' # TOML", "password = '***' # TOML"},
			{`f(password="""hunter2""", user="")`, `f(password="***", user="")`},
			{"ALTER USER a IDENTIFIED BY hunter2 REPLACE hunter1", "ALTER USER a IDENTIFIED BY *** REPLACE ***"},
			{`login with password "hunter2" failed`, `login with password "***" failed`},
			{"invalid token abc123def456ghi7, key abc123def456ghi7", "invalid token ***, key ***"},
			{"sent AUTH PLAIN AGFsaWNlAA==, got 535", "sent AUTH PLAIN ***, got 535"},
			{"card 4242 4242 4242 4242 was declined, 4242-4242-4242-4242.", "card *** was declined, ***."},
		},
		"arguments by their position": {
			{"rabbitmqctl -n r@h add_user", "rabbitmqctl -n r@h add_user"},
			{"rabbitmqctl add_user bob hunter: exit 1", "rabbitmqctl add_user bob ***: exit 1"},
			{"htpasswd -b -B /etc/f bob 'two words': exit 1", "htpasswd -b -B /etc/f bob '***': exit 1"},
			{"[vault login hunter2]: exit status 2", "[vault login ***]: exit status 2"},
			{"aws configure set aws_secret_access_key hunter --profile x", "aws configure set aws_secret_access_key *** --profile x"},
			{"git config --global http.password hunter", "git config --global http.password ***"},
			{"a1 LOGIN bob \"hunter two\"\r\n", "a1 LOGIN bob \"***\"\r\n"},
			{"ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'hunter2' ", "ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' *** "},
			{"ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `hunter2`, ", "ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, ***, "},
			{"ERR unknown command `auth`, with args beginning with: `hunter`, \nx", "ERR unknown command `auth`, with args beginning with: ***, \nx"},
			{"hello 3 auth default hunter setname x: ERR", "hello 3 auth default *** setname x: ERR"},
			{"auth default hunter2: WRONGPASS invalid", "auth default ***: WRONGPASS invalid"},
			{"{Name:/shop/db Type:SecureString Value:hunter2}", "{Name:/shop/db Type:SecureString Value:***}"},
			{"{\n  Name: \"/shop/db\",\n  Type: \"SecureString\",\n  Value: \"hunter2\"\n}", "{\n  Name: \"/shop/db\",\n  Type: \"SecureString\",\n  Value: \"***\"\n}"},
			{`{"Name":"/shop/db","Type":"SecureString","Value":"hunter2"}`, `{"Name":"/shop/db","Type":"SecureString","Value":"***"}`},
			{"CONFIG SET requirepass hunter2, AUTH bob hunter2", "CONFIG SET requirepass ***, AUTH bob ***"},
			{"echo hunter | sudo -S ls; echo bob:hunter | chpasswd", "echo *** | sudo -S ls; echo bob:*** | chpasswd"},
			{`["vault", "login", "hunter2"] ["htpasswd","-b","f","u","hunter"]`, `["vault", "login", "***"] ["htpasswd","-b","f","u","***"]`},
			{`["aws","configure","set","aws_secret_access_key","hunter"]`, `["aws","configure","set","aws_secret_access_key","***"]`},
			{"kubectl create secret generic x --from-literal=a=hunter -n y", "kubectl create secret generic x --from-literal=a=*** -n y"},
			{"curl -b 'sid=hunter' h", "curl -b 'sid=***' h"},
			{"requirepass hunter2\nmaxmemory 1", "requirepass ***\nmaxmemory 1"},
			{`["config","a.password","hunter"] git config http.password hunter2`, `["config","a.password","***"] git config http.password ***`},
			{"lftp -u bob,hunter2 h", "lftp -u bob,*** h"},
		},
		"lists and changes": {
			{`http.Header{"X-Api-Key":[]string{"hunter", "two"}, "A":[]string{"b"}}`, `http.Header{"X-Api-Key":[]string{"***", "***"}, "A":[]string{"b"}}`},
			{`{"tokens":["abc12345","x"]}`, `{"tokens":["***","x"]}`},
			{`password = "hunter" -> "hunters"`, `password = "***" -> "***"`},
		},
		"statements": {
			{"SET PASSWORD FOR a = PASSWORD('hunter')", "SET PASSWORD FOR a = PASSWORD('***')"},
			{"SET PASSWORD FOR 'a'@'%' = 'hunter' x", "SET PASSWORD FOR 'a'@'%' = '***' x"},
			{"set password for 'a'@'%' = 'hunter'; pragma key = 'hunter'", "set password for 'a'@'%' = '***'; pragma key = '***'"},
			{`INSERT INTO "u" ("a","password") VALUES ('b,c','hun''ter'),(1, 'hunter') RETURNING "id"`, `INSERT INTO "u" ("a","password") VALUES ('b,c','***'),(1, '***') RETURNING "id"`},
		},
		"Kubernetes": {
			{"data:\n  a: eHg=\n  b: eQ==\nkind: Secret\nmetadata:\n  name: x", "data:\n  a: ***\n  b: ***\nkind: Secret\nmetadata:\n  name: x"},
			{`{"data":{"a":"eHg="},"kind":"Secret","type":"Opaque"}`, `{"data":{"a":"***"},"kind":"Secret","type":"Opaque"}`},
			{`x: "{\"data\":{\"a\": \"eHg=\"},\"kind\": \"Secret\",\"type\":\"b\"}"`, `x: "{\"data\":{\"a\": \"***\"},\"kind\": \"Secret\",\"type\":\"b\"}"`},
			{`&{map["data":map["a":"eHg=" "b":"eQ=="] "kind":"Secret" "type":"b"]}`, `&{map["data":map["a":"***" "b":"***"] "kind":"Secret" "type":"b"]}`},
		},
		"passwords of commands": {
			{"mysqldump -u root -pRootPass1 orders", "mysqldump -u root -p*** orders"},
			{"mysql -uroot -psecret123: exit status 1", "mysql -uroot -p***: exit status 1"},
			{"sshpass -pshop_pw ssh h", "sshpass -p*** ssh h"},
			{`["mysqldump","-uroot","-pMyPass","shop"]`, `["mysqldump","-uroot","-p***","shop"]`},
			{"sqlcmd -S db -U sa -PHunter,2 -Q x", "sqlcmd -S db -U sa -P*** -Q x"},
			{"bcp t in f -Usa -Phunter", "bcp t in f -Usa -P***"},
			{"mysql -P3306 -uroot", "mysql -P3306 -uroot"},
			{"mysql -password hunter shop", "mysql -password *** shop"},
			{"curl -u admin:12345678 https://x", "curl -u admin:*** https://x"},
			{"etcdctl --user root:1234 get a", "etcdctl --user root:*** get a"},
			{"curl -su bob:hunter https://x", "curl -su bob:*** https://x"},
			{`curl -fsSLu "bob:hunter" https://x`, `curl -fsSLu "bob:***" https://x`},
			{`["curl","-su","bob:hunter","https://x"]`, `["curl","-su","bob:***","https://x"]`},
			{"etcdctl --user=root:hunter get a", "etcdctl --user=root:*** get a"},
			{"docker run --user=app:1000 -u 1000:1000 curl", "docker run --user=app:1000 -u 1000:1000 curl"},
		},
		"rows in double quotes": {
			{"INSERT INTO `users` (`name`,`password`) VALUES (\"bob\",\"hunter, \"\"2\")", "INSERT INTO `users` (`name`,`password`) VALUES (\"bob\",\"***\")"},
		},
		"secret IDs": {
			{`{"role_id":"a","secret_id":"0a1b2c3d-0123-4567-89ab-0123456789ab"}`, `{"role_id":"a","secret_id":"***"}`},
			{`VAULT_SECRET_ID=0a1b2c3d-0123-4567-89ab-0123456789ab vault`, `VAULT_SECRET_ID=*** vault`},
			{`ACLToken{AccessorID:"b", SecretID:"0a1b2c3d-0123-4567-89ab-0123456789ab"}`, `ACLToken{AccessorID:"b", SecretID:"***"}`},
			{`{"SecretId":"prod/db","SecretID":"0a1b"}`, `{"SecretId":"prod/db","SecretID":"0a1b"}`},
		},
		"fields of Kubernetes": {
			{`spec.db.password: Invalid value: "hunter": too short, spec.n: Invalid value: "b"`, `spec.db.password: Invalid value: "***": too short, spec.n: Invalid value: "b"`},
			{`data[password]: Invalid value: "hunter": must be longer`, `data[password]: Invalid value: "***": must be longer`},
			{`{"message":"spec.tokens[0].token: Duplicate value: \"hunter\""}`, `{"message":"spec.tokens[0].token: Duplicate value: \"***\""}`},
			{`spec.apiKey: Unsupported value: "hunter": supported values: "a", "b"`, `spec.apiKey: Unsupported value: "***": supported values: "a", "b"`},
			{`spec.token: Invalid value: 4711: must be a string`, `spec.token: Invalid value: ***: must be a string`},
			{`spec.secretName: Invalid value: "My_Name": a name`, `spec.secretName: Invalid value: "My_Name": a name`},
		},
		"answers and dialogues": {
			{`the password is "hunter2abc", the token is 'hunter2abc'.`, `the password is "***", the token is '***'.`},
			{`the token is "expired", password is 'empty'`, `the token is "expired", password is 'empty'`},
			{"Incorrect API key provided: hunter22****. See", "Incorrect API key provided: ***. See"},
			{"API key hunter22 is not valid", "API key *** is not valid"},
			{"> USER bob\n> PASS hunter\n", "> USER bob\n> PASS ***\n"},
			{"-> PASS hunter", "-> PASS ***"},
			{`token "hunter22" is invalid, token 'hunter22' expired`, `token "***" is invalid, token '***' expired`},
			{`\u003cpassword\u003ehunter\u003c/password\u003e &lt;token&gt;hunter&lt;`, `\u003cpassword\u003e***\u003c/password\u003e &lt;token&gt;***&lt;`},
			{"?code=4/0Abc-def_ghi.jkl1mno&state=x", "?code=***&state=x"},
			{"jwt=hunter otp: 123456 cvv=123", "jwt=*** otp: *** cvv=***"},
			{"/reset-password/0123456789abcdef: 404", "/reset-password/***: 404"},
			{"password%253Dhunter%2526a=b password&#61;hunter", "password%253D***%2526a=b password&#61;***"},
		},
		"in what looks like a sentence": {
			{"password: hunter2 was rejected", "password: *** was rejected"},
			{"password: swordfish", "password: ***"},
			{"passphrase: correct horse", "passphrase: *** horse"},
			{`{"password":"correct horse battery staple"}`, `{"password":"***"}`},
			{"Password: hunter, Host: db", "Password: ***, Host: db"},
			{"token: 400abc Bad", "token: *** Bad"},
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

func TestTextKeepsSentences(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`Post "https://h/token": dial tcp 10.0.0.1:443: i/o timeout`, "cannot fetch token: 400 Bad Request", "token: EOF",
		"cannot fetch token: oauth2: server response missing access_token", "token: rpc error: code = 5", "token: signature is invalid",
		"open /run/secrets/token: no such file or directory", "passwd: Authentication token manipulation error",
		"read secret: unexpected end of JSON input", "secret: json: cannot unmarshal", `token: Get "https://h/": EOF`,
		"ExpiredToken: The security token is expired", "(using password: YES)", `github: "token": required field is not set`,
		"arn:aws:secretsmanager:us-east-1:1:secret:shop/db-Sa3w0p denied", `{"password":["This password is too short."]}`,
		`{"token":"must not be empty here"}`, "argument --password: expected one argument", "error: --token is required",
		`Bearer authorization_uri="https://h/", error="invalid_token"`, "the server requires Basic HTTP authentication",
		"secret: 404 page not found", `secret: secrets "db-creds" not found`, "token: i/o timeout", "passwd: user 'x' does not exist",
		"secret shop-db-7f9c6b5d8 not found", `secret "db-7f9c" not found`, "key sha256 token utf8",
		"sig=11 auth=ldap session=3", "# PASS:  11\n# FAIL:  1", "docker run -u 1000:1000 -p 8080:80", "tar -a x", "mysql -p -u root",
		"sk-learn-something-about-neural-networks", "SK", "ghp_short", "id 1234 5678 9012 3456", "password authentication failed",
		"the password expired", "forgot password again", "primary key: 5", "a <b>bold</b> word", "x->token > 5", "50%3D",
		"password:\nis too short", "password:\n  is too short", "read token:\n\tgoroutine 1 [running]:", "token:\n\t/src/token.go:12", "token:\nmain.go:12",
		"token:\nmissing", "token:\n  EOF", "password:\n  user: bob", "password:\n- name: x2", "password:\n---", "PASSWORD=\nUSER2=bob", "secret:\n  https://h/x1", "token:\n  {",
		"name:foo\n@Override", "line 1\n@bob2 said", "http://h:80/x\n@y:1", "f Token::new: x", "{Token:{Limit:5}}", "token: {limit: 5}", "Authorization: {token}",
		"pull library/nginx@sha256:01234567", "go/pkg/mod/x@v1.2.3/file.go:1234", "mysql -p -u root", "{x::y}", "if not token:\n    return", "except InvalidToken:\n    raise", "for t in token:\n  use(t)", `"api-token": {3, "x"}`, "Authorization: {token!r}",
		`os.environ["TOKEN"]: KeyError`, "usage: a <user> <password> <host>", `get_password("db") failed`, "undefined method password= for nil", "PublicKeyToken=30ad4fe6b2a6aeed",
		"https://h/v2.0/token: 400", "next_page_token: a1b2 nextToken=c3", "cannot parse token: token contains x", "token_type=bearer expires_in=60", "{TokenType:Bearer Expiry:2024}", "http://token:8080/x", "routing_key=orders.created", `{"private_key": "/etc/tls/tls.key"}`, "encryption_key: arn:aws:kms:eu-west-1:1:key/0a1b", "lock_token=33",
		"idempotency key 3f2c1d0e-7a6b-4c5d-9e8f-0a1b2c3d4e5f was used", "get credentials: %w", `fetch token: pod "web-5bcd4c7d64-kn9kk" not found`, "X_CREDENTIALS=/etc/x/key.json", "CACHE_KEY=user", "'a.port' expected type 'int', got unconvertible type 'string', value: 'x'",
		"journalctl -u nginx -p err", "python3 -u a.py -p c.yaml", "run -u node -p 127.0.0.1:80:80",
		"usage: mc alias set ALIAS URL ACCESSKEY SECRETKEY", "a1 NO LOGIN failed: x1 y2", "set password for bob again", "set api_key to x", "set auth_token cookie", "10.0.0.1:9092:topic:part:offset", "a1 LOGIN attempt from h", "csrf=missing auth_code: 42", "jwt: ES256 not supported", "SET password=:password",
		"kind: Secret\n---\nkind: ConfigMap\ndata:\n  a: b", "SET password = $1", "export A_TOKEN=$B_TOKEN", `["login", "name"]`, `\u003ctoken\u003e`, "token x12 is invalid", "curl -b jar.txt", "echo password | wc -c",
		`{"tokens":["SELECT","FROM"]}`, `["password","email"]`, `{"password","hunter2"}`, "token -> string", "this->password->check()", "INSERT INTO u (a, b) VALUES ('x', 'y')",
		"kind: ConfigMap\ndata:\n  a: eHg=", "kind: Secret\nmetadata:\n  name: x", "db:5432: timeout", "main.go:42:13:f:x", "AUTH CRAM-MD5 failed", "PASS quickly", "jwt: token expired at 1",
		`option "token": unknown; known options: file`, "read secret: stat /etc/x: no such file or directory", "get token: timeout", "authorization: AccessDenied", "secret: NotFound",
		"token: permission denied: x", "idtoken: token expired: now=1700000000", "fetch token: connection refused: retry", "idtoken: couldn't find any credentials", "secret: doesn't exist",
		"private key: x509: failed to parse it", "private key: asn1: structure error", "fetch token: net/http: TLS handshake timeout", "decrypt secret: crypto/aes: invalid key size 17",
		"fetch token: status 503", "please add 'allowCleartextPasswords=1' to your DSN", "passwords=12 rotated",
		"ERR unknown command 'FOO', with args beginning with: 'a' 'b' ", "NOPERM User a has no permissions to run the 'auth' command",
		"name: PORT\nvalue: 80", "https://discord.com/api/", "-----BEGIN PUBLIC KEY-----\nMII\n-----END PUBLIC KEY-----",
	} {
		assert.Equal(t, text, redact.Text(text))
	}
}
