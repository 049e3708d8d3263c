// Package design answers WHERE IS THE DECLARED DESIGN WEAK: what the inventory promises, held against itself, against what was
// measured, and against the loss of any part of it.
//
// Its law (law 6 of the house): unknown is not OK. A promise that nobody has measured is a finding of its own, a rule that could not be
// judged for want of facts is named, and a silence without a reason and an end is none. Everything here is pure: no I/O, and no clock but
// the time that it is handed.
package design
