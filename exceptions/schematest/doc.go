// Package schematest has nothing but tests: they check the OpenAPI document of
// package exceptions against the standard, and real answers against the
// document. It is a module of its own for the sake of what it depends on.
package schematest
