package enricherwasm_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwasm"
)

// asChild is the environment variable that makes the test binary the process that is
// attacked, and says how.
const asChild = "ENRICHERWASM_CHILD"

func TestMain(m *testing.M) {
	switch how := os.Getenv(asChild); how {
	case "":
		status := m.Run()
		if goFiles != "" {
			os.RemoveAll(goFiles)
		}
		os.Exit(status)
	case "storm":
		os.Exit(storm())
	default:
		os.Exit(attack(how))
	}
}

// guestFolder is the environment variable for the folder of guest.wasm.
const guestFolder = "ENRICHERWASM_FOLDER"

// race is set if the test is built with -race.
var race bool

// runChild runs the test binary as a process that must end by itself. A process that
// has frozen does not notice its own timers: so it is killed from outside.
func runChild(t *testing.T, how string, env ...string) {
	if race {
		t.Skip("takes long with -race: .ci/run runs it without")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 8*time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(append(os.Environ(), asChild+"="+how), env...)
	out, err := child.CombinedOutput()
	require.NoError(t, err, "%s", out)
	t.Logf("%s", out)
}

// An attacker is a plugin that must not be able to harm the process.
type attacker struct {
	name   string
	code   module // unless do is set
	do     string // what testdata/guest does
	status enricher.Status
}

const (
	ended    = enricher.StatusTimedOut
	crashed  = enricher.StatusPanicked
	rejected = enricher.StatusFailed
)

// grow asks for more memory until there is none, and then goes on asking, or is trapped.
func grow(end []byte) []byte {
	again := join([]byte{0x03, 0x40}, i32(16), []byte{0x40, 0}, i32(-1), []byte{0x47, 0x0d, 0, 0x0b})
	return join(again, end)
}

var attackers = map[string][]attacker{
	"hand": {
		{"loops", module{process: forever}, "", ended},
		{"recurses without a loop", module{process: join(i32(62), call(recurse)), recurse: twice()}, "", ended},
		{"recurses in alloc", module{alloc: join(i32(62), call(recurse), i32(inputAt)), recurse: twice()}, "", ended},
		{"has a deep stack", module{process: join(i32(1), call(recurse)), recurse: join(i32(1), call(recurse))}, "", crashed},
		{"sleeps", module{process: sleep()}, "", ended},
		{"sleeps again and again", module{process: join([]byte{0x03, 0x40}, sleep(), []byte{0x0c, 0, 0x0b})}, "", ended},
		{"takes all memory", module{process: grow(unreachable)}, "", crashed},
		{"takes all memory and loops", module{process: grow(forever)}, "", ended},
		{"grows its table", module{tables: 1, process: join([]byte{0x03, 0x40}, drop([]byte{0xd0, 0x70}, i32(1<<20), []byte{0xfc, 15, 0}), []byte{0x0c, 0, 0x0b})}, "", ended},
		{"fills memory", module{pages: 1000, process: join([]byte{0x03, 0x40}, i32(0), i32(0), i32(1000<<16), []byte{0xfc, 11, 0, 0x0c, 0, 0x0b})}, "", ended},
		{"prints very much", module{pages: 1000, process: join(printed(), drop(i32(2), i32(inputAt), i32(1<<20), i32(1024), call(fnWrite)), forever)}, "", ended},
		{"logs in a loop", module{process: join([]byte{0x03, 0x40}, i32(8), i32(0), i32(-1), call(fnLog), []byte{0x0c, 0, 0x0b})}, "", ended},
		{"exits", module{process: join(i32(3), call(fnExit))}, "", crashed},
		{"is trapped", module{process: unreachable}, "", crashed},
		{"answers from nowhere", module{process: append(result(0x7fffffff, 100), 0x0f)}, "", rejected},
		{"answers with 4 GiB", module{process: append(i64(0xffffffff), 0x0f)}, "", rejected},
	},
	"go": {
		{"loops in Go", module{}, "loop", ended},
		{"recurses in Go", module{}, "recurse", ended},
		{"has a deep stack in Go", module{}, "deep", crashed},
		{"sleeps in Go", module{}, "sleep", ended},
		{"waits for ever", module{}, "select", crashed}, // all goroutines are asleep
		{"waits for ever beside a timer", module{}, "select beside a timer", ended},
		{"allocates in Go", module{}, "allocate", crashed},
		{"exits in Go", module{}, "exit", crashed},
		{"panics", module{}, "panic", crashed},
	},
}

// printed makes a list of a million pieces of 32 MiB, for fd_write.
func printed() []byte {
	// The list is made of one piece, by copies of twice the length.
	code := join(i32(inputAt), i64(32<<20<<32), []byte{0x37, 3, 0})
	for n := int64(8); n < 8<<20; n *= 2 {
		code = join(code, i32(inputAt+n), i32(inputAt), i32(n), []byte{0xfc, 10, 0, 0})
	}
	return code
}

// TestHostile runs each attacker in a process in which goroutines collect garbage and
// another enricher answers.
func TestHostile(t *testing.T) {
	t.Parallel()
	t.Run("made by hand", func(t *testing.T) { runChild(t, "hand") })
	t.Run("made with Go", func(t *testing.T) {
		_, err := goFolder()
		require.NoError(t, err)
		runChild(t, "go", guestFolder+"="+goFiles)
	})
}

// attack is the attacked process. It returns its exit status.
func attack(how string) (status int) {
	defer func() {
		if v := recover(); v != nil {
			fmt.Println("FAILED:", v)
			status = 1
		}
	}()
	collected := 0
	stop := make(chan struct{})
	var collector sync.WaitGroup
	collector.Go(func() {
		for ; ; collected++ {
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
				runtime.GC()
			}
		}
	})

	r := enricher.NewRegistry()
	if how == "go" {
		folder := os.Getenv(guestFolder)
		f, err := enricherwasm.Load(filepath.Join(folder, "guest.wasm"), goOptions(folder))
		must(err)
		must(r.Register("attacker", f))
	}
	var wg sync.WaitGroup
	faults := make(chan string, 1000)
	for _, a := range attackers[how] {
		wg.Go(func() { faults <- a.run(r) })
	}
	wg.Wait()
	close(stop)
	collector.Wait()
	fmt.Printf("%d times, garbage was collected meanwhile\n", collected)
	if collected == 0 {
		return 1
	}
	close(faults)
	for fault := range faults {
		if fault != "" {
			fmt.Println("FAILED:", fault)
			status = 1
		}
	}
	return status
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// other is an enricher that answers at once.
var other = enricher.WithEnricher("other", enricher.Func([]string{"other"},
	func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"other": "here"}, nil
	}))

