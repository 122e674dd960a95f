package enricherwasm_test

import (
	"encoding/binary"
	"slices"
	"strings"
)

// A module is a plugin made by hand. Its functions are instructions; by default, they
// behave: the plugin has the output key "hand", and sets it to "made".
type module struct {
	created, processed              string // the answers
	alloc, create, process, recurse []byte
	initialize, start               []byte            // nil: none
	rename                          map[string]string // of exports; to "": none
	imports                         []string          // further functions, without parameters
	pages, tables                   int
	noMemory                        bool
}

// What a module imports, by index.
const (
	fnLog = iota
	fnPoll
	fnExit
	fnWrite
	fnRandom
	imported
)

// Instructions.
var (
	unreachable = []byte{0x00}
	forever     = []byte{0x03, 0x40, 0x0c, 0x00, 0x0b} // loop, br 0, end
)

const (
	answerAt = 8 << 10
	inputAt  = 64 << 10
)

// Indexes of types.
const (
	typeAlloc   = iota // (i32) i32
	typeProcess        // (i32, i32) i64
	typeNone           // ()
	typeLog            // (i32, i32, i32)
	typePoll           // (i32, i32, i32, i32) i32
	typeI32            // (i32)
	typeRandom         // (i32, i32) i32
)

func join(all ...[]byte) []byte { return slices.Concat(all...) }

func i32(n int64) []byte { return append([]byte{0x41}, signed(n)...) }

func i64(n int64) []byte { return append([]byte{0x42}, signed(n)...) }

func call(fn int) []byte { return append([]byte{0x10}, unsigned(fn)...) }

func drop(of ...[]byte) []byte { return append(join(of...), 0x1a) }

// store writes a number of 8 bytes to the memory.
func store(at, n int64) []byte { return join(i32(at), i64(n), []byte{0x37, 3, 0}) }

// result returns an address and a length.
func result(at, n int64) []byte { return i64(at<<32 | n) }

func unsigned(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func signed(n int64) (out []byte) {
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}

func section(id byte, entries ...[]byte) []byte {
	if len(entries) == 0 {
		return nil
	}
	body := join(append([][]byte{unsigned(len(entries))}, entries...)...)
	return join([]byte{id}, unsigned(len(body)), body)
}

func text(s string) []byte { return join(unsigned(len(s)), []byte(s)) }

func function(code []byte) []byte {
	body := join([]byte{0}, code, []byte{0x0b})
	return join(unsigned(len(body)), body)
}

// bytes returns the module as a file.
func (m module) bytes() []byte {
	if m.created == "" {
		m.created = `{"v":1,"outputKeys":["hand"]}`
	}
	if m.processed == "" {
		m.processed = `{"labels":{"hand":"made"}}`
	}
	if m.alloc == nil {
		m.alloc = i32(inputAt)
	}
	if m.create == nil {
		m.create = result(16, int64(len(m.created)))
	}
	m.process = append(slices.Clip(m.process), result(answerAt, int64(len(m.processed)))...)

	imports := [][]byte{
		join(text("enricher_v1"), text("log"), []byte{0, typeLog}),
		join(text("wasi_snapshot_preview1"), text("poll_oneoff"), []byte{0, typePoll}),
		join(text("wasi_snapshot_preview1"), text("proc_exit"), []byte{0, typeI32}),
		join(text("wasi_snapshot_preview1"), text("fd_write"), []byte{0, typePoll}),
		join(text("wasi_snapshot_preview1"), text("random_get"), []byte{0, typeRandom}),
	}
	for _, name := range m.imports {
		imports = append(imports, join(text("env"), text(name), []byte{0, typeNone}))
	}
	var types, codes, exports [][]byte
	add := func(name string, kind byte, code []byte) {
		if to, ok := m.rename[name]; ok {
			name = to
		}
		if name != "" {
			exports = append(exports, join(text(name), []byte{0}, unsigned(len(imports)+len(codes))))
		}
		types = append(types, []byte{kind})
		codes = append(codes, function(code))
	}
	add("recurse", typeI32, m.recurse)
	add("enricher_v1_alloc", typeAlloc, m.alloc)
	add("enricher_v1_create", typeProcess, m.create)
	add("enricher_v1_process", typeProcess, m.process)
	if m.initialize != nil {
		add("_initialize", typeNone, m.initialize)
	}
	var start []byte
	if m.start != nil {
		body := unsigned(len(imports) + len(codes))
		start = join([]byte{8}, unsigned(len(body)), body)
		add("", typeNone, m.start)
	}
	if !m.noMemory {
		exports = append(exports, join(text("memory"), []byte{2, 0}))
	}
	var tables [][]byte
	if m.tables > 0 {
		tables = append(tables, join([]byte{0x70, 0}, unsigned(m.tables)))
	}
	i32s := func(n int) []byte { return join(unsigned(n), slices.Repeat([]byte{0x7f}, n)) }
	return join(
		[]byte("\x00asm\x01\x00\x00\x00"),
		section(1,
			join([]byte{0x60}, i32s(1), i32s(1)),
			join([]byte{0x60}, i32s(2), []byte{1, 0x7e}),
			join([]byte{0x60}, i32s(0), i32s(0)),
			join([]byte{0x60}, i32s(3), i32s(0)),
			join([]byte{0x60}, i32s(4), i32s(1)),
			join([]byte{0x60}, i32s(1), i32s(0)),
			join([]byte{0x60}, i32s(2), i32s(1)),
		),
		section(2, imports...),
		section(3, types...),
		section(4, tables...),
		section(5, join([]byte{0}, unsigned(max(m.pages, 4)))),
		section(7, exports...),
		start,
		section(10, codes...),
		section(11, data(16, m.created), data(answerAt, m.processed)),
	)
}

func data(at int64, s string) []byte { return join([]byte{0}, i32(at), []byte{0x0b}, text(s)) }

// sleep is a call of poll_oneoff that waits for an hour.
func sleep() []byte {
	const in, out, count = 1024, 2048, 3072
	return join(store(in+8, 0), store(in+16, 1), store(in+24, 3600e9), drop(i32(in), i32(out), i32(1), i32(count), call(fnPoll)))
}

var recurse = imported // the index of the function, without further imports

// twice is a function that calls itself two times with n-1, until n is 0.
func twice() []byte {
	again := join([]byte{0x20, 0}, i32(1), []byte{0x6b}, call(recurse))
	return join([]byte{0x20, 0, 0x45, 0x04, 0x40, 0x0f, 0x0b}, again, again)
}

// chance answers create with a random key in place of the key ABCDEFGH.
func chance() []byte {
	created := `{"v":1,"outputKeys":["ABCDEFGH"]}`
	const random = 1024
	code := drop(i32(random), i32(8), call(fnRandom))
	for i := range int64(8) {
		at := 16 + int64(strings.Index(created, "A")) + i
		letter := join(i32(random+i), []byte{0x2d, 0, 0}, i32(15), []byte{0x71}, i32('a'), []byte{0x6a})
		code = join(code, i32(at), letter, []byte{0x3a, 0, 0})
	}
	return join(code, result(16, int64(len(created))))
}
