package enricherwasm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/failure-enrichers/enricher"
)

// maxTable is the number of entries that the tables of a file may have in all. The
// engine reserves memory for them that the limit of the memory does not count.
const maxTable = 1 << 20

// instrument returns the code of a module, changed so that it can always be ended and
// its tables cannot grow.
//
// The engine looks at the head of each loop whether the call is to end, and nowhere
// else. A function that calls itself without a loop would run on. It would also stop
// every goroutine of the process at the next garbage collection, since Go cannot
// interrupt such code. Therefore each function gets an empty loop at its start.
//
// The code is not validated: the engine does that afterwards. It would also reject a
// module that starts with more than these pages of memory, but without naming the option.
func instrument(code []byte, pages uint32) ([]byte, error) {
	out := append(make([]byte, 0, len(code)+len(code)/8), code[:min(len(code), headerSize)]...)
	in := &input{rest: code[len(out):]}
	for len(in.rest) > 0 && in.err == nil {
		id := in.byte()
		section := &input{rest: in.bytes(in.number())}
		body := section.rest
		section.checkCount(id)
		switch id {
		case 4:
			body = section.tables()
		case 5:
			section.memory(pages)
		case 10:
			body = section.functions()
		}
		if in.err == nil && section.err != nil {
			in.err = section.err
		}
		out = append(out, id)
		out = append(binary.AppendUvarint(out, uint64(len(body))), body...)
	}
	return out, in.err
}

// An input is what is left of a module or of a section of it. After an error, it
// returns zero values.
type input struct {
	rest []byte
	err  error
}

var errCut = errors.New("the file is damaged: a section has not the length that it states")

func (in *input) byte() byte {
	if b := in.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (in *input) bytes(n uint32) []byte {
	if in.err == nil && uint64(n) > uint64(len(in.rest)) {
		in.err = errCut
	}
	if in.err != nil {
		return nil
	}
	b := in.rest[:n:n]
	in.rest = in.rest[n:]
	return b
}

// checkCount rejects a section that has more entries than bytes: the engine would reserve
// memory for them.
func (in *input) checkCount(id byte) {
	const custom, start, dataCount = 0, 8, 12 // which have no entries
	if id == custom || id == start || id == dataCount {
		return
	}
	rest := &input{rest: in.rest}
	if count := rest.number(); rest.err != nil || uint64(count) > uint64(len(in.rest)) {
		in.err = errCut
	}
}

// number reads a u32 in LEB128.
func (in *input) number() uint32 {
	n, size := binary.Uvarint(in.rest)
	if in.err == nil && (size <= 0 || n > math.MaxUint32) {
		in.err = errCut
	}
	if in.err != nil {
		return 0
	}
	in.rest = in.rest[size:]
	return uint32(n)
}

// tables returns the table section with the maximum of each table set to its minimum.
func (in *input) tables() []byte {
	const funcref, externref = 0x70, 0x6f
	count := in.number()
	out := binary.AppendUvarint(nil, uint64(count))
	total := uint64(0)
	for range count {
		kind, flags, size := in.byte(), in.byte(), in.number()
		if flags == 1 {
			in.number()
		}
		total += uint64(size)
		switch {
		case in.err != nil:
		case kind != funcref && kind != externref, flags > 1:
			in.err = errors.New("it has a table of a form that is not supported")
		case total > maxTable:
			in.err = fmt.Errorf("its tables have %d entries or more, and at most %d are accepted", total, maxTable)
		}
		if in.err != nil {
			return nil
		}
		out = append(out, kind, 1)
		out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(size)), uint64(size))
	}
	return append(out, in.rest...)
}

// memory rejects a memory that starts with more than these pages.
func (in *input) memory(pages uint32) {
	if in.number() == 0 {
		return // there is no memory
	}
	in.byte() // of which form it is
	if need := in.number(); in.err == nil && need > pages {
		in.err = &enricher.ConfigError{
			Option: optionName + ".memory",
			Err:    fmt.Errorf("the plugin needs at least %dKiB, and %dKiB is granted", uint64(need)*pageSize>>10, uint64(pages)*pageSize>>10),
		}
	}
}

// functions returns the code section with an empty loop at the start of each function.
func (in *input) functions() []byte {
	count := in.number()
	out := binary.AppendUvarint(make([]byte, 0, len(in.rest)+len(in.rest)/8), uint64(count))
	for range count {
		whole := in.bytes(in.number())
		body := &input{rest: whole}
		for range body.number() { // groups of local variables
			body.number()
			// The types with a second byte belong to a feature that is off.
			if t := body.byte(); body.err == nil && t < 0x6f {
				body.err = errors.New("it has a local variable of a type that is not supported")
			}
			if body.err != nil {
				break
			}
		}
		if in.err == nil && body.err != nil {
			in.err = body.err
		}
		if in.err != nil {
			return nil
		}
		locals := whole[:len(whole)-len(body.rest)]
		const loop, void, end = 0x03, 0x40, 0x0b
		out = binary.AppendUvarint(out, uint64(len(whole)+3))
		out = append(append(out, locals...), loop, void, end)
		out = append(out, body.rest...)
	}
	return append(out, in.rest...)
}
