package wire

import "github.com/failure-enrichers/enricher/internal/evidence/inspect"

// TypeOf returns the type of err as %T prints it, "*fs.PathError", and the same with the
// full path of the package, "*io/fs.PathError". Those of a decoded error are those of the
// original. err must not be nil.
func TypeOf(err error) (name, path string) {
	names := inspect.TypeNames(err)
	return names[0], names[1]
}
