//go:build linux

package corpustest

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
	"text/template"

	pkgerrors "github.com/pkg/errors"

	"github.com/failure-enrichers/enricher"
)

func jsonSyntax(*testing.T) error {
	var params struct{ Source string }
	err := json.Unmarshal([]byte(`{"source": "in.csv",}`), &params)
	return fmt.Errorf("job 12: %w", fmt.Errorf("parameters: %w", err))
}

func csvRowTooShort(*testing.T) error {
	_, err := csv.NewReader(strings.NewReader("id,amount\n1,10\n2\n")).ReadAll()
	return pkgerrors.Wrap(err, "import orders.csv")
}

func malformedNumber(*testing.T) error {
	_, err := strconv.ParseFloat("12,50", 64)
	err = &jobStepError{Step: "parse", Attempt: 1, Err: fmt.Errorf("row 3, column %q: %w", "amount", err)}
	return fmt.Errorf("import orders.csv: %w", err)
}

func corruptBase64(*testing.T) error {
	_, err := base64.StdEncoding.DecodeString("aGVsbG8*")
	return fmt.Errorf("message 5: %w", fmt.Errorf("attachment 1: %w", err))
}

func gzipHeaderMissing(*testing.T) error {
	_, err := gzip.NewReader(strings.NewReader("id,amount\n1,10\n"))
	return fmt.Errorf("import orders.csv.gz: %w", err)
}

func templateFails(*testing.T) error {
	letter := template.Must(template.New("letter").Parse("Dear {{index .Names 3}},"))
	err := letter.Execute(io.Discard, struct{ Names []string }{[]string{"Ada"}})
	return fmt.Errorf("parameter %q: %w", "letter", err)
}

func validationField(*testing.T) error {
	return fmt.Errorf("submit: %w", fmt.Errorf("job 12: %w",
		enricher.WithLabels(checkRegion("eu-narnia-1"), enricher.Labels{"team": "billing"})))
}

func validationJoined(*testing.T) error {
	return fmt.Errorf("parameters: %w", errors.Join(checkLimit(-1), checkRegion("eu-narnia-1")))
}

func checkRegion(region string) error {
	if region != "eu-west-1" {
		return &parameterError{Field: "region", Problem: fmt.Sprintf("is %q, want eu-west-1", region)}
	}
	return nil
}

func checkLimit(limit int) error {
	if limit < 1 {
		return &parameterError{Field: "limit", Problem: fmt.Sprintf("is %d, want at least 1", limit)}
	}
	return nil
}
