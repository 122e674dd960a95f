//go:build !unix && !windows

package evidence

// errnos of other platforms are not known.
var errnos []errnoRow
