package remote

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"
)

// detached orders the job, or finds it, and follows it over as many sessions as that takes.
func (k *Keeper) detached(ctx context.Context, o Order, sink func(int64, []byte) error) (int, error) {
	f := &following{k: k, o: o, off: o.Offset, sink: sink, sent: o.Adopt, most: maxPiece}
	if j, ok := k.job(o.Host, o.Job); ok {
		f.was, f.sent = j.was, true
	}
	if o.Adopt && f.was == "" {
		f.was = k.witness(o)
	}
	wait, outage, unsent := k.o.Backoff.First, map[string]bool{}, 0
	f.back = func() {
		if len(outage) > 0 {
			k.o.Remark(o.Host.Name, o.Job, linkBack)
		}
		clear(outage)
	}
	for {
		from := f.off
		exit, err, again := f.round(ctx)
		if !again {
			return exit, err
		}
		if f.began && f.off == from {
			f.most = max(f.most/4, leastPiece)
		}
		if unsent++; !f.sent && unsent >= maxUnsent {
			return 0, f.unsent(err)
		}
		if f.began {
			wait = k.o.Backoff.First
		}
		if errors.Is(err, errWrong) {
			k.o.Remark(o.Host.Name, o.Job, o.Host.Become+" refused the password; it is asked for again, since the step is there to be taken up")
		} else if what := class(err); !outage[what] { // an outage of hours is one remark for each thing that stands in the way, not one for each try
			words := linkLost
			if len(outage) > 0 {
				words = linkStill
			}
			outage[what] = true
			k.o.Remark(o.Host.Name, o.Job, words+err.Error())
		}
		select {
		case <-ctx.Done():
			return 0, f.left(ctx.Err())
		case <-k.o.Clock.After(wait - time.Duration(rand.Int64N(int64(wait)/2+1))):
		}
		wait = min(2*wait, k.o.Backoff.Max)
	}
}

// What is remarked of a job's link.
const (
	linkLost  = "the link was lost; trying to reach the host again: "
	linkStill = "the host is not reached again yet, and now for another reason: "
	linkBack  = "the host answers again; the step is taken up where it was left"
)

// LinkRemark reads a remark: whether it is of a job's link, and what keeps us from the host, "" = it answers again.
func LinkRemark(text string) (away string, link bool) {
	for _, lost := range []string{linkLost, linkStill} {
		if why, ok := strings.CutPrefix(text, lost); ok {
			return why, true
		}
	}
	return "", text == linkBack
}

// leastPiece bounds how small pieces become. A piece that is not whole is not believed, so a link that always dies after a while would
// else never bring a long one through.
const leastPiece = 256

// maxUnsent is how many sessions may break before the order was even sent; then it is the caller's to try again.
const maxUnsent = 5

// maxWrong is how many wrong passwords may be given beside the last one while a job is on the host, before its end counts as not to be known.
const maxWrong = 2

// following is one Carry of a detached job. Its fields outlive the sessions.
type following struct {
	k    *Keeper
	o    Order
	off  int64 // output handed to sink so far
	sink func(int64, []byte) error
	sent bool   // the job may be on the host
	was  string // boot identity before it was first begun; "" = not known

	wrong int // passwords that were refused since the job was sent

	most int // bytes of one piece, at most: fewer where links die before a longer one is through

	back func() // the host answers about the job

	// of one session
	first   bool // the job is sent for the first time
	spoke   bool // the host said something of ours
	began   bool // the start was answered
	in      *feed
	nonce   string
	facts   Facts
	sinkErr error
	refused error
	end     *frame
	over    *linger
}

