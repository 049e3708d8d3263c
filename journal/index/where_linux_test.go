package index

import (
	"reflect"
	"testing"

	"golang.org/x/sys/unix"
)

// TestNetworks: what the kernel calls the file systems, in the numbers of linux/magic.h; some have the highest bit, which is a sign where
// the field has 32 bits.
func TestNetworks(t *testing.T) {
	for magic, want := range map[int64]bool{
		0x6969: true, 0xFF534D42: true, int64(int32(-0x00ACB2BE)): true, 0xFE534D42: true, 0x65735546: true, 0x01021997: true, 0x00C36400: true, // NFS, CIFS twice, SMB2, FUSE, 9p, Ceph
		0xEF53: false, 0x9123683E: false, 0x58465342: false, 0x01021994: false, 0x794C7630: false, // ext4, btrfs, XFS, tmpfs, overlayfs
	} {
		got := isNetwork("/home/kim", func(_ string, st *unix.Statfs_t) error {
			reflect.ValueOf(&st.Type).Elem().SetInt(magic) // of 32 bits on some machines
			return nil
		})
		if got != want {
			t.Errorf("%#x: on a network: %v", magic, got)
		}
	}
	if isNetwork("/x", func(string, *unix.Statfs_t) error { return unix.ENOENT }) {
		t.Error("what cannot be asked is on a network")
	}
}
