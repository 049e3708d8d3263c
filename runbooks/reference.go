package runbooks

import (
	"math"
	"slices"
	"strings"
)

// Key is what one key of a runbook's file is, for people and for editors.
type Key struct {
	Table string // one of KeyTables
	Name  string
	// Type is "string", "text" (several lines), "int", "bool", "duration" ("90s", "15m", "3d"), "strings", "portion" (a number of
	// hosts or a percentage), "script" (text for sh, or a table of variants), "selector", "value", or the name of a table.
	Type     string
	Options  []string // the values there are, where they are few
	Help     string
	Example  string // a value, as TOML
	Required bool
	Range    [2]int // the least and the greatest number; both 0 = any; of a duration: 1 = longer than nothing
	Pattern  string // what the text matches, in the syntax that RE2 and ECMA 262 share; "" = anything
}

// Patterns are what Parse accepts, as far as an expression can say it.
var (
	namePattern  = `^[a-z][a-z0-9-]{0,63}$`
	paramPattern = `^[a-z][a-z0-9_]{0,63}$`
	pathPattern  = `(/([^/.\x00\n][^/\x00\n]*|\.[^/.\x00\n][^/\x00\n]*|\.\.[^/\x00\n]+))+`
	// DurationPattern is what parseDuration accepts.
	DurationPattern = `^(` + durationPattern + `)?$`
	// PausePattern is what a wave's pause may be.
	PausePattern = `^(manual|` + durationPattern + `)?$`
)

const durationPattern = `0|\+?(([0-9]+\.?[0-9]*|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+|[0-9]{1,5}[dw]`

// orNothing is the pattern of a text that may also be empty.
func orNothing(pattern string) string {
	return "^(" + strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$") + ")?$"
}

// FactKeyPattern and FactPattern are what a declared fact's key and its words match, VariantPattern a key of a script's variants.
var (
	FactKeyPattern = `^[^\x00-\x20=*]+\*?$|^[^\x00-\x20=]+$`
	FactPattern    = `^(` + strings.Join(factTypes, "|") + `)( |$)`
	VariantPattern = `^(` + strings.Join(variantNames, "|") + `)(\|(` + strings.Join(variantNames, "|") + `))*$`
)

// KeyTables are the tables, in the order in which a reference lists them. "step" stands for [[before]], [[step]] and [[after]].
var KeyTables = []string{"runbook", "param", "step", "facts", "asks", "waves"}

// VariantNames are the keys that a script's table of variants may have.
func VariantNames() []string { return slices.Clone(variantNames) }

// FactTypes are the types that a declared fact may have.
func FactTypes() []string { return slices.Clone(factTypes) }

// Keys returns every key that Parse takes, table by table.
func Keys() []Key {
	return slices.Concat(bookKeys(), paramKeys(), stepKeys(), policyKeys())
}

func bookKeys() []Key {
	const t = "runbook"
	return []Key{
		{Table: t, Name: "name", Type: "string", Help: "what it is called on the command line; the file's name where it is not said", Example: `"rotate-logs"`, Pattern: orNothing(namePattern)},
		{Table: t, Name: "title", Type: "string", Help: "what it does, in a few words", Example: `"Rotate the logs now"`, Required: true},
		{Table: t, Name: "doc", Type: "text", Help: "what an operator should know before it runs", Example: `"Needs logrotate."`},
		{Table: t, Name: "risk", Type: "string", Options: risks, Help: "the worst that it does: reads only, changes a host that goes on serving, or takes it down for a while", Example: `"change"`, Required: true},
		{Table: t, Name: "param", Type: "param", Help: "a parameter: one [[param]] each"},
		{Table: t, Name: "before", Type: "step", Help: "a step that must pass before the host is touched: [[before]]"},
		{Table: t, Name: "step", Type: "step", Help: "a step: [[step]], in order"},
		{Table: t, Name: "after", Type: "step", Help: "a step that looks again at the end: [[after]]"},
		{Table: t, Name: "waves", Type: "waves", Help: "how it walks over the hosts: [waves]"},
	}
}

