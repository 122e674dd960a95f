package exceptions_test

import (
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// marker is the secret in each of these texts.
const marker = "hunter2marker"

var secretTexts = []string{
	"password=" + marker,
	"postgres://user:" + marker + "@db/x",
	"Authorization: Bearer " + marker,
	strings.Repeat("x", 300) + " token=" + marker,
	"x\x00 secret: " + marker,
}

// fill sets every string in a FailureContext, those of maps included, to text.
func fill(fc *enricher.FailureContext, text string) {
	v := reflect.ValueOf(fc).Elem()
	for i := range v.NumField() {
		switch f := v.Field(i); f.Interface().(type) {
		case string:
			f.SetString(text)
		case map[string]string:
			f.Set(reflect.ValueOf(secrets(text)))
		}
	}
}

// secrets returns a map with secrets as keys, in values and under secret keys.
func secrets(text string) map[string]string {
	return map[string]string{
		text: "x", "x": text, "password": marker + " " + marker, "db.pass": marker, "API_KEY": `"` + marker + `"`, "token2": " " + marker,
	}
}

func TestSecretsAreInNoAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{})
		handler := exceptions.NewHandler(h)
		w, stop := stream(handler, "/events")
		synctest.Wait()
		for _, text := range secretTexts {
			var fc enricher.FailureContext
			fill(&fc, text)
			cause := enricher.NewPanicError(fmt.Errorf("x: %w", errors.Join(errBoom, errors.New(text))), []byte("goroutine 1\n"+text))
			for _, under := range []bool{false, true} {
				if fc.RootID = ""; under {
					fc.RootID, fc.ID = fc.ID, "x "+fc.ID
				}
				h.ObserveFailure(t.Context(), cause, fc, enricher.Result{
					Labels:   secrets(text),
					Outcomes: []enricher.Outcome{{Enricher: text, Status: enricher.StatusFailed, Err: errors.New(text), Issues: []enricher.LabelIssue{{Key: text, Err: errors.New(text)}}}},
				})
			}
			fc.JobID = "" // it has the name then
			fc.ID = ""
			keep(h, cause, fc, nil)
		}
		synctest.Wait()
		stop()
		answers := []string{w.written.String(), fmt.Sprintf("%+v", entries(h))}
		require.Contains(t, answers[0], "password", "so that there is something to mask")
		for _, path := range []string{"/jobs", "/exceptions?maxExceptions=1000", "/labels", "/exceptions?format=flink"} {
			answers = append(answers, get(t, handler, path).Body.String())
		}
		jobs, _ := h.Jobs(exceptions.Query{})
		require.Len(t, jobs, len(secretTexts), "one each")
		for _, job := range jobs {
			res := get(t, handler, "/jobs/"+url.PathEscape(job.ID)+"/exceptions")
			list, _ := historyOf(t, res)
			require.Len(t, list, 1, "found by the ID that is shown")
			answers = append(answers, res.Body.String())
		}
		for _, answer := range answers {
			if i := strings.Index(answer, marker); i >= 0 {
				t.Errorf("%q", answer[max(0, i-100):i+len(marker)])
			}
		}
	})
}

// What the history shows is joined of several texts, folded and cut: it must have no
// form then in which there was no secret before.
func TestSecretsAreInNoFormThatArisesFromFoldingOrCutting(t *testing.T) {
	t.Parallel()
	forms := []string{
		"password=" + marker + " x", "postgres://user:" + marker + "@db/x", "user:" + marker + "@tcp(db)/x", "token: " + marker,
		"Authorization: Bearer " + marker, `{"password":"` + marker + `"}`, "db:\n  password: >-\n    " + marker + "\n  port: 1",
		"--password " + marker, "-----BEGIN PRIVATE KEY-----\n" + marker + "\n-----END PRIVATE KEY-----", "app/" + marker + "@db:1521/x",
	}
	check := func(text string, opts exceptions.Options) {
		h := exceptions.NewHistory(opts)
		cause := enricher.NewPanicError(fmt.Errorf("%w", errors.New(text)), []byte(text))
		keep(h, cause, enricher.FailureContext{JobID: text, TaskName: text, Attributes: map[string]string{"a.b": text}}, enricher.Labels{"a.b": text})
		e := only(t, h)
		for _, shown := range []string{e.Message, e.Stacktrace, e.TaskName, e.Attributes["a.b"], e.Labels["a.b"], strings.Split(e.JobID, "~")[0]} {
			assert.Equal(t, exceptions.Redact(shown), shown, "%q", text)
		}
	}
	for _, form := range forms {
		for i := range form {
			for _, line := range []string{"\n", "\r\n", "\n  ", "\t"} {
				check(form[:i]+line+form[i:], exceptions.Options{})
			}
			check(strings.Repeat("x", i)+" "+strings.Join(forms, " "), exceptions.Options{MaxMessageLength: 150, MaxStackLength: 300})
		}
	}
}

