// Package shell answers: what does /bin/sh do with this script? It runs POSIX shell programs (and the common part of bash)
// on the lab's kernel, taking only the parser from mvdan.cc/sh.
//
// The law it keeps: the shell touches nothing but its kernel.Proc. It does not use mvdan.cc/sh/v3/interp, whose runner needs
// real pipes for standard input, knows only descriptors 0 to 2, answers $$ and PPID with the real process's, looks commands
// up on the real disk and refuses TERM traps; nor its expand package, which asks the real passwd file about ~user and drops
// empty fields when IFS is not white space. A test keeps os, os/exec, os/user, net and syscall out of the imports.
//
// An evaluated syntax tree is never changed, so one parsed script is shared by every host that runs it (see Cache).
package shell
