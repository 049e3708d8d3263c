package main

import (
	"flag"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

var shots = flag.Bool("shots", false, "make the screenshots in docs/ anew, from the real program in a real terminal")

// TestScreenshots drives the demo in tmux and holds the pictures in docs/ against what the terminal shows. With -shots it draws them
// anew: go test ./cmd/tend -run Screenshots -shots
func TestScreenshots(t *testing.T) {
	scriptsOnly(t)
	t.Parallel()
	home := shortDir(t)
	s := newScreen(t, "screen-256color", home)
	s.size = [2]int{100, 30}
	s.open("demo", "--speed", "20")
	s.until("for the first look at every host", func(pane string) bool {
		seen := 0
		for _, m := range counted.FindAllStringSubmatch(pane, -1) {
			n, _ := strconv.Atoi(m[1])
			seen += n
		}
		return seen == 121
	})
	s.keys("o")
	s.settled()
	s.shoot("fleet")
	s.keys("o", "r")
	s.see("RUNBOOKS")
	s.shoot("runbooks")
	s.keys("q")
	s.see("FLEET")
}

// settled waits until the screen shows the same twice in a row.
func (s *screen) settled() {
	last := ""
	s.until("to settle", func(pane string) bool {
		same := pane == last
		last = pane
		return same
	})
}

// shoot holds docs/NAME-dark.svg and -light.svg against the screen, or writes them.
func (s *screen) shoot(name string) {
	s.t.Helper()
	s.settled()
	out, err := s.tmux("capture-pane", "-p", "-e", "-t", "t")
	if err != nil {
		s.t.Fatal(err)
	}
	for _, theme := range []theme{dark, light} {
		path := filepath.Join("..", "..", "docs", name+"-"+theme.name+".svg")
		if !*shots {
			s.holds(path, draw(out, s.size[0], s.size[1], theme))
			continue
		}
		if err := os.WriteFile(path, []byte(draw(out, s.size[0], s.size[1], theme)), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}

// holds compares a picture's words with those of the screen. Ages and figures are left out, and one line in ten may differ: a host
// of the demo is not always at the same point.
func (s *screen) holds(path, now string) {
	s.t.Helper()
	kept, err := os.ReadFile(path)
	if err != nil {
		s.t.Fatal(err)
	}
	was, is := wordsOf(string(kept)), wordsOf(now)
	differ := max(len(was), len(is)) - min(len(was), len(is))
	for i := range min(len(was), len(is)) {
		if was[i] != is[i] {
			differ++
			s.t.Logf("line %d of %s\nshows %s\n  now %s", i+1, filepath.Base(path), was[i], is[i])
		}
	}
	last := len(is) - 1
	if differ*10 > len(is) || len(was) != len(is) || was[0] != is[0] || was[last] != is[last] {
		s.t.Errorf("%s is out of date in %d of %d lines: go test ./cmd/tend -run Screenshots -shots", filepath.Base(path), differ, len(is))
	}
}

var (
	svgText = regexp.MustCompile(`<text x="[\d.]+" y="(\d+)"[^>]*>([^<]*)</text>`)
	counted = regexp.MustCompile(`(?:OK|WARN|FAIL|DOWN):(\d+)`)
	figures = regexp.MustCompile(`\d+([.:]\d+)*[smhd]?|never|─+`)
)

// wordsOf are the lines of a picture without blanks and figures.
func wordsOf(svg string) []string {
	var out []string
	last := ""
	for _, m := range svgText.FindAllStringSubmatch(svg, -1) {
		if m[1] != last {
			out, last = append(out, ""), m[1]
		}
		text := strings.Join(strings.Fields(html.UnescapeString(m[2])), "")
		out[len(out)-1] += figures.ReplaceAllString(text, "#")
	}
	return out
}

type theme struct {
	name, fg, bg string
	colours      [16]string
}

var (
	dark = theme{"dark", "#d0d0d0", "#16181d", [16]string{"#2b2e36", "#f07178", "#9ece6a", "#e0af68", "#7aa2f7", "#bb9af7", "#7dcfff", "#c0c0c0",
		"#686d7a", "#ff8b92", "#b9f27c", "#ffcf87", "#9bbcff", "#d4b8ff", "#a4e0ff", "#ffffff"}}
	light = theme{"light", "#2b2e36", "#fbfbf9", [16]string{"#e4e4e0", "#b3261e", "#2c6e1f", "#8a5a00", "#1d4fa8", "#7b2d8e", "#006b80", "#555555",
		"#8a8a86", "#d0302a", "#3a8a2a", "#a66c00", "#2f63c0", "#9040a4", "#00849e", "#111111"}}
)

const cellW, cellH = 8.4, 18

// unbroken keeps blanks: browsers fold those of an SVG into one, whatever xml:space says.
var unbroken = strings.NewReplacer(" ", "&#160;")

// draw makes an SVG of what tmux captured with its escape sequences.
func draw(pane string, cols, rows int, th theme) string {
	var b strings.Builder
	w, h := float64(cols)*cellW+24, float64(rows)*cellH+24
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" role="img">`+"\n", w, h, w, h)
	fmt.Fprintf(&b, `<rect width="100%%" height="100%%" rx="8" fill="%s"/>`+"\n", th.bg)
	b.WriteString(`<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,DejaVu Sans Mono,monospace" font-size="14">` + "\n")
	st := style{}
	for y, line := range strings.Split(strings.TrimRight(pane, "\n"), "\n") {
		x := 0
		for _, run := range st.split(line) {
			n := utf8.RuneCountInString(run.text)
			fg, bg := run.colours(th)
			if bg != th.bg {
				fmt.Fprintf(&b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`, 12+float64(x)*cellW, 12+y*cellH, float64(n)*cellW, cellH, bg)
			}
			if text := strings.Trim(run.text, " "); text != "" {
				weight := ""
				if run.bold {
					weight = ` font-weight="bold"`
				}
				at := x + len(run.text) - len(strings.TrimLeft(run.text, " "))
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" textLength="%.1f" fill="%s"%s>%s</text>`+"\n", 12+float64(at)*cellW, 12+y*cellH+13,
					float64(utf8.RuneCountInString(text))*cellW, fg, weight, unbroken.Replace(html.EscapeString(text)))
			}
			x += n
		}
	}
	b.WriteString("</g></svg>\n")
	return b.String()
}

// style is how the terminal draws at some point; text is what it drew so.
type style struct {
	fg, bg             string // a colour's number, "#rrggbb", or "" for the default
	bold, dim, reverse bool
	text               string
}

// split cuts a line into runs of one style; the receiver goes on from line to line.
func (s *style) split(line string) []style {
	var runs []style
	for line != "" {
		text, rest, found := strings.Cut(line, "\x1b[")
		if text != "" {
			run := *s
			run.text = text
			runs = append(runs, run)
		}
		if !found {
			break
		}
		codes, after, ok := strings.Cut(rest, "m")
		if !ok {
			break
		}
		s.set(strings.Split(codes, ";"))
		line = after
	}
	return runs
}

func (s *style) set(codes []string) {
	for i := 0; i < len(codes); i++ {
		n, _ := strconv.Atoi(codes[i])
		switch {
		case n == 0:
			*s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.dim = true
		case n == 7:
			s.reverse = true
		case n == 22:
			s.bold, s.dim = false, false
		case n == 27:
			s.reverse = false
		case n >= 30 && n < 38:
			s.fg = strconv.Itoa(n - 30)
		case n >= 40 && n < 48:
			s.bg = strconv.Itoa(n - 40)
		case n >= 90 && n < 98:
			s.fg = strconv.Itoa(n - 82)
		case n >= 100 && n < 108:
			s.bg = strconv.Itoa(n - 92)
		case n == 39:
			s.fg = ""
		case n == 49:
			s.bg = ""
		case (n == 38 || n == 48) && i+2 < len(codes) && codes[i+1] == "5":
			s.colour(n, codes[i+2])
			i += 2
		case (n == 38 || n == 48) && i+4 < len(codes):
			r, _ := strconv.Atoi(codes[i+2])
			g, _ := strconv.Atoi(codes[i+3])
			bl, _ := strconv.Atoi(codes[i+4])
			s.colour(n, fmt.Sprintf("#%02x%02x%02x", r, g, bl))
			i += 4
		}
	}
}

func (s *style) colour(n int, c string) {
	if n == 38 {
		s.fg = c
	} else {
		s.bg = c
	}
}

func (s style) colours(th theme) (fg, bg string) {
	fg, bg = th.of(s.fg, th.fg), th.of(s.bg, th.bg)
	if s.dim {
		fg = th.colours[8]
	}
	if s.reverse {
		return bg, fg
	}
	return fg, bg
}

func (th theme) of(c, none string) string {
	n, err := strconv.Atoi(c)
	switch {
	case c == "":
		return none
	case err != nil:
		return c
	case n < 16:
		return th.colours[n]
	case n >= 232:
		v := 8 + (n-232)*10
		return fmt.Sprintf("#%02x%02x%02x", v, v, v)
	}
	n -= 16
	level := []int{0, 95, 135, 175, 215, 255}
	return fmt.Sprintf("#%02x%02x%02x", level[n/36], level[n/6%6], level[n%6])
}
