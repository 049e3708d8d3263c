// Package runner answers WHO carries a run out: a process of its own, one a run, in its own session.
//
// Its law (law 2 of the house): the run outlives the screen. Close the terminal, lose the link, kill the console: the run goes on.
// Its process is the only writer of its segment; decisions and secrets reach it over a private socket or a pipe, and secrets touch
// no disk, no argv, no environment and no journal.
//
// Three pieces: Spawn starts the process and hands it its Commission over a pipe; Serve is what runs in it; Dial is how any
// terminal of the same user talks to it. What happens is followed through the journal, never through the socket.
package runner
