package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/quote"
)

func (a *app) inventoryEdit() *cobra.Command {
	return &cobra.Command{
		Use: "edit", Short: "Edit the inventory in $EDITOR; what is wrong never takes the place of what was right", Args: cobra.NoArgs,
		Long: `Edit a copy of the inventory in $VISUAL or $EDITOR. The copy takes the inventory's place, in one step, only when it is an inventory; else its
problems are shown, and you may edit on or leave everything as it was.`,
		Example: "  tend inventory edit",
		RunE: func(c *cobra.Command, _ []string) error {
			path, err := inventory.Find(a.inventory, a.getenv)
			if err != nil {
				return bad(err)
			}
			return a.editInventory(c.Context(), path)
		},
	}
}

func (a *app) editInventory(ctx context.Context, path string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // the file is replaced, and not the link to it
	}
	before, err := os.ReadFile(path)
	if err != nil {
		return bad(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return bad(err)
	}
	copied, err := copyBeside(path, before, info.Mode().Perm())
	if err != nil {
		return bad(err)
	}
	defer os.Remove(copied)
	for {
		if err := a.edit(ctx, copied); err != nil {
			return err
		}
		after, err := os.ReadFile(copied)
		switch {
		case err != nil:
			return bad(err)
		case bytes.Equal(before, after):
			fmt.Fprintf(a.out, "%s is as it was\n", quote.Line(path))
			return nil
		}
		_, problem := inventory.Load(copied)
		if problem == nil {
			return a.replace(path, copied, before)
		}
		fmt.Fprintf(a.err, "%s\n\nType e to edit on, or anything else to leave the inventory as it was: ", strings.ReplaceAll(quote.Text(problem.Error()), copied, path))
		if answer, err := readLine(a.in); err != nil || strings.TrimSpace(answer) != "e" {
			return usage("", "%s is left as it was", quote.Line(path))
		}
	}
}

// copyBeside writes a copy into the directory of the original, so that it can take its place in one step.
func copyBeside(path string, data []byte, mode os.FileMode) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*.toml")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// replace puts the edited copy in the original's place, unless somebody else has changed that meanwhile.
func (a *app) replace(path, copied string, before []byte) error {
	now, err := os.ReadFile(path)
	if err != nil {
		return bad(err)
	}
	if !bytes.Equal(now, before) {
		kept := path + ".edited"
		if err := os.Rename(copied, kept); err != nil {
			return bad(err)
		}
		return usage("bring the two together by hand", "%s was changed by somebody else meanwhile, and is left so; your text is %s", quote.Line(path), quote.Line(kept))
	}
	if err := os.Rename(copied, path); err != nil {
		return bad(err)
	}
	fmt.Fprintf(a.out, "%s: ok, and in its place; tend inventory diff says what changed\n", quote.Line(path))
	return nil
}
