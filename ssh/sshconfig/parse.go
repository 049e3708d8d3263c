package sshconfig

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Limits of OpenSSH's own (readconf.h, readconf.c).
const (
	maxDepth = 16
	maxFile  = 4 << 20
	maxFiles = 1000 // two Includes in a file that includes itself would be 65,536
)

// Config is some files, parsed once and asked about many hosts. It is safe for concurrent use.
type Config struct {
	files []*file
}

type file struct {
	name  string
	lines []line
}

type line struct {
	n        int
	key      string // lower case
	rest     string // everything behind the keyword, for the options that take it whole
	args     []string
	includes []*file
	err      error
}

// Source is a file to read. Base is what a relative Include is relative to: ~/.ssh for the operator's own, /etc/ssh for the system's.
type Source struct {
	Path, Base string
	Optional   bool // may be absent
}

// Load parses files in the order in which ssh reads them. home is what "~" means in an Include.
func Load(home string, sources ...Source) (*Config, error) {
	c := &Config{}
	for _, s := range sources {
		p := parser{home: home, base: s.Base}
		f, err := p.load(s.Path, 0)
		if errors.Is(err, fs.ErrNotExist) && s.Optional {
			continue
		}
		if err != nil {
			return nil, err
		}
		c.files = append(c.files, f)
	}
	return c, nil
}

type parser struct {
	home, base string
	files      int
}

func (p *parser) load(path string, depth int) (*file, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%s: more than %d Includes deep", path, maxDepth)
	}
	if p.files++; p.files > maxFiles {
		return nil, fmt.Errorf("%s: more than %d files", path, maxFiles)
	}
	data, err := readRegular(path)
	if err != nil {
		return nil, err
	}
	f := &file{name: path}
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, maxFile)
	for n := 1; sc.Scan(); n++ {
		l, ok := parseLine(sc.Text())
		if !ok {
			continue
		}
		l.n = n
		if l.key == "include" && l.err == nil {
			l.includes, l.err = p.include(l.args, depth)
		}
		f.lines = append(f.lines, l)
	}
	return f, sc.Err()
}

// readRegular reads a file that is one, or /dev/null: a FIFO would hang, and a device may have no end.
func readRegular(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if path != os.DevNull && !st.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", path, maxFile)
	}
	return data, err
}

// include reads the files of an Include line in lexical order; a pattern that matches none is none.
func (p *parser) include(patterns []string, depth int) ([]*file, error) {
	if len(patterns) == 0 {
		return nil, errors.New("Include names no file")
	}
	var all []*file
	for _, pat := range patterns {
		pat = Tilde(pat, p.home)
		if !filepath.IsAbs(pat) {
			pat = filepath.Join(p.base, pat)
		}
		paths, err := filepath.Glob(pat)
		if err != nil {
			return nil, fmt.Errorf("Include %s: %w", pat, err)
		}
		slices.Sort(paths)
		for _, path := range paths {
			f, err := p.load(path, depth+1)
			if err != nil {
				return nil, fmt.Errorf("Include: %w", err)
			}
			all = append(all, f)
		}
	}
	return all, nil
}

// Tilde expands "~" and "~/…"; another user's "~name" stays as it is.
func Tilde(path, home string) string {
	if path == "~" {
		return home
	}
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(home, rest)
	}
	return path
}

const blanks = " \t\r\n\f"

// parseLine splits a line; ok is false where it holds nothing.
func parseLine(text string) (l line, ok bool) {
	text = strings.Trim(text, blanks)
	if text == "" || text[0] == '#' {
		return l, false
	}
	word, rest, fine := delim(text)
	if !fine {
		return line{err: errors.New("unbalanced quotes")}, true
	}
	l.key, l.rest = strings.ToLower(word), strings.TrimLeft(rest, blanks)
	if l.rest == "" {
		l.err = fmt.Errorf("%s has no value", word)
		return l, true
	}
	if !wholeLine[l.key] {
		l.args, l.err = split(l.rest)
		if l.err == nil && len(l.args) == 0 && l.key != "match" {
			l.err = fmt.Errorf("%s has no value", word)
		}
	}
	return l, true
}

// delim takes one word off s, as OpenSSH's strdelim does: words end at blanks or one "=", or are in double quotes.
func delim(s string) (word, rest string, ok bool) {
	i := strings.IndexAny(s, " \t\r\n\"=")
	if i < 0 {
		return s, "", true
	}
	if s[i] == '"' {
		tail := s[i+1:]
		j := strings.IndexByte(tail, '"')
		if j < 0 {
			return "", "", false
		}
		return s[:i] + tail[:j], strings.TrimLeft(tail[j+1:], " \t\r\n"), true
	}
	word, rest = s[:i], strings.TrimLeft(s[i+1:], " \t\r\n")
	if s[i] != '=' && strings.HasPrefix(rest, "=") {
		rest = strings.TrimLeft(rest[1:], " \t\r\n")
	}
	return word, rest, true
}

// split is OpenSSH's argv_split: words with quotes and backslashes, up to a comment.
func split(s string) ([]string, error) {
	var args []string
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || s[i] == '\t' {
			continue
		}
		if s[i] == '#' {
			break
		}
		word, next, err := splitWord(s, i)
		if err != nil {
			return nil, err
		}
		args = append(args, word)
		i = next
	}
	return args, nil
}

func splitWord(s string, i int) (string, int, error) {
	var b strings.Builder
	var quote byte
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && (strings.IndexByte(`'"\`, s[i+1]) >= 0 || quote == 0 && s[i+1] == ' '):
			i++
			b.WriteByte(s[i])
		case quote == 0 && (c == ' ' || c == '\t'):
			return b.String(), i, nil
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote != 0 && c == quote:
			quote = 0
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", i, errors.New("unbalanced quotes")
	}
	return b.String(), i, nil
}
