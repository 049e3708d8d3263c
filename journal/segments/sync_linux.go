package segments

import (
	"os"

	"golang.org/x/sys/unix"
)

// datasync is fdatasync(2): the bytes, and of the metadata what is needed to read them again, the length.
func datasync(f *os.File) error {
	for {
		err := unix.Fdatasync(int(f.Fd()))
		if err != unix.EINTR {
			return err
		}
	}
}
