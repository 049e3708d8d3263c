package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tend/journal"
	"tend/journal/segments"
	"tend/quote"
	"tend/runbooks"
	"tend/sshsig"
)

func (a *app) journalSeal() *cobra.Command {
	var key, out string
	c := &cobra.Command{
		Use: "seal [RUN…]", Short: "Sign where the journal stands, so that a cut-off tail can be found",
		Long: `Sign where the journal stands, or where some runs of it do, with an SSH key: the agent's first, or the one that --key names. The statement and its
signature are printed, to be put anywhere out of reach of this machine: a git repository, a ticket, a mail. With --output, the statement goes to FILE
and the signature to FILE.sig, and anybody can check them:

  ssh-keygen -Y verify -f allowed_signers -I NAME -n journal@tend -s FILE.sig < FILE`,
		Example: "  tend journal seal\n  tend journal seal --key ~/.ssh/id_ed25519 --output seal-2026-11.txt\n  tend journal seal last | mail -s seal audit@example.net",
		RunE: func(c *cobra.Command, args []string) error {
			return a.withBook(func(book *shelf) error { return a.seal(c.Context(), book, key, out, args) })
		},
		ValidArgsFunction: a.completeRunID,
	}
	c.Flags().StringVar(&key, "key", "", "the key's `file`, private or public; else the setting journal.seal_key, else the agent's first key")
	c.Flags().StringVarP(&out, "output", "o", "", "write the statement to this `file`, and its signature beside it")
	return c
}

func (a *app) seal(ctx context.Context, book *shelf, key, out string, names []string) error {
	own, err := a.settings()
	if err != nil {
		return err
	}
	if key == "" {
		key = own.Journal.SealKey
	}
	var runs []journal.RunID
	for _, n := range names {
		run, err := a.find(ctx, book, n)
		if err != nil {
			return err
		}
		runs = append(runs, run)
	}
	k, err := sshsig.Open(ctx, sshsig.Wanted{Path: tilde(key, a.getenv("HOME")), Socket: a.getenv("SSH_AUTH_SOCK"), Ask: a.askPassphrase(key)})
	if err != nil {
		return bad(err)
	}
	defer k.Close()
	sealed, err := book.Seal(ctx, k, runs...)
	if err != nil {
		return err
	}
	if out == "" {
		_, err := fmt.Fprint(a.out, sealed.Statement, sealed.Signature)
		return err
	}
	for path, text := range map[string]string{out: sealed.Statement, out + ".sig": sealed.Signature} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return bad(err)
		}
	}
	fmt.Fprintf(a.out, "sealed by %s: %s, %s.sig\n", quote.Line(sealed.Key), quote.Line(out), quote.Line(out))
	return nil
}

// sealer is the key that seals where the settings say that runs are sealed by themselves; nil where they do not.
func (a *app) sealer(ctx context.Context) (*sshsig.Key, error) {
	own, err := a.settings()
	if err != nil || !own.Journal.Seal {
		return nil, err
	}
	key := own.Journal.SealKey
	return sshsig.Open(ctx, sshsig.Wanted{Path: tilde(key, a.getenv("HOME")), Socket: a.getenv("SSH_AUTH_SOCK"), Ask: a.askPassphrase(key)})
}

// askPassphrase asks at the terminal; nil where there is none.
func (a *app) askPassphrase(key string) func() ([]byte, error) {
	if !terminal(a.in) {
		return nil
	}
	return func() ([]byte, error) {
		s, err := readSecret(a.in, func() { fmt.Fprintf(a.err, "Passphrase for %s: ", quote.Line(key)) })
		fmt.Fprintln(a.err)
		return []byte(s), err
	}
}

func tilde(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(home, rest)
	}
	return path
}

// verifyAgainst checks the journal against a seal, and the seal itself.
func (a *app) verifyAgainst(ctx context.Context, book *shelf, file, signers string, asJSON bool) error {
	text, err := a.readSeal(file)
	if err != nil {
		return bad(err)
	}
	all, told, err := seals(file, text, signers)
	if err != nil {
		return err
	}
	rep, err := against(ctx, book, all)
	if err != nil {
		return err
	}
	if !asJSON {
		fmt.Fprint(a.out, told)
	}
	return a.printReport(rep, asJSON)
}

