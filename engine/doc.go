// Package engine answers HOW: it carries a plan out, and records every step before it leaves and after it ended.
//
// Its law (law 4 of the house): all safety is pure. Next decides waves, parallelism, group limits, failure budget and pause from the
// folded state alone: no I/O, no clock but the one it is handed. Start and resume are the same call.
package engine
