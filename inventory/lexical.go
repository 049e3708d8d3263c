package inventory

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// isUser accepts what login names are made of, domain users ("CORP\ann", "ann@corp") included, and nothing that a shell or an option
// parser could take for its own.
func isUser(s string) bool {
	return s != "" && len(s) <= 256 && s[0] != '-' && strings.IndexFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`._-@\+$`, r)
	}) < 0
}

// isLine accepts one line of text without control characters, not empty.
func isLine(s string) bool {
	return strings.TrimSpace(s) != "" && strings.IndexFunc(s, unicode.IsControl) < 0
}

// isPath accepts an absolute path.
func isPath(s string) bool { return isLine(s) && s[0] == '/' }

// isHop accepts "[user@]host[:port]", with an IPv6 address in brackets.
func isHop(s string) bool {
	if user, rest, ok := cutLast(s, "@"); ok {
		if !isUser(user) {
			return false
		}
		s = rest
	}
	host, port := s, "22"
	if strings.HasPrefix(s, "[") {
		inner, rest, ok := strings.Cut(s[1:], "]")
		if !ok || rest != "" && rest[0] != ':' {
			return false
		}
		host, port = inner, strings.TrimPrefix(rest, ":")
		if rest == "" {
			port = "22"
		}
	} else if strings.Count(s, ":") == 1 {
		host, port, _ = strings.Cut(s, ":")
	}
	n, err := strconv.Atoi(port)
	return addrFault(host) == "" && err == nil && n > 0 && n <= 65535
}

// cutLast is strings.Cut at the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// addrFault says why s is no host name or IP address; "" = it is one. RFC 1123 names, with underscores, which DNS carries too.
func addrFault(s string) string {
	switch {
	case s == "":
		return "is empty"
	case strings.Contains(s, ":"):
		if _, err := netip.ParseAddr(s); err != nil {
			return "is not an IPv6 address"
		}
	case strings.Trim(s, "0123456789.") == "":
		if _, err := netip.ParseAddr(s); err != nil {
			return "is not an IPv4 address"
		}
	case !isName(s) || strings.Contains(s, ".."):
		return "is not a host name or an address"
	}
	return ""
}

// bracketed says why "[::1]" or "[::1]:22" is no address, and what is meant; "" = it is not of that form. A bracket is a range here.
func bracketed(s string) (fault, hint string) {
	in, rest, ok := strings.Cut(strings.TrimPrefix(s, "["), "]")
	if _, err := netip.ParseAddr(in); !ok || !strings.HasPrefix(s, "[") || !strings.Contains(in, ":") || err != nil {
		return "", ""
	}
	hint = fmt.Sprintf("write addr = %q", in)
	if port, ok := strings.CutPrefix(rest, ":"); ok && allDigits(port) {
		hint += " and port = " + port
	}
	return "is written without brackets, which are for ranges", hint
}

// isHostKey accepts a SHA-256 fingerprint as ssh-keygen -l prints it, or a public key "type base64 [comment]" (RFC 4253, 6.6: the
// blob begins with the type).
func isHostKey(s string) bool {
	if fp, ok := strings.CutPrefix(s, "SHA256:"); ok {
		raw, err := base64.RawStdEncoding.Strict().DecodeString(fp)
		return err == nil && len(raw) == sha256.Size
	}
	f := strings.Fields(s)
	if len(f) < 2 || !isLine(s) {
		return false
	}
	blob, err := base64.StdEncoding.DecodeString(f[1])
	if err != nil || len(blob) < 4 {
		return false
	}
	n := binary.BigEndian.Uint32(blob)
	return uint64(n) <= uint64(len(blob)-4) && string(blob[4:4+n]) == f[0] && f[0] != ""
}

// longest is the longest duration that anyone declares, so that no sum overflows.
const longest = 100 * 365 * 24 * time.Hour

// parseDuration reads "15m", "1h30m", "7d", "2w": whole numbers with units, each unit once, the larger first.
func parseDuration(s string) (time.Duration, bool) {
	units := []struct {
		letter byte
		unit   time.Duration
	}{{'w', 7 * 24 * time.Hour}, {'d', 24 * time.Hour}, {'h', time.Hour}, {'m', time.Minute}, {'s', time.Second}}
	var total time.Duration
	rest := s
	for _, u := range units {
		n := digits(rest)
		if n == "" || len(n) == len(rest) || rest[len(n)] != u.letter {
			continue
		}
		count, err := strconv.ParseInt(n, 10, 64)
		if err != nil || count > int64(longest/u.unit) {
			return 0, false
		}
		total += time.Duration(count) * u.unit
		rest = rest[len(n)+1:]
	}
	return total, s != "" && rest == "" && total <= longest
}

// writeDuration writes a duration of whole seconds as parseDuration reads it.
func writeDuration(d time.Duration) string {
	var b strings.Builder
	for _, u := range []struct {
		letter string
		unit   time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}} {
		if n := d / u.unit; n > 0 {
			b.WriteString(strconv.FormatInt(int64(n), 10) + u.letter)
			d %= u.unit
		}
	}
	return b.String()
}
