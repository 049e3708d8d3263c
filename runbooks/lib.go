package runbooks

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
)

// The library of shell functions, in parts. Their heads say what each function does.
var (
	//go:embed lib.sh
	libCore string
	//go:embed lib_packages.sh
	libPackages string
	//go:embed lib_snapshot.sh
	libSnapshot string
	//go:embed lib_drift.sh
	libDrift string
)

// function is one of the library's functions: its text, and the other functions that it names.
type function struct {
	name, text string
	uses       []string
}

// libFunctions are the library's functions in the file's order. They are read once; nothing changes them.
var libFunctions = sync.OnceValues(func() ([]function, error) {
	return readLibrary(libCore + "\n" + libPackages + "\n" + libSnapshot + "\n" + libDrift)
})

// readLibrary cuts the library into its functions: each begins its line with "tend_…() {" and ends with "}", in that
// line or alone in its own. A test holds that to what a parser of sh makes of it, which
// takes longer than most of what comes before a run's first connection.
func readLibrary(src string) ([]function, error) {
	var out []function
	for at := 0; at < len(src); {
		line, _, _ := strings.Cut(src[at:], "\n")
		name, _, begins := strings.Cut(line, "() {")
		if !begins || !strings.HasPrefix(name, "tend_") {
			at += len(line) + 1
			continue
		}
		end := len(line)
		if !strings.HasSuffix(line, "}") {
			if end = strings.Index(src[at:], "\n}\n") + len("\n}"); end < len(line) {
				return nil, fmt.Errorf("the library's %s has no end", name)
			}
		}
		text := src[at : at+end]
		out = append(out, function{name: name, text: text, uses: libNames(text)})
		at += len(text) + 1
	}
	return out, nil
}

// libNames are the words in text that begin with tend_ and go on in lower case, as `\btend_[a-z0-9_]+` finds them.
func libNames(text string) []string {
	var out []string
	word := func(c byte) bool {
		return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	}
	for at := 0; ; {
		i := strings.Index(text[at:], "tend_")
		if i < 0 {
			return out
		}
		begin := at + i
		at = begin + len("tend_")
		end := at
		for end < len(text) && word(text[end]) && (text[end] < 'A' || text[end] > 'Z') {
			end++
		}
		if end == at || begin > 0 && word(text[begin-1]) {
			continue
		}
		out, at = append(out, text[begin:end]), end
	}
}

// library is the text of the functions that body names, and of those that they name, in the library's order. A script carries what it
// uses and no more: it is read by people before it is run, and it crosses the wire once a host.
func library(body string) (string, error) {
	queue := libNames(body)
	if len(queue) == 0 {
		return "", nil
	}
	all, err := libFunctions()
	if err != nil {
		return "", err
	}
	byName := map[string]function{}
	for _, f := range all {
		byName[f.name] = f
	}
	needed := map[string]bool{}
	for ; len(queue) > 0; queue = queue[1:] {
		f, ours := byName[queue[0]]
		if ours && !needed[f.name] {
			needed[f.name] = true
			queue = append(queue, f.uses...)
		}
	}
	var b strings.Builder
	for _, f := range all {
		if needed[f.name] {
			b.WriteString(f.text + "\n")
		}
	}
	return b.String(), nil
}

// SupportTable is the table of the ends of support that tend_eol carries to the hosts: distribution, version ("-" = every one), last day of
// support ("never" = none) and, where there is one, last day of free long-term support, a release a line. Its source stands beside it.
func SupportTable() string {
	_, rest, _ := strings.Cut(libCore, "cat <<'TABLE'\n")
	table, _, _ := strings.Cut(rest, "\nTABLE\n")
	return table
}
