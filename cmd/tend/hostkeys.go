package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tend/inventory"
	"tend/journal"
	"tend/quote"
	"tend/ssh"
)

// hostKeyRow is one host's key, and what vouches for it.
type hostKeyRow struct {
	Host        inventory.HostID `json:"host"`                  // in the inventory
	Name        string           `json:"name,omitempty"`        // as known_hosts writes it
	Type        string           `json:"type,omitempty"`        // "ssh-ed25519"; none where no key was seen
	Fingerprint string           `json:"fingerprint,omitempty"` // SHA256:…, as ssh-keygen -l writes it
	State       string           `json:"state"`                 // "known", "new", "CHANGED", "REVOKED" or "unreached"
	List        string           `json:"list,omitempty"`        // "in the list", "not in the list" or "DIFFERS"; none without --list
	Note        string           `json:"note,omitempty"`        // the file and line that know it, or what is wrong
	host        inventory.Host
	key         ssh.HostKey
}

const (
	keyKnown     = "known"
	keyNew       = "new"
	keyChanged   = "CHANGED"
	keyRevoked   = "REVOKED"
	keyUnreached = "unreached"
	inList       = "in the list"
	notInList    = "not in the list"
	differs      = "DIFFERS"
)

type keyFlags struct {
	list                string
	accept, yes, asJSON bool
	art                 bool
}

func (a *app) hostKeys() *cobra.Command {
	var f keyFlags
	c := &cobra.Command{
		Use: "keys SELECTOR…", Short: "Collect the keys of many hosts, hold them against a list, and accept them as one decision", Args: cobra.MinimumNArgs(1),
		Long: `Connect to every host that the selector means, look at the key that it presents, and show all of them as one table. No login is tried.

--list FILE holds them against what somebody who should know says: known_hosts lines, the output of ssh-keygen -l, or lines of NAME and
fingerprint; "-" reads it from the standard input. Hosts are looked up by their name in the inventory, their address, and their name in
known_hosts.

--accept writes keys into known_hosts. With a list, only keys that are in it are taken. Without one, every new key is, once you have
looked at the table and typed how many there are: whoever is between you and the hosts now would be taken for them from then on.
A changed or revoked key is never accepted here. What is accepted is written into the journal.`,
		Example: "  tend host keys site=ams1\n  tend host keys site=ams1 --list provider-keys.txt --accept",
		RunE:    func(c *cobra.Command, args []string) error { return a.keysOf(c.Context(), args, f) },

		ValidArgsFunction: a.completeSelector,
	}
	c.Flags().StringVar(&f.list, "list", "", "a `file` with the keys that the hosts should have")
	c.Flags().BoolVar(&f.accept, "accept", false, "write new keys into known_hosts")
	c.Flags().BoolVarP(&f.yes, "yes", "y", false, "do not ask; only with --list")
	c.Flags().BoolVar(&f.asJSON, "json", false, "print JSON lines")
	c.Flags().BoolVar(&f.art, "art", false, "draw each new key's randomart")
	return c
}

func (a *app) keysOf(ctx context.Context, args []string, f keyFlags) error {
	if f.accept && f.yes && f.list == "" {
		return unseen()
	}
	inv, err := a.load()
	if err != nil {
		return err
	}
	hosts, err := world{inv: inv}.hosts(strings.Join(args, " "), a.values(ctx, inv, args))
	if err != nil {
		return err
	}
	list, err := a.keyList(f.list)
	if err != nil {
		return bad(err)
	}
	client := ssh.New(a.sshOptions(inv))
	defer client.Close()
	rows := collectKeys(ctx, client, hosts)
	compareKeys(rows, list)
	if err := a.printKeys(rows, f); err != nil {
		return err
	}
	if f.accept {
		if err := a.acceptKeys(ctx, client, rows, f); err != nil {
			return err
		}
	}
	if slices.ContainsFunc(rows, func(r *hostKeyRow) bool { return r.bad() }) {
		return silent(1)
	}
	return nil
}

