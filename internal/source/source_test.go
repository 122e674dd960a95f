package source_test

import (
	"bufio"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/source"
)

const thisModule = "github.com/failure-enrichers/enricher"

func makeMethod(t reflect.Type) (reflect.Method, bool)  { return t.MethodByName("Make") }
func otherMethod(t reflect.Type) (reflect.Method, bool) { return t.MethodByName("Other") }

// lineOf returns the number of the line of code_test.go that contains text.
func lineOf(t *testing.T, text string) int {
	t.Helper()
	f, err := os.Open("code_test.go")
	require.NoError(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		if strings.Contains(lines.Text(), text) {
			return n
		}
	}
	require.Fail(t, "no line contains "+text)
	return 0
}

func TestOf(t *testing.T) {
	t.Parallel()
	_, self, _, ok := runtime.Caller(0)
	require.True(t, ok)
	file := filepath.Dir(self) + "/code_test.go"

	for _, c := range []struct {
		name     string
		code     any
		typ, txt string
	}{
		{"a function", plain, "func()", "func plain()"},
		{"a function of a type that has the method", adapter(plain), "source_test.adapter", "func plain()"},
		{"a function in a variable", literal, "func()", "var literal"},
		{"a closure", enclosing(0), "func()", "// enclosed"},
		{"a closure in a type that has the method", adapter(enclosing("")), "source_test.adapter", "// enclosed"},
		{"a method as a function", byValue.Make, "func(source_test.byValue)", "func (byValue) Make"},
		{"a value", byValue{}, "source_test.byValue", "func (byValue) Make"},
		{"a pointer whose method is its value's", &byValue{}, "*source_test.byValue", "func (byValue) Make"},
		{"a nil pointer whose method is its value's", (*byValue)(nil), "*source_test.byValue", "func (byValue) Make"},
		{"a pointer", &byPointer{}, "*source_test.byPointer", "func (*byPointer) Make"},
		{"a nil pointer", (*byPointer)(nil), "*source_test.byPointer", "func (*byPointer) Make"},
		{"a generic value", generic[int]{}, "source_test.generic[int]", "func (g generic[O]) Make"},
		{
			"a generic value of a type from elsewhere",
			generic[source.Place]{},
			"source_test.generic[" + thisModule + "/internal/source.Place]", "func (g generic[O]) Make",
		},
		{"a pointer to a generic value", &generic[int]{}, "*source_test.generic[int]", "func (g generic[O]) Make"},
		{"a generic pointer", &genericPointer[string]{}, "*source_test.genericPointer[string]", "func (g *genericPointer[O]) Make"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := source.Of(c.code, c.code, makeMethod)
			assert.Equal(t, source.Place{
				Type:    c.typ,
				Module:  thisModule,
				Version: p.Version,
				File:    file,
				Line:    lineOf(t, c.txt),
			}, p)
		})
	}
}

func TestOfTakesTheTypeFromTheValueAndThePlaceFromTheCode(t *testing.T) {
	t.Parallel()
	p := source.Of(byValue{}, &byPointer{}, otherMethod)
	assert.Equal(t, "source_test.byValue", p.Type)
	assert.Equal(t, "code_test.go", filepath.Base(p.File))
	assert.Equal(t, lineOf(t, "func (*byPointer) Other"), p.Line)
	assert.Equal(t, thisModule, p.Module)
}

func TestOfLeavesUnknownFieldsEmpty(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		code        any
		typ, module string
	}{
		{"nil", nil, "<nil>", ""},
		{"a nil function", (func())(nil), "func()", ""},
		{"a nil function of a type that has the method", adapter(nil), "source_test.adapter", ""},
		{"a value without the method", 42, "int", ""},
		{"a value whose pointer has the method", byPointer{}, "source_test.byPointer", ""},
		{"a nil pointer without the method", (*int)(nil), "*int", ""},
		{"a pointer to an interface that has the method", new(maker), "*source_test.maker", ""},
		{"a method that the compiler has generated", embedding{}, "source_test.embedding", thisModule},
		{"the same of a pointer", &embedding{}, "*source_test.embedding", thisModule},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := source.Of(c.code, c.code, makeMethod)
			p.Version = "" // this module may have one
			assert.Equal(t, source.Place{Type: c.typ, Module: c.module}, p)
		})
	}
}

func TestOfTheStandardLibraryHasNoModule(t *testing.T) {
	t.Parallel()
	p := source.Of(nil, strings.Cut, nil)
	assert.Equal(t, source.Place{Type: "<nil>", File: p.File, Line: p.Line}, p)
	assert.Equal(t, "strings.go", filepath.Base(p.File))
}

func TestPackageOf(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"main.main":                                    "main",
		"strings.Cut":                                  "strings",
		"net/http.(*Client).Do":                        "net/http",
		"example.com/a/b.init.func1":                   "example.com/a/b",
		"example.com/a/b.(*T[...]).Make.func1.2":       "example.com/a/b",
		"example.com/a/b.T.Make-fm":                    "example.com/a/b",
		"example.com/a/b.F[example.com/c/d.T]":         "example.com/a/b",
		"gopkg.in/yaml%2ev3.Unmarshal":                 "gopkg.in/yaml.v3",
		"example.com/a.b/c%2ed.F":                      "example.com/a.b/c.d",
		"github.com/failure-enrichers/enricher_test.F": "github.com/failure-enrichers/enricher_test",
	} {
		assert.Equal(t, want, source.PackageOf(name), name)
	}
}

func TestModuleIsTheLongestMatch(t *testing.T) {
	// Not parallel: it replaces the build information.
	t.Cleanup(source.SetBuildInfo(&debug.BuildInfo{
		Main: debug.Module{Path: "example.com/app", Version: "(devel)"},
		Deps: []*debug.Module{
			{Path: "example.com/app/nested/deep", Version: "v1.0.0"},
			{Path: "example.com/app/nested", Version: "v0.9.0"},
			{Path: "example.com/local", Version: "v0.0.0", Replace: &debug.Module{Path: "../local"}},
			{Path: "example.com/fork", Version: "v2.0.0", Replace: &debug.Module{Path: "example.com/mine", Version: "v2.0.1"}},
		},
	}))
	for _, c := range []struct{ pkg, path, version string }{
		{"main", "example.com/app", "(devel)"},
		{"example.com/app", "example.com/app", "(devel)"},
		{"example.com/app/internal/x", "example.com/app", "(devel)"},
		{"example.com/app/nested", "example.com/app/nested", "v0.9.0"},
		{"example.com/app/nested/x", "example.com/app/nested", "v0.9.0"},
		{"example.com/app/nested/deep/x", "example.com/app/nested/deep", "v1.0.0"},
		{"example.com/app/nestedness", "example.com/app", "(devel)"},
		{"example.com/local/x", "example.com/local", "v0.0.0"},
		{"example.com/fork", "example.com/fork", "v2.0.0"},
		{"example.com/apple", "", ""},
		{"strings", "", ""},
	} {
		path, version := source.Module(c.pkg)
		assert.Equal(t, [2]string{c.path, c.version}, [2]string{path, version}, c.pkg)
	}
}

func TestOfWithoutBuildInfoHasNoModule(t *testing.T) {
	// Not parallel: it replaces the build information.
	t.Cleanup(source.SetBuildInfo(nil))
	p := source.Of(nil, plain, nil)
	assert.Equal(t, source.Place{Type: "<nil>", File: p.File, Line: lineOf(t, "func plain()")}, p)
}
