//go:build !unix && !windows && !wasip1

package errno

var all []named
