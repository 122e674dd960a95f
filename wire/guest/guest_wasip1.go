package guest

import (
	"log/slog"
	"unsafe"
)

// The memory that the service writes to and reads from. The variables keep it: the
// service knows only its address.
var request, answer []byte

//go:wasmexport enricher_v1_alloc
func alloc(n uint32) unsafe.Pointer {
	if uint32(cap(request)) < n {
		request = make([]byte, n)
	}
	return unsafe.Pointer(unsafe.SliceData(request[:cap(request)]))
}

//go:wasmexport enricher_v1_create
func create(_ unsafe.Pointer, n uint32) uint64 {
	return reply(served.create(request[:n], &handler{write: writeLine}))
}

//go:wasmexport enricher_v1_process
func process(_ unsafe.Pointer, n uint32) uint64 {
	return reply(served.process(request[:n]))
}

func reply(data []byte) uint64 {
	answer = data
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(answer))))<<32 | uint64(len(answer))
}

//go:wasmimport enricher_v1 log
func log(level int32, text unsafe.Pointer, n uint32)

func writeLine(level slog.Level, line []byte) {
	log(int32(level), unsafe.Pointer(unsafe.SliceData(line)), uint32(len(line)))
}
