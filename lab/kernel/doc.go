// Package kernel answers: what would an operating system do here? It keeps a lab host's processes, descriptors, pipes,
// signals and time.
//
// The law it keeps: a process of the lab is a goroutine and a table entry, never a process of the machine beneath; the
// package never imports os, net or syscall, and every wait in it ends when the process is killed or the host goes down. A
// System is one boot of one host: a reboot makes a new one over the same disk.
package kernel
