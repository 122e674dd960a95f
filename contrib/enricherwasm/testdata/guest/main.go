// Command guest is a plugin without the SDK, so that it is small. It does what the
// attribute "do" of the failure says, or the option "do" when it is created.
package main

import (
	"bytes"
	"os"
	"strconv"
	"time"
	"unsafe"
)

var (
	request, answer []byte
	keys            string
	kept            [][]byte
	calls           int
)

func main() {}

//go:wasmexport enricher_v1_alloc
func alloc(n uint32) unsafe.Pointer {
	request = make([]byte, n)
	return unsafe.Pointer(unsafe.SliceData(request))
}

//go:wasmexport enricher_v1_create
func create(unsafe.Pointer, uint32) uint64 {
	keys = field("key")
	if keys == "" {
		keys = "guest"
	}
	if problem := perform(field("do")); problem != "" {
		return reply(`{"v":1,"error":{"option":"do","text":` + strconv.Quote(problem) + `}}`)
	}
	return reply(`{"v":1,"name":"example.com/guest","version":"v1.2.3","outputKeys":["` + keys + `"]}`)
}

//go:wasmexport enricher_v1_process
func process(unsafe.Pointer, uint32) uint64 {
	calls++
	result := perform(field("do"))
	if result == "" {
		result = strconv.Itoa(calls)
	}
	return reply(`{"labels":{"` + keys + `":` + strconv.Quote(result) + `}}`)
}

// field returns the text in the request under a name.
func field(name string) string {
	_, after, _ := bytes.Cut(request, []byte(`"`+name+`":"`))
	value, _, _ := bytes.Cut(after, []byte(`"`))
	return string(value)
}

func reply(text string) uint64 {
	answer = []byte(text)
	return uint64(uintptr(unsafe.Pointer(unsafe.SliceData(answer))))<<32 | uint64(len(answer))
}

//go:wasmimport enricher_v1 log
func log(level int32, text unsafe.Pointer, n uint32)

func perform(what string) string {
	switch what {
	case "loop":
		for {
			calls++
		}
	case "recurse":
		return strconv.Itoa(fibonacci(70))
	case "deep":
		return strconv.Itoa(deep(0))
	case "sleep":
		time.Sleep(time.Hour)
	case "select":
		select {}
	case "select beside a timer":
		go func() {
			for {
				time.Sleep(time.Millisecond)
			}
		}()
		select {}
	case "allocate":
		for {
			kept = append(kept, make([]byte, 1<<20))
		}
	case "grow":
		kept = append(kept, make([]byte, 24<<20))
	case "exit":
		os.Exit(3)
	case "panic":
		print("the reason\n")
		panic("a fault")
	case "print":
		for range 1000 {
			print("0123456789abcdef\n")
		}
		panic("the end")
	case "log":
		for range 100 {
			line := []byte("a line of the guest")
			log(4, unsafe.Pointer(unsafe.SliceData(line)), uint32(len(line)))
		}
	case "environment":
		return os.Getenv("GRANTED") + " " + os.Getenv("HIDDEN") + strconv.Itoa(len(os.Environ()))
	case "files":
		_, err := os.ReadFile("/etc/hostname")
		_, err2 := os.ReadDir(".")
		err3 := os.WriteFile("evil", nil, 0o644)
		return err.Error() + "; " + err2.Error() + "; " + err3.Error()
	case "deadline":
		return "deadlineMs=" + number("deadlineMs")
	case "echo":
		return string(request)
	}
	return ""
}

// number returns the number in the request under a name.
func number(name string) string {
	_, after, _ := bytes.Cut(request, []byte(`"`+name+`":`))
	value, _, _ := bytes.Cut(after, []byte(`,`))
	return string(value)
}

//go:noinline
func fibonacci(n int) int {
	if n < 2 {
		return n
	}
	return fibonacci(n-1) + fibonacci(n-2)
}

//go:noinline
func deep(n int) int {
	var frame [64]int
	frame[n%64] = n
	return deep(n+1) + frame[(n+1)%64]
}
