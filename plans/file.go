package plans

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"tend/inventory"
	"tend/runbooks"
	"tend/sshsig"
)

// File is a maintenance plan as written.
type File struct {
	Name string // the file's name, without .toml
	Path string

	Goal, Reason, Ticket string
	Scope                string // the selector of runs that name none
	// Window is when it may work, as in the inventory; "" = always. It is given to the hosts that have none of their own.
	Window string
	// From and Until are days (midnight UTC; zero = open): the plan holds from the first one's beginning to the other's end, in the zone
	// of the machine that runs it.
	From, Until time.Time
	// Need is how many of Approvers must approve: all of them where the file does not say.
	Need      int
	Approvers []Approver
	Runs      []Run
}

// Approver is somebody who may approve. With Keys (authorized_keys lines), only a signature counts.
type Approver struct {
	Name string   `json:"name"`
	Keys []string `json:"keys,omitempty"`
}

// Run is one runbook of the plan.
type Run struct {
	Runbook string
	Scope   string
	Set     map[string]string
	Policy  runbooks.Policy // what is zero is the runbook's
	Canary  *int            // nil = the runbook's
	GoOn    bool            // the next run starts although this one failed
}

// Load reads a plan's file, and the allowed_signers that it names. The error is a runbooks.Problems, or says why there is no file.
func Load(path string) (File, error) {
	data, err := runbooks.ReadFile(path)
	if err != nil {
		return File{}, err
	}
	return Parse(path, data, runbooks.ReadFile)
}

