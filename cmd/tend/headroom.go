package main

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// A run's process allocates little and holds a connection for each host. With the runtime's own pace it collects a dozen times while it
// connects to a thousand hosts, and is then half garbage. So garbage has a size of its own here: so much may lie before the next
// collection, or as much as lives but for thrift, where that is more.
const (
	garbage = 12 << 20
	thrift  = 20 << 20
	start   = 300 // per cent of the runtime's least heap of 4 MB: garbage
)

// headroom sets the pace of this process's collector, and sets it anew after each collection. The runtime owns what runs it.
func headroom() {
	debug.SetGCPercent(start)
	atNext()
}

// A host's connection, its step and its events take so much of the heap. The space for fewer than fewHosts is not worth a collection.
const (
	hostSpace = 64 << 10
	fewHosts  = 64
	mostSpace = 256 << 20
)

// roomFor is by how much the heap is to grow for a run of so many hosts, in bytes.
func roomFor(hosts int) int {
	if hosts < fewHosts {
		return 0
	}
	return min(hosts*hostSpace, mostSpace)
}

// collected is garbage from the start, so that each collection finds one. It has a pointer: what has none shares its memory with others.
type collected struct{ _ *byte }

func atNext() {
	runtime.SetFinalizer(&collected{}, func(*collected) {
		debug.SetGCPercent(percent(living()))
		atNext()
	})
}

// percent is the pace with so many bytes alive.
func percent(live uint64) int {
	return int(min(max(garbage, live-min(live, thrift))*100/max(live, 1), start))
}

// living is what the last collection left.
func living() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	if metrics.Read(s); s[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return s[0].Value.Uint64()
}
