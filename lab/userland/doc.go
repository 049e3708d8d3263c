// Package userland answers: what does this command print? It holds the tools that every Unix has and that know nothing of
// packages, units or disks: the text tools, the file tools, the process tools.
//
// The law it keeps: a tool sees the world through its kernel.Proc alone, reads and writes the lab's files only, and stops
// when its process ends. Options that the lab does not know are refused with the message that GNU's tool gives, never
// silently ignored, so that a script which works here does not fail elsewhere for that reason.
package userland
