package remote

import (
	"context"
	"strings"
)

// rootOnTerminal is the command that makes the terminal pass bytes as they are, says our mark and becomes sh. Sh must not take itself
// for somebody's login: dash does when standard input and output are terminals (+i forbids it), bash when input and error are.
func rootOnTerminal(nonce string) string {
	return `exec /bin/sh -c "stty raw -echo && echo && echo ` + nonce + ` M && exec /bin/sh +i -s 2>/dev/null"`
}

// terminalShell is the command for what reads its password from a terminal only. Nothing is echoed from before the first question on. Su
// hands on the environment, so that its questions in the C locale cost the step its own; restoreLocale gives that back.
func terminalShell(become, nonce string) string {
	root := rootOnTerminal(nonce)
	how := "exec sudo -p " + nonce + "-password: -- " + strings.TrimPrefix(root, "exec ")
	switch become {
	case "doas":
		how = "exec doas " + strings.TrimPrefix(root, "exec ")
	case "su":
		how = `exec env "tend_locale=$LC_ALL" LC_ALL=C su root -c "` + strings.ReplaceAll(root, `"`, `\"`) + `"`
	}
	return asRoot(root, "stty -echo; echo; echo "+nonce+" P; "+how)
}

const restoreLocale = "[ -z \"${tend_locale+x}\" ] || { LC_ALL=$tend_locale; unset tend_locale; }; [ -n \"$LC_ALL\" ] || unset LC_ALL\n"

// terminalSession holds sh's input back until su, doas or sudo has let us in on a terminal. A terminal's input has no end, so sh is told
// to go, and a talk that fails ends the session.
func (k *Keeper) terminalSession(ctx context.Context, c call, nonce string) (exit int, said string, err error) {
	if _, ok := k.t.(Terminal); !ok {
		return 0, "", fail(Refused, c.host, c.host.Become+" wants a terminal, and the road to this host has none", "")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	in, talk := newFeed(), &scrap{}
	d := &dialog{asks: terminalAsks(nonce), in: in, patience: k.o.patience, end: cancel}
	if c.host.Become == "sudo" {
		d.asks = nonceAsks(nonce + "-password:")
	}
	d.ask = func() (string, error) { return k.password(ctx, c.host, d) }
	talk.next = d
	through := false
	c.tty = &gate{mark: nonce + " M", before: talk, open: func() {
		through = true
		d.over()
		k.tell(c.host, d, Right)
		in.add(restoreLocale)
		in.endsWith("exit 0\n")
		c.open(in)
	}}
	exit, _, err = k.exec(ctx, c, terminalShell(c.host.Become, nonce), in, nil)
	d.over()
	said = afterQuestion(talk.String(), nonce)
	return exit, said, k.talkEnd(c.host, d, through, said, err)
}

// afterQuestion is what the program itself said, without our line and the lines of its questions.
func afterQuestion(said, nonce string) string {
	if _, after, ok := strings.Cut(said, nonce+" P"); ok {
		said = after
	}
	var out []string
	for line := range strings.SplitSeq(strings.ReplaceAll(said, "\r", "\n"), "\n") {
		line = strings.TrimSpace(strings.ReplaceAll(line, nonce+"-password:", ""))
		if line != "" && !question().MatchString(line) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}
