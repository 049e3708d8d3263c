package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// blockRate samples one blocking event for each so many nanoseconds that goroutines wait: dear enough to see, cheap enough to leave on.
const blockRate = 10_000

// profile writes this process's CPU, heap and block profiles into dir, where $TEND_PROFILE names one, for `go tool pprof`. The run's own
// process inherits the variable and writes profiles of its own. A directory that cannot be written is not worth failing a run for.
func profile(dir string) (stop func()) {
	if dir == "" {
		return func() {}
	}
	name := filepath.Join(dir, fmt.Sprintf("tend-%d", os.Getpid()))
	cpu, err := os.Create(name + ".cpu.pprof")
	if err != nil {
		return func() {}
	}
	if err := pprof.StartCPUProfile(cpu); err != nil {
		cpu.Close()
		return func() {}
	}
	runtime.SetBlockProfileRate(blockRate)
	return func() {
		pprof.StopCPUProfile()
		cpu.Close()
		for kind, file := range map[string]string{"allocs": "heap", "block": "block"} {
			if out, err := os.Create(name + "." + file + ".pprof"); err == nil {
				_ = pprof.Lookup(kind).WriteTo(out, 0)
				out.Close()
			}
		}
	}
}
