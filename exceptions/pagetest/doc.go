// Package pagetest tests the page of package exceptions in a real browser,
// against the real handler. It is a module of its own because of its dependency,
// the driver of the browser.
//
// The tests take a minute, over 100,000 failures among others: they run if CI is set in the environment or if -run
// names them, and never with -short. They look for Chromium in the PATH. Without
// it they are skipped, and fail if CI=true. If PAGETEST_SHOTS is set, screenshots
// are written to that directory.
package pagetest
