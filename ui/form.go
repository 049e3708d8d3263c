package ui

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	tea "charm.land/bubbletea/v2"

	"tend/inventory"
	"tend/runbooks"
)

// form sets a runbook's parameters and its policy. Values are checked where they are typed, and by Resolve as a whole.
type form struct {
	rb     runbooks.Runbook
	sel    string
	wish   Wish
	fields []formField
	list   list
	errs   []string // what Resolve said
	// reason and ticket were said of the plan that the parameters are changed of.
	reason, ticket string
	prod           bool // production is in scope
	// begun are the values that it was opened with; kept says that those of the one that was left were put in their place.
	begun []string
	kept  bool
}

// formField is one line: a parameter, or a piece of the policy.
type formField struct {
	name, help, kind, initial string
	options                   []string
	field                     *field
	check                     func(string) error
	policy                    bool
	hosts                     bool // whom the operator takes to be up
}

// assumeUp is the field of the hosts that count as up on the operator's word.
const assumeUp = "assume_up"

func newForm(rb runbooks.Runbook, sel string, wish Wish) *form {
	f := &form{rb: rb, sel: sel, wish: wish}
	for _, p := range rb.Params {
		value, given := wish.Params[p.Name]
		if !given {
			value = p.Default
		}
		help := p.Help
		if p.Secret {
			help += " (secret: the run asks for it; it is never written down)"
		}
		f.fields = append(f.fields, formField{name: p.Name, kind: kindOf(p), help: help, initial: p.Default, options: optionsOf(p), field: newField(value),
			check: func(s string) error { return checkParam(p, s) }})
	}
	pol := rb.Policy
	if wish.Policy != nil {
		pol = *wish.Policy
	}
	add := func(name, value, initial, help string, check func(string) error) {
		f.fields = append(f.fields, formField{name: name, kind: "waves", help: help, initial: initial, field: newField(value), check: check, policy: true})
	}
	add("canary", strconv.Itoa(pol.Canary), strconv.Itoa(rb.Policy.Canary), "hosts of the first wave; 0 = none", isNumber)
	add("batch", pol.Batch, rb.Policy.Batch, "hosts of each later wave: 5, 20%, or empty for all the rest", isShare)
	add("by", pol.By, rb.Policy.By, "waves keep to one domain each: site, rack, feed, or empty", nil)
	add("parallel", strconv.Itoa(pol.Parallel), strconv.Itoa(rb.Policy.Parallel), fmt.Sprintf("hosts at work at once; 0 = %d", runbooks.DefaultParallel), isNumber)
	add("max_failures", pol.MaxFailures, rb.Policy.MaxFailures, "3 stops at the 4th failure, 0 at the first; empty never stops", isShare)
	add("pause", pol.Pause, rb.Policy.Pause, "between waves: empty, manual, or a time such as 5m", nil)
	add("cutoff", pol.Cutoff, rb.Policy.Cutoff, "how long before its window's end a host is not begun any more: 45m", nil)
	if rb.Risk == runbooks.Disrupt {
		f.fields = append(f.fields, formField{name: assumeUp, kind: "hosts", hosts: true, field: newField(inventory.HostSet(wish.AssumeUp)), check: isHosts,
			help: "count as up on your word, though the journal knows them as down; the plan records it"})
	}
	return f
}

// isHosts accepts names of hosts as they are written short: web-01,db-[01-02].
func isHosts(s string) error {
	_, err := hostsOf(s)
	return err
}

func hostsOf(s string) ([]inventory.HostID, error) {
	if s == "" {
		return nil, nil
	}
	return inventory.ExpandHostSet(s)
}

func kindOf(p runbooks.Param) string {
	if p.Secret {
		return "secret"
	}
	if p.Type == "choice" {
		return strings.Join(p.Options, "|")
	}
	return p.Type
}

func optionsOf(p runbooks.Param) []string {
	if p.Type == "bool" {
		return []string{"yes", "no"}
	}
	return p.Options
}

// checkParam is what the runbook itself says of the value. An empty one is the default.
func checkParam(p runbooks.Param, s string) error {
	if s == "" {
		if p.Required && p.Default == "" && !p.Secret {
			return errors.New("must be given")
		}
		return nil
	}
	_, err := p.Value(s)
	return err
}

func isNumber(s string) error {
	if n, err := strconv.Atoi(s); err != nil || n < 0 {
		return errors.New("a number, 0 or more")
	}
	return nil
}

