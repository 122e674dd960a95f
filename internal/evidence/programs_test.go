package evidence_test

import (
	"testing"

	"github.com/failure-enrichers/enricher/internal/evidence"
)

func TestOfKnowsWhatOtherProgramsPrint(t *testing.T) {
	t.Parallel()
	assertJudged(t, []textCase{
		{"curl: (6) Could not resolve host: db.example.com", evidence.Dependency, evidence.Retryable, ""},
		{"curl: (7) Failed to connect to db port 443 after 2 ms: Couldn't connect to server", evidence.Dependency, evidence.Retryable, ""},
		{"curl: (7) Failed to connect to db port 80: Connection refused", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"  % Total    % Received\ncurl: (28) Operation timed out after 5001 milliseconds with 0 bytes received", evidence.Dependency, evidence.Retryable, ""},
		{"curl: (60) SSL certificate problem: certificate has expired", evidence.Dependency, evidence.Terminal, ""},
		{"curl: (22) The requested URL returned error: 404", evidence.User, evidence.Terminal, "404"},
		{"curl: (3) URL using bad/illegal format or missing URL", "", "", ""},
		{"wget: unable to resolve host address 'db.example.com'", evidence.Dependency, evidence.Retryable, ""},
		{"Connecting to db (db)|10.0.0.1|:443... failed: Connection refused.", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"fatal: unable to access 'https://example.com/a/': Could not resolve host: example.com", evidence.Dependency, evidence.Retryable, ""},
		{`rsync: [sender] link_stat "/a" failed: No such file or directory (2)`, evidence.User, evidence.Terminal, "ENOENT"},
		{`rsync: [generator] mkdir "/a" failed: Permission denied (13)`, evidence.System, evidence.Terminal, "EACCES"},
		{`psql: error: connection to server at "db" (10.0.0.1), port 5432 failed: FATAL:  password authentication failed for user "app"`, evidence.Dependency, evidence.Terminal, ""},
		{`psql: error: connection to server at "db", port 5432 failed: FATAL:  the database system is starting up`, evidence.Dependency, evidence.Retryable, ""},

		{"Error: connect ECONNREFUSED 127.0.0.1:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"Error: getaddrinfo ENOTFOUND db.internal", evidence.Dependency, evidence.Retryable, ""},
		{"Error: ENOENT: no such file or directory, open '/data/in.csv'", evidence.User, evidence.Terminal, "ENOENT"},
		{"Error: EACCES: permission denied, open '/data/in.csv'", evidence.System, evidence.Terminal, "EACCES"},
		{"AggregateError [ECONNREFUSED]: \n    at internalConnectMultiple (node:net:1122:18)", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'express' imported from /app/a.js", evidence.System, evidence.Terminal, ""},
		{"Error: Cannot find module './config'\nRequire stack:", evidence.System, evidence.Terminal, ""},
		{"Error: socket hang up", evidence.Dependency, evidence.Retryable, ""},

		{`Exception in thread "main" java.net.UnknownHostException: db.internal`, evidence.Dependency, evidence.Retryable, ""},
		{"java.net.ConnectException: Connection refused (Connection refused)", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"java.io.FileNotFoundException: /data/in.csv (No such file or directory)", evidence.User, evidence.Terminal, "ENOENT"},
		{"java.io.FileNotFoundException: /data/in.csv (Permission denied)", evidence.System, evidence.Terminal, "EACCES"},
		{"java.io.IOException: No space left on device", evidence.System, evidence.Undecided, "ENOSPC"},
		{"Caused by: java.net.SocketTimeoutException: Read timed out", evidence.Dependency, evidence.Retryable, ""},
		{"java.lang.OutOfMemoryError: Java heap space", evidence.System, evidence.Retryable, ""},
		{"javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path", evidence.Dependency, evidence.Terminal, ""},
		{"java.lang.NullPointerException", "", "", ""},

		{"Unhandled exception. System.Net.Http.HttpRequestException: Connection refused (db:5432)", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},

		{"Traceback (most recent call last):\n  File \"/a.py\", line 1, in <module>\nModuleNotFoundError: No module named 'pandas'", evidence.System, evidence.Terminal, ""},
		{"urllib.error.URLError: <urlopen error [Errno 111] Connection refused>", evidence.Dependency, evidence.Retryable, "ECONNREFUSED"},
		{"Max retries exceeded with url: / (Caused by NewConnectionError('<a at 0x7f>: Failed: [Errno 113] No route to host'))", evidence.Dependency, evidence.Retryable, "EHOSTUNREACH"},
		{"requests.exceptions.ReadTimeout: HTTPSConnectionPool(host='db', port=443): Read timed out. (read timeout=5)", evidence.Dependency, evidence.Retryable, ""},
		{"MemoryError", evidence.System, evidence.Retryable, ""},
		{"json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", evidence.User, evidence.Terminal, ""},
		{"KeyError: 'id'", "", "", ""},

		{"upload failed: ./a to s3://b/a An error occurred (SlowDown) when calling the PutObject operation: Please reduce your request rate.", evidence.Dependency, evidence.Retryable, "SlowDown"},
		{"An error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: The specified bucket does not exist", evidence.User, evidence.Terminal, "NoSuchBucket"},
		{"fatal error: An error occurred (404) when calling the HeadObject operation: Key \"a\" does not exist", evidence.User, evidence.Terminal, "404"},
		{"Could not connect to the endpoint URL: \"https://s3.example.com/\"", evidence.Dependency, evidence.Retryable, ""},
		{"mysql: [Warning] Using a password can be insecure.\nERROR 1045 (28000): Access denied for user 'app'@'10.0.0.1' (using password: YES)", evidence.Dependency, evidence.Terminal, "1045"},
		{"ERROR 1213 (40001) at line 1: Deadlock found when trying to get lock; try restarting transaction", evidence.Dependency, evidence.Retryable, "1213"},
		{"requests.exceptions.HTTPError: 503 Server Error: Service Unavailable for url: https://example.com/a", evidence.Dependency, evidence.Retryable, "503"},
		{"ERROR: (gcloud.storage.cp) HTTPError 403: a does not have storage.objects.create access", evidence.Dependency, evidence.Terminal, "403"},
		{"The connection to the server localhost:8080 was refused - did you specify the right host or port?", evidence.Dependency, evidence.Retryable, ""},
		{"error: You must be logged in to the server (Unauthorized)", evidence.Dependency, evidence.Terminal, ""},
		{"docker: Error response from daemon: pull access denied for a, repository does not exist", evidence.Dependency, evidence.Terminal, ""},
		{"fatal: the remote end hung up unexpectedly", evidence.Dependency, evidence.Retryable, ""},
		{"kex_exchange_identification: Connection closed by remote host", evidence.Dependency, evidence.Retryable, ""},
		{"/app: error while loading shared libraries: liba.so.1: cannot open shared object file: No such file or directory", evidence.System, evidence.Terminal, ""},
		{"Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress", evidence.Dependency, evidence.Retryable, ""},
		{"Error: Error acquiring the state lock", evidence.Dependency, evidence.Retryable, ""},

		{`title "ENOENT and other stories" is too long`, "", "", ""},
		{"the ENOENTS of the chapter", "", "", ""},
		{"chapter: (28) Operation timed out", "", "", ""},
		{"review (No such file or directory)", "", "", ""},
	})
}
