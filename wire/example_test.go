package wire_test

import (
	"encoding/json"
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

func ExampleInfo() {
	for _, info := range []wire.Info{
		{V: wire.Version, Name: "acme", Version: "v1.2.3", OutputKeys: []string{"team"}},
		{V: wire.Version, OutputKeys: []string{}, InputKeys: []string{}}, // a reader
		{V: wire.Version, Error: &wire.Problem{Option: "team", Text: "must not be empty"}},
	} {
		text, _ := json.Marshal(info)
		fmt.Println(string(text))
	}
	// Output:
	// {"v":1,"name":"acme","version":"v1.2.3","outputKeys":["team"]}
	// {"v":1,"outputKeys":[],"inputKeys":[]}
	// {"v":1,"outputKeys":null,"error":{"option":"team","text":"must not be empty"}}
}

func ExampleAnswer() {
	for _, answer := range []wire.Answer{
		{Labels: enricher.Labels{"team": "web"}},
		{Error: &wire.Problem{Text: "no team"}},
		{},
	} {
		text, _ := json.Marshal(answer)
		fmt.Println(string(text))
	}
	// Output:
	// {"labels":{"team":"web"}}
	// {"error":{"text":"no team"}}
	// {}
}

func ExampleTypeOf() {
	f, err := wire.Decode([]byte(`{"v":1,"chain":[{"type":"*shop.StockError","typePath":"*example.com/shop.StockError"}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(wire.TypeOf(f.Cause()))
	fmt.Println(wire.TypeOf(&fs.PathError{}))
	// Output:
	// *shop.StockError *example.com/shop.StockError
	// *fs.PathError *io/fs.PathError
}
