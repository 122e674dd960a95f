package enricherwasm_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwasm"
)

// examplePlugins are those of examples/plugin.
var examplePlugins = []string{"acme", "resource"}

func exampleFile(name string) string { return "../../examples/plugin/plugins/" + name + ".wasm" }

var errFetch = fmt.Errorf("import: %w", &url.Error{Op: "Get", URL: "http://orders.internal/v1", Err: errors.New("EOF")})

// compiledIn does what the plugin acme does.
var compiledIn = enricher.Func([]string{"upstream", "team"},
	func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		if failed, ok := enricher.AsType[*url.Error](cause); ok {
			if u, err := url.Parse(failed.URL); err == nil {
				return enricher.Labels{"upstream": u.Hostname(), "team": "platform"}, nil
			}
		}
		return nil, nil
	})

func loadExample(b *testing.B, name, cache string) enricher.Factory {
	f, err := enricherwasm.Load(exampleFile(name), enricherwasm.Options{CacheDir: cache, StartTimeout: time.Minute})
	require.NoError(b, err)
	return f
}

func start(b *testing.B, f enricher.Factory) enricher.FailureEnricher {
	fe, err := f.CreateFailureEnricher(enricher.NewFactoryConfig("p", options{"plugin": options{"instances": 1}}))
	require.NoError(b, err)
	return fe
}

// BenchmarkLoad is the time until a plugin is compiled, and the memory of its code.
func BenchmarkLoad(b *testing.B) {
	for _, name := range examplePlugins {
		for _, kind := range []string{"cold", "cached"} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				cache := ""
				if kind == "cached" {
					cache = b.TempDir()
					require.NoError(b, loadExample(b, name, cache).(io.Closer).Close())
				}
				before := measure()
				var used usage
				for b.Loop() {
					f := loadExample(b, name, cache)
					b.StopTimer()
					used = measure()
					require.NoError(b, f.(io.Closer).Close())
					runtime.KeepAlive(f)
					b.StartTimer()
				}
				b.ReportMetric(float64(used.resident-before.resident)/(1<<20), "MiB-resident")
			})
		}
	}
}

// BenchmarkStart is the time to start an instance, as after a plugin was ended, and its
// memory.
func BenchmarkStart(b *testing.B) {
	for _, name := range examplePlugins {
		b.Run(name, func(b *testing.B) {
			f := loadExample(b, name, "")
			before := measure()
			var all []enricher.FailureEnricher
			for b.Loop() {
				all = append(all, start(b, f))
			}
			b.ReportMetric(float64(measure().heap-before.heap)/float64(len(all))/(1<<20), "MiB-heap/instance")
			runtime.KeepAlive(all)
			require.NoError(b, f.(io.Closer).Close())
		})
	}
}

// BenchmarkCall is the time of a failure, by ProcessFailure.
func BenchmarkCall(b *testing.B) {
	process := func(b *testing.B, fe enricher.FailureEnricher) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		b.ReportAllocs()
		for b.Loop() {
			if _, err := fe.ProcessFailure(ctx, errFetch, enricher.FailureContext{JobName: "import", Attempt: 2}); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.Run("compiled-in", func(b *testing.B) { process(b, compiledIn) })
	for _, name := range examplePlugins {
		b.Run(name, func(b *testing.B) {
			f := loadExample(b, name, "")
			process(b, start(b, f))
			require.NoError(b, f.(io.Closer).Close())
		})
	}
}
