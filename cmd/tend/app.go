package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"tend/inventory"
	"tend/journal"
	"tend/journal/segments"
	"tend/quote"
	"tend/runbooks"
	"tend/ssh"
)

// streams are the three that a process has. out and err may be files, terminals, or a test's buffers.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// app is what every command is given: where things are and whom to tell. It is made once, in Main.
type app struct {
	streams
	getenv    func(string) string
	now       func() time.Time
	inventory string // the -i flag
	tierFlag  string
	readonly  bool
	fresh     bool
	noPager   bool
	cols      int               // how wide the terminal is that a pager shows what is printed on; 0 = none does
	warned    *sync.Once        // of runbooks that are refused; nil = nobody needs to be told
	disk      []segments.Option // what a run's process writes its journal through: tests put themselves there
}

// Main runs one command line and returns its exit code.
func Main(ctx context.Context, args []string, s streams, getenv func(string) string, disk ...segments.Option) int {
	told := keepOut(&s)
	a := &app{streams: s, getenv: getenv, now: time.Now, warned: &sync.Once{}, disk: disk}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	code := a.report(root.ExecuteContext(ctx))
	if err := told(); err != nil && code == 0 {
		return a.report(&fault{code: 1, err: err, hint: "what was to be printed is not whole"})
	}
	return code
}

// fault is an error with its exit code and what to do about it.
type fault struct {
	code int
	err  error
	hint string
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }
func (f *fault) Hint() string  { return f.hint }

func usage(hint, format string, args ...any) error {
	return &fault{code: 2, err: fmt.Errorf(format, args...), hint: hint}
}

// bad is an error in what was given, unless it says itself what it is: a question that was broken off is an abort.
func bad(err error) error {
	if _, ok := errors.AsType[*fault](err); ok {
		return err
	}
	return &fault{code: 2, err: err, hint: hintOf(err)}
}

// silent carries an exit code alone: everything has been said.
type silent int

func (s silent) Error() string { return fmt.Sprintf("exit %d", int(s)) }

// hintMark begins the line of what to do about an error.
const hintMark = "  hint: "

// report says what went wrong, once, and returns the exit code.
func (a *app) report(err error) int {
	var quiet silent
	var f *fault
	switch {
	case err == nil:
		return 0
	case errors.As(err, &quiet):
		return int(quiet)
	}
	code, hint := 1, hintOf(err)
	if errors.As(err, &f) {
		code = f.code
	}
	text := readable(fileWords(strings.TrimRight(quote.Text(err.Error()), "\n"), err))
	fmt.Fprintf(a.err, "tend: %s\n", text)
	if hint != "" && !strings.Contains(text, hint) {
		fmt.Fprintf(a.err, hintMark+"%s\n", readable(quote.Text(hint)))
	}
	return code
}

