// Package lab answers: how does tend fare on a whole machine room, when there is none at hand? It serves an inventory's hosts,
// simulated, over real SSH on loopback: for the demo, for rehearsals, for tests and benchmarks.
//
// The law it keeps: nothing outside this package can tell that a host is simulated, but by where it lives; and nothing that a
// client or a script does in the lab reads, changes or runs anything of the machine beneath. The rooms beneath keep that law:
// vfs (files), kernel (processes), shell (sh), userland (the common tools) and machine (the hosts) import neither os nor net.
//
// Addresses. On Linux all of 127.0.0.0/8 is loopback, so each host has an address of its own there (10.a.b.c becomes 127.a.b.c) and
// one listening socket serves them all: it is bound to the device lo where the kernel lets us (SO_BINDTODEVICE), and in any case a
// connection whose local or remote address is not loopback is reset before a byte is exchanged. Elsewhere only 127.0.0.1 exists, and
// each host has a port.
package lab
