package main

import (
	"fmt"
	"html"
	"os"
	"strings"
	"testing"
)

// The picture of docs/architecture.md, a command's way through the house, is drawn here: who takes part, and what goes from whom to whom.

type lane struct {
	x           int
	name, below string
}

var lanes = []lane{
	{80, "you", "a terminal"}, {285, "cmd/tend, ui", "the screen"}, {500, "runner, engine", "a process of its own"},
	{725, "journal", "files here"}, {920, "remote, ssh", "a host"},
}

// way is one thing that goes from a lane to another, or stays within one where both are the same.
type way struct {
	from, to int
	text     string
	note     string // below it, in small
}

var ways = []way{
	{0, 1, "a key, or a command line", ""},
	{1, 1, "runbooks.Resolve: scripts, hosts, waves, limits", "pure; a Plan with a digest"},
	{1, 0, "the plan, and what it may break", "what was shown is what runs"},
	{0, 1, "its scope, typed", ""},
	{1, 2, "runner.Spawn: plan, secrets", "a pipe; no disk, no argument"},
	{2, 3, "PlanAccepted", "durable before anything starts"},
	{2, 2, "engine.Next(State) → Actions", "pure: waves, groups, budget, windows"},
	{2, 3, "StepStarted", "durable before the command leaves"},
	{2, 4, "remote.Carry: a detached job under a lease", "the step outlives the connection"},
	{4, 2, "output by byte offset, exit code", "a lost link: found again, nothing twice"},
	{2, 3, "OutputRead, FactsRead, StepEnded", "one sync for many hosts"},
	{3, 1, "Events, followed: a fold, live or replayed", "the journal is the stream"},
	{1, 0, "the screen, or a line an event", ""},
	{0, 1, "pause, approve, retry, abort", ""},
	{1, 2, "a decision, over a private socket", ""},
	{2, 3, "Decided … RunClosed", "with who, and why"},
}

type palette struct{ paper, ink, faint, line, accent, box string }

var palettes = map[string]palette{
	"light": {"#ffffff", "#1f2328", "#59636e", "#c8ced6", "#0550ae", "#f1f4f8"},
	"dark":  {"#0d1117", "#e6edf3", "#9198a1", "#3d444d", "#79c0ff", "#161b22"},
}

const rowHeight, firstRow, pictureWidth = 44, 100, 1000

func drawWay(p palette) string {
	var b strings.Builder
	height := firstRow + rowHeight*len(ways) + 20
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="ui-sans-serif, system-ui, Helvetica, Arial, sans-serif" role="img">`+"\n", pictureWidth, height, pictureWidth, height)
	fmt.Fprintf(&b, "<title>A command's way through the house, from the key to the host and back</title>\n")
	fmt.Fprintf(&b, `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="%s"/></marker></defs>`+"\n", p.accent)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="%s"/>`+"\n", pictureWidth, height, p.paper)
	for _, l := range lanes {
		fmt.Fprintf(&b, `<line x1="%d" y1="70" x2="%d" y2="%d" stroke="%s" stroke-dasharray="3 5"/>`+"\n", l.x, l.x, height-14, p.line)
		fmt.Fprintf(&b, `<rect x="%d" y="16" width="136" height="54" rx="8" fill="%s" stroke="%s"/>`+"\n", l.x-68, p.box, p.line)
		write(&b, l.x, 39, 14, p.ink, "bold", l.name)
		write(&b, l.x, 58, 12, p.faint, "normal", l.below)
	}
	for i, w := range ways {
		drawOne(&b, p, w, firstRow+rowHeight*i)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// drawOne draws an arrow with its words above and its note below, or the words alone beside the lane that they happen in.
func drawOne(b *strings.Builder, p palette, w way, y int) {
	from, to := lanes[w.from].x, lanes[w.to].x
	middle := (from + to) / 2
	if from == to {
		fmt.Fprintf(b, `<circle cx="%d" cy="%d" r="5" fill="%s"/>`+"\n", from, y, p.accent)
		halo(b, p, from+14, y+4, 12, p.ink, "start", w.text)
		halo(b, p, from+14, y+19, 11, p.faint, "start", w.note)
		return
	}
	step := 8
	if to < from {
		step = -8
	}
	fmt.Fprintf(b, `<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="1.6" marker-end="url(#tip)"/>`+"\n", from, y, to-step/4, y, p.accent)
	halo(b, p, middle, y-6, 12, p.ink, "middle", w.text)
	halo(b, p, middle, y+15, 11, p.faint, "middle", w.note)
}

func write(b *strings.Builder, x, y, size int, fill, weight, text string) {
	fmt.Fprintf(b, `<text x="%d" y="%d" font-size="%d" font-weight="%s" text-anchor="middle" fill="%s">%s</text>`+"\n", x, y, size, weight, fill, html.EscapeString(text))
}

// halo writes on top of lines, and keeps them off its letters.
func halo(b *strings.Builder, p palette, x, y, size int, fill, anchor, text string) {
	if text != "" {
		fmt.Fprintf(b, `<text x="%d" y="%d" font-size="%d" text-anchor="%s" fill="%s" stroke="%s" stroke-width="4" paint-order="stroke">%s</text>`+"\n", x, y, size, anchor, fill, p.paper, html.EscapeString(text))
	}
}

// TestPictureIsFresh: the picture is as the lists above are. Draw it with -update-docs.
func TestPictureIsFresh(t *testing.T) {
	for name, p := range palettes {
		path := "../../docs/way-" + name + ".svg"
		now := drawWay(p)
		if *update {
			if err := os.WriteFile(path, []byte(now), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if was, err := os.ReadFile(path); err != nil || string(was) != now {
			t.Errorf("%s is stale (%v): go test ./cmd/tend -run PictureIsFresh -update-docs", path, err)
		}
	}
}
