package index

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"tend/journal"
)

// Where says where the index of a journal in dir belongs: beside it, or, where dir is on a network (SQLite's WAL needs memory that all
// its users share), cannot be written, or is a group's (an index is for its owner's eyes only), in the user's cache directory. Where there is none, "": an index in memory.
func Where(dir string) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = ""
	}
	return where(dir, cache, onNetwork, unix.Access(nearest(dir), unix.W_OK) == nil && !journal.OfGroup(dir))
}

func where(dir, cache string, network func(string) bool, writable bool) string {
	if !network(dir) && writable {
		return filepath.Join(dir, "index.db")
	}
	if cache == "" || network(cache) {
		return ""
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(cache, "tend", "index-"+hex.EncodeToString(sum[:8])+".db")
}

// nearest is dir, or what exists above it.
func nearest(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}