func isShare(s string) error {
	if s == "" {
		return nil
	}
	if n, err := strconv.Atoi(strings.TrimSuffix(s, "%")); err != nil || n < 0 {
		return errors.New("a number, or a percentage such as 20%")
	}
	return nil
}

// fail shows why no plan could be made.
func (f *form) fail(err error) {
	f.errs = strings.Split(withHint(err), "\n")
	if heldByDown(err) {
		f.errs = []string{err.Error(), "mend who is down and run health on it, or leave the group's members out of the scope; or name it in " + assumeUp + ": that is your word against the journal's"}
		f.list.at = slices.IndexFunc(f.fields, func(fl formField) bool { return fl.hosts })
	}
	for i, fl := range f.fields {
		if fl.check != nil && fl.check(strings.TrimSpace(fl.field.value())) != nil { // it says so itself, beside the field
			f.list.at, f.errs = i, nil
			return
		}
	}
}

// heldByDown reports whether a plan was refused for a host that counts as down, which the operator may know better.
func heldByDown(err error) bool {
	var conflict *runbooks.ConflictError
	return errors.As(err, &conflict) && conflict.Mend()
}

// openForm shows a form; err is why no plan could be made of it, nil where none was tried.
func openForm(f *form, err error) action {
	return func(c *console) tea.Cmd {
		if sel, bad := inventory.ParseSelector(f.sel); bad == nil {
			f.prod = slices.ContainsFunc(c.cfg.Inventory.Hosts, func(h inventory.Host) bool { return h.Prod && sel.Match(h, c.fleet.Values) })
		}
		c.takeUp(f)
		if err != nil {
			f.fail(err)
		}
		return c.run(push(f))
	}
}

func (f *form) values() []string {
	out := make([]string, len(f.fields))
	for i, fl := range f.fields {
		out[i] = fl.field.value()
	}
	return out
}

// leftForm keeps what was set in a form that is left by Esc: nothing typed is lost to one key.
func (c *console) leftForm(f *form) {
	if c.typed.form = nil; !slices.Equal(f.values(), f.begun) {
		c.typed.form = f
		c.note = note{text: "what was set is kept for when these parameters are opened again"}
	}
}

// takeUp puts what was left in a form into another of the same runbook, hosts and values to begin with.
func (c *console) takeUp(f *form) {
	f.begun = f.values()
	was := c.typed.form
	if was == nil || was.rb.Name != f.rb.Name || was.sel != f.sel || !slices.Equal(was.begun, f.begun) {
		return
	}
	for i, v := range was.values() {
		f.fields[i].field.set(v)
	}
	f.list.at, f.kept = was.list.at, true
}

// Binds are for help and footer; keys go to Type first.
func (f *form) Binds() []bind {
	return []bind{
		{keys: "enter", name: "plan", help: "make the plan; nothing runs yet", foot: true, do: f.submit},
		{keys: "tab down ctrl+n", name: "next", help: "next field", foot: true, do: done(func() { f.list.move(+1) })},
		{keys: "shift+tab up", name: "previous", help: "previous field", do: done(func() { f.list.move(-1) })},
		{keys: "ctrl+o", name: "choose", help: "next of the values that may be chosen", foot: true, do: done(f.choose)},
		{keys: "ctrl+r", name: "default", help: "the field's default", foot: true, do: done(func() {
			if f.list.at < len(f.fields) {
				f.fields[f.list.at].field.set(f.fields[f.list.at].initial)
			}
		})},
	}
}

// Type gives what types text to the field; the other keys are verbs.
func (f *form) Type(k press) (action, bool) {
	for _, b := range f.Binds() {
		if b.has(k.name) {
			return nil, false
		}
	}
	if k.name == "esc" || strings.HasPrefix(k.name, "ctrl+") && k.name != "ctrl+u" && k.name != "ctrl+w" && k.name != "ctrl+k" {
		return nil, false
	}
	f.errs = nil
	if f.list.at < len(f.fields) {
		f.fields[f.list.at].field.edit(k.msg())
	}
	return nothing, true
}

// Paste puts text into the field.
func (f *form) Paste(text string) {
	if f.list.at < len(f.fields) {
		f.fields[f.list.at].field.paste(first(text))
	}
}

func (f *form) choose() {
	if f.list.at >= len(f.fields) {
		return
	}
	fl := f.fields[f.list.at]
	for i, o := range fl.options {
		if o == fl.field.value() {
			fl.field.set(fl.options[(i+1)%len(fl.options)])
			return
		}
	}
	if len(fl.options) > 0 {
		fl.field.set(fl.options[0])
	}
}

