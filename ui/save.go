package ui

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	tea "charm.land/bubbletea/v2"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// savePrompt asks for a file's name and writes the text there. What exists is not overwritten.
func savePrompt(name, text string) action {
	return ask(&prompt{label: "write to file:", field: newField(name), enter: func(path string) action {
		return func(c *console) tea.Cmd {
			return c.work.do(func(context.Context) tea.Msg { return then(saveText(path, text)) })
		}
	}})
}

func saveText(path, text string) action {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return warnOf("not written: " + err.Error())
	}
	n, err := f.WriteString(text)
	if err2 := f.Close(); err == nil {
		err = err2
	}
	if err != nil {
		return warnOf("not written whole: " + err.Error())
	}
	return say(fmt.Sprintf("%d bytes written to %s", n, path))
}
