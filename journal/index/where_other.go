//go:build !linux

package index

import "golang.org/x/sys/unix"

// onNetwork asks for MNT_LOCAL, which the BSDs and macOS set on local file systems.
func onNetwork(dir string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(nearest(dir), &st); err != nil {
		return false
	}
	return uint64(st.Flags)&unix.MNT_LOCAL == 0
}
