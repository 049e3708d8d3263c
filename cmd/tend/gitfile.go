package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// errNotInGit is wrapped where a revision has no such file.
var errNotInGit = errors.New("not in git")

// git runs git in a directory, reading only. No hook, filter or pager of the repository's runs: the commands used here know none.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks", "-C", dir}, args...)...)
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(said.String()); text != "" {
			err = errors.New(strings.TrimPrefix(text, "fatal: "))
		}
		return nil, err
	}
	return out.Bytes(), nil
}

// gitFile is a file as it was in a revision of the repository that its directory lies in.
func gitFile(ctx context.Context, rev, path string) ([]byte, error) {
	dir, name := filepath.Split(path)
	object, err := gitObject(ctx, filepath.Clean(dir+"."), rev, "./"+name)
	if err != nil {
		return nil, fmt.Errorf("%s:%s: %w", rev, path, err)
	}
	return git(ctx, filepath.Clean(dir+"."), "cat-file", "blob", object)
}

// gitObject is the name of what stood at a path in a revision.
func gitObject(ctx context.Context, dir, rev, path string) (string, error) {
	if _, err := git(ctx, dir, "rev-parse", "--verify", "-q", "--end-of-options", rev+"^{commit}"); err != nil {
		return "", fmt.Errorf("%w: no revision %q in %s", errNotInGit, rev, dir)
	}
	out, err := git(ctx, dir, "rev-parse", "--verify", "-q", "--end-of-options", rev+":"+path)
	if err != nil {
		return "", fmt.Errorf("%w: the revision has no such file", errNotInGit)
	}
	return lastLine(out), nil
}

// lastLine is git's answer: rev-parse repeats --end-of-options before it in some versions.
func lastLine(out []byte) string {
	lines := strings.Fields(string(out))
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// gitDir writes the *.toml files that stood in a directory in a revision into another one. A directory that was not there has none.
func gitDir(ctx context.Context, rev, path, to string) error {
	parent := filepath.Dir(path)
	tree, err := gitObject(ctx, parent, rev, "./"+filepath.Base(path))
	if errors.Is(err, errNotInGit) {
		return nil
	}
	if err != nil {
		return err
	}
	names, err := git(ctx, parent, "ls-tree", "-z", "--name-only", tree)
	if err != nil {
		return err
	}
	for name := range strings.SplitSeq(string(names), "\x00") {
		if filepath.Ext(name) != ".toml" || filepath.Base(name) != name {
			continue
		}
		text, err := git(ctx, parent, "cat-file", "blob", tree+":"+name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, name), text, 0o600); err != nil {
			return err
		}
	}
	return nil
}
