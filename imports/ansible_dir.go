package imports

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile is how large one file of a source may be.
const maxFile = 64 << 20

// ReadFile reads a source's file, of a sensible size. A byte order mark is an editor's, and no part of what stands there.
func ReadFile(path string) ([]byte, error) {
	data, err := ReadWhole(path)
	return unmarked(data), err
}

func unmarked(data []byte) []byte { return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) }

// ReadWhole reads a file with all that stands in it.
func ReadWhole(path string) ([]byte, error) {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, wrong(path, 0, "look at its path", "there is no such file")
	case err != nil:
		return nil, wrong(path, 0, "", "%v", err)
	case st.IsDir():
		return nil, wrong(path, 0, "name a file in it", "this is a directory")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, wrong(path, 0, "", "%v", err)
	}
	defer f.Close()
	return readAll(path, f)
}

// ReadAll reads all of a source that remarks call name; one that is too large is refused.
func ReadAll(name string, r io.Reader) ([]byte, error) {
	data, err := readAll(name, r)
	return unmarked(data), err
}

func readAll(name string, r io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err == nil && len(data) > maxFile {
		return nil, wrong(name, 0, "give it in parts: --into adds to an inventory", "larger than %d MiB", maxFile>>20)
	}
	return data, err
}

// Ansible reads an Ansible inventory: a file (INI or YAML) with the group_vars and host_vars beside it, or a directory of such files.
// Programs that Ansible would run for their output are listed, and never run.
func Ansible(path, site string) (*Found, error) {
	a := newAnsible("the Ansible inventory " + path)
	st, err := os.Stat(path)
	if err != nil || !st.IsDir() {
		if err := a.file(path); err != nil {
			return nil, err
		}
		if err := a.vars(filepath.Dir(path)); err != nil {
			return nil, err
		}
		return a.settle(path, site)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, wrong(path, 0, "", "%v", err)
	}
	for _, e := range entries {
		if e.IsDir() || ignored(e.Name()) {
			continue
		}
		if err := a.file(filepath.Join(path, e.Name())); err != nil {
			return nil, err
		}
	}
	if err := a.vars(path); err != nil {
		return nil, err
	}
	return a.settle(path, site)
}

// ignored is what Ansible does not read in an inventory directory.
func ignored(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
		return true
	}
	return slices.Contains([]string{".pyc", ".pyo", ".swp", ".bak", ".rpm", ".md", ".txt", ".rst", ".orig", ".cfg", ".retry"}, filepath.Ext(name))
}

func (a *ansible) file(path string) error {
	st, err := os.Stat(path)
	if err == nil && !st.IsDir() && st.Mode()&0o111 != 0 {
		data, err := ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(string(data), "#!") {
			a.found.leave(path, 0, "a program that makes hosts up; run it, and import its --list with tend import ansible-list")
			return nil
		}
	}
	data, err := ReadFile(path)
	if err != nil {
		return err
	}
	switch filepath.Ext(path) {
	case ".yml", ".yaml", ".json":
		return a.yaml(path, data)
	}
	if looksYAML(data) {
		return a.yaml(path, data)
	}
	return a.ini(path, data)
}

// looksYAML: Ansible tries its readers in turn; a YAML inventory begins with --- or a group and a colon.
func looksYAML(data []byte) bool {
	for line := range strings.Lines(string(data)) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		return line == "---" || strings.HasSuffix(line, ":") && !strings.ContainsAny(line, "[= ")
	}
	return false
}

// vars reads group_vars and host_vars, which outrank what the inventory file says.
func (a *ansible) vars(dir string) error {
	err := eachVars(filepath.Join(dir, "group_vars"), func(name, path string) error {
		if name != "all" && a.groups[name] == nil {
			a.found.leave(path, 0, "variables of a group that there is not")
			return nil
		}
		return a.varsFile(path, a.group(name).vars)
	})
	if err != nil {
		return err
	}
	return eachVars(filepath.Join(dir, "host_vars"), func(name, path string) error {
		if a.hosts[name] == nil {
			a.found.leave(path, 0, "variables of a host that there is not")
			return nil
		}
		return a.varsFile(path, a.hosts[name])
	})
}

// eachVars gives every file of a vars directory with the name that it is for: web.yml, web, web/anything.yml.
func eachVars(dir string, do func(name, path string) error) error {
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == dir {
			return nil
		}
		if err != nil || d.IsDir() || ignored(d.Name()) {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		first, _, nested := strings.Cut(filepath.ToSlash(rel), "/")
		if !nested {
			for _, ext := range []string{".yml", ".yaml", ".json"} {
				first = strings.TrimSuffix(first, ext)
			}
		}
		return do(first, p)
	})
}

func (a *ansible) varsFile(path string, into map[string]value) error {
	data, err := ReadFile(path)
	if err != nil {
		return err
	}
	if strings.HasPrefix(string(data), "$ANSIBLE_VAULT") {
		a.found.leave(path, 1, "a vault")
		return nil
	}
	root, err := yamlRoot(path, data)
	if err != nil || root == nil {
		return err
	}
	yamlVars(path, root, into)
	return nil
}

func sorted[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, k := range slices.Sorted(maps.Keys(m)) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}
