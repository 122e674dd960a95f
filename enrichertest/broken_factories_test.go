package enrichertest_test

import (
	"errors"
	"runtime"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

func brokenFactories() map[string]broken {
	return map[string]broken{
		"the factory fails": {"creation", "no licence", factoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			return nil, errors.New("no licence")
		}), nil},
		"the factory returns nil": {"creation", "returned nil", making(func() enricher.FailureEnricher { return nil }), nil},
		"the factory panics":      {"creation", "panic: oops", making(func() enricher.FailureEnricher { panic("oops") }), nil},
		"the factory exits": {"creation", "called runtime.Goexit", making(func() enricher.FailureEnricher {
			runtime.Goexit()
			return nil
		}), nil},
		"the factory waits": {"creation", "the factory has not returned after 1.3s", making(func() enricher.FailureEnricher {
			<-never
			return good
		}), nil},
		"the factory works once": {"creation", "while the first is in use: enricher \"tested\": the port is taken", once(), nil},
		"the factory does not decode strictly": {"options", `want an error that names "no-such-option"`, factoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			_ = conf.Options()["depth"]
			return good, nil
		}), nil},
		"the error does not name the option": {"options", `names "depth", not: enricher "tested": bad number`, depth(func(o depthOptions) error {
			if o.Depth < 0 {
				return errors.New("bad number")
			}
			return nil
		}), []enrichertest.Option{negative}},
		"the error names another option": {"options", `option "unit": want more depth`, depth(func(o depthOptions) error {
			if o.Depth < 0 {
				return &enricher.ConfigError{Option: "unit", Err: errors.New("want more depth")}
			}
			return nil
		}), []enrichertest.Option{negative}},
		"a bad option is accepted": {"options", `the options {"depth":-1} are accepted`, depth(func(depthOptions) error { return nil }), []enrichertest.Option{negative}},
		"a goroutine starts before the options are looked at": {"start", "(*worker).work", factoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
			w := newWorker()
			if err := conf.Decode(&depthOptions{}); err != nil {
				return nil, err // and who closes w?
			}
			return w, nil
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
