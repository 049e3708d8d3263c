package ui

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/lucasb-eyer/go-colorful"

	"tend/fleet"
	"tend/journal"
)

// terminals16 are the 16 colours as terminals have them by themselves, with their background: xterm's (XTerm-col.ad), the VGA text mode's, and
// Solarized's (ethanschoonover.com/solarized).
var terminals16 = []struct {
	name, bg, fg string
	light        bool
	colours      string
}{
	{"xterm", "#000000", "#e5e5e5", false, "#000000 #cd0000 #00cd00 #cdcd00 #0000ee #cd00cd #00cdcd #e5e5e5 #7f7f7f #ff0000 #00ff00 #ffff00 #5c5cff #ff00ff #00ffff #ffffff"},
	{"vga", "#000000", "#aaaaaa", false, "#000000 #aa0000 #00aa00 #aa5500 #0000aa #aa00aa #00aaaa #aaaaaa #555555 #ff5555 #55ff55 #ffff55 #5555ff #ff55ff #55ffff #ffffff"},
	{"solarized dark", "#002b36", "#839496", false, solarized},
	{"xterm light", "#ffffff", "#000000", true, "#000000 #cd0000 #00cd00 #cdcd00 #0000ee #cd00cd #00cdcd #e5e5e5 #7f7f7f #ff0000 #00ff00 #ffff00 #5c5cff #ff00ff #00ffff #ffffff"},
	{"solarized light", "#fdf6e3", "#657b83", true, solarized},
}

const solarized = "#073642 #dc322f #859900 #b58900 #268bd2 #d33682 #2aa198 #eee8d5 #002b36 #cb4b16 #586e75 #657b83 #839496 #6c71c4 #93a1a1 #fdf6e3"

