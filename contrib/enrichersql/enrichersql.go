// Package enrichersql keeps failures in SQLite or Postgres: it is an
// [exceptions.Store] behind a *sql.DB of the service.
//
//	db, err := sql.Open("sqlite", "file:failures.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
//	...
//	err = enrichersql.Migrate(ctx, db, enrichersql.SQLite, enrichersql.Options{})
//	...
//	store, err := enrichersql.New(db, enrichersql.SQLite, enrichersql.Options{})
//	...
//	history := exceptions.NewHistory(exceptions.Options{Store: store})
//	...
//	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // the ctx of a signal has ended
//	defer cancel()
//	err = errors.Join(e.Shutdown(ctx), history.Close(ctx))
//
// # Database
//
// The package imports no driver. It is tested with modernc.org/sqlite and with
// github.com/jackc/pgx/v5/stdlib. The *sql.DB stays the caller's to close. Several
// processes may use one database; a failure has the name of its process in
// Entry.Process. SQLite needs journal_mode WAL and a busy_timeout, as above, because
// the store reads while it writes: otherwise answers fail with "database is locked". A
// database in memory needs SetMaxOpenConns(1), because each connection has its own.
// A database that cannot be reached when New is called, or later, is no error of New:
// the history calls again until it works, and keeps up to its MaxBytes of failures
// meanwhile.
//
// # Writing
//
// Append writes each batch in one transaction. What it has returned for is in the
// database, also if the process is killed. How safe that is if the machine fails is up to
// the settings of the database. A record that the database rejects for what it contains,
// such as a text that is too long, is skipped and counted in Status.Dropped of the
// history; the store has a method Skipped() uint64. One in a minute is logged.
//
// # Reading
//
// Counts, groups and histograms are made in the process from 32 bytes for each failure,
// which it keeps for up to two million failures, by quarters of an hour; only those that
// have changed are read again. Quarters that are over are also kept in the database in a
// packed form, once a minute while failures are written, so that a new process reads them
// quickly. If finding the failures of an answer takes more than two seconds, the store
// looks at no more, and the answer is Truncated: the newest failures are counted. To read
// the texts of those that are shown may take longer. A failure whose row cannot be read has a
// message that says so.
//
// # Retention
//
// Failures are removed by age, and by their number for each job and each group, in
// batches of at most 500, while others are written: a database to which nothing is
// written keeps what it has. Failures under others are removed with them. Counts are
// of what is kept, except Job.Failures. When a value of a label was first seen is
// remembered for a year after it was last seen.
package enrichersql

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher/exceptions"
	"github.com/failure-enrichers/enricher/redact"
)

// A Dialect is a kind of database.
type Dialect uint8

const (
	SQLite   Dialect = iota + 1 // 3.35 or later
	Postgres                    // 13 or later
)

// Options configure a store. The zero value is usable.
type Options struct {
	// TablePrefix begins the names of all tables and indexes. It must be that of
	// [Migrate]: letters, digits and underscores, not beginning with a digit, at
	// most 32. By default, "enricher_".
	TablePrefix string

	// MaxAge is how long failures are kept, by Entry.Time. By default, 30 days; a
	// negative duration means for ever.
	MaxAge time.Duration

	// MaxPerJob is how many failures of a job are kept, with those under others. The
	// oldest that are not under others are removed, with those under them, but never
	// the latest of these. By default, 1000; a negative number means all.
	MaxPerJob int

	// GroupBy is the label that MaxPerGroup is about. By default, "fingerprint".
	GroupBy string

	// MaxPerGroup is how many failures with one value of the label GroupBy are
	// kept, about: they are counted once a minute, and those under others are
	// not. By default, 100000; a negative number means all.
	MaxPerGroup int

	// Logger gets a line, once a minute at most, for a record that is skipped. By
	// default, [slog.Default].
	Logger *slog.Logger
}

var prefixPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,31}$`)

// withDefaults returns o with every field in its range.
func (o Options) withDefaults(d Dialect) (Options, error) {
	if d != SQLite && d != Postgres {
		return o, fmt.Errorf("enrichersql: dialect %d: must be SQLite or Postgres", d)
	}
	if o.TablePrefix == "" {
		o.TablePrefix = "enricher_"
	}
	if !prefixPattern.MatchString(o.TablePrefix) {
		return o, fmt.Errorf("enrichersql: TablePrefix %q: must be 1 to 32 letters, digits and underscores, not beginning with a digit", o.TablePrefix)
	}
	if o.MaxAge == 0 {
		o.MaxAge = 30 * 24 * time.Hour
	}
	if o.MaxPerJob == 0 {
		o.MaxPerJob = 1000
	}
	if o.GroupBy == "" {
		o.GroupBy = "fingerprint"
	}
	if o.MaxPerGroup == 0 {
		o.MaxPerGroup = 100_000
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return o, nil
}

// New returns a store on a database with the tables that [Migrate] makes. It does not
// connect. The options are wrong if it returns an error.
func New(db *sql.DB, d Dialect, o Options) (exceptions.Store, error) {
	o, err := o.withDefaults(d)
	if err == nil && db == nil {
		err = errors.New("enrichersql: the database is nil")
	}
	if err != nil {
		return nil, err
	}
	return &store{
		database: database{db, d, o.TablePrefix},
		opts:     o,
		limit:    2 * time.Second,
		slots:    map[int64]*slot{},
		touched:  map[string]struct{}{},
	}, nil
}

type store struct {
	database
	opts    Options
	limit   time.Duration // of one answer, and of what one call of Append removes
	skipped atomic.Uint64 // records

	mu     sync.Mutex
	slots  map[int64]*slot // as they were read last
	rows   int             // in slots
	uses   uint64
	logged time.Time // when a record was skipped and that was logged

	sweeping sync.Mutex
	swept    time.Time
	touched  map[string]struct{} // values of GroupBy since then
}

var _ exceptions.Store = (*store)(nil)

// String returns "SQLite" or "Postgres".
func (s *store) String() string { return s.name() }

// Skipped returns how many records could never be kept.
func (s *store) Skipped() uint64 { return s.skipped.Load() }

// skip counts a record that the database rejected, and logs it, but not more than one a minute.
func (s *store) skip(r *exceptions.Record, err error) {
	skipped := s.skipped.Add(1)
	s.mu.Lock()
	log := time.Since(s.logged) >= time.Minute
	if log {
		s.logged = time.Now()
	}
	s.mu.Unlock()
	if log {
		s.opts.Logger.Warn("A failure was not stored: the database rejected it", "id", r.Entry.ID, "skipped", skipped, "error", redact.Text(err.Error()))
	}
}