func (f *form) submit() action {
	for i, fl := range f.fields {
		if fl.check != nil {
			if err := fl.check(strings.TrimSpace(fl.field.value())); err != nil {
				f.list.at = i
				return warnOf(fl.name + ": " + err.Error())
			}
		}
	}
	wish := Wish{Runbook: f.rb.Name, Select: f.sel, Params: map[string]string{}, Attached: f.wish.Attached}
	pol := f.rb.Policy
	for _, fl := range f.fields {
		v := strings.TrimSpace(fl.field.value())
		switch {
		case fl.hosts:
			wish.AssumeUp, _ = hostsOf(v) // it was looked at above
		case !fl.policy && v != fl.initial:
			wish.Params[fl.name] = v
		case fl.policy:
			setPolicy(&pol, fl.name, v)
		}
	}
	if pol != f.rb.Policy {
		wish.Policy = &pol
	}
	rb := f.rb
	return func(c *console) tea.Cmd {
		return c.resolve(wish, func(p proposal) action {
			return func(c *console) tea.Cmd {
				next := newPlanScreen(c, rb, wish, p)
				next.reason, next.ticket = f.reason, f.ticket
				f.begun = f.values() // it is in the plan now
				c.pop()
				return c.run(openPlan(next))
			}
		}, func(err error) action {
			f.fail(err)
			return nothing
		})
	}
}

func setPolicy(p *runbooks.Policy, name, v string) {
	n, _ := strconv.Atoi(v)
	switch name {
	case "canary":
		p.Canary = n
	case "batch":
		p.Batch = v
	case "by":
		p.By = v
	case "cutoff":
		p.Cutoff = v
	case "parallel":
		p.Parallel = n
	case "max_failures":
		p.MaxFailures = v
	case "pause":
		p.Pause = v
	}
}

// View is one line a field; below stand why no plan could be made, as long as that is, and the help of the field being edited.
func (f *form) View(a area) frame {
	fr := frame{name: "PARAMETERS", scope: f.rb.Name, right: "for " + cut(a.text(f.sel), 30, a.cut), sub: a.text(f.rb.Title), prod: f.prod}
	nameW, kindW := 20, f.kindWidth(a)
	valueW := a.w - 2 - nameW - kindW
	body := []string{a.paint(head, "  "+a.pad("NAME", nameW)+a.pad("TYPE", kindW)+"VALUE")}
	below := f.below(a)
	from, to := f.list.window(len(f.fields), max(a.h-2-max(len(below), formBelow), 3))
	for i := from; i < to; i++ {
		fl := f.fields[i]
		value := a.text(fl.field.value())
		lead := "  "
		if i == f.list.at {
			lead, value = "> ", fl.field.draw(a.pen, valueW)
		}
		line := lead + a.pad(a.text(fl.name), nameW) + a.paint(dim, a.pad(a.text(fl.kind), kindW-1)) + " " + value
		if fl.check != nil {
			if err := fl.check(strings.TrimSpace(fl.field.value())); err != nil {
				line += a.paint(bad, "  "+a.text(err.Error()))
			}
		}
		body = append(body, line)
	}
	fr.body = append(append(body, a.rule(a.w)), below...)
	fr.status = "enter makes the plan; nothing runs yet"
	if f.kept {
		fr.status += ". It is as it was left; ^R gives a field its default"
	}
	return fr
}

// kindWidth is what the longest kind takes, and no more than its share of a wide line: the values matter more.
func (f *form) kindWidth(a area) int {
	w := 14
	for _, fl := range f.fields {
		w = max(w, width(a.text(fl.kind))+1)
	}
	return min(w, max(a.w/4-8, 14))
}

// formBelow is how many lines below the fields are kept for their help, so that the fields stand still from one to the next.
const formBelow = 4

func (f *form) below(a area) (body []string) {
	complain := func(text string) {
		for _, l := range wrap(a.text(text), a.w-2) {
			body = append(body, a.paint(bad, "! "+l))
		}
	}
	for _, e := range f.errs {
		complain(e)
	}
	if f.list.at < len(f.fields) {
		fl := f.fields[f.list.at]
		help := fl.name + ": " + fl.help
		if fl.initial != "" {
			help += "  (default " + fl.initial + ")"
		}
		if len(fl.options) > 0 {
			help += "  one of: " + strings.Join(fl.options, ", ")
		}
		body = append(body, wrap(a.text(help), a.w)...)
		if fl.check != nil {
			if err := fl.check(strings.TrimSpace(fl.field.value())); err != nil {
				complain(fl.name + " " + err.Error())
			}
		}
	}
	return body
}
