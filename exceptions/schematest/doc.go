// Package schematest has tests that check the OpenAPI document of package
// exceptions against the standard, and real answers against the document. It is a
// module of its own because of its dependencies.
package schematest