func paramKeys() []Key {
	const t = "param"
	return []Key{
		{Table: t, Name: "name", Type: "string", Help: "the parameter's name, and the shell variable that scripts find it in", Example: `"keep_days"`, Required: true, Pattern: paramPattern},
		{Table: t, Name: "type", Type: "string", Options: paramTypes, Help: "what it may hold; a string where it is not said; scripts get a duration in whole seconds, a bool as yes or no, a list with blanks between", Example: `"string"`},
		{Table: t, Name: "help", Type: "string", Help: "one line for whoever fills in the form", Example: `"days to keep"`},
		{Table: t, Name: "default", Type: "value", Help: "what holds where nothing is given", Example: `"14"`},
		{Table: t, Name: "options", Type: "strings", Help: "the values of a choice", Example: `["gzip", "xz"]`},
		{Table: t, Name: "min", Type: "int", Help: "the least int, or the shortest duration in seconds; of a list, the least number that an element may begin with", Example: `1`},
		{Table: t, Name: "max", Type: "int", Help: "the greatest int, or the longest duration in seconds; of a list, the greatest such number", Example: `365`},
		{Table: t, Name: "pattern", Type: "string", Help: "a regular expression that the whole value, or every element of a list, must match", Example: `"[a-z]+"`},
		{Table: t, Name: "required", Type: "bool", Help: "it must be given", Example: `true`},
		{Table: t, Name: "secret", Type: "bool", Help: "it is asked for without echo, and reaches neither plan nor journal", Example: `true`},
	}
}

