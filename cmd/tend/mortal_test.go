package main

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"syscall"

	"tend/journal/segments"
)

// dieAfter makes a run's process kill itself as `kill -9` does, once so many events of its run are durable: in the middle of an append
// where several events share one.
const dieAfter = "TEND_TEST_DIE_AFTER"

// mortal stands between the journal and the disk of a process that is to die.
func mortal(events int) segments.Option {
	m := &mortality{left: events}
	return segments.WithFiles(func(f *os.File) segments.File {
		if strings.HasSuffix(f.Name(), "notes.jsonl") || strings.HasSuffix(f.Name(), "ledger.jsonl") {
			return f
		}
		return &mortalFile{File: f, m: m}
	})
}

type mortality struct {
	mu   sync.Mutex
	left int
}

type mortalFile struct {
	*os.File
	m *mortality
}

func (f *mortalFile) Write(b []byte) (int, error) {
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	for i := 0; ; {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return f.File.Write(b)
		}
		i += n + 1
		if f.m.left--; f.m.left == 0 {
			_, _ = f.File.Write(b[:i])
			_ = f.File.Sync()
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // it is on its way
		}
	}
}
