// Package shop has the error that the configuration of the README names.
package shop

// A StockError says that an article is sold out.
type StockError struct{}

func (*StockError) Error() string { return "sold out" }
