package main

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func Example() {
	main()
	// Output:
	// import: attempt 1 failed: file does not exist [JOB_CANNOT_RESTART=true, retry=terminal, type=USER]
	// resize: attempt 1 failed: panic: no image [retry=unknown, type=SYSTEM]
	// resize: attempt 2 failed: panic: no image [retry=unknown, type=SYSTEM]
	// report: attempt 1 succeeded
}

func TestWorkStopsWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, interrupt := context.WithCancel(t.Context())
		attempts := 0
		jobs := make(chan Job, 2)
		jobs <- Job{"first", 100, func(context.Context) error {
			attempts++
			return errors.New("failed")
		}}
		jobs <- Job{"second", 1, func(context.Context) error {
			t.Error("the second job has started")
			return nil
		}}
		time.AfterFunc(time.Second, interrupt)
		start := time.Now()
		work(ctx, nil, jobs)
		assert.Equal(t, 4, attempts, "after 0, 100, 300 and 700 ms")
		assert.Equal(t, time.Second, time.Since(start))
	})
}
