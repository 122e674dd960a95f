package main

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	_ "modernc.org/sqlite"

	"github.com/failure-enrichers/enricher/contrib/enrichersql"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A database has the tables of River, those of the jobs, and those of the failures.
type database struct {
	name     string           // for people
	sql      *sql.DB          // for the jobs
	failures exceptions.Store // has connections of its own, so that a page does not wait for jobs, nor they for it
	newQueue func(*river.Config) (queue, error)
	close    func()
}

// open opens the database that the flags name, and makes its tables.
func open(ctx context.Context, opts options) (*database, error) {
	if opts.databaseURL != "" {
		return openPostgres(ctx, opts.databaseURL)
	}
	if opts.database != "" {
		return openSQLite(ctx, opts.database)
	}
	dir, err := os.MkdirTemp("", "fleet")
	if err != nil {
		return nil, err
	}
	db, err := openSQLite(ctx, filepath.Join(dir, "river.db"))
	if err != nil {
		os.RemoveAll(dir)
		return nil, err
	}
	closeFile := db.close
	db.close = func() {
		closeFile()
		os.RemoveAll(dir)
	}
	return db, nil
}

func openSQLite(ctx context.Context, file string) (*database, error) {
	source := "file:" + file + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)"
	db, err := sql.Open("sqlite", source)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1) // SQLite has one writer
	driver := riversqlite.New(db)
	if err := makeTables(ctx, driver, db); err != nil {
		db.Close()
		return nil, fmt.Errorf("-database %s: %w", file, err)
	}
	second, err := sql.Open("sqlite", source)
	if err != nil {
		db.Close()
		return nil, err
	}
	closeAll := func() {
		second.Close()
		db.Close()
	}
	failures, err := openFailures(ctx, second, enrichersql.SQLite)
	if err != nil {
		closeAll()
		return nil, fmt.Errorf("-database %s: %w", file, err)
	}
	return &database{
		name:     file,
		sql:      db,
		failures: failures,
		newQueue: func(cfg *river.Config) (queue, error) { return river.NewClient(driver, cfg) },
		close:    closeAll,
	}, nil
}

// openFailures makes the tables of the failures that are not there.
func openFailures(ctx context.Context, db *sql.DB, dialect enrichersql.Dialect) (exceptions.Store, error) {
	if err := enrichersql.Migrate(ctx, db, dialect, enrichersql.Options{}); err != nil {
		return nil, err
	}
	return enrichersql.New(db, dialect, enrichersql.Options{})
}

// tablesLock is the key of the advisory lock that a process holds while it makes the
// tables. Processes that start together would otherwise make them at once, and fail.
const tablesLock = 0x666c656574

func openPostgres(ctx context.Context, url string) (*database, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("-database-url: %w", err) // without the password
	}
	db := stdlib.OpenDBFromPool(pool)
	second := stdlib.OpenDB(*pool.Config().ConnConfig)
	second.SetMaxOpenConns(4)
	closeAll := func() {
		second.Close()
		db.Close()
		pool.Close()
	}
	driver := riverpgxv5.New(pool)
	err = pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", tablesLock); err != nil {
			return err
		}
		err := makeTables(ctx, driver, db)
		_, _ = conn.Exec(ctx, "SELECT pg_advisory_unlock($1)", tablesLock) // otherwise it ends with the connection
		return err
	})
	if err != nil {
		closeAll()
		return nil, fmt.Errorf("-database-url: %w", err)
	}
	failures, err := openFailures(ctx, second, enrichersql.Postgres)
	if err != nil {
		closeAll()
		return nil, fmt.Errorf("-database-url: %w", err)
	}
	to := pool.Config().ConnConfig
	return &database{
		name:     fmt.Sprintf("database %s of Postgres at %s", to.Database, to.Host),
		sql:      db,
		failures: failures,
		newQueue: func(cfg *river.Config) (queue, error) { return river.NewClient(driver, cfg) },
		close:    closeAll,
	}, nil
}

// makeTables makes those tables that are not there.
func makeTables[TTx any](ctx context.Context, driver riverdriver.Driver[TTx], db *sql.DB) error {
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	for _, statement := range []string{
		"CREATE TABLE IF NOT EXISTS fleet_invoice (number TEXT PRIMARY KEY)",
		"INSERT INTO fleet_invoice VALUES ('2026-117') ON CONFLICT DO NOTHING",
	} {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
