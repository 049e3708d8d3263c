package remote

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"tend/inventory"
	"tend/quote"
)

// Facts are what a host says of itself before anything is started on it, as the user that would start it. They are the host's words:
// nothing in them reaches a command.
type Facts struct {
	Boot     string // boot identity; compare, never parse
	UID      int
	Root     string // the job root
	Writable bool   // the root, or the nearest directory above it that exists
	Systemd  bool
	Launcher string   // what will start a process of its own session: systemd-run, setsid, daemon, perl, nohup, none
	KillUser string   // logind's KillUserProcesses: "yes", "no", "unknown"
	Linger   bool     // the user's systemd outlives their sessions
	Lack     []string // commands that we need and that are not there
}

// Keeps reports whether this host can keep a detached step; if not, why, and what to do about it.
func (f Facts) Keeps() (ok bool, why, fix string) {
	switch {
	case len(f.Lack) > 0:
		return false, "these commands are missing, or do not work: " + strings.Join(f.Lack, " "), "install them (coreutils, procps); on Linux, ps wants /proc mounted"
	case f.Launcher == "none":
		return false, "no setsid, systemd-run, daemon, perl or nohup: nothing can outlive the connection", "install util-linux"
	case !f.Writable:
		return false, "the job root " + f.Root + " cannot be written", "give the user a home directory, or set the job root"
	case f.keep() == "kills":
		return false, "logind kills what a user leaves behind (KillUserProcesses=yes, no linger)", "loginctl enable-linger USER, or run the step as root"
	}
	return true, "", ""
}

// keep says who may launch, in start.sh's words, or "kills" where a step would not outlive the login.
func (f Facts) keep() string {
	switch {
	case f.KillUser != "yes":
		return "any"
	case f.UID == 0 && f.Launcher == "systemd-run":
		return "system"
	case f.UID != 0 && f.Linger:
		return "user"
	}
	return "kills"
}

func (f *Facts) set(name string, words []string) {
	all := strings.Join(words, " ")
	switch name {
	case "uid":
		n, err := strconv.Atoi(all)
		if err != nil {
			n = -1
		}
		f.UID = n
	case "root":
		f.Root = quote.Line(all)
	case "writable":
		f.Writable = all == "yes"
	case "system":
		f.Systemd = all == "systemd"
	case "launcher":
		f.Launcher = quote.Line(all)
	case "killuser":
		f.KillUser = quote.Line(all)
	case "linger":
		f.Linger = all == "yes"
	case "lack":
		f.Lack = words
		for i, w := range words {
			f.Lack[i] = quote.Line(w)
		}
	}
}

// Preflight asks the host whether it can keep a detached step, as the user that the step would run as. It changes nothing there.
func (k *Keeper) Preflight(ctx context.Context, h inventory.Host, become bool) (Facts, error) {
	var f Facts
	_, err := k.ask(ctx, h, become, "", nil, func(fr frame) { f.take(fr) }, "common", "hello")
	if err != nil {
		return Facts{}, err
	}
	k.at(place{h.Name, become}, func(m *memo) { m.known, m.facts = true, f })
	return f, nil
}

func (f *Facts) take(fr frame) {
	switch {
	case fr.verb == "B":
		f.Boot = fr.word(0)
	case fr.verb == "F" && len(fr.words) > 0:
		f.set(fr.words[0], fr.words[1:])
	}
}

// answer is the frame that a short script of ours ended with: X or "F end".
type answer struct {
	state, exit, flags string
	boot               string
}

// ask runs a short script of ours and waits for its answer.
func (k *Keeper) ask(ctx context.Context, h inventory.Host, become bool, job string, more vars, on func(frame), parts ...string) (answer, error) {
	nonce := k.o.Nonce()
	script, err := compose(k.common(nonce, job, more...), parts...)
	if err != nil {
		return answer{}, fail(Refused, h, err.Error(), "")
	}
	var a answer
	var refused *Error
	seen, ended := false, false
	fr := &framer{nonce: nonce, on: func(f frame) error {
		seen = true
		switch f.verb {
		case "B":
			a.boot = f.word(0)
		case "R":
			refused, ended = fail(Refused, h, strings.Join(f.words[min(1, len(f.words)):], " "), ""), true
		case "X":
			a.state, a.exit, a.flags, ended = f.word(1), f.word(2), strings.Join(f.words[min(3, len(f.words)):], " "), true
		case "F":
			ended = ended || f.word(0) == "end"
		}
		on(f)
		return nil
	}}
	c := call{host: h, become: become, out: fr, silence: k.o.Silence, began: func() bool { return seen },
		open: func(in *feed) { in.add(script); in.close() }}
	exit, said, err := k.session(ctx, c, nonce)
	switch {
	case refused != nil:
		return a, refused
	case ended:
		return a, nil
	case err != nil && isDialog(err):
		return a, dialogError(h, said, err)
	case err != nil && notStarted(err):
		return a, err
	case err != nil:
		return a, &Error{Kind: LinkLost, Host: h.Name, Text: "the link was lost before the host answered", Err: err}
	case !seen:
		return a, refusal(c, exit, said)
	}
	return a, fail(Torn, h, fmt.Sprintf("the host's answer broke off (exit %d): %s", exit, said), "")
}
