package ui

import (
	"cmp"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
)

// clipboards are the programs that put their input into the clipboard of the desktop, with the variable that says that it is there.
var clipboards = []struct {
	name, needs string
	args        []string
}{
	{"wl-copy", "WAYLAND_DISPLAY", nil},
	{"xclip", "DISPLAY", []string{"-selection", "clipboard"}},
	{"xsel", "DISPLAY", []string{"--clipboard", "--input"}},
	{"pbcopy", "", nil}, // macOS has a desktop, but over SSH it is the wrong one
}

// clipboard is the command that copies here; nil = there is none.
func clipboard(env []string) []string {
	get := lookup(env)
	for _, c := range clipboards {
		if c.needs != "" && get(c.needs) == "" || c.needs == "" && get("SSH_CONNECTION") != "" {
			continue
		}
		if path, err := exec.LookPath(c.name); err == nil {
			return append([]string{path}, c.args...)
		}
	}
	return nil
}

const (
	// copyTime is how long a clipboard's program may take.
	copyTime = 5 * time.Second
	// oscMost is how much text OSC 52 carries: some terminals throw away sequences of more than 100,000 bytes, and base64 makes four of three.
	oscMost = 74_000
)

// copyText puts text into the desktop's clipboard where one can be reached, and into the terminal's by OSC 52, and says what came of each.
func copyText(text string) action {
	return func(c *console) tea.Cmd {
		osc, sent := oscCopy(c.cfg, text)
		argv := clipboard(c.cfg.Env)
		if argv == nil {
			c.note = copied(len(text), "", nil, sent)
			return osc
		}
		c.note = note{text: "copying ..."}
		return tea.Batch(osc, c.work.do(func(ctx context.Context) tea.Msg {
			err := runClipboard(ctx, argv, text)
			return then(func(c *console) tea.Cmd {
				c.note = copied(len(text), argv[0][strings.LastIndexByte(argv[0], '/')+1:], err, sent)
				return nil
			})
		}))
	}
}

// runClipboard hands text to the program. One that serves the clipboard in the background, as xclip does, has ended when it was handed over.
func runClipboard(ctx context.Context, argv []string, text string) error {
	ctx, cancel := context.WithTimeout(ctx, copyTime)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Stdin, cmd.WaitDelay = strings.NewReader(text), time.Second
	err := cmd.Run()
	if ctx.Err() != nil {
		return fmt.Errorf("no answer within %v", copyTime)
	}
	return err
}

// oscCopy sends OSC 52 where the terminal may know it. tmux and screen take one for themselves, and hand another on to the terminal
// around them: tmux where allow-passthrough is set.
func oscCopy(cfg Config, text string) (tea.Cmd, string) {
	get := lookup(cfg.Env)
	switch {
	case cfg.Tier != Full:
		return nil, ""
	case len(text) > oscMost:
		return nil, ""
	case get("TMUX") != "":
		return tea.Batch(tea.SetClipboard(text), tea.Raw(ansi.TmuxPassthrough(ansi.SetSystemClipboard(text)))), "tmux and the terminal"
	case get("STY") != "":
		return tea.Raw(ansi.ScreenPassthrough(ansi.SetSystemClipboard(text), 0)), "the terminal around screen"
	}
	return tea.SetClipboard(text), "the terminal"
}

// copied says what happened. program is who has it, err why not; sent is who was told by OSC 52, to which nobody answers.
func copied(n int, program string, err error, sent string) note {
	var said []string
	if program != "" && err == nil {
		said = append(said, fmt.Sprintf("%d bytes copied with %s", n, program))
	} else if program != "" {
		said = append(said, program+": "+err.Error())
	}
	if sent != "" && program != "" && err == nil {
		said = append(said, "and sent to "+sent+" (OSC 52)")
	} else if sent != "" {
		said = append(said, fmt.Sprintf("%d bytes sent to %s (OSC 52), which does not say whether it took them", n, sent))
	}
	switch {
	case len(said) == 0 && n > oscMost:
		return note{text: fmt.Sprintf("not copied: %d bytes are more than a terminal's clipboard takes; write them to a file", n), bad: true}
	case len(said) == 0:
		return note{text: "not copied: neither this terminal's tier nor the desktop has a clipboard; write a file instead", bad: true}
	case err != nil && sent == "":
		return note{text: "not copied: " + said[0] + "; write a file instead", bad: true}
	}
	return note{text: strings.Join(said, "; "), bad: err != nil}
}

// textBinds copy and write what a screen shows, where it has no verb of its own for that.
func (c *console) textBinds() []bind {
	own := map[string]bool{}
	for _, b := range c.top().Binds() {
		own[b.name] = true
	}
	var out []bind
	if !own["copy"] {
		key := "y"
		if _, ok := c.top().(*planScreen); ok { // there it is the yes of a plan that only reads
			key = "c"
		}
		out = append(out, bind{keys: key, name: "copy", help: "copy what the screen shows; on a plan the key is " + c.cfg.Settings.key("plan", "copy", "c"), do: func() action {
			return func(c *console) tea.Cmd { return c.run(copyText(c.plainText(0))) }
		}})
	}
	if !own["write"] && !own["save"] {
		out = append(out, bind{keys: "w", name: "write", help: "write the whole page to a file; in a pager the key is " + c.cfg.Settings.key("pager", "save", "s"), do: func() action {
			return func(c *console) tea.Cmd { return c.run(savePrompt(screenName(c.top())+".txt", c.plainText(wholePage))) }
		}})
	}
	return out
}

// wholePage is how many rows a page gets that is no list; a list gets as many as it has.
const wholePage = 1000

// plainText is the screen on top as text: as many rows as it has now, or rows where more are wanted.
func (c *console) plainText(rows int) string {
	a := area{w: c.w, h: cmp.Or(rows, c.h-chrome), now: c.now, pen: c.pen}
	if s, ok := c.top().(lister); ok { // where the window stands is the picture's business
		l := s.listed()
		defer func(was list) { *l = was }(*l)
		if rows > 0 {
			a.h = max(l.n, c.h) + chrome
			a.w = min(a.w, 119) // the list alone, without the detail beside it
		}
	}
	f := c.top().View(a)
	lines := append([]string{f.name + " " + f.scope, strings.TrimSpace(f.sub + "  " + f.subEnd)}, f.body...)
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimRight(ansi.Strip(l), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
