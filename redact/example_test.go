package redact_test

import (
	"fmt"

	"github.com/failure-enrichers/enricher/redact"
)

func ExampleText() {
	fmt.Println(redact.Text("dial postgres://app:hunter2@db:5432/shop: connection refused"))
	fmt.Println(redact.Text(`POST /login {"user":"bob","password":"hunter2"}: 503`))
	fmt.Println(redact.Text("sent Authorization: Bearer abc123, got 401"))
	// Output:
	// dial postgres://app:***@db:5432/shop: connection refused
	// POST /login {"user":"bob","password":"***"}: 503
	// sent Authorization: Bearer ***, got 401
}
