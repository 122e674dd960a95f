package inspect

import (
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/source"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A Frame is a place in code.
type Frame struct {
	Function string // with the path of its package: "example.com/shop/cart.(*Cart).Total"
	Package  string // the path of its package: "example.com/shop/cart"
	File     string
	Line     int
}

// Origin returns where err arose, if it knows: for an [enricher.PanicError] the
// function that panicked, for any other error the top frame of the stack that
// it carries, as the errors of github.com/pkg/errors, github.com/go-errors/errors
// and github.com/cockroachdb/errors do. Of several stacks in a chain the
// innermost counts. Frames of the Go runtime are skipped.
func Origin(err error) (Frame, bool) {
	var walk guard.Walk
	return OriginWithin(err, &walk)
}

// OriginWithin is like [Origin], but counts its visits in walk. It bounds the cost
// of calls for many parts of one tree.
func OriginWithin(err error, walk *guard.Walk) (Frame, bool) {
	var origin Frame
	walk.Visit(err, func(err error, _ int) guard.Step {
		for _, f := range Frames(err, 1) {
			origin = f
		}
		return guard.Into
	})
	return origin, origin.Function != ""
}

// Frames returns at most n frames of the stack that err itself carries, which begin
// with the one where it arose.
func Frames(err error, n int) (frames []Frame) {
	guard.Do(func() { frames = framesOf(err, n) })
	return frames
}

func framesOf(err error, n int) []Frame {
	if f := foreign.Of(err); f != nil {
		var frames []Frame
		for _, frame := range f.Frames[:min(len(f.Frames), n)] {
			frames = append(frames, Frame{frame.Function, source.PackageOf(frame.Function), frame.File, frame.Line})
		}
		return frames
	}
	if p, ok := err.(*enricher.PanicError); ok {
		if p == nil {
			return nil
		}
		return panicked(text.Cut(p.Stack(), maxStack), n)
	}
	if e, ok := err.(interface{ Callers() []uintptr }); ok { // go-errors
		return top(e.Callers(), n)
	}
	if infoOf(err).stack {
		return stackTrace(err, n)
	}
	return nil
}

// maxStack bounds how much of a stack in text form is read.
const maxStack = 64 << 10

// hasStackTrace reports whether t has a method StackTrace like that of the errors of
// pkg/errors, which returns a slice of program counters.
func hasStackTrace(t reflect.Type) bool {
	method, ok := t.MethodByName("StackTrace")
	if !ok || method.Type.NumIn() != 1 || method.Type.NumOut() != 1 {
		return false
	}
	out := method.Type.Out(0)
	return out.Kind() == reflect.Slice && out.Elem().Kind() == reflect.Uintptr
}

func stackTrace(err error, n int) []Frame {
	stack := reflect.ValueOf(err).MethodByName("StackTrace").Call(nil)[0]
	pcs := make([]uintptr, min(stack.Len(), maxFrames))
	for i := range pcs {
		pcs[i] = uintptr(stack.Index(i).Uint())
	}
	return top(pcs, n)
}

// maxFrames bounds how many frames are searched for one that is not the runtime's.
const maxFrames = 64

// top returns at most n frames from the first on that is not the runtime's. pcs are as
// [runtime.Callers] yields them.
func top(pcs []uintptr, n int) (all []Frame) {
	if len(pcs) == 0 {
		return nil
	}
	frames := runtime.CallersFrames(pcs[:min(len(pcs), maxFrames)])
	for more := true; more && len(all) < n; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function != "" && (len(all) > 0 || !isRuntime(f.Function)) {
			all = append(all, Frame{f.Function, source.PackageOf(f.Function), f.File, f.Line})
		}
	}
	return all
}

// panicked returns at most n frames, from the one that panicked on, of a stack as [runtime/debug.Stack]
// prints it: two lines a frame, the function with its arguments and, indented,
// file:line. It is the first frame that is not the runtime's below the last call of
// panic, or below the top if there is none.
func panicked(stack string, n int) (all []Frame) {
	lines := strings.Split(stack, "\n")
	start := 0
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") {
			start = i + 2
		}
	}
	for i := start; i+1 < len(lines) && len(all) < n; i++ {
		place, ok := strings.CutPrefix(lines[i+1], "\t")
		function := withoutArguments(lines[i])
		if !ok || function == "" || len(all) == 0 && (isRuntime(function) || function == "panic") {
			continue
		}
		f := Frame{Function: function, Package: source.PackageOf(function)}
		place, _, _ = strings.Cut(place, " +0x")
		if colon := strings.LastIndexByte(place, ':'); colon >= 0 {
			f.File = place[:colon]
			f.Line, _ = strconv.Atoi(place[colon+1:])
		}
		all = append(all, f)
	}
	return all
}

// withoutArguments returns the function of a line such as
// "main.(*T).f(0xc000012345, 0x2)".
func withoutArguments(line string) string {
	line, _, _ = strings.Cut(line, " in goroutine ") // created by f in goroutine 7
	if _, created, ok := strings.Cut(line, "created by "); ok {
		return created
	}
	if !strings.HasSuffix(line, ")") {
		return ""
	}
	return line[:max(0, strings.LastIndexByte(line, '('))]
}

func isRuntime(function string) bool {
	return strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "runtime/") ||
		strings.HasPrefix(function, "internal/runtime/")
}
