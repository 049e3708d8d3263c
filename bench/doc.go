// Command bench answers HOW FAST, AGAINST WHOM: it serves a fleet on loopback and has tend, a minimal client (the floor) and the peers
// that are installed do the same work on it, interleaved.
//
// Its law: a figure counts only when every host has answered, and every figure stands beside its yardstick from the same run.
package main
