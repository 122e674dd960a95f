package evidence_test

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/evidence"
)

func TestProseHasStatuses(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"unexpected status code: 503", "DEPENDENCY / retryable / 503"},
		{"got status 429 Too Many Requests", "DEPENDENCY / retryable / 429"},
		{"GET https://a.example/v2/contacts/17: unexpected status 404 Not Found", "USER / terminal / 404"},
		{`bad status "502 Bad Gateway"`, "DEPENDENCY / retryable / 502"},
		{"HTTP 502: <html>", "DEPENDENCY / retryable / 502"},
		{"HTTP/1.1 503 Service Unavailable", "DEPENDENCY / retryable / 503"},
		{"HTTP error: 401", "DEPENDENCY / terminal / 401"},
		{"httpStatusCode=503", "DEPENDENCY / retryable / 503"},
		{"responded with a status of 500 (Internal Server Error)", "DEPENDENCY / retryable / 500"},
		{"The requested URL returned error: 404", "USER / terminal / 404"},
		{"bad response code: 401", "DEPENDENCY / terminal / 401"},
		{"server returned a non-200 status code: 503.", "DEPENDENCY / retryable / 503"},
		{"expected status 200, got status 422", "USER / terminal / 422"},
		{"push failed: 404 page not found", "USER / terminal / 404"},
		{"Service Unavailable", "DEPENDENCY / retryable / -"},
		{"ffmpeg: exit status 137", "SYSTEM / retryable / SIGKILL"},
		{"container exited with code 1", "- / - / 1"},
		{"curl: exit status 22: The requested URL returned error: 503", "DEPENDENCY / retryable / 503"},
		{"command terminated with exit code 127", "SYSTEM / terminal / 127"},

		{`answer {"status":503,"message":"x"}`, "DEPENDENCY / retryable / 503"},
		{`answer {"error": {"code": 429}}`, "DEPENDENCY / retryable / 429"},

		{"webhook: non-2xx response: 502", "DEPENDENCY / retryable / 502"},
		{"GET /v1/invoices/8812 returned 500", "DEPENDENCY / retryable / 500"},
		{"the API answered 503: overloaded", "DEPENDENCY / retryable / 503"},
		{`got "503 Service Unavailable" for https://a.example/`, "DEPENDENCY / retryable / 503"},
		{`call: {"message":"status 503 is bad"}`, "DEPENDENCY / retryable / 503"},
		{`status "503" is wrong`, "DEPENDENCY / retryable / 503"},
		{`name "a\" is" x: status 503`, "DEPENDENCY / retryable / 503"},
		{"not the expected status 503", "DEPENDENCY / retryable / 503"},
		{"expected HTTP status 404, got HTTP status 503", "DEPENDENCY / retryable / 503"},

		{"want HTTP status 503, got HTTP status 200", "- / - / -"},
		{"expected 404 Not Found", "- / - / -"},
		{"export to a/b returned 500 rows", "- / - / -"},
		{"query returned 500", "- / - / -"},
		{"order: code: 500 missing", "- / - / -"},
		{"want exit code 3, got 0", "- / - / -"},
		{`title "ERROR: duplicate key (SQLSTATE 23505)" is longer than 30 characters`, "- / - / -"},
		{`field subject: value "503 Service Unavailable"`, "- / - / -"},
		{`field subject: "got a \"503 Service Unavailable\"" matches a rule`, "- / - / -"},
		{`title "a: connection refused" must be shorter`, "- / - / -"},
		{"http: 500 items in the batch", "- / - / -"},
		{"got 500 rows", "- / - / -"},
		{"order 503 is shipped already", "- / - / -"},
		{"import 404 has status 3 of 12", "- / - / -"},
		{"status 5030", "- / - / -"},
		{"status 503.5", "- / - / -"},
		{"status 503ms", "- / - / -"},
		{"row 404 of 500", "- / - / -"},
		{"restatus 503", "- / - / -"},
		{"status 200", "- / - / -"},
		{"exit 7", "- / - / -"},
		{"lexit status 3", "- / - / -"},
		{"no Service Unavailable", "- / - / -"},
	} {
		assert.Equal(t, c.want, judged(errors.New(c.text)), c.text)
	}
}

