package source_test

// What the tests look for: the number of a line is found by its text.

type byValue struct{}

func (byValue) Make() {}

type byPointer struct{}

func (*byPointer) Make() {}

func (*byPointer) Other() {}

type generic[O any] struct{ o O }

func (g generic[O]) Make() { use(g.o) }

type genericPointer[O any] struct{ o O }

func (g *genericPointer[O]) Make() { use(g.o) }

type embedding struct{ byValue }

type maker interface{ Make() }

type adapter func()

func (f adapter) Make() { f() }

func plain() {}

func enclosing[O any](o O) func() {
	return func() { use(o) } // enclosed
}

var literal = func() { use(0) }

func use(any) {}