// memory returns what the attacker may have: little, so that one that takes all is quick.
func (a attacker) memory() string {
	switch {
	case a.do != "":
		return "24MiB"
	case a.code.pages > 0:
		return "64MiB"
	}
	return "4MiB"
}

// run enriches failures with the attacker beside another enricher, and returns what is
// wrong.
func (a attacker) run(r *enricher.Registry) string {
	if a.do == "" {
		folder, err := os.MkdirTemp("", "enricherwasm")
		must(err)
		defer os.RemoveAll(folder)
		file := filepath.Join(folder, "attacker.wasm")
		must(os.WriteFile(file, a.code.bytes(), 0o600))
		f, err := enricherwasm.Load(file, enricherwasm.Options{})
		must(err)
		r = enricher.NewRegistry()
		must(r.Register("attacker", f))
	}
	limit := 10 * time.Minute // for what ends by itself
	if a.status == ended {
		limit = 300 * time.Millisecond
	}
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"attacker"},
		Timeout:          20 * time.Minute,
		Options:          map[string]map[string]any{"attacker": {"plugin": options{"memory": a.memory()}}},
		Policies:         map[string]enricher.Policy{"attacker": {Timeout: limit, BreakerThreshold: -1}},
	}, enricher.WithRegistry(r), silent, other)
	if a.do == "" && err != nil && enricher.Is(err, context.DeadlineExceeded) && a.code.alloc != nil {
		return "" // it attacks at the start
	}
	must(err)
	for range 2 { // the second by another instance
		res := e.EnrichContext(context.Background(), errFailed, do(a.do))
		switch outcome := res.Outcomes[0]; {
		case res.Labels["other"] != "here":
			return a.name + ": the other enricher has not answered"
		case outcome.Status != a.status:
			return fmt.Sprintf("%s: %v: %v", a.name, outcome.Status, outcome.Err)
		}
	}
	fmt.Printf("%-30s %v, %v\n", a.name, a.status, e.Stats().Enrichers[0].Counts)
	must(e.Shutdown(context.Background()))
	return ""
}

