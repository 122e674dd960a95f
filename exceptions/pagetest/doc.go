// Package pagetest tests the page of package exceptions in a real browser,
// against the real handler. It is a module of its own, as the browser's driver is
// a dependency that nobody else should have.
//
// The tests look for Chromium in the PATH. Where there is none they are skipped,
// except with CI=true in the environment, where that is a failure. With
// PAGETEST_SHOTS in the environment, screenshots are written to the directory
// that it names.
package pagetest
