package ui

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"charm.land/lipgloss/v2"
	"github.com/BurntSushi/toml"
	"github.com/charmbracelet/x/ansi"

	"tend/inventory"
	"tend/journal"
)

// Settings are an operator's own, from $XDG_CONFIG_HOME/tend/config.toml:
//
//	tier = "plain"            # as --tier; "auto" lets the console find out
//	mouse = true              # off otherwise
//	background = "light"      # or "dark"; "auto" asks the terminal
//
//	[keys]                    # SCREEN.ACTION, or ACTION for every screen; ? lists the actions' names
//	"fleet.mark" = "space M"
//	help = "? ctrl+g"
//
//	[theme]                   # red, brightblue …, 0 to 255, bold, faint, reverse, underline, none
//	bad = "bold magenta"
//
//	[journal]
//	seal = true                       # sign each run's head when it ends
//	seal_key = "~/.ssh/id_ed25519"    # else the agent's first key
//	record_shells = true              # record what interactive shells show, on hosts too that do not say record_shell
//	redact = ["AKIA[0-9A-Z]{16}"]     # regular expressions: what they match in a line is never written
//
// The zero Settings change nothing.
type Settings struct {
	Tier  Tier
	Mouse bool
	// Background is "light" or "dark"; "" asks the terminal.
	Background string
	// Journal is how runs are recorded.
	Journal JournalSettings

	keys  map[string]string
	theme map[token]string
}

// JournalSettings are the operator's wishes about the record.
type JournalSettings struct {
	Seal    bool     `toml:"seal"`
	SealKey string   `toml:"seal_key"`
	Redact  []string `toml:"redact"` // each compiles
	// RecordShells records the interactive shells of every host.
	RecordShells bool `toml:"record_shells"`
}

// themeTokens are the names that a theme may set.
var themeTokens = map[string]token{
	"dim": dim, "title": title, "head": head, "good": good, "warn": warn, "bad": bad, "unsure": unsure, "busy": busy, "prod": prod, "keys": keys,
	"selected": selected, "found": found,
}

// ParseSettings reads a config.toml. All that is wrong with it is told at once: unknown keys, unknown actions, colours that there are
// not, keys that a slow link can invent, and two actions of a screen on one key.
func ParseSettings(data []byte) (Settings, error) {
	var raw struct {
		Tier  string            `toml:"tier"`
		Mouse bool              `toml:"mouse"`
		Back  string            `toml:"background"`
		Keys  map[string]string `toml:"keys"`
		Theme map[string]string `toml:"theme"`

		Journal JournalSettings `toml:"journal"`
	}
	if at, msg := inventory.TooDeep(string(data)); msg != "" {
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		return Settings{}, fmt.Errorf("line %d, column %d: %s", line, at-bytes.LastIndexByte(data[:at], '\n'), msg)
	}
	meta, err := toml.NewDecoder(bytes.NewReader(data)).Decode(&raw)
	if err != nil {
		var p toml.ParseError
		if errors.As(err, &p) {
			return Settings{}, fmt.Errorf("line %d, column %d: %s", p.Position.Line, p.Position.Col, p.Message)
		}
		return Settings{}, err
	}
	s := Settings{Mouse: raw.Mouse, Background: strings.TrimPrefix(raw.Back, "auto"), Journal: raw.Journal, keys: raw.Keys, theme: map[token]string{}}
	var errs []error
	for _, k := range meta.Undecoded() {
		errs = append(errs, fmt.Errorf("unknown key %s: there are tier, mouse, background, [keys], [theme] and [journal]", k))
	}
	if raw.Tier != "" {
		s.Tier, err = ParseTier(raw.Tier)
		errs = append(errs, err)
	}
	if s.Background != "" && s.Background != "light" && s.Background != "dark" {
		errs = append(errs, fmt.Errorf("background = %q: it is auto, light or dark", raw.Back))
	}
	for _, name := range slices.Sorted(maps.Keys(raw.Theme)) {
		t, ok := themeTokens[name]
		if !ok {
			errs = append(errs, fmt.Errorf("theme.%s: there are %s", name, strings.Join(sortedKeys(themeTokens), ", ")))
		}
		if _, err := styled(lipgloss.NewStyle(), raw.Theme[name]); err != nil {
			errs = append(errs, fmt.Errorf("theme.%s: %w", name, err))
		}
		s.theme[t] = raw.Theme[name]
	}
	for _, p := range raw.Journal.Redact {
		if _, err := regexp.Compile(p); err != nil {
			errs = append(errs, fmt.Errorf("journal.redact: %w", err))
		}
	}
	errs = append(errs, s.checkKeys()...)
	return s, errors.Join(errs...)
}

var colours = map[string]uint8{
	"black": 0, "red": 1, "green": 2, "yellow": 3, "blue": 4, "magenta": 5, "cyan": 6, "white": 7, "brightblack": 8, "brightred": 9,
	"brightgreen": 10, "brightyellow": 11, "brightblue": 12, "brightmagenta": 13, "brightcyan": 14, "brightwhite": 15,
}

