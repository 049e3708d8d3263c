package insight

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tend/journal"
)

// Habit is a command that is run by hand again and again: the same words, but for those that hold a number.
type Habit struct {
	Shape    string    `json:"shape"`    // "systemctl restart app-#"
	Times    int       `json:"times"`    // how often
	Hosts    int       `json:"hosts"`    // over all the times
	Who      []string  `json:"who"`      // the users
	Last     time.Time `json:"last"`     // when, the last time
	Commands []string  `json:"commands"` // the different ones, the latest first
	Scope    string    `json:"scope"`    // of the latest
}

// again is how often a command must have been seen to be a habit.
const again = 3

var digits = regexp.MustCompile(`[0-9]+`)

// Habits finds what is repeated, the most often first. Typed stand by time.
func Habits(typed []journal.Typed) []Habit {
	at := map[string]int{}
	var out []Habit
	for _, t := range typed {
		command := strings.TrimSpace(t.Command)
		shape := digits.ReplaceAllString(strings.Join(strings.Fields(command), " "), "#")
		if shape == "" {
			continue
		}
		i, ok := at[shape]
		if !ok {
			i = len(out)
			at[shape] = i
			out = append(out, Habit{Shape: shape})
		}
		h := &out[i]
		h.Times++
		h.Hosts += t.Hosts
		h.Last, h.Scope = t.At, t.Scope
		if !slices.Contains(h.Who, t.Who) {
			h.Who = append(h.Who, t.Who)
		}
		h.Commands = append([]string{command}, slices.DeleteFunc(h.Commands, func(c string) bool { return c == command })...)
	}
	out = slices.DeleteFunc(out, func(h Habit) bool { return h.Times < again })
	slices.SortStableFunc(out, func(a, b Habit) int {
		return cmp.Or(b.Times-a.Times, cmp.Compare(b.Hosts, a.Hosts), b.Last.Compare(a.Last))
	})
	return out
}

// Name is a runbook's name for the habit: "systemctl-restart-app".
func (h Habit) Name() string {
	var words []string
	for _, w := range regexp.MustCompile(`[A-Za-z]+`).FindAllString(h.Shape, -1) {
		if len(strings.Join(words, "-"))+len(w) > 40 || len(words) == 4 {
			break
		}
		words = append(words, strings.ToLower(w))
	}
	if len(words) == 0 {
		return "by-hand"
	}
	return strings.Join(words, "-")
}

// plainWord is a word of a command that may become a parameter: nothing in it means anything to a shell.
var plainWord = regexp.MustCompile(`\A[A-Za-z0-9._/:@%+,=-]+\z`)

// Runbook is the habit as a runbook's TOML, to be edited. Words in which the commands differ become parameters; what was typed stays a
// script's text, and is never parsed.
func (h Habit) Runbook(name string) string {
	script, params := h.parameters()
	var b strings.Builder
	fmt.Fprintf(&b, "name = %s\ntitle = %s\n", text(name), text("what was typed by hand: "+h.Shape))
	b.WriteString("risk = \"change\" # \"read\" where it changes nothing, \"disrupt\" where it takes the host, or a service, down\n")
	fmt.Fprintf(&b, "doc = %s\n", text(fmt.Sprintf("Run by hand %d times by %s, lastly on %s at %s.\nSay here what it is for, and what must be true before and after it.",
		h.Times, strings.Join(h.Who, ", "), h.Scope, h.Last.UTC().Format("2006-01-02 15:04Z"))))
	for _, p := range params {
		fmt.Fprintf(&b, "\n[[param]]\nname = %s\nrequired = true\nhelp = %s\npattern = '[A-Za-z0-9._/:@%%+,=-]+'\n", text(p.name), text("such as "+strings.Join(p.seen, ", ")))
	}
	b.WriteString("\n# [[before]]              # a check that must hold before anything is changed\n# id = \"ready\"\n# script = 'test -d /srv'\n")
	fmt.Fprintf(&b, "\n[[step]]\nid = \"run\"\ntitle = \"run it\"\n# become = true           # as root\n# repeat = true           # where running it twice does no harm\nscript = %s\n", text(script+"\n"))
	return b.String()
}

// text is a TOML basic string. Every control character is escaped: a command is a stranger's.
func text(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range strings.ToValidUTF8(s, "\ufffd") {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

type param struct {
	name string
	seen []string
}

// parameters makes parameters of the words that differ. Where quotes, or anything else that a shell reads, are about, the latest command is
// kept as it was typed.
func (h Habit) parameters() (script string, params []param) {
	latest := h.Commands[0]
	words := strings.Fields(latest)
	seen := make([][]string, len(words))
	for _, c := range h.Commands {
		fields := strings.Fields(c)
		if len(fields) != len(words) || strings.ContainsAny(c, "'\"\\`\n#") {
			return latest, nil
		}
		for i, w := range fields {
			if !slices.Contains(seen[i], w) {
				seen[i] = append(seen[i], w)
			}
		}
	}
	for i, all := range seen {
		if len(all) < 2 {
			continue
		}
		if i == 0 || slices.ContainsFunc(all, func(w string) bool { return !plainWord.MatchString(w) }) {
			return latest, nil
		}
		p := param{name: fmt.Sprintf("word%d", len(params)+1), seen: all[:min(len(all), 3)]}
		params = append(params, p)
		words[i] = `"$` + p.name + `"`
	}
	if len(params) == 0 {
		return latest, nil
	}
	return strings.Join(words, " "), params
}
