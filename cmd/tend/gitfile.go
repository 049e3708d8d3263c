package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// errNotInGit is wrapped where a revision has no such file.
var errNotInGit = errors.New("not in git")

// gitQuiet keeps git from running anything that a repository's own configuration names. A clone may hold a whole second repository as
// committed files, whose configuration git would obey in that directory (git-config(1), safe.bareRepository), and an unpacked archive even a
// .git: a monitor of the file system, a program that checks signatures.
var gitQuiet = []string{"-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", "log.showSignature=false", "--no-optional-locks", "--no-pager"}

// gitAlone lets git fetch nothing: an object that is missing would be asked for by a program that the repository names.
var gitAlone = []string{"GIT_ALLOW_PROTOCOL=none", "GIT_NO_LAZY_FETCH=1"}

// git runs git in a directory, reading only. No hook, filter, monitor or pager of the repository's runs: the commands used here look at
// objects, never at a work tree, and gitQuiet and gitAlone see to the rest.
func git(ctx context.Context, dir string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "git", slices.Concat(gitQuiet, []string{"-C", dir}, args)...)
	cmd.Env = append(os.Environ(), gitAlone...)
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
