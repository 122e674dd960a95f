package main

import (
	"errors"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwasm"
)

// registryWith returns a registry of the enrichers that are compiled in and of the
// plugins in a folder, which may be "". The function closes the plugins.
func registryWith(folder string) (*enricher.Registry, func() error, error) {
	r := enricher.NewRegistry()
	for _, name := range enricher.Registered() {
		f, _ := enricher.DefaultRegistry().Factory(name)
		if err := r.Register(name, f); err != nil {
			return nil, nil, err
		}
	}
	if folder == "" {
		return r, func() error { return nil }, nil
	}
	dir, err := enricherwasm.Open(folder, enricherwasm.Options{})
	if err != nil {
		return nil, nil, err
	}
	if err := dir.Register(r); err != nil {
		return nil, nil, errors.Join(err, dir.Close())
	}
	return r, dir.Close, nil
}
