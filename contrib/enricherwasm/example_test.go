package enricherwasm_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwasm"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "plugins")
	must(err)
	defer os.RemoveAll(folder)
	must(os.WriteFile(filepath.Join(folder, "acme.wasm"), module{ // a plugin made by hand
		created:   `{"v":1,"outputKeys":["team"]}`,
		processed: `{"labels":{"team":"shop"}}`,
	}.bytes(), 0o600))

	plugins, err := enricherwasm.Open(folder, enricherwasm.Options{})
	must(err)
	defer plugins.Close()
	registry := enricher.NewRegistry()
	must(plugins.Register(registry))
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"acme"}, Timeout: time.Minute},
		enricher.WithRegistry(registry), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	must(err)
	fmt.Println(e.Enrich(io.ErrUnexpectedEOF))

	// When no job runs any more, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	must(err)
	// Output: team=shop
}

func ExampleOpen() {
	ctx := context.Background()
	plugins, err := enricherwasm.Open("plugins", enricherwasm.Options{})
	must(err)
	defer plugins.Close()
	err = plugins.Register(enricher.DefaultRegistry())
	must(err)
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"type", "acme"}})
	must(err)
	fmt.Println(e.Enrich(io.ErrUnexpectedEOF))

	// When no job runs any more, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	must(err)
}