// round is one session. Again says that the next may succeed; err is then why this one did not.
func (f *following) round(parent context.Context) (exit int, err error, again bool) {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	f.nonce, f.first, f.spoke, f.began, f.end, f.facts = f.k.o.Nonce(), false, false, false, nil, Facts{}
	f.over = &linger{after: drain, cancel: cancel}
	defer f.over.stop()
	if f.refused = f.check(); f.refused != nil {
		return 0, f.refused, false
	}
	c := call{host: f.o.Host, become: f.o.Become, silence: f.k.o.Silence, began: func() bool { return f.spoke }, open: f.open,
		out: &framer{nonce: f.nonce, on: f.take}}
	code, said, err := f.k.session(ctx, c, f.nonce)
	switch {
	case f.sinkErr != nil:
		return 0, f.sinkErr, false
	case f.end != nil:
		return f.finish()
	case f.refused != nil:
		return 0, f.refused, false
	case err == nil && !f.spoke && !f.sent:
		return 0, refusal(c, code, said), false
	case err == nil && !f.spoke:
		return 0, f.stranded(refusal(c, code, said)), false
	case err == nil:
		return 0, fmt.Errorf("the session ended (exit %d) before the step did", code), true
	}
	return f.failed(parent, said, err)
}

// failed judges a session that broke.
func (f *following) failed(ctx context.Context, said string, err error) (int, error, bool) {
	h := f.o.Host
	if f.first && notStarted(err) { // it was handed to the transport, which never passed it on
		f.sent = false
		f.k.dropJob(h, f.o.Job)
	}
	switch {
	case isDialog(err) && !f.sent:
		return 0, dialogError(h, said, err), false
	case errors.Is(err, errWrong) && f.wrong < maxWrong && ctx.Err() == nil:
		f.wrong++
		return 0, err, true
	case isDialog(err):
		return 0, f.stranded(dialogError(h, said, err)), false
	case ctx.Err() != nil && f.sent:
		return 0, f.left(err), false
	case !f.sent && (notStarted(err) || ctx.Err() != nil):
		return 0, f.unsent(err), false
	case permanent(err) && f.sent:
		return 0, f.stranded(err), false
	}
	return 0, err, true
}

// unsent is an error from before anything was sent. The transport's own says so itself; any other is made to.
func (f *following) unsent(err error) error {
	if notStarted(err) {
		return err
	}
	return &Error{Kind: Refused, Host: f.o.Host.Name, Text: "the step was not sent", Err: err}
}

func (f *following) left(err error) error {
	return &Error{Kind: Left, Host: f.o.Host.Name, Text: "stopped following the step, which goes on on the host", Fix: "resume the run to take it up again", Err: err}
}

func (f *following) stranded(err error) error {
	return &Error{Kind: LinkLost, Host: f.o.Host.Name, Text: "the step was sent, and the host cannot be reached to see how it ended", Err: err}
}

// check makes sure, before anything is sent, that the order can be written as a script.
func (f *following) check() error {
	if _, err := f.script(); err != nil {
		return fail(Refused, f.o.Host, "the script cannot be sent: "+err.Error(), "")
	}
	return nil
}

// script is the start and the follower in one.
func (f *following) script() (string, error) {
	first := "no"
	if !f.sent {
		first = "yes"
	}
	body, sup := whole(f.o.Script), part("sup")
	return compose(f.k.common(f.nonce, f.o.Job, append(f.k.ours(f.o.Host.Name), [][2]string{{"t_body", body}, {"t_len", strconv.Itoa(len(body))}, {"t_sup", sup},
		{"t_first", first}, {"t_was", f.was}, {"t_keep", f.keep()}, {"t_off", strconv.FormatInt(f.off, 10)}, {"t_most", strconv.Itoa(f.most)}}...)...), "common", "beat", "start", "follow")
}

func (f *following) keep() string {
	return f.k.memo(place{f.o.Host.Name, f.o.Become}).facts.keep()
}

// open feeds sh: the job at once where the host is known, else first the question who it is. What it answers is what an adoption
// is later measured against, and where it cannot keep a step nothing is sent.
func (f *following) open(in *feed) {
	f.in = in
	m := f.k.memo(place{f.o.Host.Name, f.o.Become})
	if m.known {
		f.order(m.facts)
		return
	}
	hello, err := prelude(f.k.common(f.nonce, f.o.Job), "common", "hello")
	if err != nil {
		f.refuse(fail(Refused, f.o.Host, err.Error(), ""))
		return
	}
	in.add(hello)
}

func (f *following) refuse(err error) {
	f.refused = err
	f.in.close()
}