func unseen() error {
	return usage("give --list FILE with their fingerprints, or leave out --yes and look at them", "keys that nothing vouches for are not accepted unseen")
}

// bad is a row that nobody should sleep over.
func (r *hostKeyRow) bad() bool {
	return r.State == keyUnreached || r.State == keyChanged || r.State == keyRevoked || r.List == differs
}

func (a *app) keyList(path string) (*ssh.KeyList, error) {
	switch path {
	case "":
		return nil, nil
	case "-":
		return ssh.ReadKeyList("standard input", a.in)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ssh.ReadKeyList(path, f)
}

// keyLookers is how many hosts are looked at together; the client itself paces what goes to one address.
const keyLookers = 64

func collectKeys(ctx context.Context, client *ssh.Client, hosts []inventory.Host) []*hostKeyRow {
	rows := make([]*hostKeyRow, len(hosts))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(keyLookers, len(hosts)) {
		wg.Go(func() {
			for i := range next {
				rows[i] = lookAtKey(ctx, client, hosts[i])
			}
		})
	}
	for i := range hosts {
		next <- i
	}
	close(next)
	wg.Wait()
	return rows
}

func lookAtKey(ctx context.Context, client *ssh.Client, h inventory.Host) *hostKeyRow {
	r := &hostKeyRow{Host: h.Name, host: h}
	k, err := client.HostKey(ctx, h)
	var e *ssh.Error
	switch {
	case errors.As(err, &e) && (e.Kind == ssh.KeyChanged || e.Kind == ssh.KeyUnknown): // of a pinned host, or of a jump host
		r.State, r.Note, r.Fingerprint = keyUnreached, err.Error(), e.Fingerprint
		if e.Via == "" && e.Kind == ssh.KeyChanged {
			r.State = keyChanged
		}
		return r
	case err != nil:
		r.State, r.Note = keyUnreached, err.Error()
		return r
	}
	r.key, r.Name, r.Type, r.Fingerprint = k, k.Name, k.Type, k.Fingerprint
	r.Note = k.KnownBy
	switch k.State {
	case "":
		r.State = keyKnown
	case ssh.KeyUnknown:
		r.State, r.Note = keyNew, k.DNS
	case ssh.KeyRevoked:
		r.State, r.Note = keyRevoked, k.Why
	default:
		r.State, r.Note = keyChanged, k.Why
	}
	return r
}

// compareKeys holds the keys against the list, and against each other: hosts that were cloned share one.
func compareKeys(rows []*hostKeyRow, list *ssh.KeyList) {
	first := map[string]*hostKeyRow{}
	for _, r := range rows {
		if r.Fingerprint == "" {
			continue
		}
		if o := first[r.Fingerprint]; o != nil && o.Name != r.Name && r.State == keyNew {
			r.Note = "the same key as " + string(o.Host) + ": was one cloned from the other?"
		} else if o == nil {
			first[r.Fingerprint] = r
		}
		if list != nil {
			r.compare(list.Of(string(r.Host), r.host.Addr, r.Name))
		}
	}
}

func (r *hostKeyRow) compare(listed []ssh.ListedKey) {
	if len(listed) == 0 {
		r.List = notInList
		return
	}
	if _, ok := ssh.Vouches(listed, r.key); ok {
		r.List = inList
		return
	}
	r.List = differs
	var want []string
	for _, k := range listed {
		want = append(want, strings.TrimSpace(k.Type+" "+k.Fingerprint)+" (line "+strconv.Itoa(k.Line)+")")
	}
	r.Note = "the list says " + strings.Join(want, ", ")
}

func (a *app) printKeys(rows []*hostKeyRow, f keyFlags) error {
	if f.asJSON {
		return jsonLines(a, rows)
	}
	if err := a.keyTable(rows, f.list != ""); err != nil {
		return err
	}
	for _, r := range rows {
		if f.art && r.State == keyNew {
			fmt.Fprintf(a.out, "\n%s\n%s\n", r.Host, quote.Text(r.key.Art))
		}
	}
	return nil
}

// keyTable is a line a key, which 80 columns hold for a fingerprint's 50; what is wrong with one, or vouches for it, stands below it.
func (a *app) keyTable(rows []*hostKeyRow, listed bool) error {
	var table strings.Builder
	tw := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tw, "HOST\tSTATE\t"+map[bool]string{true: "LIST\t"}[listed]+"FINGERPRINT")
	for _, r := range rows {
		list := ""
		if listed {
			list = dash(map[string]string{inList: "listed", notInList: "absent", differs: differs}[r.List]) + "\t"
		}
		fmt.Fprintf(tw, "%s\t%s\t%s%s\n", r.Host, r.State, list, dash(r.Fingerprint))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	lines := strings.SplitAfter(table.String(), "\n")
	fmt.Fprint(a.out, lines[0])
	for i, r := range rows {
		fmt.Fprint(a.out, lines[i+1])
		note := r.Note
		if r.State == keyKnown && !r.bad() { // the file that knows it is of no interest; --json has it
			note = ""
		}
		if r.State == keyNew || note != "" {
			for _, l := range atBlanks(strings.TrimSpace(r.Type+" "+note), max(columns(a.out)-4, 0)) {
				fmt.Fprintln(a.out, "    "+l)
			}
		}
	}
	return nil
}

// acceptKeys is the one decision.
func (a *app) acceptKeys(ctx context.Context, client *ssh.Client, rows []*hostKeyRow, f keyFlags) error {
	var take []*hostKeyRow
	for _, r := range rows {
		if r.State == keyNew && (f.list == "" || r.List == inList) {
			take = append(take, r)
		}
	}
	if len(take) == 0 {
		fmt.Fprintln(a.err, "no key is accepted: none is new"+map[bool]string{true: " and in the list"}[f.list != ""])
		return nil
	}
	if err := a.confirmKeys(len(take), f); err != nil {
		return err
	}
	return a.withBook(func(book *shelf) error {
		kept := map[string]string{} // several hosts of the inventory may be one address
		for _, r := range take {
			if kept[r.Name] == r.Fingerprint {
				continue
			}
			kept[r.Name] = r.Fingerprint
			if err := a.keepKey(ctx, client, book, r, f.list); err != nil {
				return err
			}
		}
		fmt.Fprintf(a.err, "accepted the keys of %s\n", plural(len(take), "host"))
		return nil
	})
}

func (a *app) confirmKeys(n int, f keyFlags) error {
	switch {
	case f.yes && f.list == "":
		return unseen()
	case f.yes:
		return nil
	}
	if !terminal(a.in) {
		return usage("give --list FILE and --yes", "nobody is there to confirm %s", plural(n, "key"))
	}
	fmt.Fprintf(a.err, "\nType %d to accept the keys of %s: ", n, plural(n, "host"))
	return a.confirmed(strconv.Itoa(n), "nothing is accepted")
}

// keepKey records the decision before it takes effect, as all decisions are.
func (a *app) keepKey(ctx context.Context, client *ssh.Client, book *shelf, r *hostKeyRow, list string) error {
	by := "by eye"
	if list != "" {
		by = "as " + list + " has it"
	}
	if err := a.noteKey(ctx, book, r.Host, r.key, by); err != nil {
		return err
	}
	return client.Keep(ctx, r.host, r.key)
}

func (a *app) noteKey(ctx context.Context, book *shelf, host inventory.HostID, k ssh.HostKey, by string) error {
	text := fmt.Sprintf("accepted the host key %s %s of %s, %s", k.Type, k.Fingerprint, k.Name, by)
	_, err := book.Note(ctx, journal.Noted{Host: host, Text: quote.Line(text), By: a.who()})
	return err
}
