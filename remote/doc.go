// Package remote answers HOW A STEP OUTLIVES ITS CONNECTION: it starts a step on a host at most once, follows its output by byte
// offset over as many connections as that takes, and brings back its exit code.
//
// Its law (law 3 of the house): nothing is run twice, no output is lost or doubled, and where the truth cannot be known it says so.
//
// A detached step lives in a directory of its job root on the host (/var/lib/tend for root, $HOME/.local/state/tend for users):
//
//	jobs/JOB/run   -> "PID GROUP START BOOT"  claimed by the one supervisor that runs the step
//	jobs/JOB/exit  -> "37"                    how it ended
//	jobs/JOB/done  -> "-"                     its output is complete
//	jobs/JOB/cut   -> "-"                     the disk was full: output is missing
//	jobs/JOB/out                              standard output and error, as the step interleaved them
//	gone/BOOT/JOB  -> "-"                     it was here, and was cleaned up
//
// Records are symlinks: made atomically and exclusively, with their value, and without a data block where the disk is full.
// The scripts in sh/ carry the reasons. Commands that they use on a host: sh mkdir rmdir ln readlink rm wc dd tail head cat sleep id,
// setsid (or systemd-run, daemon, perl, nohup), df and awk; ls, mv and sync for leases; ps where there is no /proc; tr and sysctl on
// the BSDs. faults.md says what is promised against which fault, and which test keeps it.
package remote
