// Package machine answers: what is this host, and what happens to it? It holds the lab's distributions, the state of each
// host (packages, units, disks, kernels, boots) and the tools that read and change that state.
//
// The law it keeps: a host is a pure function of the seed and its name until something is done to it, and what is done to it
// shows everywhere it would: an upgrade is seen by dpkg and by /boot, a reboot by boot_id, by uptime and by every process.
package machine
