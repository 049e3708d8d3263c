// Package glob answers DOES THIS NAME FIT THIS PATTERN, as OpenSSH means it in ssh_config and known_hosts (ssh_config(5), PATTERNS).
//
// Its law: a negated pattern that matches outweighs everything else in its list.
package glob

import "strings"

// List is OpenSSH's match_pattern_list on patterns that were split at their commas: some pattern matches, and none that
// begins with "!" does. The caller lowers case.
func List(s string, patterns []string) bool {
	got := false
	for _, p := range patterns {
		p, negated := strings.CutPrefix(p, "!")
		if p == "" || !Match(s, p) {
			continue
		}
		if negated {
			return false
		}
		got = true
	}
	return got
}

// Match is OpenSSH's match_pattern: "*" stands for any bytes, "?" for one, everything else for itself. It takes time linear in
// the product of the lengths, whatever the pattern.
func Match(s, pattern string) bool {
	si, pi, star, mark := 0, 0, -1, 0
	for si < len(s) {
		switch {
		case pi < len(pattern) && pattern[pi] == '*':
			star, mark = pi, si
			pi++
		case pi < len(pattern) && (pattern[pi] == '?' || pattern[pi] == s[si]):
			si++
			pi++
		case star >= 0:
			mark++
			si, pi = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[pi:], "*") == ""
}
