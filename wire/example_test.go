package wire_test

import (
	"fmt"
	"io/fs"
	"syscall"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/errtype"
	"github.com/failure-enrichers/enricher/wire"
)

func Example() {
	cause := fmt.Errorf("import: %w", &fs.PathError{Op: "open", Path: "/data/orders.csv", Err: syscall.ENOENT})
	data := wire.Encode(cause, enricher.FailureContext{JobName: "import"})

	f, err := wire.Decode(data) // perhaps in another process
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Context().JobName, errtype.Of(f.Cause()), enricher.Is(f.Cause(), fs.ErrNotExist))
	path, _ := enricher.AsType[*fs.PathError](f.Cause())
	fmt.Println(path.Path)
	// Output:
	// import *fs.PathError true
	// /data/orders.csv
}
