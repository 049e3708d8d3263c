package main

import (
	"os"
	"path/filepath"
	"syscall"

	"tend/quote"
)

// What tend finds by itself, where it is called or beside the inventory, says which hosts are reached and what is run there. Where everybody
// may write, as in /tmp, everybody may have put it there.

// planted refuses a file or directory that nobody named, where it belongs to neither us nor root and lies where everybody may write.
func planted(path, named string) error {
	dir, err := os.Stat(filepath.Dir(path))
	if err != nil || dir.Mode().Perm()&0o002 == 0 {
		return nil // whoever reads it next says what is wrong
	}
	for _, look := range []func(string) (os.FileInfo, error){os.Lstat, os.Stat} { // a link, and where it leads
		st, err := look(path)
		if err != nil {
			return nil
		}
		if sys, ok := st.Sys().(*syscall.Stat_t); ok && sys.Uid != 0 && int(sys.Uid) != os.Getuid() {
			return usage(named, "%s belongs to another user (uid %d), and everybody may write in %s: it is not taken unasked", quote.Line(path), sys.Uid, quote.Line(absolute(filepath.Dir(path))))
		}
	}
	return nil
}
