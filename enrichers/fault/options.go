package fault

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/evidence"
	"github.com/failure-enrichers/enricher/enrichers/internal/inspect"
)

// Options are the options of the enricher. Each maps what an error is to the
// [Type] of its failures; the package documentation says what the keys are. By
// default, there are no overrides.
type Options struct {
	Sentinels    map[string]Type
	Types        map[string]Type
	Errnos       map[string]Type
	SQLStates    map[string]Type `mapstructure:"sqlstates"`
	Statuses     map[string]Type
	GRPCCodes    map[string]Type `mapstructure:"grpc-codes"`
	ExitStatuses map[string]Type
	Signals      map[string]Type
}

// A named is a Go type that an override is about.
type named struct {
	name  string
	value Type
}

// A code is one that an override is about. A class, such as SQLSTATE 23, is one
// as well.
type code struct {
	kind evidence.Kind
	text string
}

// overrides are what counts more than the evidence.
type overrides struct {
	sentinels []sentinel
	types     []named
	codes     map[code]Type
}

func (o *overrides) empty() bool { return len(o.sentinels)+len(o.types)+len(o.codes) == 0 }

// of returns what is said about err itself, and by which option.
func (o *overrides) of(err error) (t Type, why string, ok bool) {
	for _, s := range o.sentinels {
		if s.is(err) {
			return s.value, "option sentinels: " + s.name, true
		}
	}
	for _, n := range o.types {
		if inspect.IsType(err, n.name) {
			return n.value, "option types: " + n.name, true
		}
	}
	if len(o.codes) > 0 {
		found := evidence.CodeOf(err)
		for _, text := range [...]string{found.Code, classOf(found)} {
			if t, ok := o.codes[code{found.Kind, text}]; ok {
				return t, fmt.Sprintf("option for %s %s", found.Kind, text), true
			}
		}
	}
	return "", "", false
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

// overrides returns what the options say, or what is wrong with them.
func (o Options) overrides() (*overrides, error) {
	all := &overrides{codes: map[code]Type{}}
	var errs []error
	check := func(option string, values map[string]Type, check func(key string) error) {
		for _, key := range slices.Sorted(maps.Keys(values)) {
			err := check(key)
			if err == nil && !slices.Contains(types, values[key]) {
				err = fmt.Errorf("%q: unknown type %q: want one of %q", key, values[key], types)
			}
			if err != nil {
				errs = append(errs, &enricher.ConfigError{Option: option, Err: err})
			}
		}
	}
	check("sentinels", o.Sentinels, func(name string) error {
		s, err := lookUpSentinel(name)
		all.sentinels = append(all.sentinels, sentinel{name, s, o.Sentinels[name]})
		return err
	})
	check("types", o.Types, func(name string) error {
		all.types = append(all.types, named{name, o.Types[name]})
		return checkType(name)
	})
	for _, c := range []struct {
		option string
		kind   evidence.Kind
		values map[string]Type
		check  func(key string) error
	}{
		{"errnos", evidence.Errno, o.Errnos, oneOf("system error", evidence.Errnos())},
		{"sqlstates", evidence.SQLState, o.SQLStates, checkSQLState},
		{"statuses", evidence.HTTPStatus, o.Statuses, checkStatus},
		{"grpc-codes", evidence.GRPCStatus, o.GRPCCodes, oneOf("gRPC code", evidence.GRPCCodes())},
		{"exit-statuses", evidence.ExitStatus, o.ExitStatuses, checkExitStatus},
		{"signals", evidence.Signal, o.Signals, oneOf("signal", evidence.Signals())},
	} {
		// Loaders of configuration that lower-case their keys are common.
		values := make(map[string]Type, len(c.values))
		for key, t := range c.values {
			key = upper(key)
			values[key], all.codes[code{c.kind, key}] = t, t
		}
		check(c.option, values, c.check)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return all, nil
}

// upper returns key as it is looked up: "ENOSPC", but "4xx".
func upper(key string) string {
	if statusForm.MatchString(strings.ToLower(key)) {
		return strings.ToLower(key)
	}
	return strings.ToUpper(key)
}

func checkType(key string) error {
	if name := strings.TrimLeft(key, "*"); name == "" || strings.ContainsAny(name, " \t\n") {
		return fmt.Errorf("%q: want the name of a Go type, such as \"*fs.PathError\"", key)
	}
	return nil
}

func oneOf(what string, names []string) func(string) error {
	return func(key string) error {
		if slices.Contains(names, key) {
			return nil
		}
		return fmt.Errorf("%q: unknown %s: want one of %s", key, what, strings.Join(names, ", "))
	}
}

func checkSQLState(key string) error {
	if evidence.IsSQLState(key) || len(key) == 2 && evidence.IsSQLState(key+"000") {
		return nil
	}
	return fmt.Errorf("%q: want a SQLSTATE of five digits and upper case letters, or a class of two", key)
}

var statusForm = regexp.MustCompile(`^[1-9](xx|[0-9][0-9])$`)

func checkStatus(key string) error {
	if statusForm.MatchString(key) {
		return nil
	}
	return fmt.Errorf("%q: want an HTTP status such as \"404\", or a class such as \"4xx\"", key)
}

func checkExitStatus(key string) error {
	n, err := strconv.Atoi(key)
	if err != nil || n < 1 || n > 255 || key != strconv.Itoa(n) {
		return fmt.Errorf("%q: want an exit status, 1 to 255", key)
	}
	if e := evidence.OfExitStatus(n); e.Kind == evidence.Signal {
		return fmt.Errorf("%q: a command that ends so was ended by a signal: want %q in option \"signals\"", key, e.Code)
	}
	return nil
}
