// Package journal answers WHAT HAPPENED: the kinds of event, their fold into a run's State, and what a journal promises.
//
// Its law (law 1 of the house): the journal is the stream. When an event is durable anyone may see it, and not before; the live
// screen, replay, attach, report and resume are one fold of the same events.
package journal
