package userland

import (
	"strconv"
	"strings"

	"tend/lab/vfs"
)

// ParseMode reads an octal or a symbolic mode, starting from old.
func ParseMode(s string, old uint16, dir bool) (uint16, bool) {
	if n, err := strconv.ParseUint(s, 8, 12); err == nil {
		return uint16(n), true
	}
	return SymbolicMode(s, old, dir)
}

// SymbolicMode applies "u+rwx,go-w" to old.
func SymbolicMode(s string, old uint16, dir bool) (uint16, bool) {
	for _, clause := range strings.Split(s, ",") {
		i := strings.IndexAny(clause, "+-=")
		if i < 0 {
			return 0, false
		}
		var who uint16
		for _, c := range clause[:i] {
			switch c {
			case 'u':
				who |= 0o700 | vfs.SetUID
			case 'g':
				who |= 0o070 | vfs.SetGID
			case 'o':
				who |= 0o007
			case 'a':
				who |= 0o777
			default:
				return 0, false
			}
		}
		if who == 0 {
			who = 0o777
		}
		bits, ok := modeBits(clause[i+1:], old, dir)
		if !ok {
			return 0, false
		}
		switch clause[i] {
		case '+':
			old |= bits & (who | vfs.Sticky)
		case '-':
			old &^= bits & (who | vfs.Sticky)
		default:
			old = old&^(who&0o777) | bits&who
		}
	}
	return old, true
}

func modeBits(s string, old uint16, dir bool) (bits uint16, ok bool) {
	for _, c := range s {
		switch c {
		case 'r':
			bits |= 0o444
		case 'w':
			bits |= 0o222
		case 'x':
			bits |= 0o111
		case 'X':
			if dir || old&0o111 != 0 {
				bits |= 0o111
			}
		case 's':
			bits |= vfs.SetUID | vfs.SetGID
		case 't':
			bits |= vfs.Sticky
		default:
			return 0, false
		}
	}
	return bits, true
}
