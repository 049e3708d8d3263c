package knownhosts

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Append adds one line to the file at path, in one write under an exclusive lock, so that two consoles that accept keys at the same
// moment tear neither line. The file is made 0600, its directory 0700, where they lack. A torn last line is closed first.
func Append(path, name, keyType string, blob []byte) error {
	if strings.ContainsAny(name, " \t\r\n,") || name == "" {
		return fmt.Errorf("%q is not a name that known_hosts can hold", name)
	}
	line := name + " " + keyType + " " + base64.StdEncoding.EncodeToString(blob) + "\n"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := appendLocked(f, line); err != nil {
		f.Close()
		return fmt.Errorf("%s: %w", path, err)
	}
	return f.Close()
}

func appendLocked(f *os.File, line string) error {
	if err := lock(f); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	torn, err := tornTail(f)
	if err != nil {
		return err
	}
	if torn {
		line = "\n" + line
	}
	if _, err := f.WriteString(line); err != nil {
		return err
	}
	return f.Sync()
}

func tornTail(f *os.File) (bool, error) {
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return false, err
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], end-1); err != nil && !errors.Is(err, io.EOF) {
		return false, err
	}
	return last[0] != '\n', nil
}
