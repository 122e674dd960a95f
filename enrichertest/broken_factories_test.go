package enrichertest_test

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

func brokenFactories() map[string]broken {
	return map[string]broken{
		"it is not given what it needs": {"creation", `with the options map[]: enricher "tested": option "depth": must be more than 0: WithOptions gives it what it needs`, depth(func(o depthOptions) error {
			if o.Depth <= 0 {
				return &enricher.ConfigError{Option: "depth", Err: errors.New("must be more than 0")}
			}
			return nil
		}), nil},
		"it is given something wrong": {
			"creation", `with the options map[depth:-1]: enricher "tested": option "depth": must be 0 or more`,
			notNegative(&enricher.ConfigError{Option: "depth", Err: errors.New("must be 0 or more")}),
			[]enrichertest.Option{enrichertest.WithOptions(map[string]any{"depth": -1})},
		},
		"the factory fails": {"creation", "no licence", factoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			return nil, errors.New("no licence")
		}), nil},
		"the factory returns nil": {"creation", "returned nil", making(func() enricher.FailureEnricher { return nil }), nil},
		"the factory panics":      {"creation", "panic: oops", making(func() enricher.FailureEnricher { panic("oops") }), nil},
		"the factory exits": {"creation", "runtime.Goexit was called", making(func() enricher.FailureEnricher {
			runtime.Goexit()
			return nil
		}), nil},
		"the factory waits": {"creation", "the factory has not returned after 11s\n\tgoroutines: 1, in ", making(func() enricher.FailureEnricher {
			hang()
			return good
		}), nil},
		"the factory works once": {"creation", "while the first is in use: enricher \"tested\": the port is taken", once(), nil},
		"the factory does not decode strictly": {"options", `there must be an error that names "no-such-option"`, factoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			_ = conf.Options()["depth"]
			return good, nil
		}), nil},
		"the error does not name the option": {
			"options", `the error must name "depth": bad number`,
			notNegative(errors.New("bad number")),
			[]enrichertest.Option{negative},
		},
		"the error names the option only as the enricher's name": {
			"options", `the error must name "depth": bad number`,
			notNegative(errors.New("bad number")),
			[]enrichertest.Option{negative, enrichertest.WithName("depth")},
		},
		"the error names another option": {
			"options", `the error must name "depth": option "unit": must be less`,
			notNegative(&enricher.ConfigError{Option: "unit", Err: errors.New("must be less")}),
			[]enrichertest.Option{negative},
		},
		"a bad option is accepted": {"options", `the options map[depth:-1] are accepted`, notNegative(nil), []enrichertest.Option{negative}},
		"a goroutine starts before the options are looked at": {"start", "left by a factory that has rejected the options map[no-such-option:a value]: goroutines: 1, in ", factoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			stop := make(chan struct{})
			closeStop := sync.OnceFunc(func() { close(stop) })
			go func() {
				select {
				case <-stop:
				case <-time.After(time.Hour):
				}
			}()
			if err := conf.Decode(&depthOptions{}); err != nil {
				return nil, err // without closeStop
			}
			return &closing{good, func() error { closeStop(); return nil }}, nil
		}), nil},
	}
}

func once() enricher.Factory {
	var used atomic.Bool
	return factoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		if used.Swap(true) {
			return nil, errors.New("the port is taken")
		}
		return good, nil
	})
}
