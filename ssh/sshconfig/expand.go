package sshconfig

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// Tokens is what the percent tokens of ssh_config(5), TOKENS, mean for a host that was settled on.
func (a *Answer) Tokens(q Query, user, port string) map[byte]string {
	return q.tokens(q.Host, a.Host, port, user, a.Get("hostkeyalias", a.Host), a.Get("proxyjump", ""))
}

func (q *Query) tokens(original, host, port, user, alias, jump string) map[byte]string {
	if jump == "none" {
		jump = ""
	}
	if i := strings.LastIndexByte(jump, ','); i >= 0 {
		jump = jump[i+1:]
	}
	_, jump = CutUser(jump)
	jump, _ = CutPort(jump)
	short, _, _ := strings.Cut(q.LocalHost, ".")
	sum := sha1.Sum([]byte(q.LocalHost + host + port + user + jump)) // ssh.c, ssh_connection_hash
	return map[byte]string{
		'C': hex.EncodeToString(sum[:]), 'L': short, 'd': q.Home, 'h': host, 'i': q.UID, 'j': jump, 'k': alias,
		'l': q.LocalHost, 'n': original, 'p': port, 'r': user, 'u': q.LocalUser,
	}
}

// Expand replaces percent tokens; an unknown one is an error, as it is to ssh.
func Expand(s string, tokens map[byte]string) (string, error) { return expand(s, tokens) }

func expand(s string, tokens map[byte]string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) {
			return "", fmt.Errorf("%q ends in %%", s)
		}
		if s[i] == '%' {
			b.WriteByte('%')
			continue
		}
		v, ok := tokens[s[i]]
		if !ok {
			return "", fmt.Errorf("unknown token %%%c in %q", s[i], s)
		}
		b.WriteString(v)
	}
	return b.String(), nil
}

// ExpandEnv replaces ${NAME}; a name that is not set is an error, as it is to ssh.
func ExpandEnv(s string, getenv func(string) string) (string, error) {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(s, "${")
		b.WriteString(before)
		if !ok {
			return b.String(), nil
		}
		name, rest, ok := strings.Cut(after, "}")
		if !ok || name == "" {
			return "", fmt.Errorf("unclosed or empty ${ in %q", s)
		}
		v := getenv(name)
		if v == "" {
			return "", fmt.Errorf("environment variable %s is not set", name)
		}
		b.WriteString(v)
		s = rest
	}
}

// ValidHop says whether a jump host is "[user@]host[:port]". One with a port that is none must not be reached at another.
func ValidHop(hop string) bool {
	user, rest := CutUser(hop)
	host, port := CutPort(rest)
	if host == "" || user == "" && rest != hop || strings.Contains(host, ":") && !strings.HasPrefix(rest, "["+host+"]") && net.ParseIP(host) == nil {
		return false
	}
	if _, tail, ok := strings.Cut(rest, "]"); strings.HasPrefix(rest, "[") && (!ok || tail != "" && tail[0] != ':') {
		return false
	}
	if port == "" {
		return ValidName(host) && ValidUser(user)
	}
	n, err := strconv.Atoi(port)
	return err == nil && n > 0 && n < 1<<16 && ValidName(host) && ValidUser(user)
}

// ValidName says whether a host's name may stand in a command that a shell reads (ProxyCommand, Match exec), as ssh.c's valid_hostname does
// since 9.6: names come from inventories that others write to (CVE-2023-51385).
func ValidName(host string) bool {
	return !strings.HasPrefix(host, "-") && !strings.ContainsAny(host, "'`\"$\\;&<>|(){}") && !strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// ValidUser is ssh.c's valid_ruser: users may hold blanks and "$".
func ValidUser(user string) bool {
	return !strings.HasPrefix(user, "-") && !strings.ContainsAny(user, "'`\";&<>|(){}") && !strings.Contains(user, " -") && !strings.HasSuffix(user, "\\") &&
		!strings.ContainsFunc(user, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// CutUser splits "user@host" at its last "@"; user is "" where there is none.
func CutUser(s string) (user, host string) {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		return s[:i], s[i+1:]
	}
	return "", s
}

// CutPort splits "host:port" and "[address]:port"; a bare IPv6 address has no port.
func CutPort(s string) (host, port string) {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		host, tail, ok := strings.Cut(rest, "]")
		if ok {
			return host, strings.TrimPrefix(tail, ":")
		}
	}
	if strings.Count(s, ":") == 1 {
		host, port, _ = strings.Cut(s, ":")
		return host, port
	}
	return s, ""
}