// readable cuts the words of an error that nobody would read to their end, and that would push the rest of it off the screen. A path is
// shorter, and so is what is named in any place but by mistake.
func readable(text string) string {
	for _, word := range strings.Fields(text) {
		if r := []rune(word); len(r) > 1000 {
			text = strings.Replace(text, word, fmt.Sprintf("%s… (%d more) …%s", string(r[:64]), len(r)-96, string(r[len(r)-32:])), 1)
		}
	}
	return text
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// home is where a user's ssh files are, also where HOME is not set (cron, say). What tend writes wants HOME to say where (dir).
func (a *app) home() string { return cmp.Or(a.getenv("HOME"), ssh.OwnHome()) }

// dir is an XDG base directory: the variable's value where it is absolute, as the specification demands, else under the home.
func (a *app) dir(variable string, home ...string) (string, error) {
	if v := a.getenv(variable); filepath.IsAbs(v) {
		return v, nil
	}
	h := a.getenv("HOME")
	if h == "" {
		return "", usage("set HOME, or "+variable, "neither %s nor HOME says where files belong", variable)
	}
	if !filepath.IsAbs(h) { // a run's process works elsewhere, and would take another directory for it
		return "", usage("write all of it, from / on", "HOME is %q, which is no absolute path", h)
	}
	return filepath.Join(append([]string{h}, home...)...), nil
}

func (a *app) stateDir() (string, error) {
	d, err := a.dir("XDG_STATE_HOME", ".local", "state")
	return filepath.Join(d, "tend"), err
}

func (a *app) configDir() (string, error) {
	d, err := a.dir("XDG_CONFIG_HOME", ".config")
	return filepath.Join(d, "tend"), err
}

// runtimeDir is for sockets: private, short and emptied at boot where the system gives us such a place.
func (a *app) runtimeDir() string {
	if v := a.getenv("XDG_RUNTIME_DIR"); filepath.IsAbs(v) && len(v) < 60 {
		return filepath.Join(v, "tend")
	}
	return filepath.Join(os.TempDir(), fmt.Sprintf("tend-%d", os.Getuid()))
}

// load reads the inventory that flag, environment and the usual places name.
func (a *app) load() (*inventory.Inventory, error) {
	path, err := inventory.Find(a.inventory, a.getenv)
	if err != nil {
		return nil, bad(err)
	}
	if a.inventory == "" && a.getenv("TEND_INVENTORY") == "" {
		if err := planted(path, "-i "+typed(path)+" takes it all the same"); err != nil {
			return nil, err
		}
	}
	inv, err := inventory.Load(path)
	if err != nil {
		return nil, bad(err)
	}
	settle(inv)
	return inv, nil
}

// settle makes the inventory's file names absolute: what is not, lies beside the inventory, wherever tend or a run's process works.
// "~" and ssh_config's tokens are left to the road.
func settle(inv *inventory.Inventory) {
	dir := filepath.Dir(absolute(inv.Path))
	at := func(names []string) []string {
		out := make([]string, 0, len(names))
		for _, n := range names {
			if n != "none" && !filepath.IsAbs(n) && !strings.HasPrefix(n, "~") && !strings.HasPrefix(n, "%") {
				n = filepath.Join(dir, n)
			}
			out = append(out, n)
		}
		return out
	}
	for i := range inv.Hosts {
		h := &inv.Hosts[i]
		if h.KnownHosts != nil {
			h.KnownHosts = at(h.KnownHosts)
		}
		if h.Identity != nil {
			h.Identity = at(h.Identity)
		}
	}
}

// library is the built-in runbooks under the user's own: ./runbooks beside the inventory, then $XDG_CONFIG_HOME/tend/runbooks.
func (a *app) library(inv *inventory.Inventory) (runbooks.Library, error) {
	var dirs []string
	if inv != nil && inv.Path != "" {
		beside := filepath.Join(filepath.Dir(inv.Path), "runbooks")
		if err := planted(beside, "keep the inventory in a directory of its own, with its runbooks"); err != nil {
			return runbooks.Library{}, err
		}
		dirs = append(dirs, beside)
	}
	if c, err := a.configDir(); err == nil {
		dirs = append(dirs, filepath.Join(c, "runbooks"))
	}
	lib, err := runbooks.Open(dirs...)
	if err != nil {
		return lib, bad(err)
	}
	return lib, nil
}

// warnBroken says which of the operator's own runbooks are refused, once and on one line: what is run now does not need them, but somebody does.
func (a *app) warnBroken(lib runbooks.Library) {
	all := slices.DeleteFunc(lib.Broken(), func(b runbooks.Broken) bool { return b.Hidden })
	if len(all) == 0 || a.warned == nil {
		return
	}
	more := ""
	if n := len(all) - 1; n > 0 {
		more = fmt.Sprintf("; and %d more: tend runbook list", n)
	}
	a.warned.Do(func() {
		fmt.Fprintf(a.err, "tend: warning: runbook %s is refused: %s%s\n", all[0].Name, quote.Line(all[0].First()), more)
	})
}

// origin names this machine and user in the journal.
func (a *app) origin() journal.OriginID {
	host, _ := os.Hostname()
	host, _, _ = strings.Cut(host, ".")
	return journal.OriginID(a.user() + "@" + host)
}

func (a *app) user() string {
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return fmt.Sprintf("uid%d", os.Getuid())
}

// who is the person at this terminal, for the record: sudo's caller rather than root.
func (a *app) who() journal.Who {
	u := a.user()
	if s := a.getenv("SUDO_USER"); s != "" && s != u {
		u = s + " as " + u
	}
	host, _ := os.Hostname()
	from := host
	if c := a.getenv("SSH_CONNECTION"); c != "" {
		ip, _, _ := strings.Cut(c, " ")
		from += " from " + ip
	}
	return journal.Who{User: quote.Line(u), From: quote.Line(from)}
}

func (a *app) journalDir() (string, error) {
	d, err := a.stateDir()
	return filepath.Join(d, "journal"), err
}

// book opens the journal.
func (a *app) book() (*shelf, error) {
	dir, err := a.journalDir()
	if err != nil {
		return nil, err
	}
	s, err := segments.Open(dir, a.origin(), segments.SharedByMode(dir))
	if err != nil {
		return nil, bad(err)
	}
	return &shelf{Segments: s}, nil
}