// seals reads every seal of a file, and whose they are. A mail holds its seals a second time, as they travelled: what is of the origin and
// the time of a good one, and cannot be read itself, is that.
func seals(file, text, signers string) (all []segments.Statement, told string, err error) {
	good := map[string]bool{}
	for _, text := range segments.Seals(text) {
		lines := strings.SplitN(text, "\n", 4)
		top := strings.Join(lines[:min(3, len(lines))], "\n")
		st, err := segments.ParseStatement(text)
		if err != nil && !good[top] {
			return nil, "", bad(fmt.Errorf("%s: %w", file, err))
		}
		var by string
		if err == nil {
			by, err = signedBy(st, text, signers)
		}
		if err != nil && !good[top] {
			return nil, "", &fault{code: 1, err: fmt.Errorf("%s: the signature is no good: %w", file, err), hint: "the journal was not looked at"}
		}
		if err != nil || slices.ContainsFunc(all, func(o segments.Statement) bool { return o.String() == st.String() }) {
			continue
		}
		good[top], all = true, append(all, st)
		told += fmt.Sprintf("seal of %s at %s, signed by %s\n", st.Origin, st.At.Format("2006-01-02 15:04:05Z07:00"), by)
	}
	return all, told, nil
}

// against is what is wrong by any of the seals, each thing once; each origin is counted once.
func against(ctx context.Context, book *shelf, all []segments.Statement) (rep segments.Report, err error) {
	for i, st := range all {
		more, err := book.Against(ctx, st)
		if err != nil {
			return rep, err
		}
		if !slices.ContainsFunc(all[:i], func(o segments.Statement) bool { return o.Origin == st.Origin }) {
			rep.Segments, rep.Recordings, rep.Events, rep.Bytes = rep.Segments+more.Segments, rep.Recordings+more.Recordings, rep.Events+more.Events, rep.Bytes+more.Bytes
			rep.Heads = append(rep.Heads, more.Heads...)
		}
		rep.Problems, rep.Remarks = added(rep.Problems, more.Problems), added(rep.Remarks, more.Remarks)
	}
	return rep, nil
}

func added(to, more []segments.Problem) []segments.Problem {
	for _, p := range more {
		if !slices.Contains(to, p) {
			to = append(to, p)
		}
	}
	return to
}

// readSeal reads a seal's file, with the signature that lies beside it.
func (a *app) readSeal(file string) (string, error) {
	if file == "-" {
		b, err := io.ReadAll(io.LimitReader(a.in, 64<<20))
		return segments.Mailed(string(b)), err
	}
	b, err := bounded(file)
	if err != nil {
		return "", err
	}
	sig, err := bounded(file + ".sig")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	return segments.Mailed(string(b)) + "\n" + string(sig), nil
}

// bounded reads a file, or what a pipe of the shell's <(…) brings. A device may never end.
func bounded(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := endless(f); err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(f, 64<<20))
}

// endless refuses a device.
func endless(f *os.File) error {
	info, err := f.Stat()
	if err == nil && info.Mode()&fs.ModeDevice != 0 {
		err = usage("name a file, or - for standard input", "%s: this is a device, not a file", quote.Line(f.Name()))
	}
	return err
}

// signedBy checks the signature over the statement and says whose it is.
func signedBy(st segments.Statement, text, signers string) (string, error) {
	sig, err := segments.ParseSSHSignature(segments.Unquote(text))
	if err != nil {
		return "", err
	}
	if sig.Namespace != segments.SealNamespace {
		return "", fmt.Errorf("it is made for %q, and not for %q", sig.Namespace, segments.SealNamespace)
	}
	by, err := sig.Check([]byte(st.String()))
	if err != nil {
		return "", err
	}
	if signers == "" {
		return by + " (whoever that is: --signers FILE says who may)", nil
	}
	lines, err := os.ReadFile(signers)
	if err != nil {
		return "", err
	}
	who := sshsig.WhoSigns(string(lines), sig.PublicKey, segments.SealNamespace)
	if who == "" {
		return "", fmt.Errorf("its key does not stand in %s, or not for %s", signers, segments.SealNamespace)
	}
	return by + " of " + who, nil
}

// seal signs a run's head when it has ended, without anybody to ask.
func (r road) seal(ctx context.Context, book *segments.Segments, run journal.RunID) error {
	k, err := sshsig.Open(ctx, sshsig.Wanted{Path: tilde(r.SealKey, r.Home), Socket: r.AgentSocket})
	if err != nil {
		return fmt.Errorf("the run was not sealed: %w", err)
	}
	defer k.Close()
	if _, err := book.Seal(ctx, k, run); err != nil {
		return fmt.Errorf("the run was not sealed: %w", err)
	}
	return nil
}

// redactor keeps out of the record what the operator's patterns match.
func (r road) redactor() *journal.Redactor {
	return redactorOf(r.Redact)
}

// recordable refuses a plan that holds what must not be recorded: a plan is recorded whole, for a resume must find what it was.
func (a *app) recordable(p runbooks.Plan) error {
	own, err := a.settings()
	if err != nil {
		return err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	for _, pattern := range own.Journal.Redact {
		if re, err := regexp.Compile(pattern); err == nil && re.Match(text) {
			return usage("give it as a secret parameter of a runbook, which is recorded nowhere", "the plan holds what the setting journal.redact keeps out of the journal (%s)", pattern)
		}
	}
	return nil
}
