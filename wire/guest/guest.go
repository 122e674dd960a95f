// Package guest makes a failure enricher a WebAssembly plugin, for the package
// contrib/enricherwasm. A plugin is an ordinary factory and one line:
//
//	package main
//
//	import (
//		"example.com/acme"
//
//		"github.com/failure-enrichers/enricher/wire/guest"
//	)
//
//	func init() { guest.Serve(acme.Factory) }
//
//	func main() {}
//
// It is built with the standard Go compiler:
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags=-s -o acme.wasm .
//
// In this mode main is never called; Serve must be called in an init function.
//
// The cause that the enricher gets is what wire.Failure.Cause returns: an error whose
// chain, texts, standard types and methods are those of the original. The ctx ends a
// little before the time of the call is up, and the call is ended when it is. Log lines of
// FactoryConfig.Logger and of slog.Default reach the logger of the enricher in the service.
// The service starts several instances, each of which calls the factory: what the factory
// logs appears once for each. A panic ends the instance, and the service sees its text and
// stack. There are no files,
// no network, and only the environment variables that are granted. Goroutines run only
// during calls.
//
// On other systems than wasip1 Serve does nothing, so that the package of a plugin can be
// tested like any other.
package guest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/wire/internal/form"
)

// Serve makes the enrichers of f those of the plugin. It panics if f is nil.
func Serve(f enricher.Factory) {
	if f == nil {
		panic("guest: Serve: the factory is nil")
	}
	served.factory = f
}

// served is the one enricher of an instance.
var served server

type server struct {
	factory  enricher.Factory
	enricher enricher.FailureEnricher
}

// create makes the enricher.
func (s *server) create(request []byte, log slog.Handler) []byte {
	answer := form.Info{V: form.Version}
	if info, ok := debug.ReadBuildInfo(); ok {
		answer.Name, answer.Version = info.Main.Path, info.Main.Version
	}
	slog.SetDefault(slog.New(log))
	if err := s.make(request, log); err != nil {
		answer.Error = explain(err)
		return encode(answer)
	}
	answer.OutputKeys = append([]string{}, s.enricher.OutputKeys()...)
	if r, ok := s.enricher.(enricher.LabelReader); ok {
		answer.InputKeys = append([]string{}, r.InputKeys()...)
	}
	if r, ok := s.enricher.(enricher.ValueReader); ok {
		answer.InputValues = r.InputValues()
	}
	if d, ok := s.enricher.(enricher.LabelDescriber); ok {
		answer.Labels = d.DescribeLabels()
	}
	return encode(answer)
}

// make has [enricher.New] make the enricher, for its checks: that all options are known,
// and that there is an enricher.
func (s *server) make(request []byte, log slog.Handler) error {
	var conf struct {
		Name    string         `json:"name"`
		Options map[string]any `json:"options"`
	}
	decoder := json.NewDecoder(bytes.NewReader(request))
	decoder.UseNumber() // a large number keeps its digits
	if err := decoder.Decode(&conf); err != nil {
		return err
	}
	if s.factory == nil {
		return errors.New("the plugin has no factory: it must call guest.Serve in an init function")
	}
	factory := enricher.FactoryFunc(func(conf enricher.FactoryConfig) (fe enricher.FailureEnricher, err error) {
		s.enricher, err = s.factory.CreateFailureEnricher(conf)
		return s.enricher, err
	})
	registry := enricher.NewRegistry()
	registered, _, _ := strings.Cut(conf.Name, "/")
	if err := registry.Register(registered, factory); err != nil {
		return err
	}
	_, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{conf.Name},
		Options:          map[string]map[string]any{conf.Name: conf.Options},
	}, enricher.WithRegistry(registry), enricher.WithLogger(slog.New(onlyWithAttrs{log})))
	return err // keys are checked by the New of the service
}

// process labels a failure.
func (s *server) process(request []byte) []byte {
	failure, err := form.Decode(request)
	if err != nil {
		return encode(form.Answer{Error: explain(err)})
	}
	ctx := context.Background()
	if failure.Deadline > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(failure.Deadline)*time.Millisecond)
		defer cancel()
	}
	labels, err := s.enricher.ProcessFailure(ctx, failure.Cause(), failure.Context())
	if err != nil {
		return encode(form.Answer{Error: explain(err)})
	}
	return encode(form.Answer{Labels: labels})
}

// explain returns an error as the service gets it, with the option that it is about. If
// it is about several, the text has the others.
func explain(err error) *form.Problem {
	p := &form.Problem{Text: enricher.Text(err)}
	for err := range enricher.Chain(err) {
		if ce, ok := err.(*enricher.ConfigError); ok && p.Option == "" {
			p = &form.Problem{Option: ce.Option, Text: enricher.Text(ce.Err)}
		} else if ok {
			p.Text += fmt.Sprintf("; option %q: %s", ce.Option, enricher.Text(ce.Err))
		}
	}
	return p
}

func encode(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // not with these types
	}
	return data
}