// A secret that only the whole text shows as one is not in the chain below it either.
func TestSecretsAreNotInWrappedErrors(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3tPa55"
	_, parseError := url.Parse(fmt.Sprintf("postgres://bob:%s#word@db:5432/orders", secret))
	wrapped := func(format string) error { return fmt.Errorf(format, errors.New(secret)) }
	for _, err := range []error{
		parseError, wrapped("invalid token: %w"), wrapped("env DB_PASSWORD=%w"), wrapped("postgres://bob:%w@db/x"), wrapped("mysql -u root -p%w"),
		fmt.Errorf("login: bad password: %w", fmt.Errorf("%q", secret)), errors.Join(errors.New("password="), errors.New(secret)),
	} {
		h := exceptions.NewHistory(exceptions.Options{Store: newShared()})
		keep(h, err, enricher.FailureContext{}, nil)
		require.NoError(t, h.Flush(t.Context()))
		page, err := h.Store().Failures(t.Context(), exceptions.Query{Wire: true})
		require.NoError(t, err)
		entry := page.Items[0]
		assert.Contains(t, entry.Stacktrace, "***")
		for _, s := range []string{entry.Message, entry.Stacktrace, string(entry.Wire)} {
			assert.NotContains(t, s, secret)
		}
		require.NoError(t, h.Close(t.Context()))
	}
}

func TestSecretsInTheNameOfTheProcess(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{Process: "worker token=" + marker})
	keep(h, errBoom, enricher.FailureContext{}, nil)
	assert.Equal(t, "worker token=***", only(t, h).Process)
	assert.Equal(t, "worker token=***", h.Status().Process)
}

func TestSecretsInIDsLeaveThemDifferent(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{})
	for _, id := range []string{"token=a", "token=b", "job\x01", "job\x02", "job\ufffd"} {
		keep(h, errBoom, enricher.FailureContext{JobID: id, ID: id}, nil)
		keep(h, errBoom, enricher.FailureContext{JobID: id, ID: id + "2", RootID: id}, nil)
		keep(h, errBoom, enricher.FailureContext{JobName: "name " + id, Attributes: map[string]string{"token=a": "1", "token=b": "2"}}, nil)
		got, _ := h.Entries(exceptions.Query{JobIDs: []string{id}})
		require.Len(t, got, 1, "found by the ID that the service gave")
		require.Len(t, got[0].Concurrent, 1)
		again, _ := h.Entries(exceptions.Query{JobIDs: []string{got[0].JobID, id}})
		assert.Equal(t, got, again, "also found by the ID that is shown, and once")
		events := follow(t, h, exceptions.FollowOptions{JobIDs: []string{id}, After: 1})
		assert.Equal(t, exceptions.EventLost, events().Kind)
		assert.Equal(t, got[0].ID, events().Entry.ID)
	}
	jobs, _ := h.Jobs(exceptions.Query{})
	assert.Len(t, jobs, 10)
	assert.Len(t, jobs[0].Latest.Attributes, 2)

	// The hash of a secret does not give it away.
	other := exceptions.NewHistory(exceptions.Options{})
	keep(other, errBoom, enricher.FailureContext{JobID: "token=a"}, nil)
	mine, _ := h.Entries(exceptions.Query{JobIDs: []string{"token=a"}})
	assert.NotEqual(t, mine[0].JobID, only(t, other).JobID)
}
