package task

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// A CSV task imports bookings, which are rows of a date, an account and an
// amount below a line of headings, and sums them up. It fails if the file cannot
// be read, or at the first row that is malformed ([*RowError]).
type CSV struct {
	File string
	Open func(name string) (io.ReadCloser, error)
}

// A RowError is a row of a file that cannot be imported.
type RowError struct {
	File string
	Line int
	Err  error
}

func (e *RowError) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }
func (e *RowError) Unwrap() error { return e.Err }

func (c CSV) String() string { return "csv " + c.File }

// Run imports the file.
func (c CSV) Run(ctx context.Context) (string, error) {
	file, err := c.Open(c.File)
	if err != nil {
		return "", err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = 3
	r.ReuseRecord = true
	var rows, total int64
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		if err := context.Cause(ctx); err != nil {
			return "", err
		}
		if malformed, ok := errors.AsType[*csv.ParseError](err); ok {
			return "", &RowError{c.File, malformed.Line, malformed.Err}
		}
		if err != nil {
			return "", fmt.Errorf("%s: %w", c.File, err)
		}
		line, _ := r.FieldPos(0)
		if line == 1 {
			continue // the headings
		}
		n, err := cents(strings.TrimSpace(row[2]))
		if err != nil {
			return "", &RowError{c.File, line, err}
		}
		rows++
		total += n
	}
	return fmt.Sprintf("%d rows, %.2f in total", rows, float64(total)/100), nil
}

// An amount has at most ten digits before the point, so that sums do not overflow.
var amount = regexp.MustCompile(`^-?[0-9]{1,10}(\.[0-9]{1,2})?$`)

// cents returns an amount such as "12.50" or "-3".
func cents(text string) (int64, error) {
	if !amount.MatchString(text) {
		return 0, fmt.Errorf("amount %.40q: must be a number such as 12.50", text)
	}
	units, fraction, _ := strings.Cut(text, ".")
	return strconv.ParseInt(units+(fraction + "00")[:2], 10, 64)
}
