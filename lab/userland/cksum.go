package userland

import (
	"io"

	"tend/lab/kernel"
)

// Cksum is POSIX's cksum: a CRC over the bytes and their number, by the polynomial 0x04C11DB7.
func Cksum(p *kernel.Proc, args []string) int {
	t, ok := start(p, args, "", nil)
	if !ok {
		return t.bad(1)
	}
	t.each(func(name string, r io.Reader) {
		data, err := io.ReadAll(r)
		if err != nil {
			t.fail("%s: %s", name, errText(err))
			return
		}
		if name == "-" {
			t.printf("%d %d\n", cksum(data), len(data))
			return
		}
		t.printf("%d %d %s\n", cksum(data), len(data), name)
	})
	return t.end()
}

func cksum(data []byte) uint32 {
	var crc uint32
	add := func(b byte) {
		crc ^= uint32(b) << 24
		for range 8 {
			if crc&(1<<31) != 0 {
				crc = crc<<1 ^ 0x04C11DB7
			} else {
				crc <<= 1
			}
		}
	}
	for _, b := range data {
		add(b)
	}
	for n := len(data); n > 0; n >>= 8 {
		add(byte(n))
	}
	return ^crc
}
