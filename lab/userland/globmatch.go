package userland

import "path"

// matchGlob is fnmatch without FNM_PATHNAME: "*" crosses slashes, and a leading dot is nothing special.
func matchGlob(pat, s string) bool {
	const slash = "\x01" // path.Match keeps "*" within a path element
	replace := func(t string) string {
		b := []byte(t)
		for i, c := range b {
			if c == '/' {
				b[i] = slash[0]
			}
			if c == '!' && i > 0 && b[i-1] == '[' {
				b[i] = '^'
			}
		}
		return string(b)
	}
	ok, err := path.Match(replace(pat), replaceSlashes(s))
	return err == nil && ok
}

func replaceSlashes(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c == '/' {
			b[i] = 1
		}
	}
	return string(b)
}
