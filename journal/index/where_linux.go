package index

import "golang.org/x/sys/unix"

// networks are the file systems that other machines may write too, by the magic of statfs(2), as linux/magic.h and the sources of
// each give it.
var networks = map[int64]bool{
	unix.NFS_SUPER_MAGIC: true, unix.SMB_SUPER_MAGIC: true, unix.CIFS_SUPER_MAGIC: true, unix.SMB2_SUPER_MAGIC: true,
	unix.AFS_SUPER_MAGIC: true, unix.CODA_SUPER_MAGIC: true, unix.V9FS_MAGIC: true, unix.FUSE_SUPER_MAGIC: true,
	unix.CEPH_SUPER_MAGIC: true, unix.OCFS2_SUPER_MAGIC: true,
	0x0BD00BD0: true, // Lustre
	0x01161970: true, // GFS2
	0x47504653: true, // GPFS
}

func onNetwork(dir string) bool { return isNetwork(nearest(dir), unix.Statfs) }

func isNetwork(dir string, statfs func(string, *unix.Statfs_t) error) bool {
	var st unix.Statfs_t
	if err := statfs(dir, &st); err != nil {
		return false
	}
	return networks[int64(uint32(st.Type))]
}