// planName is compiled where it is wanted: it counts, which is dear.
var planName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\A[a-zA-Z0-9][a-zA-Z0-9._-]{0,100}\z`) })

// NameError says why a plan cannot be called that; nil = it can.
func NameError(name string) error {
	if planName().MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q cannot be a plan's name", name)
}

const nameHint = "letters, digits and . _ -, then .toml"

// Parse reads a plan. read fetches its allowed_signers file, by the path that it gives from the plan's own. The error is a
// runbooks.Problems: all that is wrong, in the file's order, with lines and columns.
func Parse(path string, data []byte, read func(path string) ([]byte, error)) (File, error) {
	f := File{Path: path, Name: strings.TrimSuffix(filepath.Base(path), ".toml")}
	err := runbooks.ReadStrict(path, data, func(t runbooks.Table) {
		if NameError(f.Name) != nil {
			t.Wrong("", nameHint, "%q cannot be a plan's name", f.Name)
		}
		f.head(t)
		f.approvers(t, read)
		f.runs(t)
	})
	return f, err
}

func (f *File) head(t runbooks.Table) {
	f.Goal, f.Reason, f.Ticket = line(t, "goal"), line(t, "reason"), line(t, "ticket")
	if strings.TrimSpace(f.Goal) == "" {
		t.Wrong("goal", `goal = "what will be so when it is done"`, "the plan has no goal")
	}
	f.Scope = selector(t, "scope")
	f.Window = t.Text("window")
	if _, err := inventory.ParseWindow(f.Window); err != nil {
		t.Wrong("window", hint(err), "window: %v", err)
	}
	f.From, f.Until = t.Day("from"), t.Day("until")
	if !f.From.IsZero() && !f.Until.IsZero() && f.Until.Before(f.From) {
		t.Wrong("until", "", "the plan ends before it begins")
	}
}

// line is a text on one line, for it stands in lists and in the journal.
func line(t runbooks.Table, key string) string {
	s := t.Text(key)
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		t.Wrong(key, "", "%s is one line of text", key)
	}
	return s
}

func selector(t runbooks.Table, key string) string {
	s := t.Text(key)
	if _, err := inventory.ParseSelector(s); err != nil {
		t.Wrong(key, hint(err), "%s: %v", key, err)
	}
	return s
}

func hint(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

func (f *File) approvers(t runbooks.Table, read func(string) ([]byte, error)) {
	signers, there := f.signers(t, read)
	for _, at := range t.Tables("approver") {
		a := Approver{Name: at.Text("name")}
		switch {
		case a.Name == "" || strings.ContainsFunc(a.Name, func(r rune) bool { return r <= ' ' || r == ',' || r == '/' || r == 0x7f }):
			at.Wrong("name", `name = "ann"`, "an approver has a name, in one word")
		case slices.ContainsFunc(f.Approvers, func(b Approver) bool { return a.Name == b.Name }):
			at.Wrong("name", "", "approver %s is named twice", a.Name)
		}
		if key := strings.TrimSpace(at.Text("key")); key != "" {
			if err := sshsig.CheckKey(key); err != nil {
				at.Wrong("key", "a line such as ~/.ssh/id_ed25519.pub has", "approver %s: %v", a.Name, err)
			}
			a.Keys = append(a.Keys, key)
		}
		if there {
			f.signer(at, &a, signers)
		}
		at.Close()
		f.Approvers = append(f.Approvers, a)
	}
	f.Need = len(f.Approvers)
	if n := t.Number("approvals"); n != nil {
		if *n < 0 || *n > len(f.Approvers) {
			t.Wrong("approvals", "name them, in [[approver]]", "%d approvals are wanted, and %d may approve", *n, len(f.Approvers))
		}
		f.Need = *n
	}
}

// signers is the text of the allowed_signers file, where the plan names one.
func (f *File) signers(t runbooks.Table, read func(string) ([]byte, error)) (text string, there bool) {
	path := t.Text("allowed_signers")
	if path == "" {
		return "", false
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(f.Path), path)
	}
	data, err := read(path)
	if err != nil {
		t.Wrong("allowed_signers", "a file as ssh-keygen(1) describes, beside the plan or absolute", "allowed_signers: %v", err)
	}
	return string(data), err == nil
}

// signer adds an approver's keys from the allowed_signers. Where there is such a file, everybody must be in it, or have a key.
func (f *File) signer(at runbooks.Table, a *Approver, signers string) {
	keys, err := sshsig.AllowedSigners(signers, a.Name, Namespace)
	if err != nil {
		at.Wrong("name", "", "approver %s: allowed_signers: %v", a.Name, err)
		return
	}
	if a.Keys = append(a.Keys, keys...); len(a.Keys) == 0 {
		at.Wrong("name", "add a line for them, or a key", "approver %s has no key in the allowed_signers", a.Name)
	}
}

func (f *File) runs(t runbooks.Table) {
	for _, rt := range t.Tables("run") {
		r := Run{Runbook: rt.Text("runbook"), Scope: selector(rt, "scope"), Set: rt.Values("set"), Policy: rt.Policy(), Canary: rt.Number("canary"), GoOn: rt.Yes("go_on")}
		if r.Runbook == "" {
			rt.Wrong("runbook", `runbook = "patch"`, "the run names no runbook")
		}
		if r.Scope == "" {
			r.Scope = f.Scope
		}
		if r.Scope == "" {
			rt.Wrong("scope", `scope = "tag=db"; all hosts are scope = "all"`, "the run has no scope, and the plan has none")
		}
		rt.Close()
		f.Runs = append(f.Runs, r)
	}
	if len(f.Runs) == 0 {
		t.Wrong("run", `[[run]] with runbook = "patch"`, "the plan runs nothing")
	}
}

// Holds says whether the day is one of the plan's; where not, why.
func (f *File) Holds(now time.Time) (ok bool, why string) {
	switch {
	case now.Before(f.begin()):
		return false, "the plan begins on " + f.From.Format(time.DateOnly)
	case !f.Until.IsZero() && !now.Before(f.end()):
		return false, "the plan ended on " + f.Until.Format(time.DateOnly)
	}
	return true, ""
}

// begin and end are the plan's first and last moments in the zone of this machine; begin is zero, and end too, where it has no such day.
func (f *File) begin() time.Time { return local(f.From, 0) }

func (f *File) end() time.Time { return local(f.Until, 1) }

func local(day time.Time, more int) time.Time {
	if day.IsZero() {
		return time.Time{}
	}
	y, m, d := day.Date()
	return time.Date(y, m, d+more, 0, 0, 0, 0, time.Local)
}
