package inventory

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Load reads an inventory file. It refuses what others than its owner can write, since an inventory says where root's commands
// go. The error is Problems, and errors.Is finds fs.ErrNotExist and the like in it.
func Load(path string) (*Inventory, error) {
	data, p := read(path)
	if p != nil {
		p.File = path
		return nil, Problems{*p}
	}
	return Parse(path, data)
}

// read reads the file, or says why not.
func read(path string) ([]byte, *Problem) {
	// Not to block on a pipe that nobody writes to, before we know that it is one.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, openProblem(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, openProblem(err)
	}
	if info.IsDir() {
		return nil, &Problem{Msg: "this is a directory, not an inventory file", Hint: "name the file in it: " + filepath.Join(path, "inventory.toml")}
	}
	if !info.Mode().IsRegular() {
		return nil, &Problem{Msg: "this is not a regular file", Hint: "write the inventory to a file first"}
	}
	if perm := info.Mode().Perm(); perm&0o022 != 0 {
		who := map[fs.FileMode]string{0o020: "its group", 0o002: "everybody", 0o022: "its group and everybody"}[perm&0o022]
		return nil, &Problem{Msg: fmt.Sprintf("%s can write this file (mode %04o), and with it say where root's commands go", who, perm), Hint: "chmod go-w " + path}
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
	if err != nil {
		return nil, openProblem(err)
	}
	return data, nil
}

// openProblem says why a file cannot be read, without naming it again.
func openProblem(err error) *Problem {
	p := &Problem{Msg: err.Error(), cause: err}
	var pe *fs.PathError
	if errors.As(err, &pe) {
		p.Msg = pe.Err.Error()
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.Msg = "there is no such file"
	case errors.Is(err, fs.ErrPermission):
		p.Msg, p.Hint = "you may not read this file", "see who may: ls -l"
	}
	return p
}

// NotFoundError says that there is no inventory, and where Find looked for one.
type NotFoundError struct{ Looked []string }

// Error names all places.
func (e *NotFoundError) Error() string {
	return "no inventory found; looked at " + strings.Join(e.Looked, ", ")
}

// Hint says what to do about it.
func (e *NotFoundError) Hint() string {
	return "tend new inventory begins one, tend import ssh-config makes one of what ssh knows, tend demo shows one at work"
}

// Find returns the path of the inventory to use: the -i flag's, $TEND_INVENTORY, ./inventory.toml, and
// $XDG_CONFIG_HOME/tend/inventory.toml, where XDG_CONFIG_HOME is ~/.config unless it is set to an absolute path (XDG Base Directory
// Specification 0.8). What a flag or variable names is returned as it is; Load says what is wrong with it. The error is a *NotFoundError.
func Find(flag string, getenv func(string) string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if path := getenv("TEND_INVENTORY"); path != "" {
		return path, nil
	}
	places := []string{"inventory.toml"}
	looked := []string{"-i (not given)", "$TEND_INVENTORY (not set)", "./inventory.toml"}
	config := getenv("XDG_CONFIG_HOME")
	if home := getenv("HOME"); !filepath.IsAbs(config) && home != "" {
		config = filepath.Join(home, ".config")
	}
	if filepath.IsAbs(config) {
		path := filepath.Join(config, "tend", "inventory.toml")
		places, looked = append(places, path), append(looked, path)
	}
	for _, path := range places {
		// Anything but absence, such as a directory that may not be searched, is Load's to tell: it must not be passed over.
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path, nil
		}
	}
	return "", &NotFoundError{looked}
}
