package plans

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	do(t, os.WriteFile(path, []byte(text), 0o600))
}

func yes(r *Resolved, by string) Approval {
	return Approval{Plan: r.Name, Digest: r.Digest, By: by, At: sunday}
}

// TestJudge: who counts, and why who does not.
func TestJudge(t *testing.T) {
	key, line := signing(t)
	other, _ := signing(t)
	r := resolved(t, strings.NewReplacer("approvals = 1", "approvals = 2", `name = "bob"`, `name = "bob"`+"\nkey = \""+line+"\"").Replace(good))
	signed := yes(&r, "bob")
	do(t, signed.Sign(key))
	forged := yes(&r, "bob")
	do(t, forged.Sign(other))
	moved := signed
	moved.At = moved.At.Add(time.Minute)
	stale := yes(&r, "ann")
	stale.Digest = strings.Repeat("0", 64)
	elsewhere := yes(&r, "ann")
	elsewhere.Plan = "q"
	late := yes(&r, "ann")
	late.At = sunday.Add(24 * time.Hour)
	for _, c := range []struct {
		name string
		a    Approval
		why  string
	}{
		{"plain", yes(&r, "ann"), ""}, {"signed", signed, ""}, {"not signed", yes(&r, "bob"), "bob signs, and this is not signed"},
		{"with another key", forged, "signed with another key"}, {"changed after it was signed", moved, "not of this text"},
		{"changed plan", stale, "void: the plan has changed since"}, {"another plan", elsewhere, "it is for the plan q"},
		{"nobody", yes(&r, "eve"), "eve is no approver"}, {"from the future", late, "from the future"},
	} {
		s := r.Judge([]Approval{c.a}, sunday)
		v := s.Verdicts[0]
		if v.Counts != (c.why == "") || !strings.Contains(v.Why, c.why) || v.Counts != (s.Have == 1) || s.Approved() {
			t.Errorf("%s: %+v", c.name, s)
		}
		if v.Signed != (c.name == "signed") {
			t.Errorf("%s: signed = %v", c.name, v.Signed)
		}
	}
	if s := r.Judge([]Approval{signed, signed, yes(&r, "eve")}, sunday); s.Have != 1 || s.Approved() || s.String() != "1 of 2; still asked: ann" || s.Verdicts[1].Why != "once is enough" {
		t.Errorf("%+v %s", s, s)
	}
	if s := r.Judge([]Approval{signed, yes(&r, "ann")}, sunday); !s.Approved() || s.String() != "approved by 2 of 2" {
		t.Errorf("%+v %s", s, s)
	}
	none := resolved(t, "goal = \"x\"\nscope = \"all\"\n[[run]]\nrunbook = \"health\"\n")
	if s := none.Judge(nil, sunday); !s.Approved() || s.String() != "none needed" {
		t.Errorf("%+v %s", s, s)
	}
}

// TestApprovalsStandBesideThePlan: what is saved is read back, once a person and digest, and OpenSSH agrees with the signature.
func TestApprovalsStandBesideThePlan(t *testing.T) {
	key, line := signing(t)
	dir := filepath.Join(t.TempDir(), "[odd*")
	do(t, os.Mkdir(dir, 0o700))
	plan := filepath.Join(dir, "p.toml")
	if all, err := LoadApprovals(plan); err != nil || len(all) != 0 {
		t.Fatal(all, err)
	}
	r := resolved(t, good)
	a := yes(&r, "bob")
	do(t, a.Sign(key))
	path, err := SaveApproval(plan, a)
	do(t, err)
	if want := filepath.Join(dir, "p.approvals", "bob-"+r.Digest[:12]+".json"); path != want {
		t.Errorf("%s, not %s", path, want)
	}
	_, err = SaveApproval(plan, a)
	do(t, err)
	_, err = SaveApproval(plan, yes(&r, "ann"))
	do(t, err)
	all, err := LoadApprovals(plan)
	if err != nil || len(all) != 2 || all[1] != a || all[0].By != "ann" {
		t.Fatalf("%+v %v", all, err)
	}
	if _, err := exec.LookPath("ssh-keygen"); err == nil {
		write(t, dir+"/signers", "bob "+line+"\n")
		write(t, dir+"/sig", a.Signature)
		cmd := exec.Command("ssh-keygen", "-Y", "verify", "-f", dir+"/signers", "-I", "bob", "-n", Namespace, "-s", dir+"/sig")
		cmd.Stdin = strings.NewReader(a.Statement())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	write(t, path, "{")
	if _, err := LoadApprovals(plan); err == nil || !strings.Contains(err.Error(), "not an approval") {
		t.Error(err)
	}
}
