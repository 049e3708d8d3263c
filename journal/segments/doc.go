// Package segments answers WHERE THE TRUTH IS KEPT: in append-only files of JSON lines, one a run, each with one writer.
//
// Its law: nothing is shown that is not durable, and nothing durable is ever changed. What cannot be saved is refused in one clear
// line; what is on disk is not guessed at.
//
// # Files
//
//	DIR/                       0700, owned by the user who writes
//	DIR/ORIGIN/                one directory an origin (a machine and a user): "ops@console1"
//	DIR/ORIGIN/RUN.jsonl       the segment of a run, 0600
//	DIR/ORIGIN/RUN.live        while a writer lives: how many bytes of the segment are durable
//	DIR/ORIGIN/notes.jsonl     the origin's own segment: notes and seals, any process of the origin appends
//	DIR/ORIGIN/SESSION.cast    the recording of an interactive shell (asciicast v3); the notes hold its hash
//	DIR/ORIGIN/ledger.jsonl    the opening and closing hash of every segment, so that none can vanish unseen
//	DIR/ORIGIN/reserve         allocated space, given back when the disk is full so that runs can be ended in order
//
// # A line
//
// Every file has the same form of line, version 1, with the fields in this order and no spaces:
//
//	{"v":1,"seq":7,"at":"2026-11-22T22:13:07.123456789Z","kind":"step_ended","prev":"HEX","body":{…},"hash":"HEX"}
//
// The first line of a segment also says whose it is, behind "v": "origin":"…","run":"…". seq counts from 1; at is UTC; prev is the
// hash of the line before (64 zeros in the first). hash is the SHA-256 over the exact bytes of the line from its "{" up to, and
// without, the text `,"hash":"`; those last 75 bytes (`,"hash":"`, 64 hex digits, `"}`) end every line of every version. The newline
// is not hashed. Output is "text" where it is UTF-8, else "base64". A reader ignores fields that it does not know, and takes a kind
// that it does not know for journal.Foreign.
//
// With coreutils alone, a line L is checked by
//
//	printf %s "$L" | head -c -75 | sha256sum
//
// # Durability, and who may see what
//
// A writer holds flock(2) on its segment. It writes a batch, syncs it, and then publishes the new length in RUN.live; only then is
// Append answered. A reader in another process trusts bytes up to that mark. Where bytes stand behind the mark, it asks for a
// shared lock: if it gets none, a writer is between its write and its sync, and the reader waits; if it gets one, the writer is gone,
// and the reader syncs the file itself and then trusts every complete line. RUN.live is a hint of a living system and is never
// synced: after a power cut nobody holds the lock, and the lines are the truth.
//
// A file system that makes flock local to a machine (NFS with local_lock) still has one writer a run, because a run belongs to one
// machine.
package segments
