package fault

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/nearest"
)

// Options are the options of the enricher. Each map to a [Type] says which type
// failures have; the package documentation describes the keys. By default, there are
// no overrides and no hints.
type Options struct {
	Sentinels    map[string]Type
	Types        map[string]Type
	Errnos       map[string]Type
	SQLStates    map[string]Type `mapstructure:"sqlstates"`
	Statuses     map[string]Type
	GRPCCodes    map[string]Type `mapstructure:"grpc-codes"`
	ExitStatuses map[string]Type
	Signals      map[string]Type

	Hints        map[string]string // the label hint, by code with its kind or by Go type
	DefaultHints bool              // adds hints for common failures
}

// An override gives failures a type, and counts them.
type override struct {
	option, key string // as in the options
	value       Type
	counted     atomic.Uint64
}

func (o *override) String() string { return o.option + " " + o.key }

// A code is a code with an override, or a class of codes, such as SQLSTATE 23.
type code struct {
	kind evidence.Kind
	text string
}

// overrides are all overrides, by what they look at.
type overrides struct {
	all       []*override
	sentinels []sentinel
	types     []*override
	codes     map[code]*override
}

// of returns the override of err itself, or nil.
func (o *overrides) of(err error) *override {
	for _, s := range o.sentinels {
		if s.is(err) {
			return s.override
		}
	}
	for _, t := range o.types {
		if inspect.IsType(err, t.key) {
			return t
		}
	}
	if len(o.codes) > 0 {
		for _, found := range evidence.CodesOf(err) {
			if c := o.ofCode(found); c != nil {
				return c
			}
		}
	}
	return nil
}

// ofCode returns the override of a code, or of its class, or nil.
func (o *overrides) ofCode(e evidence.Evidence) *override {
	if e.Code == "" {
		return nil
	}
	return cmp.Or(o.codes[code{e.Kind, e.Code}], o.codes[code{e.Kind, classOf(e)}])
}

// classOf returns the class of a code: of SQLSTATE 23505 it is 23, and of status
// 404 it is 4xx.
func classOf(e evidence.Evidence) string {
	switch e.Kind {
	case evidence.SQLState:
		return e.Code[:2]
	case evidence.HTTPStatus:
		return e.Code[:1] + "xx"
	}
	return e.Code
}

// overrides returns the overrides, or an error for each that is wrong.
func (o Options) overrides() (*overrides, error) {
	all := &overrides{codes: map[code]*override{}}
	var errs []error
	for _, option := range []struct {
		name   string
		values map[string]Type
		add    func(*override) error
	}{
		{"sentinels", o.Sentinels, all.addSentinel},
		{"types", o.Types, all.addType},
		{"errnos", o.Errnos, all.adderOf(evidence.Errno, checkErrno)},
		{"sqlstates", o.SQLStates, all.adderOf(evidence.SQLState, checkSQLState)},
		{"statuses", o.Statuses, all.adderOf(evidence.HTTPStatus, checkStatus)},
		{"grpc-codes", o.GRPCCodes, all.adderOf(evidence.GRPCStatus, oneOf("gRPC code", evidence.GRPCCodes()))},
		{"exit-statuses", o.ExitStatuses, all.adderOf(evidence.ExitStatus, checkExitStatus)},
		{"signals", o.Signals, all.adderOf(evidence.Signal, oneOf("signal", evidence.Signals()))},
	} {
		for _, key := range slices.Sorted(maps.Keys(option.values)) {
			added := &override{option: option.name, key: key, value: option.values[key]}
			err := option.add(added)
			if err == nil && !slices.Contains(types, added.value) {
				err = fmt.Errorf("unknown type %q: must be one of %q", added.value, types)
			}
			if err != nil {
				errs = append(errs, &enricher.ConfigError{Option: option.name, Err: fmt.Errorf("%q: %w", key, err)})
			}
			all.all = append(all.all, added)
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return all, nil
}

func (o *overrides) addSentinel(added *override) error {
	err, problem := lookUpSentinel(added.key)
	if problem != nil {
		return problem
	}
	for _, other := range o.sentinels {
		if other.is(err) {
			return fmt.Errorf("conflicts with %q, which is the same error: names are case-insensitive", other.override.key)
		}
	}
	o.sentinels = append(o.sentinels, sentinel{err, added})
	return nil
}

func (o *overrides) addType(added *override) error {
	for _, other := range o.types {
		if strings.EqualFold(other.key, added.key) {
			return fmt.Errorf("conflicts with %q: keys are case-insensitive", other.key)
		}
	}
	o.types = append(o.types, added)
	return inspect.CheckTypeName(added.key)
}

// adderOf returns a function that adds an override of codes of a kind. Keys are
// case-insensitive, because many loaders of configuration lower-case them.
func (o *overrides) adderOf(kind evidence.Kind, check func(key string) error) func(*override) error {
	return func(added *override) error {
		c := code{kind, upper(added.key)}
		if other := o.codes[c]; other != nil {
			return fmt.Errorf("conflicts with %q: keys are case-insensitive", other.key)
		}
		o.codes[c] = added
		return check(c.text)
	}
}

// upper returns key as it is looked up: "ENOSPC", but "4xx".
func upper(key string) string {
	if statusForm.MatchString(strings.ToLower(key)) {
		return strings.ToLower(key)
	}
	return strings.ToUpper(key)
}

func oneOf(what string, names []string) func(string) error {
	return func(key string) error {
		if slices.Contains(names, key) {
			return nil
		}
		near := ""
		if name, ok := nearest.Name(key, names); ok {
			near = fmt.Sprintf("; did you mean %q?", name)
		}
		return fmt.Errorf("unknown %s: must be one of %s%s", what, strings.Join(names, ", "), near)
	}
}

// checkErrno accepts a number if it has no name here.
func checkErrno(key string) error {
	if n, err := strconv.Atoi(key); err == nil && n > 0 && key == strconv.Itoa(n) {
		if name := evidence.CodeOf(syscall.Errno(n)).Code; name != key {
			return fmt.Errorf("must be given by its name, %q", name)
		}
		return nil
	}
	return oneOf("system error", evidence.Errnos())(key)
}

func checkSQLState(key string) error {
	if evidence.IsSQLState(key) || len(key) == 2 && evidence.IsSQLState(key+"000") {
		return nil
	}
	return errors.New("must be a SQLSTATE of five digits and upper case letters, or a class of two")
}

var statusForm = regexp.MustCompile(`^[345](xx|[0-9][0-9])$`)

func checkStatus(key string) error {
	if statusForm.MatchString(key) {
		return nil
	}
	return errors.New("must be an HTTP status from 300 to 599, such as \"404\", or a class such as \"4xx\"")
}

func checkExitStatus(key string) error {
	n, err := strconv.Atoi(key)
	if err != nil || n < 1 || n > 255 || key != strconv.Itoa(n) {
		return errors.New("must be an exit status, 1 to 255")
	}
	if e := evidence.OfExitStatus(n); e.Kind == evidence.Signal {
		return fmt.Errorf("is the status of a command that was ended by a signal: must be %q in option \"signals\"", e.Code)
	}
	return nil
}
