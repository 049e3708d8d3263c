package plans

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"tend/runbooks"
	"tend/sshsig"
)

// Namespace is what approvals are signed in: a signature made for a mail or a git commit approves nothing.
const Namespace = "plan@tend"

// Approval is one person's yes to one digest. Approvals stand beside the plan, in the directory NAME.approvals, a file each, so that they
// travel with it through git, and two people who approve on two branches do not meet in one file.
type Approval struct {
	Plan   string    `json:"plan"`           // its name
	Digest string    `json:"digest"`         // of the plan that was approved
	By     string    `json:"by"`             // the approver's name, as the plan has it
	At     time.Time `json:"at"`             // when, by the approver's clock
	From   string    `json:"from,omitempty"` // the account and machine, for people
	// Signature is OpenSSH's over Statement, armored; "" = not signed.
	Signature string `json:"signature,omitempty"`
}

// Statement is the text that is signed. `ssh-keygen -Y verify -n plan@tend` checks it.
func (a Approval) Statement() string {
	return fmt.Sprintf("tend plan approval 1\nplan %s\ndigest %s\nby %s\nat %s\n", a.Plan, a.Digest, a.By, a.At.UTC().Format(time.RFC3339))
}

// Sign adds a signature.
func (a *Approval) Sign(s sshsig.Signer) error {
	sig, err := sshsig.Sign(s, Namespace, []byte(a.Statement()))
	a.Signature = sig
	return err
}

// ApprovalsDir is where a plan's approvals stand.
func ApprovalsDir(plan string) string { return strings.TrimSuffix(plan, ".toml") + ".approvals" }

// LoadApprovals reads a plan's approvals, the oldest first; none are no error.
func LoadApprovals(plan string) ([]Approval, error) {
	files, err := filepath.Glob(filepath.Join(globEscape(ApprovalsDir(plan)), "*.json"))
	if err != nil {
		return nil, err
	}
	var out []Approval
	for _, path := range files {
		data, err := runbooks.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var a Approval
		if err := json.Unmarshal(data, &a); err != nil {
			return nil, runbooks.Problem{Source: path, Message: "not an approval: " + err.Error(), Advice: "remove the file; whoever wrote it approves again"}
		}
		out = append(out, a)
	}
	slices.SortStableFunc(out, func(a, b Approval) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.By, b.By)) })
	return out, nil
}

// globEscape keeps a directory's name from being a pattern.
func globEscape(s string) string { return globMeta.ReplaceAllString(s, `\$0`) }

var globMeta = regexp.MustCompile(`[\\*?\[]`)

// SaveApproval puts an approval beside the plan, durably, and returns its file. Approving the same digest again replaces it.
func SaveApproval(plan string, a Approval) (path string, err error) {
	data, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		return "", err
	}
	dir := ApprovalsDir(plan)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path = filepath.Join(dir, fmt.Sprintf("%s-%.12s.json", a.By, a.Digest))
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return "", err
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return path, nil
}

// Verdict is what an approval is worth.
type Verdict struct {
	Approval
	Counts bool   `json:"counts"`        // it is one of those that the plan needs
	Signed bool   `json:"signed"`        // with a key that the plan names for this person
	Why    string `json:"why,omitempty"` // it does not count; none = it does
}

// Standing is how a plan stands with its approvers.
type Standing struct {
	Need     int       `json:"need"`                // how many must approve; 0 = nobody
	Have     int       `json:"have"`                // how many approvals count
	Missing  []string  `json:"missing,omitempty"`   // who may approve and has not
	Verdicts []Verdict `json:"approvals,omitempty"` // all that were found, and what each is worth
}

// Approved reports whether the plan may run as far as its approvers are concerned.
func (s Standing) Approved() bool { return s.Have >= s.Need }

// String is the standing in words.
func (s Standing) String() string {
	switch {
	case s.Need == 0:
		return "none needed"
	case s.Approved():
		return fmt.Sprintf("approved by %d of %d", s.Have, s.Need)
	}
	return fmt.Sprintf("%d of %d; still asked: %s", s.Have, s.Need, strings.Join(s.Missing, ", "))
}

// Judge holds approvals against the plan as it is now. One counts where it is for this plan and this very digest, by one of its
// approvers, each once, and signed with a key of theirs where they have one.
func (r *Resolved) Judge(all []Approval, now time.Time) Standing {
	s := Standing{Need: r.Need}
	counted := map[string]bool{}
	for _, a := range all {
		v := Verdict{Approval: a}
		v.Signed, v.Why = r.worth(a, now)
		switch {
		case v.Why != "":
		case counted[a.By]:
			v.Why = "once is enough"
		default:
			counted[a.By], v.Counts = true, true
			s.Have++
		}
		s.Verdicts = append(s.Verdicts, v)
	}
	for _, a := range r.Approvers {
		if !counted[a.Name] {
			s.Missing = append(s.Missing, a.Name)
		}
	}
	return s
}

// clockSlack is how far ahead another machine's clock may be.
const clockSlack = 10 * time.Minute

// worth says why an approval does not count; "" = it does.
func (r *Resolved) worth(a Approval, now time.Time) (signed bool, why string) {
	i := slices.IndexFunc(r.Approvers, func(w Approver) bool { return w.Name == a.By })
	switch {
	case a.Plan != r.Name:
		return false, "it is for the plan " + a.Plan
	case i < 0:
		return false, a.By + " is no approver of this plan"
	case a.Digest != r.Digest:
		return false, "void: the plan has changed since"
	case a.At.After(now.Add(clockSlack)):
		return false, "it is from the future"
	case len(r.Approvers[i].Keys) == 0:
		return false, ""
	case a.Signature == "":
		return false, a.By + " signs, and this is not signed"
	}
	if err := sshsig.Verify(a.Signature, Namespace, []byte(a.Statement()), r.Approvers[i].Keys...); err != nil {
		return false, err.Error()
	}
	return true, ""
}
