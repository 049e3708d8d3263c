package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/journal"
)

// Shells are the interactive sessions that the journal knows.
type Shells interface {
	// List is those on a host, or all, newest first.
	List(ctx context.Context, host inventory.HostID) ([]ShellEntry, error)
	// Lines is what a recorded one showed, as text.
	Lines(ctx context.Context, id journal.RunID) iter.Seq2[ShellLine, error]
	// Replay shows a recorded one on the terminal, in its own time.
	Replay(ctx context.Context, id journal.RunID, in io.Reader, out io.Writer) error
}

// ShellEntry is a session in words.
type ShellEntry struct {
	ID       journal.RunID
	Host     inventory.HostID
	User     string
	Reason   string
	Opened   time.Time
	End      string
	Recorded bool
}

// ShellLine is a line of a recorded session; At is zero where it has no time.
type ShellLine struct {
	At   time.Time
	Text string
}

// shellsScreen lists sessions, newest first.
type shellsScreen struct {
	cfg    Config
	host   inventory.HostID // "" = of all hosts
	all    []ShellEntry
	list   list
	loaded bool
	err    error
}

// openShells shows the sessions on a host, or all of them.
func openShells(host inventory.HostID) action {
	return func(c *console) tea.Cmd {
		s := &shellsScreen{cfg: c.cfg, host: host}
		c.stack = append(c.stack, s)
		return s.load(c)
	}
}

// noShells says why no sessions can be listed.
func noShells(cfg Config) func() string {
	return func() string {
		if cfg.Shells == nil {
			return "no shells are kept here"
		}
		return ""
	}
}

func (s *shellsScreen) load(c *console) tea.Cmd {
	from, host := c.cfg.Shells, s.host
	return c.work.do(func(ctx context.Context) tea.Msg {
		all, err := from.List(ctx, host)
		return then(func(*console) tea.Cmd {
			s.loaded, s.all, s.err = true, all, err
			return nil
		})
	})
}

// Binds are the list's verbs.
func (s *shellsScreen) Binds() []bind {
	none := func() string {
		switch {
		case s.list.at < 0 || s.list.at >= len(s.all):
			return "there is no shell here"
		case !s.all[s.list.at].Recorded:
			return "it was not recorded (record_shell in the inventory, record_shells in config.toml)"
		}
		return ""
	}
	return append([]bind{
		{keys: "enter l", name: "read", help: "what the shell showed, as text; " + s.cfg.Settings.key("pager", "times", "t") + " shows the times", foot: true, why: none, do: func() action { return readShell(s.all[s.list.at]) }},
		{keys: "p", name: "play", help: "the shell as it was, in its own time", foot: true, why: none, do: func() action { return playShell(s.cfg, s.all[s.list.at].ID) }},
		{keys: "r", name: "reload", help: "read the journal again", foot: true, do: func() action { return func(c *console) tea.Cmd { return s.load(c) } }},
	}, s.list.binds()...)
}

// playShell lends the terminal to a replay.
func playShell(cfg Config, id journal.RunID) action {
	return func(c *console) tea.Cmd {
		run := func(io.Reader, io.Writer) error { return cfg.Shells.Replay(c.work.ctx, id, cfg.Input, cfg.Output) }
		return c.lend(&session{run: run}, func(err error) action {
			if err != nil && !errors.Is(err, context.Canceled) {
				return warnOf("replay of " + string(id) + ": " + withHint(err))
			}
			return say("back from the replay of " + string(id))
		})
	}
}

// readShell opens the pager on a session's text; p there plays it.
func readShell(e ShellEntry) action {
	return func(c *console) tea.Cmd {
		from, cfg := c.cfg.Shells, c.cfg
		c.note = note{text: "reading the recording ..."}
		return c.work.do(func(ctx context.Context) tea.Msg {
			p := &pager{name: "SHELL", scope: string(e.Host) + " " + e.User + " " + e.Opened.Local().Format("2006-01-02 15:04")}
			p.play = func() action { return playShell(cfg, e.ID) }
			for l, err := range from.Lines(ctx, e.ID) {
				if err != nil {
					p.err = err
					break
				}
				p.store.put(stored{text: l.Text, at: nanos(l.At), host: -1})
			}
			return then(func(c *console) tea.Cmd {
				c.note = note{}
				return c.run(push(p))
			})
		})
	}
}

// View is a line a session.
func (s *shellsScreen) View(a area) frame {
	f := frame{name: "SHELLS", scope: "all hosts", right: plural(len(s.all), "shell")}
	if s.host != "" {
		f.scope = string(s.host)
	}
	f.body = []string{a.paint(head, "  "+a.pad("WHEN", 12)+a.pad("WHO", 10)+a.pad("HOST", 16)+a.pad("RECORDED", 9)+"END")}
	from, to := s.list.window(len(s.all), a.h-1)
	for i := from; i < to; i++ {
		f.body = append(f.body, s.line(a, s.all[i], i == s.list.at))
	}
	switch {
	case s.err != nil:
		f.body = append(f.body, "", "  "+a.paint(bad, a.text(withHint(s.err))))
	case !s.loaded:
		f.body = append(f.body, "", "  reading the journal ...")
	case len(s.all) == 0:
		f.body = append(f.body, "", "  no shells here")
	}
	if s.list.at >= 0 && s.list.at < len(s.all) {
		f.status = a.text(s.all[s.list.at].Reason)
	}
	return f
}

func (s *shellsScreen) line(a area, e ShellEntry, cursor bool) string {
	was := "no"
	if e.Recorded {
		was = "yes"
	}
	text := fmt.Sprint(a.pad(e.Opened.Local().Format("01-02 15:04"), 12), a.pad(a.text(e.User), 9), " ", a.pad(a.text(string(e.Host)), 15), " ", a.pad(was, 9), a.text(e.End))
	if cursor {
		return a.chosen("> "+text, a.w)
	}
	return "  " + text
}
