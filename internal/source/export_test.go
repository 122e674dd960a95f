package source

import "runtime/debug"

var (
	PackageOf = packageOf
	Module    = module
)

// SetBuildInfo makes the binary know info, which may be nil, until restore is called.
func SetBuildInfo(info *debug.BuildInfo) (restore func()) {
	old := buildInfo
	buildInfo = func() *debug.BuildInfo { return info }
	return func() { buildInfo = old }
}
