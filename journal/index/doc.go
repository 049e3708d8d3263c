// Package index answers WHICH RUNS, WHICH FACTS, WHICH WORDS quickly: a SQLite file beside the segments.
//
// Its law: it is never the truth. Everything in it comes from the segments and is built again when it is missing, broken, or of another
// build; a segment that changed behind its back (shrank, was edited) costs a new build, never a wrong answer kept. Appending never
// waits for it: whoever asks has it catch up first.
//
// Two passes fill it. The summaries (runs, hosts, facts) skip output, run at millions of events a second, and are made before every
// answer. The words (full text) are slower; Keep makes them in the background, one process at a time, and Search says how far they
// are behind.
package index