// order sends the job.
func (f *following) order(facts Facts) {
	if ok, why, fix := facts.Keeps(); !ok && !f.sent && facts.Boot != "" {
		f.refuse(keepless(f.o.Host, why, fix))
		return
	}
	if !f.sent {
		f.was = facts.Boot
	}
	script, err := f.script()
	if err != nil {
		f.refuse(fail(Refused, f.o.Host, err.Error(), ""))
		return
	}
	f.first, f.sent = !f.sent, true
	f.k.setJob(f.o.Host, f.o.Job, jobMemo{become: f.o.Become, was: f.was})
	f.in.add(script)
	f.in.close()
}

// take is called for each frame of a session.
func (f *following) take(fr frame) error {
	f.spoke = true
	switch fr.verb {
	case "B", "F":
		f.facts.take(fr)
		if fr.verb == "B" {
			f.boot(fr.word(0))
		}
		if fr.verb == "F" && fr.word(0) == "end" {
			f.k.at(place{f.o.Host.Name, f.o.Become}, func(m *memo) { m.known, m.facts = true, f.facts })
			f.order(f.facts)
		}
	case "R":
		f.refused = f.refusal(fr)
		f.over.start()
	case "S":
		f.began = true
		f.back()
	case "D":
		return f.data(fr)
	case "X":
		return f.ended(fr)
	}
	return nil
}

// boot is the host's boot identity, said before the start script does anything: what a later adoption is measured against.
func (f *following) boot(id string) {
	f.k.at(place{f.o.Host.Name, f.o.Become}, func(m *memo) { m.facts.Boot = id })
	if f.first {
		f.was = id
		f.k.setJob(f.o.Host, f.o.Job, jobMemo{become: f.o.Become, was: id})
	}
}

// refusal: the host itself would not start it. The start script has taken back what it had delivered.
func (f *following) refusal(fr frame) error {
	text := strings.Join(fr.words[min(1, len(fr.words)):], " ")
	switch fr.word(0) {
	case "lease":
		return fail(Leased, f.o.Host, text, "see the journal for who broke it; look at the host, and start a new run")
	case "place":
		return keepless(f.o.Host, "it could not be put there: "+text, "make room in the job root (df -h), or look at its owner and mode")
	}
	return fail(Refused, f.o.Host, text, "")
}

// data hands a piece on. What was handed on already is dropped; a gap is an error, so that the next session asks again.
func (f *following) data(fr frame) error {
	off, err := fr.num(0)
	if err != nil {
		return err
	}
	if off != f.off {
		return fmt.Errorf("%w: output at %d where %d was due", errFrame, off, f.off)
	}
	if err := f.sink(off, fr.data); err != nil {
		f.sinkErr = err
		return err
	}
	f.off += int64(len(fr.data))
	return nil
}

func (f *following) ended(fr frame) error {
	off, err := fr.num(0)
	if err != nil {
		return err
	}
	if st := fr.word(1); (st == "done" || st == "draining") && off != f.off {
		return fmt.Errorf("%w: the end at %d where %d was due", errFrame, off, f.off)
	}
	if f.end == nil {
		f.end = &fr
		f.over.start()
	}
	return nil
}

// finish reads the X frame: offset, state, exit code, flags.
func (f *following) finish() (int, error, bool) {
	h := f.o.Host
	state := f.end.word(1)
	if state != "done" && state != "draining" {
		return 0, lost(state, h), false
	}
	exit, err := strconv.Atoi(f.end.word(2))
	if err != nil || exit < 0 || exit > 255 {
		return 0, fail(Torn, h, fmt.Sprintf("the host recorded %q as the step's exit code", f.end.word(2)), ""), false
	}
	for _, flag := range strings.Split(f.end.word(3), ",") {
		switch flag {
		case "cut":
			f.k.o.Remark(h.Name, f.o.Job, "the host's disk was full: the step's output is incomplete")
		case "short":
			f.k.o.Remark(h.Name, f.o.Job, "the host holds less of the step's output than was read before: it lost some, and may have written other things since")
		case "held":
			f.k.o.Remark(h.Name, f.o.Job, "the step left something behind that holds its output open; what that writes is not recorded")
		}
	}
	return exit, nil, false
}
