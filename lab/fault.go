package lab

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Fault is something that goes wrong, by name, on some hosts.
type Fault struct {
	Hosts string // a glob on host names, several separated by commas; "" is all
	Name  string
	Value string
	Off   bool // mends it instead
}

// FaultDoc says what a fault does.
type FaultDoc struct {
	Name  string
	Value string // what its value is, where it takes one
	Text  string
}

var faultDocs = []FaultDoc{
	{"dead", "", "accepts connections and never says a word"},
	{"alive", "", "a host that the seed made dead answers after all"},
	{"refuse", "", "resets connections at once"},
	{"hang-banner", "", "sends half a version string and no more"},
	{"slow-banner", "duration, real time", "waits before its version string"},
	{"throttled", "", "says \"Not allowed at this time\" and closes, as OpenSSH 9.8 does to a source that it penalises"},
	{"auth-refused", "", "accepts no key"},
	{"changed-key", "", "presents another host key"},
	{"flap", "duration, real time", "drops each connection after that time"},
	{"slow", "duration, lab time", "takes that long before each command"},
	{"close-mid-step", "", "drops the connection at a command's second write of output"},
	{"cut-after", "bytes", "drops the connection once a session's stream has sent so many bytes"},
	{"no-exit-status", "", "does not say how a command ended"},
	{"noisy-login", "", "prints words, without a newline at their end, before each command's output"},
	{"corrupt-output", "", "flips bits in what commands print"},
	{"hostile-output", "", "adds escape sequences, control characters and bidirectional overrides to output and banner"},
	{"sudo-password", "", "sudo, doas ask for a password; it is \"lab\""},
	{"kill-user-processes", "", "logind kills what a session leaves behind"},
	{"disk-full", "mount point, / by default", "writes fail with \"No space left on device\""},
	{"read-only", "mount point, / by default", "the file system is read-only"},
	{"lock-held", "process name", "another process holds the package manager's lock"},
	{"mirror-down", "", "package lists cannot be fetched"},
	{"upgrade-fails", "package, any by default", "a package's script fails while it is upgraded"},
	{"restart-fails", "", "units fail when they are restarted"},
	{"die-in", "update, download, upgrade, unpack, configure or reboot", "loses power when it comes to that phase, and stays off"},
	{"stall-in", "update, download, upgrade, unpack or configure", "stands still when it comes to that phase, until the fault is mended"},
	{"never-returns", "", "does not come back from a reboot"},
	{"slow-reboot", "duration, lab time", "is away that long when it reboots"},
	{"pending", "number", "has exactly so many updates pending"},
	{"failed-unit", "unit", "a unit has failed"},
	{"degraded-raid", "", "its mirror has lost a disk"},
	{"ntp-off", "", "its clock is not synchronised"},
	{"hot", "", "its CPU is at 96 degrees"},
	{"cert-expired", "", "its site certificate has ended"},
}

// Faults lists every fault that can be injected.
func Faults() []FaultDoc { return slices.Clone(faultDocs) }

func docOf(name string) (FaultDoc, bool) {
	for _, d := range faultDocs {
		if d.Name == name {
			return d, true
		}
	}
	return FaultDoc{}, false
}

// ParseFault reads "[HOSTS:]NAME[=VALUE]": "db-0712:dead", "web-*:slow=2s", "never-returns". A "-" before the name mends it:
// "db-0712:-dead".
func ParseFault(s string) (Fault, error) {
	f := Fault{Name: s}
	head, value, valued := strings.Cut(s, "=")
	if hosts, name, ok := strings.Cut(head, ":"); ok {
		f.Hosts, head = hosts, name
	}
	f.Name, f.Value = strings.TrimSpace(head), strings.TrimSuffix(value, " bytes")
	f.Name, f.Off = strings.CutPrefix(f.Name, "-")
	doc, ok := docOf(f.Name)
	switch {
	case !ok:
		return Fault{}, fmt.Errorf("there is no fault %q; the lab knows %s", f.Name, names())
	case valued && doc.Value == "":
		return Fault{}, fmt.Errorf("the fault %s takes no value", f.Name)
	case f.Value == "" && !f.Off && needsValue(doc):
		return Fault{}, fmt.Errorf("the fault %s needs a value: %s", f.Name, doc.Value)
	}
	for _, pat := range f.patterns() {
		if _, err := path.Match(pat, ""); err != nil {
			return Fault{}, fmt.Errorf("%q is no pattern of host names", pat)
		}
	}
	return f, nil
}

func needsValue(d FaultDoc) bool {
	return d.Value != "" && !strings.Contains(d.Value, "by default") && d.Name != "lock-held" && d.Name != "failed-unit"
}

func names() string {
	var out []string
	for _, d := range faultDocs {
		out = append(out, d.Name)
	}
	return strings.Join(out, ", ")
}

// String writes the fault as ParseFault reads it.
func (f Fault) String() string {
	s := f.Name
	if f.Off {
		s = "-" + s
	}
	if f.Hosts != "" {
		s = f.Hosts + ":" + s
	}
	if f.Value != "" {
		s += "=" + f.Value
	}
	return s
}

func (f Fault) patterns() []string {
	if f.Hosts == "" {
		return []string{"*"}
	}
	return strings.Split(f.Hosts, ",")
}

func (f Fault) hits(name string) bool {
	return slices.ContainsFunc(f.patterns(), func(pat string) bool {
		ok, err := path.Match(strings.TrimSpace(pat), name)
		return ok && err == nil
	})
}

// Inject switches a fault on, or off. It fails where no host has such a name.
func (l *Lab) Inject(f Fault) error {
	if _, ok := docOf(f.Name); !ok {
		return fmt.Errorf("there is no fault %q; the lab knows %s", f.Name, names())
	}
	var hit []*entry
	for _, e := range l.list {
		if f.hits(string(e.inv.Name)) {
			hit = append(hit, e)
		}
	}
	if len(hit) == 0 {
		return fmt.Errorf("no host of the lab matches %q", f.Hosts)
	}
	l.mu.Lock()
	l.faults = append(l.faults, f)
	l.mu.Unlock()
	for _, e := range hit {
		if m := e.made(); m != nil {
			m.SetFault(f.Name, f.Value, !f.Off)
		}
		if f.Name == "dead" && !f.Off {
			e.cut()
		}
	}
	return nil
}

// faultsOf lists what is wrong with a host that is made only now.
func (l *Lab) faultsOf(e *entry) []Fault {
	l.mu.Lock()
	defer l.mu.Unlock()
	on := map[string]Fault{}
	var order []string
	for _, f := range l.faults {
		if !f.hits(string(e.inv.Name)) {
			continue
		}
		if f.Off {
			delete(on, f.Name)
			continue
		}
		on[f.Name] = f
		order = append(order, f.Name)
	}
	var out []Fault
	for _, n := range order {
		if f, ok := on[n]; ok {
			out = append(out, f)
			delete(on, n)
		}
	}
	return out
}
