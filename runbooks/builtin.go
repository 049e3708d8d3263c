package runbooks

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// builtinSource is a built-in runbook's Source.
const builtinSource = "built-in"

//go:embed *.toml
var builtinFiles embed.FS

// Builtin returns the runbooks that the binary carries, sorted by name. An error means that the binary was built from a broken tree.
func Builtin() ([]Runbook, error) {
	all, err := builtins()
	if err != nil {
		return nil, err
	}
	out, errs := all.readAll()
	slices.SortFunc(out, func(a, b Runbook) int { return strings.Compare(a.Name, b.Name) })
	return out, errs
}

// book is a runbook that is read when it is asked for: who runs one does not wait for all the others.
type book func() (Runbook, error)

type books map[string]book

// builtins are the runbooks that the binary carries, by name: a file is named as its runbook.
func builtins() (books, error) {
	names, err := fs.Glob(builtinFiles, "*.toml")
	if err != nil {
		return nil, err
	}
	all := books{}
	for _, name := range names {
		all[strings.TrimSuffix(name, ".toml")] = sync.OnceValues(func() (Runbook, error) { return parseBuiltin(name) })
	}
	return all, nil
}

// readAll reads all of them at once: together they take a tenth of the time to the first screen.
func (b books) readAll() ([]Runbook, error) {
	out, errs := make([]Runbook, len(b)), make([]error, len(b))
	var wg sync.WaitGroup
	for i, name := range slices.Sorted(maps.Keys(b)) {
		wg.Go(func() { out[i], errs[i] = b[name]() })
	}
	wg.Wait()
	return out, errors.Join(errs...)
}

func parseBuiltin(name string) (Runbook, error) {
	data, err := builtinFiles.ReadFile(name)
	if err != nil {
		return Runbook{}, err
	}
	rb, err := parse(&file{source: name, ours: true}, data)
	rb.Source = builtinSource
	return rb, err
}

// Library is the runbooks that can be run: the built-in ones, and the user's, which win over built-in ones of the same name.
type Library struct {
	byName books
	broken map[string]Broken // by every name that is refused for it
}

// Open reads every *.toml of the directories; the first directory that has a name wins, and any of them over the built-in one. A
// directory that does not exist is no error. A file that is broken, or that others may write to, refuses the runbook that it would be,
// and nothing else: see Broken. The error says that a directory could not be read, so that nobody knows what it would hide.
func Open(dirs ...string) (Library, error) {
	all, err := builtins()
	if err != nil {
		return Library{}, err
	}
	lib := Library{byName: all, broken: map[string]Broken{}}
	var errs []error
	taken := map[string]bool{}
	for _, dir := range dirs {
		errs = append(errs, lib.read(dir, taken))
	}
	if err := errors.Join(errs...); err != nil {
		return Library{}, err
	}
	return lib, nil
}

// read adds a directory's runbooks; taken are the names that earlier directories have, broken or not.
func (l Library) read(dir string, taken map[string]bool) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("runbooks: %w", err)
	}
	here, refused := map[string]Runbook{}, map[string]Broken{}
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".toml" || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		rb, err := Load(path)
		switch other, twice := here[rb.Name]; {
		case err != nil:
			for _, name := range meant(path) {
				refused[name] = broken(name, path, err)
			}
		case twice:
			refused[rb.Name] = broken(rb.Name, path, twin(rb, other))
		default:
			here[rb.Name] = rb
		}
	}
	l.adopt(here, refused, taken)
	return nil
}

// adopt adds what a directory has under names that are not taken yet. What is refused takes its name, so that no other runbook of that
// name, the built-in one above all, is run in its place.
func (l Library) adopt(good map[string]Runbook, refused map[string]Broken, taken map[string]bool) {
	for name, rb := range good {
		if _, no := refused[name]; !no && !taken[name] {
			l.add(rb)
		}
	}
	for name, b := range refused {
		b.Hidden = taken[name]
		if !taken[name] {
			delete(l.byName, name)
		}
		if _, said := l.broken[name]; !said {
			l.broken[name] = b
		}
	}
	for name := range good {
		taken[name] = true
	}
	for name := range refused {
		taken[name] = true
	}
}

// add lets a user's runbook win over the built-in one. A copy that says the same hides nothing: whoever works in a clone of tend's
// repository has such copies in ./runbooks.
func (l Library) add(rb Runbook) {
	if read, ok := l.byName[rb.Name]; ok {
		hidden, _ := read() // a built-in one that cannot be read is no copy of anything
		same := rb
		same.Source = hidden.Source
		if reflect.DeepEqual(same, hidden) {
			return
		}
		rb.Shadows = hidden.Source
	}
	l.byName[rb.Name] = func() (Runbook, error) { return rb, nil }
}

// Load reads one runbook file. A file, or a directory, that its group or everyone may write to is refused: whoever can write a
// runbook runs as root on every host that it is used on.
func Load(path string) (Runbook, error) {
	for _, p := range []string{filepath.Dir(path), path} {
		info, err := os.Stat(p)
		if err != nil {
			return Runbook{}, fmt.Errorf("runbook: %w", err)
		}
		if writable := info.Mode().Perm() & 0o022; writable != 0 && !(info.IsDir() && info.Mode()&fs.ModeSticky != 0) {
			return Runbook{}, Problems{{Source: p, Message: "others may write to it, and what it says runs as root on the hosts", Advice: "chmod go-w " + p}}
		}
	}
	data, err := ReadFile(path)
	if err != nil {
		return Runbook{}, err
	}
	return ParseAt(path, data)
}

// ReadFile reads a runbook's or a plan's file whole. What is no regular file is refused before it is opened: a pipe would wait for its
// writer, and some devices never end. The error names the file.
func ReadFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.IsDir() && !info.Mode().IsRegular(): // a directory says so itself
		return nil, Problem{Source: path, Message: "this is no regular file", Advice: "write it to a file first"}
	case info.Size() > maxFile:
		return nil, Problem{Source: path, Message: "is larger than 1 MiB", Advice: "is it the file that you mean?"}
	}
	return os.ReadFile(path)
}

// Names are the library's runbooks, sorted.
func (l Library) Names() []string { return slices.Sorted(maps.Keys(l.byName)) }

// Get returns the runbook of that name; the error says what is wrong with its file, or suggests a near miss.
func (l Library) Get(name string) (Runbook, error) {
	read, ok := l.byName[name]
	if b, refused := l.broken[name]; refused && !ok {
		return Runbook{}, b.err
	}
	if !ok {
		return Runbook{}, Problem{Message: fmt.Sprintf("there is no runbook %q", name), Advice: didYouMean(name, l.Names())}
	}
	return read()
}

// All are the library's runbooks, sorted by name. A built-in one that could not be read would be missing; a test reads them all.
func (l Library) All() []Runbook {
	all, _ := l.byName.readAll()
	return slices.DeleteFunc(all, func(rb Runbook) bool { return rb.Name == "" })
}