func TestProseHasTextsOfErrorsThatAreNotWrapped(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"call worker: dial tcp 127.0.0.1:1: connect: connection refused", "DEPENDENCY / retryable / ECONNREFUSED"},
		{"save report: write /data/report: no space left on device", "SYSTEM / unknown / ENOSPC"},
		{"convert: signal: killed", "SYSTEM / retryable / SIGKILL"},
		{"convert: signal: segmentation fault (core dumped)", "SYSTEM / unknown / SIGSEGV"},
		{"call billing: context deadline exceeded", "CANCELLED / unknown / -"},
		{`Get "https://a.example": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, "DEPENDENCY / retryable / -"},
		{"lookup db on 10.0.0.2:53: no such host", "DEPENDENCY / retryable / -"},
		{"load user: sql: no rows in result set", "USER / terminal / -"},
		{"reserve: rpc error: code = Unavailable desc = connection error: desc = x", "DEPENDENCY / retryable / UNAVAILABLE"},
		{"reserve: rpc error: code = Canceled desc = the client connection is closing", "SYSTEM / unknown / CANCELLED"},
		{"reserve: rpc error: code = Code(77) desc = x", "- / - / -"},
		{"push: rpc error: code = Code(429) desc = ingestion rate limit exceeded", "DEPENDENCY / retryable / 429"},
		{"lock state: ConditionalCheckFailedException: The conditional request failed", "USER / unknown / ConditionalCheckFailedException"},
		{"java.lang.IllegalStateException: x", "- / - / -"},
		{"MQCONNX: MQCC = MQCC_FAILED [2] MQRC = MQRC_CONNECTION_BROKEN [2009]", "DEPENDENCY / retryable / 2009"},
		{"back up: timed out waiting for all PodVolumeBackups to complete", "DEPENDENCY / retryable / -"},
		{"start: Bootstrap failure. Please try again later and contact support", "DEPENDENCY / retryable / -"},
		{"log in: wrong password, please try again", "- / - / -"},
		{"POST https://api.example/v2/droplets: 422 Invalid volume allocations", "USER / terminal / 422"},
		{"GET https://api.example/repos/a: 403 API rate limit exceeded", "DEPENDENCY / unknown / 403"},
		{"write to the store with no leader, region 812", "DEPENDENCY / retryable / -"},
		{"the user has no leadership role", "- / - / -"},
		{"create warehouse: SQL warehouse with name `a` already exists", "USER / unknown / -"},
		{"start warehouse: timed out: clusters are failing to launch", "DEPENDENCY / retryable / -"},
		{"git fetch: git@github.com: Permission denied (publickey).", "DEPENDENCY / terminal / -"},
		{"panic: runtime error: index out of range [5] with length 3", "SYSTEM / terminal / -"},
		{"job 7: panic: no seat", "SYSTEM / unknown / -"},
		{"page load error net::ERR_NAME_NOT_RESOLVED", "DEPENDENCY / retryable / ERR_NAME_NOT_RESOLVED"},
		{"page.goto: net::ERR_CERT_DATE_INVALID at https://a.example/", "DEPENDENCY / terminal / ERR_CERT_DATE_INVALID"},
		{"exceeded max wait time for InstanceRunning waiter", "DEPENDENCY / retryable / -"},
		{`Post "https://a.example/": EOF`, "DEPENDENCY / retryable / -"},
		{"decode: invalid character '<' looking for beginning of value", "DEPENDENCY / unknown / -"},
		{"decode: invalid character 'x' looking for beginning of value", "USER / terminal / -"},
		{`row 7: strconv.Atoi: parsing "x": invalid syntax`, "USER / terminal / -"},
		{`save: ERROR: duplicate key value violates unique constraint "k" (SQLSTATE 23505)`, "USER / terminal / 23505"},
		{"claim: Error 1213 (40001): Deadlock found", "DEPENDENCY / retryable / 1213"},
		{"list: googleapi: Error 403: Rate Limit Exceeded, rateLimitExceeded", "DEPENDENCY / retryable / rateLimitExceeded"},
		{"list: googleapi: Error 404: File not found: 7., notFound", "USER / terminal / notFound"},
		{"put: operation error SSM: PutParameter, https response error StatusCode: 400, RequestID: 1-a, api error ThrottlingException: Rate exceeded", "DEPENDENCY / retryable / ThrottlingException"},
		{"put: operation error S3: PutObject, https response error StatusCode: 503, RequestID: 1, HostID: x=, api error Odd: x", "DEPENDENCY / retryable / 503"},
		{`gomail: could not send email 1: 450 "4.2.1 mailbox busy"`, "DEPENDENCY / retryable / 450"},
		{"550 5.1.1 no such user", "USER / terminal / 550"},
		{"elastic: Error 429 (Too Many Requests)", "DEPENDENCY / retryable / 429"},
		{"callback: code=503, message=try later", "DEPENDENCY / retryable / 503"},
		{"save: Error 1062: Duplicate entry 'a' for key 'b'", "USER / terminal / 1062"},
		{`save: pq: duplicate key value violates unique constraint "k"`, "USER / terminal / -"},
		{"list: pq: canceling statement due to statement timeout", "DEPENDENCY / unknown / -"},
		{"list: pq: canceling statement due to conflict with recovery", "DEPENDENCY / retryable / -"},
		{"save: UNIQUE constraint failed: users.email", "USER / terminal / -"},
		{"save: database is locked (5) (SQLITE_BUSY)", "DEPENDENCY / retryable / -"},
		{"incr: READONLY You can't write against a read only replica.", "DEPENDENCY / retryable / -"},
		{"read: redis: nil", "USER / terminal / -"},
		{"put: Throttling: Rate exceeded\n\tstatus code: 400, request id: 1-a", "DEPENDENCY / retryable / Throttling"},
		{"put: OddCode: no\n\tstatus code: 503, request id: 1-a", "DEPENDENCY / retryable / 503"},
		{`sync: oauth2: "invalid_grant" "Token has been revoked."`, "DEPENDENCY / terminal / invalid_grant"},
		{"sync: oauth2: cannot fetch token: 400 Bad Request\nResponse: {}", "DEPENDENCY / terminal / 400"},
		{"sync: oauth2: cannot fetch token: 503 Service Unavailable", "DEPENDENCY / retryable / 503"},
		{"save: ORA-00001: unique constraint (X.Y) violated", "USER / terminal / 1"},
		{`apply: Error from server (Conflict): the object has been modified`, "DEPENDENCY / retryable / Conflict"},
		{"read: websocket: close 1009 (message too big)", "USER / terminal / 1009"},
		{`publish: Exception (504) Reason: "channel/connection is not open"`, "DEPENDENCY / retryable / 504"},
		{"copy: ssh: handshake failed: ssh: unable to authenticate, attempted methods [none publickey], no supported methods remain", "DEPENDENCY / terminal / -"},
		{"lookup db: Temporary failure in name resolution", "DEPENDENCY / retryable / -"},
		{"not found", "USER / terminal / -"},
		{"Internal Server Error", "DEPENDENCY / retryable / -"},

		{"claim: pq: deadlock detected", "DEPENDENCY / retryable / -"},
		{"claim: pq: deadlock detected (40P01)", "DEPENDENCY / retryable / -"},

		{"deadlock detected in the graph of the workflow", "- / - / -"},
		{"zip code: 50321", "- / - / -"},
		{"profile not found anywhere", "- / - / -"},
		{"upload: invalid argument", "- / - / -"}, // many programs have that text
		{"kernel panic: no", "- / - / -"},
		{"panic", "- / - / -"},
		{"connection refused by partner", "- / - / -"},
		{"net::ERR_OF_THE_FUTURE", "- / - / -"},
	} {
		assert.Equal(t, c.want, judged(errors.New(c.text)), c.text)
	}
}

type (
	speaker  struct{ text string }
	coded    struct{ Code string }
	optional struct{ err error }
)

func (s *speaker) Error() string { return s.text }
func (c coded) Error() string    { return "status 503" }
func (o optional) Error() string { return "status 503" }
func (o optional) Unwrap() error { return o.err }

func TestProseCountsLeast(t *testing.T) {
	const text = "server responded with status 503"
	plain := errors.New("x")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"in an error of any type":        {fmt.Errorf("a: %w", &speaker{text}), "DEPENDENCY / retryable / 503"},
		"in an error that may wrap one":  {optional{}, "DEPENDENCY / retryable / 503"},
		"around an error that is a text": {fmt.Errorf("%w: status code 503", plain), "DEPENDENCY / retryable / 503"},
		"around one that tells nothing":  {fmt.Errorf("a: %w", fmt.Errorf("ssh: handshake failed: %w", io.EOF)), "DEPENDENCY / retryable / -"},
		"around one with evidence":       {fmt.Errorf("status 404: %w", dial), "DEPENDENCY / retryable / ECONNREFUSED"},
		"the status of what is wrapped":  {fmt.Errorf("a: %w", optional{errors.New("b")}), "- / - / -"},
		"a code counts more, if known":   {coded{"ThrottlingException"}, "DEPENDENCY / retryable / ThrottlingException"},
		"and is kept, if it is not":      {coded{"E7"}, "DEPENDENCY / retryable / E7"},
		"also if it is further inside":   {errors.Join(errors.New(text), http(404)), "USER / terminal / 404"},
		"the outermost of texts":         {fmt.Errorf("status 404: %w", errors.New("status 503")), "USER / terminal / 404"},
	} {
		assert.Equal(t, c.want, judged(c.err), name)
	}
	assert.Empty(t, evidence.Find(&speaker{"row 17 of 500"}).Evidence, "no evidence without a code")
	v := evidence.Of(&speaker{"status 404"})
	assert.Equal(t, evidence.Text, v.Retry.Weight, "too weak for a veto")
	assert.Empty(t, evidence.CodesOf(&speaker{"status 404"}), "options and fingerprints do not see it")
}

func judged(err error) string {
	v := evidence.Of(err)
	return fmt.Sprintf("%s / %s / %s", cmp.Or(v.Fault.Fault, "-"), cmp.Or(v.Retry.Retry, "-"), cmp.Or(v.Code.Code, "-"))
}

func TestJoinPassesOverConsequences(t *testing.T) {
	plain := errors.New("seat 14C is taken")
	closed := &fs.PathError{Op: "close", Path: "out.csv", Err: fs.ErrClosed}
	hangUp := &net.OpError{Op: "close", Net: "tcp", Err: net.ErrClosed}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no veto by a rollback":     {errors.Join(plain, fmt.Errorf("rollback: %w", sql.ErrTxDone)), "SYSTEM / unknown / -"},
		"no veto by a second close": {errors.Join(plain, closed), "SYSTEM / unknown / -"},
		"the cause comes second":    {errors.Join(hangUp, http(422)), "USER / terminal / 422"},
		"or third":                  {errors.Join(closed, hangUp, http(422)), "USER / terminal / 422"},
		"all are closed":            {errors.Join(closed, hangUp), "SYSTEM / unknown / -"},
		"a cancellation is later":   {errors.Join(hangUp, context.Canceled), "DEPENDENCY / retryable / -"},
	} {
		assert.Equal(t, c.want, judged(c.err), name)
	}
}
