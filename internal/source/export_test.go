package source

import "runtime/debug"

var Module = module

// SetBuildInfo replaces the build information, which may be nil, until restore is called.
func SetBuildInfo(info *debug.BuildInfo) (restore func()) {
	old := buildInfo
	buildInfo = func() (*debug.BuildInfo, bool) { return info, info != nil }
	return func() { buildInfo = old }
}
