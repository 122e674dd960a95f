package enrichersql

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A database runs statements that are written for SQLite and the default prefix.
type database struct {
	db      *sql.DB
	dialect Dialect
	prefix  string
}

// statement returns the text for the dialect and the prefix. Texts have no question
// marks but those of parameters.
func (d *database) statement(text string) string {
	if d.prefix != "enricher_" {
		text = strings.ReplaceAll(text, "enricher_", d.prefix)
	}
	if d.dialect == SQLite {
		return text
	}
	var b strings.Builder
	for n := 1; ; n++ {
		before, after, found := strings.Cut(text, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("$" + strconv.Itoa(n))
		text = after
	}
}

// A session is a *sql.DB or a *sql.Tx.
type session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// isolation returns that of a writing. With a higher one, which may be the default of the
// database, Postgres fails a writer that has waited for another.
func (d *database) isolation() *sql.TxOptions {
	if d.dialect == Postgres {
		return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
	}
	return nil // SQLite has one
}

// exec runs a statement.
func (d *database) exec(ctx context.Context, on session, text string, args ...any) error {
	_, err := on.ExecContext(ctx, d.statement(text), args...)
	return err
}

// query calls scan for each row.
func (d *database) query(ctx context.Context, on session, text string, args []any, scan func(scan func(...any) error) error) error {
	rows, err := on.QueryContext(ctx, d.statement(text), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// get reads the one row of an answer, and reports whether there is one.
func (d *database) get(ctx context.Context, on session, text string, args []any, into ...any) (found bool, err error) {
	err = d.query(ctx, on, text, args, func(scan func(...any) error) error {
		found = true
		return scan(into...)
	})
	return found, err
}

// maxList is how many items a list in a statement has at most. SQLite accepts 32766
// parameters.
const maxList = 500

// lists divides items into lists of a statement: the placeholders of one, and its
// parameters.
func lists[T any](items []T) iter.Seq2[string, []any] {
	return func(yield func(string, []any) bool) {
		for len(items) > 0 {
			n := min(len(items), maxList)
			args := make([]any, n)
			for i := range args {
				args[i] = items[i]
			}
			if !yield(placeholders(1, n), args) {
				return
			}
			items = items[n:]
		}
	}
}

// placeholders returns those of some rows: (?,?),(?,?), or ?,? if they have one column.
func placeholders(columns, rows int) string {
	one := strings.Repeat("?,", columns)
	one = one[:len(one)-1]
	if columns > 1 {
		one = "(" + one + ")"
	}
	all := strings.Repeat(one+",", rows)
	return all[:max(0, len(all)-1)]
}

// hash returns what stands for texts, which may be too long for an index.
func hash(texts ...string) string {
	h := sha256.New()
	for _, text := range texts {
		h.Write([]byte(strconv.Itoa(len(text)) + " " + text))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// canBeKept reports whether a text may be in the database. Postgres rejects a statement
// with any other.
func canBeKept(text string) bool { return utf8.ValidString(text) && !strings.ContainsRune(text, 0) }

// isAboutData reports whether the database rejected a statement for the data in it, so that it
// would do so again.
func isAboutData(err error) bool {
	var postgres interface{ SQLState() string }
	if errors.As(err, &postgres) {
		state := postgres.SQLState()
		return len(state) == 5 && slices.Contains([]string{"22", "23", "54"}, state[:2])
	}
	switch sqliteCode(err) {
	case 18, 19, 20: // SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH
		return true
	}
	return false
}

// sqliteCode returns the primary result code of an error of SQLite, or 0.
func sqliteCode(err error) int {
	var sqlite interface{ Code() int }
	if !errors.As(err, &sqlite) {
		return 0
	}
	return sqlite.Code() & 0xff
}
