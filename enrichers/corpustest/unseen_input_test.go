//go:build linux

package corpustest

import (
	"archive/zip"
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
	"time"

	goerrors "github.com/go-errors/errors"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func unseenManifestType(*testing.T) error {
	var manifest struct {
		Copies int `json:"copies"`
	}
	err := json.Unmarshal([]byte(`{"copies": "three"}`), &manifest)
	return goerrors.Wrap(fmt.Errorf("read manifest: %w", err), 0)
}

func unseenRowShort(*testing.T) error {
	_, err := csv.NewReader(strings.NewReader("sku,price,stock\nA-1,9.99\n")).ReadAll()
	err = enricher.WithLabels(fmt.Errorf("price list: %w", err), enricher.Labels{"tenant": "acme"})
	return fmt.Errorf("nightly import: %w", fmt.Errorf("supplier 12: %w", err))
}

func unseenNoZip(*testing.T) error {
	upload := strings.NewReader("<html>session expired</html>")
	_, err := zip.NewReader(upload, upload.Size())
	return fmt.Errorf("unpack bundle: %w", err)
}

func unseenNoBase64(*testing.T) error {
	var errs []error
	for i, attachment := range []string{"aGVsbG8=", "%PDF-1.7", "aGVs*G8="} {
		if _, err := base64.StdEncoding.DecodeString(attachment); err != nil {
			errs = append(errs, fmt.Errorf("attachment %d: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

func unseenTemplateField(t *testing.T) error {
	report, err := template.New("report").Parse("Dear {{.Customer.Salutation}}")
	require.NoError(t, err)
	var data struct{ Customer struct{ Name string } }
	return fmt.Errorf("render report: %w", report.Execute(io.Discard, data))
}

func unseenParameters(*testing.T) error {
	_, days := strconv.Atoi("a week")
	_, from := time.Parse(time.DateOnly, "31.05.2024")
	return fmt.Errorf("job parameters: %w", errors.Join(
		fmt.Errorf("days: %w", days), fmt.Errorf("from: %w", from)))
}
