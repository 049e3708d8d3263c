package main

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hugePage is the size of large pages on amd64 and, with small ones of 4 KB, on arm64. Where it is another the kernel does what it can.
const hugePage = 2 << 20

// spacious has the next n bytes of the heap come from the kernel in large pages, if it gives such to who asks (transparent huge pages, madvise(2),
// MADV_HUGEPAGE). A run of a thousand hosts touches 80 MB for the first time: that is 20,000 page faults, which on a virtual machine without
// nested paging were a fifth of all that the run costs. The heap is made to grow by a block that is asked for and given up untouched: none of it
// is in memory before it is used.
func spacious(n int) {
	if n == 0 {
		return
	}
	b := make([]byte, n)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(b))) % hugePage)
	if whole := (n - skip) / hugePage * hugePage; whole > 0 {
		_ = unix.Madvise(b[skip:skip+whole], unix.MADV_HUGEPAGE) // a kernel without them gives small ones
	}
	runtime.KeepAlive(b)
	runtime.GC()
}