func stepKeys() []Key {
	const t = "step"
	return []Key{
		{Table: t, Name: "id", Type: "string", Help: "the step's name, unique in the runbook", Example: `"rotate"`, Required: true, Pattern: namePattern},
		{Table: t, Name: "title", Type: "string", Help: "what screens call it", Example: `"Rotate"`},
		{Table: t, Name: "kind", Type: "string", Options: kinds, Help: "what sort of step it is; inferred where it is not said", Example: `"script"`},
		{Table: t, Name: "risk", Type: "string", Options: risks, Help: "the worst that this step does; where it is not said, read for a check and below [[before]], and the runbook's for every other script, [[after]] too", Example: `"read"`},
		{Table: t, Name: "script", Type: "script", Help: "text for sh, or a table of variants by package manager or system", Example: `"logrotate -f /etc/logrotate.conf"`},
		{Table: t, Name: "line", Type: "string", Help: "the parameter whose value hosts with shell = \"none\" get as a command line, in place of the script", Example: `"command"`, Pattern: orNothing(paramPattern)},
		{Table: t, Name: "copy", Type: "string", Help: "in place of a script: a file beneath the runbook's directory, put on the host as it is", Example: `"motd"`},
		{Table: t, Name: "template", Type: "string", Help: "the same, with the parameters' values where it says {{ parameter }}", Example: `"ntp.conf.tmpl"`},
		{Table: t, Name: "to", Type: "string", Help: "of copy and template: where it goes, without parameters; it is renamed into place, and the fact ID.changed says whether it was new", Example: `"/etc/ntp.conf"`, Pattern: "^" + pathPattern + "$"},
		{Table: t, Name: "mode", Type: "string", Help: "of copy and template: the file's mode, in quotes; 0644 where it is not said, 0600 where a secret is in it", Example: `"0640"`, Pattern: orNothing(goodMode.String())},
		{Table: t, Name: "owner", Type: "string", Help: "of copy and template: USER or USER:GROUP; whoever runs the step where it is not said", Example: `"root:root"`, Pattern: orNothing(goodOwner.String())},
		{Table: t, Name: "fetch", Type: "string", Help: "in place of a script: a file of the host's, up to 4 MiB, that is brought into the run's journal; tend journal files writes it out", Example: `"/etc/ssh/sshd_config"`, Pattern: `^(` + pathPattern + `|[^\x00\n]*\{\{[^\x00\n]*)?$`},
		{Table: t, Name: "become", Type: "bool", Help: "run it as root, in the way that the inventory says for the host", Example: `true`},
		{Table: t, Name: "given", Type: "string", Help: "only where a parameter has one of these values", Example: `"mode=fast,careful"`, Pattern: `^( *[a-z][a-z0-9_]* *=.*[^ ,].*)?$`},
		{Table: t, Name: "when", Type: "selector", Help: "only where this selector holds for the host and for what earlier steps emitted", Example: `"tag=web"`},
		{Table: t, Name: "timeout", Type: "duration", Help: "when the step ends as failed; ten minutes where it is not said", Example: `"30m"`, Pattern: DurationPattern},
		{Table: t, Name: "retries", Type: "int", Help: "how often it is tried again after it failed; it must be safe to repeat", Example: `2`, Range: [2]int{0, maxRetries}},
		{Table: t, Name: "repeat", Type: "bool", Help: "running it twice does no harm", Example: `true`},
		{Table: t, Name: "any_time", Type: "bool", Help: "it may be done while the host's maintenance window is shut: a download", Example: `true`},
		{Table: t, Name: "on_failure", Type: "string", Options: []string{"stop", "go-on"}, Help: "whether the host ends as failed, or goes on with a warning", Example: `"go-on"`},
		{Table: t, Name: "undo", Type: "text", Help: "the script that takes the step back, for the operator to see; none means: no undo", Example: `"mv /etc/a.bak /etc/a"`},
		{Table: t, Name: "emits", Type: "string", Options: []string{"facts", "checks"}, Help: "what its output is read for: key=value lines, or check lines as well", Example: `"facts"`},
		{Table: t, Name: "facts", Type: "facts", Help: "what it may emit: key = \"TYPE what it is\"; a key that ends in * declares a family", Example: `{ kept_days = "int days that are kept" }`},
		{Table: t, Name: "words", Type: "text", Help: "of a manual step: what the person in the room is to do", Example: `"Replace the disk with the blinking light."`},
		{Table: t, Name: "asks", Type: "asks", Help: "of a manual step: the answers that are recorded", Example: `[{ name = "serial", text = "Serial number of the new disk?" }]`},
		{Table: t, Name: "for", Type: "duration", Help: "of a wait: how long", Example: `"5m"`, Pattern: `^(` + durationPattern + `)$`, Range: [2]int{1, math.MaxInt32}},
		{Table: "asks", Name: "name", Type: "string", Help: "what the answer is recorded under", Example: `"serial"`, Required: true, Pattern: paramPattern},
		{Table: "asks", Name: "text", Type: "string", Help: "the question", Example: `"Serial number of the new disk?"`, Required: true},
		{Table: "asks", Name: "type", Type: "string", Options: []string{"yes", "text"}, Help: "a yes, or a text", Example: `"text"`},
		{Table: "asks", Name: "is", Type: "string", Help: "a fact of an earlier step that the text must agree with, where the host told it: another answer is refused", Example: `"disk.serial"`},
	}
}

func policyKeys() []Key {
	const t = "waves"
	return []Key{
		{Table: t, Name: "canary", Type: "int", Help: "how many hosts go first, alone", Example: `1`, Range: [2]int{0, math.MaxInt32}},
		{Table: t, Name: "batch", Type: "portion", Help: "how many go together afterwards; a percentage is of all hosts and rounds down, to one at least", Example: `"20%"`, Range: [2]int{1, math.MaxInt32}},
		{Table: t, Name: "by", Type: "string", Options: Domains, Help: "a wave holds hosts of one site, rack or power feed only; a batch in per cent is of that domain's hosts", Example: `"rack"`},
		{Table: t, Name: "parallel", Type: "int", Help: "how many are at work at once; 64 where it is not said", Example: `10`, Range: [2]int{0, MaxParallel}},
		{Table: t, Name: "max_failures", Type: "portion", Help: "how many may fail before nothing new starts; \"0\" stops at the first", Example: `"10%"`, Range: [2]int{0, math.MaxInt32}},
		{Table: t, Name: "pause", Type: "string", Help: "between waves: \"manual\" waits for an approval, a duration for time", Example: `"manual"`, Pattern: PausePattern},
		{Table: t, Name: "cutoff", Type: "duration", Help: "how long before the end of its window a host is not begun any more", Example: `"45m"`, Pattern: DurationPattern},
	}
}
