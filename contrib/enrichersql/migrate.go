package enrichersql

import (
	"cmp"
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Files are the statements of [Migrate], for those who run them themselves:
// schema/sqlite_1.sql and schema/postgres_1.sql, and one for each later version, to
// be run in their order. The prefix of the tables in them is "enricher_".
//
//go:embed schema/*.sql
var Files embed.FS

// version is that of the schema that this binary knows.
const version = 1

// Migrate makes the tables of this version, or adds to them what is missing. Two
// processes may call it at once. A schema that is one version newer stays as it is, and
// works with this binary.
//
// If SQLite is locked by something else, Migrate waits until ctx ends, but at most a
// minute.
func Migrate(ctx context.Context, db *sql.DB, d Dialect, o Options) error {
	o, err := o.withDefaults(d)
	if err != nil {
		return err
	}
	if db == nil {
		return errors.New("enrichersql: the database is nil")
	}
	ctx, cancel := context.WithTimeout(cmp.Or(ctx, context.Background()), time.Minute)
	defer cancel()
	m := &database{db, d, o.TablePrefix}
	for {
		err := m.migrate(ctx)
		if !isLocked(err) {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

// isLocked reports whether SQLite is locked: SQLITE_BUSY or SQLITE_LOCKED.
func isLocked(err error) bool {
	code := sqliteCode(err)
	return code == 5 || code == 6
}

func (d *database) migrate(ctx context.Context) error {
	conn, err := d.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("enrichersql: %w", err)
	}
	defer conn.Close()
	begin := "BEGIN"
	if d.dialect == SQLite {
		begin = "BEGIN IMMEDIATE" // database/sql cannot say this
	}
	if err := d.exec(ctx, conn, begin); err != nil {
		return fmt.Errorf("enrichersql: %w", err)
	}
	err = d.upgrade(ctx, conn)
	if err == nil {
		err = d.exec(ctx, conn, "COMMIT")
	}
	if err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = d.exec(ctx, conn, "ROLLBACK") // the first error says more
		return fmt.Errorf("enrichersql: %w", err)
	}
	return nil
}

// upgrade runs the files of the versions that are missing.
func (d *database) upgrade(ctx context.Context, on session) error {
	catalog := "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND lower(name) = lower(?)"
	if d.dialect == Postgres {
		// A key of its own for each prefix would not be safer: it is held for a moment.
		if err := d.exec(ctx, on, "SELECT pg_advisory_xact_lock(7308327796094822258)"); err != nil {
			return err
		}
		catalog = "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = lower(?)"
	}
	var tables, has, oldest int
	if _, err := d.get(ctx, on, catalog, []any{d.prefix + "schema"}, &tables); err != nil {
		return err
	}
	if tables > 0 {
		if _, err := d.get(ctx, on, "SELECT version, oldest FROM enricher_schema", nil, &has, &oldest); err != nil {
			return err
		}
	}
	if oldest > version {
		return fmt.Errorf("the schema has version %d, which works with version %d and later: this binary has %d", has, oldest, version)
	}
	for v := has + 1; v <= version; v++ {
		name := fmt.Sprintf("schema/%s_%d.sql", strings.ToLower(d.name()), v)
		text, err := Files.ReadFile(name)
		if err != nil {
			return err
		}
		for _, statement := range statements(string(text)) {
			if err := d.exec(ctx, on, statement); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	return nil
}

// statements returns those of a file, without comments.
func statements(text string) []string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		code, _, _ := strings.Cut(line, "--")
		b.WriteString(code + "\n")
	}
	var all []string
	for s := range strings.SplitSeq(b.String(), ";") {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	return all
}

func (d *database) name() string {
	if d.dialect == SQLite {
		return "SQLite"
	}
	return "Postgres"
}
