package ui

// KeyRef is one action of a screen, as a reference lists it.
type KeyRef struct {
	Screen string // "fleet"; "every screen" for what all of them have
	Keys   string // separated by spaces; the first is the one that footers show
	Action string // the stable name that [keys] of config.toml uses
	Help   string
}

// Reference lists every action whose keys can be set, screen by screen, and then those that every screen has.
func Reference() []KeyRef {
	var out []KeyRef
	for _, s := range catalogue() {
		for _, b := range s.Binds() {
			out = append(out, KeyRef{screenName(s), b.keys, b.name, b.help})
		}
	}
	for _, b := range (&console{stack: []screen{&fleetScreen{anchor: -1}}}).binds() {
		out = append(out, KeyRef{"every screen", b.keys, b.name, b.help})
	}
	return out
}

// ThemeNames are the names that [theme] of config.toml may set.
func ThemeNames() []string { return sortedKeys(themeTokens) }
