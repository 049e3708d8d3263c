//go:build unix

package ssh

import (
	"io/fs"
	"os"
	"syscall"
)

// ownedByUs: like ssh, we hold only our own files to the rule that nobody else may read them.
func ownedByUs(st fs.FileInfo) bool {
	sys, ok := st.Sys().(*syscall.Stat_t)
	return ok && int(sys.Uid) == os.Getuid()
}
