package redact_test

import (
	"errors"
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

func ExampleRedactor() {
	r := redact.New("hunter2", "p@ss/word")
	fmt.Println(r.Text("user admin could not log in with hunter2"))
	fmt.Println(r.Text("GET /login?p%40ss%2Fword: token=abc123 rejected"))
	// Output:
	// user admin could not log in with ***
	// GET /login?***: token=*** rejected
}

func ExampleMap() {
	fmt.Println(redact.Map(map[string]string{"db_password": "hunter2", "url": "https://u:hunter2@h/", "team": "shop"}))
	// Output: map[db_password:*** team:shop url:https://u:***@h/]
}

func ExampleFound() {
	reason := errors.New("Zx9kq2Lm8")
	err := fmt.Errorf("invalid token: %w", reason)
	r := redact.New(redact.Found(err.Error())...)
	fmt.Println(r.Text(err.Error()))
	fmt.Println("caused by:", r.Text(reason.Error()))
	// Output:
	// invalid token: ***
	// caused by: ***
}
