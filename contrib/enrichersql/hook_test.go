package enrichersql_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// A hook is called before each statement, and after each COMMIT that succeeded. If it
// returns an error, that is the statement's.
type hook func(text string, args []driver.NamedValue) error

// hooked returns a *sql.DB that calls a hook.
func (p place) hooked(t testing.TB, h hook) *sql.DB {
	plain, err := sql.Open(p.driver, p.source)
	require.NoError(t, err)
	defer plain.Close()
	db := sql.OpenDB(connector{plain.Driver(), p.source, h})
	t.Cleanup(func() { db.Close() })
	return db
}

type connector struct {
	driver driver.Driver
	source string
	hook   hook
}

func (c connector) Driver() driver.Driver { return c.driver }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	if err := c.hook("CONNECT", nil); err != nil {
		return nil, err
	}
	conn, err := c.driver.Open(c.source)
	return hookedConn{conn, c.hook}, err
}

type hookedConn struct {
	driver.Conn
	hook hook
}

func (c hookedConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.hook(text, args); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
}

func (c hookedConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.hook(text, args); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
}

func (c hookedConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if err := c.hook("BEGIN", nil); err != nil {
		return nil, err
	}
	tx, err := c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
	return hookedTx{tx, c.hook}, err
}

func (c hookedConn) CheckNamedValue(v *driver.NamedValue) error {
	if checker, ok := c.Conn.(driver.NamedValueChecker); ok {
		return checker.CheckNamedValue(v)
	}
	return driver.ErrSkip
}

type hookedTx struct {
	driver.Tx
	hook hook
}

func (t hookedTx) Commit() error { return errors.Join(t.Tx.Commit(), t.hook("COMMIT", nil)) }