// sights are how colours are seen: as they are, and without the long, the middle or the short cones (Machado, Oliveira, Fernandes: A
// Physiologically-based Model for Simulation of Color Vision Deficiency, 2009; severity 1, on linear RGB).
var sights = map[string][9]float64{
	"all":    {1, 0, 0, 0, 1, 0, 0, 0, 1},
	"protan": {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
	"deutan": {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
	"tritan": {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900},
}

func seen(c colorful.Color, m [9]float64) colorful.Color {
	r, g, b := c.LinearRgb()
	return colorful.LinearRgb(m[0]*r+m[1]*g+m[2]*b, m[3]*r+m[4]*g+m[5]*b, m[6]*r+m[7]*g+m[8]*b).Clamped()
}

// contrast is that of WCAG 2.2: (L1 + 0.05) / (L2 + 0.05).
func contrast(a, b colorful.Color) float64 {
	light := func(c colorful.Color) float64 {
		r, g, b := c.LinearRgb()
		return 0.2126*r + 0.7152*g + 0.0722*b + 0.05
	}
	return max(light(a), light(b)) / min(light(a), light(b))
}

func hexColour(t *testing.T, s string) colorful.Color {
	t.Helper()
	c, err := colorful.Hex(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// colourOf is what a terminal shows for a token's words, and its other attributes.
func colourOf(t *testing.T, words, fg, colours16 string) (colorful.Color, string) {
	t.Helper()
	colour, weight := hexColour(t, fg), ""
	for _, w := range strings.Fields(words) {
		if n, ok := colours[w]; ok {
			colour = hexColour(t, strings.Fields(colours16)[n])
		} else if n, err := strconv.Atoi(w); err == nil {
			level := []float64{0, 95, 135, 175, 215, 255}
			n -= 16
			colour = colorful.Color{R: level[n/36] / 255, G: level[n/6%6] / 255, B: level[n%6] / 255}
		} else {
			weight += w
		}
	}
	return colour, weight
}

// TestStatesAreToldApart: on the terminals that people have, whoever lacks one kind of cones tells good, warning and bad apart by their
// colours, and reads each of them; those that are closer differ in weight.
func TestStatesAreToldApart(t *testing.T) {
	states := map[string]token{"good": good, "warn": warn, "bad": bad}
	for _, term := range terminals16 {
		for _, tier := range []Tier{Full, Basic} {
			look := palette(tier, term.light)
			bg := hexColour(t, term.bg)
			for sight, m := range sights {
				for a, at := range states {
					ca, wa := colourOf(t, look[at], term.fg, term.colours)
					if c := contrast(seen(ca, m), seen(bg, m)); c < 2.9 { // WCAG 1.4.11 wants 3 of what is not running text
						t.Errorf("%s, %v, %s: %s has a contrast of %.1f", term.name, tier, sight, a, c)
					}
					for b, bt := range states {
						cb, wb := colourOf(t, look[bt], term.fg, term.colours)
						least := 0.20 // CIE76 in units of 100: what is told apart at a glance
						if wa != wb {
							least = 0.10
						}
						if d := seen(ca, m).DistanceLab(seen(cb, m)); a < b && d < least {
							t.Errorf("%s, %v, %s: %s and %s are %.2f apart", term.name, tier, sight, a, b, d)
						}
					}
				}
			}
			for name, words := range map[string]string{"busy": look[busy], "head": look[head], "keys": look[keys]} {
				if c, _ := colourOf(t, words, term.fg, term.colours); contrast(c, bg) < 3 {
					t.Errorf("%s, %v: %s has a contrast of %.1f", term.name, tier, name, contrast(c, bg))
				}
			}
		}
	}
}

// TestNoStateIsAHue: without any colour every state still has a word or a glyph of its own.
func TestNoStateIsAHue(t *testing.T) {
	words := map[string]bool{}
	states := []fleet.State{fleet.OK, fleet.Warn, fleet.Fail, fleet.Down, fleet.Unknown, fleet.Never}
	for _, s := range states {
		words[s.String()] = true
	}
	if len(words) != len(states) {
		t.Errorf("hosts' states share words: %v", words)
	}
	results := map[string]bool{}
	all := []journal.Result{journal.Open, journal.Passed, journal.SomeFailed, journal.Stopped, journal.WasAborted, journal.Lost}
	for _, r := range all {
		results[r.String()] = true
	}
	if len(results) != len(all) {
		t.Errorf("runs' results share words: %v", results)
	}
	for _, tier := range []Tier{Full, Basic} {
		for _, light := range []bool{false, true} {
			for at, words := range palette(tier, light) {
				if _, err := styled(newPen(Plain, false).styles[plain], words); err != nil {
					t.Errorf("token %d: %v", at, err)
				}
			}
		}
	}
}

// TestColourIsAllThatColourAdds: what the tiers with colours draw is, without them, what the plain one draws.
func TestColourIsAllThatColourAdds(t *testing.T) {
	draw := func(tier Tier, background string) string {
		d := newDriver(t, 80, 24, func(c *Config) {
			c.Tier, c.Env, c.Settings.Background = tier, []string{"TERM=xterm", "LANG=C"}, background
		})
		d.health("r0")
		d.patch("r1")
		d.c.follow("r0")
		d.do(d.c.openRun("r1"))
		d.Pull()
		grid := strings.Join(d.Press("tab", "tab").Screen(), "\n")
		return strings.Join(d.Press("esc", "+").Screen(), "\n") + grid
	}
	want := draw(Plain, "")
	for _, back := range []string{"light", "dark"} {
		for _, tier := range []Tier{Basic, Full} {
			got := draw(tier, back)
			if tier == Basic && got != want {
				t.Errorf("%v, %s:\n%s\nwant\n%s", tier, back, got, want)
			}
			for _, word := range []string{"FAIL", "WARN", "DOWN", "UNKNOWN"} {
				if strings.Count(got, word) != strings.Count(want, word) {
					t.Errorf("%v, %s: another number of %s", tier, back, word)
				}
			}
		}
	}
}

// TestBackground: asked for where a terminal can answer, told by COLORFGBG and by config.toml, which goes before what the terminal says.
func TestBackground(t *testing.T) {
	goodOf := func(d *driver) string { return d.c.pen.paint(good, "x") }
	full := func(background string, env ...string) *driver {
		return newDriver(t, 80, 24, func(c *Config) {
			c.Tier, c.Settings.Background, c.Env = Full, background, append([]string{"TERM=xterm-256color"}, env...)
		})
	}
	dark, light := goodOf(full("dark")), goodOf(full("light"))
	if dark == light {
		t.Fatal("the two backgrounds have the same colours")
	}
	answers := func(d *driver, hex string) string {
		d.send(tea.BackgroundColorMsg{Color: hexColour(t, hex)})
		return goodOf(d)
	}
	for name, c := range map[string]struct{ got, want string }{
		"nothing said": {goodOf(full("")), dark}, "COLORFGBG light": {goodOf(full("", "COLORFGBG=0;15")), light}, "COLORFGBG dark": {goodOf(full("", "COLORFGBG=15;0")), dark},
		"it answers light": {answers(full(""), "#fdf6e3"), light}, "it answers dark": {answers(full("", "COLORFGBG=0;15"), "#002b36"), dark},
		"config.toml says dark": {answers(full("dark"), "#ffffff"), dark},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", name, c.got, c.want)
		}
	}
	if _, err := ParseSettings([]byte(`background = "blue"`)); err == nil || !strings.Contains(fmt.Sprint(err), "auto, light or dark") {
		t.Errorf("a background that there is not: %v", err)
	}
	if s, err := ParseSettings([]byte("background = \"auto\"\n[theme]\ngood = \"24 faint\"")); err != nil || s.Background != "" {
		t.Errorf("%v, %v", s, err)
	}
}

// TestTheCursorIsCheapOnASlowLine: where bytes are dear only the beginning of its line is reversed, and the glyph stands in it; elsewhere all of it is.
func TestTheCursorIsCheapOnASlowLine(t *testing.T) {
	for tier, wide := range map[Tier]int{Plain: chosenWidth, Basic: 80} {
		head, _, _ := strings.Cut(strings.TrimPrefix(newPen(tier, false).chosen("> db-01", 80), "\x1b[7m"), "\x1b[")
		if len(head) != wide || !strings.HasPrefix(head, "> db-01") {
			t.Errorf("%v: %q is reversed", tier, head)
		}
	}
}