// stormSize is the environment variable for the number of failures in the storm.
const stormSize = "ENRICHERWASM_STORM"

// TestStorm kills the plugin at each of many failures.
func TestStorm(t *testing.T) {
	t.Parallel()
	runChild(t, "storm")
}

func storm() int {
	total := 300
	if n, err := strconv.Atoi(os.Getenv(stormSize)); err == nil {
		total = n
	}
	folder, err := os.MkdirTemp("", "enricherwasm")
	must(err)
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "attacker.wasm")
	must(os.WriteFile(file, module{pages: 100, process: forever}.bytes(), 0o600))
	f, err := enricherwasm.Load(file, enricherwasm.Options{})
	must(err)
	r := enricher.NewRegistry()
	must(r.Register("attacker", f))
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"attacker"},
		Timeout:          time.Minute,
		Policies:         map[string]enricher.Policy{"attacker": {Timeout: 20 * time.Millisecond, BreakerThreshold: -1}},
		Options:          map[string]map[string]any{"attacker": {"plugin": options{"instances": 8}}},
	}, enricher.WithRegistry(r), silent, other)
	must(err)

	lost := 0
	kill := func(n int) {
		var wg sync.WaitGroup
		var mu sync.Mutex
		failures := make(chan struct{}, n)
		for range n {
			failures <- struct{}{}
		}
		close(failures)
		for range 4 {
			wg.Go(func() {
				for range failures {
					res := e.EnrichContext(context.Background(), errFailed, enricher.FailureContext{})
					mu.Lock()
					if res.Labels["other"] != "here" || res.Outcomes[0].Status == enricher.StatusOK {
						lost++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	kill(total / 10)
	before := measure()
	kill(total - total/10)
	counts := e.Stats().Enrichers[0].Counts
	after := measure() // before Shutdown, which frees everything
	must(e.Shutdown(context.Background()))
	fmt.Printf("%d failures: %d lost; %v\nafter a tenth: %v\nat the end:    %v\n", total, lost, counts, before, after)
	switch {
	case lost > 0, after.goroutines > before.goroutines+10, after.heap > before.heap+64<<20, after.resident > before.resident+256<<20: // 6 MiB for each of 8 instances
		return 1
	}
	return 0
}

// A usage is what a process uses once garbage is collected.
type usage struct {
	goroutines     int
	heap, resident uint64 // bytes; resident is 0 if it is not known
}

func (u usage) String() string {
	return fmt.Sprintf("%d goroutines, heap %d KiB, resident %d KiB", u.goroutines, u.heap>>10, u.resident>>10)
}

func measure() (u usage) {
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u = usage{goroutines: runtime.NumGoroutine(), heap: m.HeapAlloc}
	if statm, err := os.ReadFile("/proc/self/statm"); err == nil {
		var size, pages uint64
		if _, err := fmt.Sscan(string(statm), &size, &pages); err == nil {
			u.resident = pages * uint64(os.Getpagesize())
		}
	}
	return u
}
