package userland

import "tend/lab/kernel"

// Programs is every tool by the name of its executable.
func Programs() map[string]kernel.Program {
	status := func(n int) kernel.Program { return func(*kernel.Proc, []string) int { return n } }
	return map[string]kernel.Program{
		"awk": Awk(&AwkCache{}), "base64": Base64, "basename": Basename, "cat": Cat, "chmod": Chmod, "chown": Chown, "cksum": Cksum, "cmp": Cmp,
		"column": Column, "comm": Comm, "cp": Cp, "cut": Cut, "date": Date, "dd": Dd, "diff": Diff, "dirname": Dirname, "du": Du,
		"echo": Echo, "env": Env, "expr": Expr, "false": status(1), "find": Find, "getent": Getent, "grep": Grep, "groups": Groups,
		"head": Head, "id": ID, "kill": Kill, "ln": Ln, "ls": Ls, "mkdir": Mkdir, "mkfifo": Mkfifo, "mktemp": Mktemp, "mv": Mv,
		"nice": Nice, "nohup": Nohup, "od": Od, "paste": Paste, "pgrep": Pgrep, "printenv": Printenv, "printf": Printf, "ps": Ps,
		"readlink": Readlink, "rev": Rev, "rm": Rm, "rmdir": Rmdir, "sed": Sed, "seq": Seq, "setsid": Setsid, "sleep": Sleep,
		"sort": Sort, "stat": Stat, "stty": Stty, "sum": Sum, "sync": status(0), "tac": Tac, "tail": Tail, "tee": Tee, "test": Test,
		"timeout": Timeout, "touch": Touch, "tr": Tr, "true": status(0), "truncate": Truncate, "tty": TTYName, "uniq": Uniq,
		"wc": Wc, "which": Which, "whoami": Whoami, "xargs": Xargs, "yes": Yes,
	}
}

// Aliases are further names of the same programs.
var Aliases = map[string]string{"[": "test", "gawk": "awk", "mawk": "awk", "egrep": "grep", "fgrep": "grep", "md5sum": "sum", "sha1sum": "sum",
	"sha256sum": "sum", "sha512sum": "sum", "chgrp": "chown", "realpath": "readlink", "pkill": "pgrep", "ionice": "nice"}
