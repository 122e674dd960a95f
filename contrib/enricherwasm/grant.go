package enricherwasm

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
)

// A grant is the option plugin: what the service allows a plugin. All other options
// are the plugin's own.
type grant struct {
	SHA256    string
	Memory    size
	Instances int
	Env       []string
}

const optionName = "plugin"

const (
	pageSize         = 64 << 10
	minMemory   size = 1 << 20
	maxMemory   size = 4 << 30
	usualMemory size = 64 << 20

	maxInstances = 1024
)

func (g grant) withDefaults() grant {
	g.Memory = cmp.Or(g.Memory, usualMemory)
	g.Instances = cmp.Or(g.Instances, runtime.GOMAXPROCS(0))
	return g
}

// split returns the grant in conf, and the plugin's own options.
func split(conf enricher.FactoryConfig) (grant, map[string]any, error) {
	own, granted := map[string]any{}, map[string]any{}
	for name, value := range conf.Options() {
		if strings.EqualFold(name, optionName) {
			granted[name] = value
		} else {
			own[name] = value
		}
	}
	var options struct{ Plugin grant }
	if err := enricher.NewFactoryConfig(conf.Name(), granted).Decode(&options); err != nil {
		return grant{}, nil, err
	}
	g := options.Plugin.withDefaults()
	g.SHA256 = strings.ToLower(strings.TrimPrefix(g.SHA256, "sha256:"))
	return g, own, g.check(conf.Name())
}

var hexSum = regexp.MustCompile(`^[0-9a-f]{64}$`)

func (g grant) check(name string) error {
	var errs []error
	reject := func(option, format string, args ...any) {
		errs = append(errs, &enricher.ConfigError{Enricher: name, Option: optionName + "." + option, Err: fmt.Errorf(format, args...)})
	}
	if g.SHA256 != "" && !hexSum.MatchString(g.SHA256) {
		reject("sha256", "%q: must be 64 hexadecimal digits", g.SHA256)
	}
	if g.Memory < minMemory || g.Memory > maxMemory {
		reject("memory", "%d bytes: must be between 1MiB and 4GiB, such as \"64MiB\"", uint64(g.Memory))
	}
	if g.Instances < 1 || g.Instances > maxInstances {
		reject("instances", "%d: must be between 1 and %d", g.Instances, maxInstances)
	}
	for _, v := range g.Env {
		if v == "" || strings.ContainsAny(v, "=\x00") {
			reject("env", "%q: must be names of environment variables", v)
		} else if _, set := os.LookupEnv(v); !set {
			reject("env", "the environment variable %q is not set: set it, or remove its name", v)
		}
	}
	return errors.Join(errs...)
}

// pages returns the memory in pages of WebAssembly.
func (g grant) pages() uint32 { return uint32(g.Memory / pageSize) }

// environ returns the granted variables by name.
func (g grant) environ() map[string]string {
	env := map[string]string{}
	for _, name := range g.Env {
		env[name] = os.Getenv(name)
	}
	return env
}

// A size is a number of bytes.
type size uint64

var sizeForm = regexp.MustCompile(`^([0-9]{1,10}) ?(KiB|MiB|GiB|KB|MB|GB)$`)

var units = map[string]uint64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1e3, "MB": 1e6, "GB": 1e9}

// UnmarshalText reads a size with its unit, or 0.
func (s *size) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		*s = 0
		return nil
	}
	m := sizeForm.FindStringSubmatch(string(text))
	if m == nil {
		return errors.New(`must be a size with a unit (KiB, MiB, GiB), such as "64MiB"`)
	}
	n, err := strconv.ParseUint(m[1], 10, 64)
	if err != nil {
		return err
	}
	*s = size(n * units[m[2]])
	return nil
}
