package fingerprint_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
)

func Example() {
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"fingerprint"}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(e.Enrich(errors.New("job 7: dial tcp 10.1.2.3:5432: connect: connection refused")))
	fmt.Println(e.Enrich(errors.New("job 8: dial tcp 10.9.9.9:6432: connect: connection refused")))
	// Output:
	// fingerprint=f08f46a3d6050491, fingerprint_message=job <num>: dial tcp <addr>: connect: connection refused
	// fingerprint=f08f46a3d6050491, fingerprint_message=job <num>: dial tcp <addr>: connect: connection refused
}

func ExampleNew() {
	fe, err := fingerprint.New(fingerprint.Options{MessageLength: 32})
	if err != nil {
		log.Fatal(err)
	}
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("group", fe))
	if err != nil {
		log.Fatal(err)
	}
	labels := e.Enrich(errors.New("no partition 3 of topic orders-17 has a leader"))
	fmt.Println(labels[fingerprint.KeyMessage])
	// Output: no partition <num> of topic o…
}

func ExampleOf() {
	disk, network := errors.New("disk 3 is full"), errors.New("connection lost after 1.5s")
	fmt.Println(fingerprint.Of(errors.Join(disk, network)))
	fmt.Println(fingerprint.Of(errors.Join(network, disk, errors.New("disk 4 is full"))))
	// Output:
	// 77ceac6c671ba40c
	// 77ceac6c671ba40c
}

func ExampleNormalize() {
	fmt.Println(fingerprint.Normalize(`GET https://shop.example.com/cart/17: HTTP 503 after 1.5s (3 attempts)`))
	// Output: GET https://shop.example.com/<path>: HTTP 503 after <num> (<num> attempts)
}