// styled reads a style's words.
func styled(base lipgloss.Style, words string) (lipgloss.Style, error) {
	s := base.Inline(true)
	for _, w := range strings.Fields(words) {
		switch w {
		case "none":
		case "bold":
			s = s.Bold(true)
		case "faint":
			s = s.Faint(true)
		case "reverse":
			s = s.Reverse(true)
		case "underline":
			s = s.Underline(true)
		default:
			if n, ok := colours[w]; ok {
				s = s.Foreground(ansi.BasicColor(n))
				continue
			}
			n, err := strconv.ParseUint(w, 10, 8)
			if err != nil {
				return s, fmt.Errorf("%q is no colour or attribute: %s, a number up to 255, bold, faint, reverse, underline, none", w, strings.Join(sortedKeys(colours), ", "))
			}
			s = s.Foreground(ansi.IndexedColor(n))
		}
	}
	return s, nil
}

// apply gives a pen the operator's colours. Where the terminal has none, only the attributes count.
func (s Settings) apply(p *pen) {
	for t, words := range s.theme {
		if style, err := styled(lipgloss.NewStyle(), words); err == nil {
			p.styles[t] = style
		}
	}
}

// screenName is the stable name of a screen, as settings use it.
func screenName(s screen) string {
	switch s := s.(type) {
	case *fleetScreen:
		return "fleet"
	case *hostScreen:
		return "host"
	case *rackScreen:
		return "rack"
	case *picker:
		return "runbooks"
	case *form:
		return "form"
	case *planScreen:
		return "plan"
	case *runScreen:
		return "run"
	case *filmScreen:
		return "film"
	case *pager:
		return "pager"
	case *journalScreen:
		return "journal"
	case *sheetScreen:
		return s.name
	case *maintenance:
		return "maintenance"
	case *searchScreen:
		return "search"
	case *shellsScreen:
		return "shells"
	case *offer:
		return "offer"
	case *manualScreen:
		return "manual"
	case *verbs:
		return strings.ToLower(s.title)
	}
	return "question"
}

// catalogue is one of every screen whose keys can be set, to name its actions.
func catalogue() []screen {
	w := &watch{state: journal.NewState()}
	return []screen{&fleetScreen{anchor: -1}, &hostScreen{}, &rackScreen{console: &console{}}, &picker{}, &planScreen{}, &runScreen{w: w}, &filmScreen{runScreen: &runScreen{w: w}}, &pager{}, &form{}, &manualScreen{w: w}, &offer{}, &journalScreen{}, &searchScreen{}, &shellsScreen{},
		&sheetScreen{name: "posture"}, &sheetScreen{name: "drift"}, &sheetScreen{name: "insight"}, &sheetScreen{name: "calendar"}, &sheetScreen{name: "status"}, &maintenance{}}
}

// rebind puts the operator's keys in the place of the console's own. Where letters are text, one that stands for an action on every screen
// leaves the action there its own keys.
func (s Settings) rebind(screen string, binds []bind) []bind {
	if len(s.keys) == 0 {
		return binds
	}
	for i := range binds {
		action := cmp.Or(binds[i].as, binds[i].name)
		if k, ok := s.keys[screen+"."+action]; ok {
			binds[i].keys = k
		} else if k, ok := s.keys[action]; ok && !(letters[screen] && text(k)) {
			binds[i].keys = k
		}
	}
	return binds
}

// letters are the screens on which letters are text.
var letters = map[string]bool{"form": true, "manual": true}

// text reports whether some of the keys types text.
func text(keys string) bool {
	return slices.ContainsFunc(strings.Fields(keys), func(k string) bool { return k == "space" || len([]rune(k)) == 1 })
}

// key is the first key of a screen's action, as it is shown; builtin where the operator has no other.
func (s Settings) key(screen, action, builtin string) string {
	return keyName(s.rebind(screen, []bind{{name: action, keys: builtin}})[0].key())
}

// invented are the keys that a torn escape sequence types: Esc, then one of these (UX.md).
const invented = "[~0123456789ABCDFHOPQRS"

func (s Settings) checkKeys() []error {
	if len(s.keys) == 0 {
		return nil // a test holds the built-in keys to this; a run that is started in a script shows no screen
	}
	var errs []error
	known := map[string]bool{}
	for _, scr := range catalogue() {
		name := screenName(scr)
		binds := s.rebind(name, append(scr.Binds(), (&console{stack: []screen{scr}}).binds()...))
		on := map[string]string{}
		for _, b := range binds {
			known[b.name], known[name+"."+b.name] = true, true
			for k := range strings.FieldsSeq(b.keys) {
				if other, ok := on[k]; ok && other != b.name && k != "esc" {
					errs = append(errs, fmt.Errorf("keys: on the %s screen %q is both %s and %s", name, k, other, b.name))
				}
				on[k] = b.name
			}
		}
	}
	for _, action := range sortedKeys(s.keys) {
		if !known[action] {
			errs = append(errs, fmt.Errorf("keys.%s: there is no such action; ? on each screen lists them", action))
		}
		if screen, _, _ := strings.Cut(action, "."); letters[screen] && text(s.keys[action]) {
			errs = append(errs, fmt.Errorf("keys.%s: %q types text there; choose one with ctrl+", action, s.keys[action]))
		}
		for k := range strings.FieldsSeq(s.keys[action]) {
			if len(k) == 1 && strings.Contains(invented, k) {
				errs = append(errs, fmt.Errorf("keys.%s: %q is what a slow link makes of an arrow key; choose another", action, k))
			}
		}
	}
	return errs
}
