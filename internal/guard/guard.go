// Package guard calls the methods of strangers, which may panic.
package guard

import (
	"fmt"
	"runtime/debug"
)

// Do calls fn and returns nil, or what it panicked with. Where fn exits the
// goroutine, Do does not return.
func Do(fn func()) (p *Panic) {
	defer func() {
		if v := recover(); v != nil {
			p = &Panic{v, debug.Stack()}
		}
	}()
	fn()
	return nil
}

// A Panic is the value of a panic and the stack that it came from.
type Panic struct {
	Value any
	Stack []byte
}

// Text returns err.Error(), or where that panics, words which say so.
func Text(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("(the Error method of a %T panicked: %s)", err, Sprint(v))
		}
	}()
	if err == nil {
		return "(no error)"
	}
	return err.Error()
}

// Sprint is fmt.Sprint for a value that may panic when it is printed, even
// while package fmt prints what it has panicked with before.
func Sprint(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("(a %T that panics when it is printed)", v)
		}
	}()
	return fmt.Sprint(v)
}
