package ui

import (
	"fmt"
	"strings"
	"time"
)

// prefix is what stands before a line: its time, its host.
func (p *pager) prefix(l *stored) string {
	s := ""
	if p.times {
		s = "         "
		if l.at != 0 {
			s = time.Unix(0, l.at).Format("15:04:05 ")
		}
	}
	if p.names && l.host >= 0 && p.state != nil && int(l.host) < len(p.state.Hosts) {
		s += string(p.state.Hosts[l.host].ID) + "| "
	}
	return s
}

// drawn is a line as it is drawn: escaped, with its prefix. No more of it is escaped than can be seen.
func (p *pager) drawn(pn *pen, l *stored) string {
	text := l.text
	if !p.wrap {
		text = head4(text, p.left+p.w)
	}
	if f, ok := checkFields(text); ok { // in columns; saving, searching and copying see the line as it came
		text = strings.TrimRight(fmt.Sprintf("%-8s%-18s %-16s %-10s %s", f[1], f[0], strings.TrimSpace(f[2]+" "+f[3]), f[4], f[5]), " ")
	}
	return pn.text(p.prefix(l) + text)
}

// head4 is the beginning of s that surely fills n cells: no rune takes more than four bytes, and none that shows takes less than a cell
// but combining marks, of which only the first few per cell matter.
func head4(s string, n int) string {
	if n = n*8 + 64; len(s) > n {
		return s[:n]
	}
	return s
}

// rows is how many rows a line takes when it is wrapped.
func (p *pager) rows(i int) int {
	if i < 0 || i >= p.store.len() || p.w < 1 {
		return 1
	}
	l := p.at(i)
	if !p.wraps(l) || len(l.text)+32 < p.w && isASCII(l.text) {
		return 1
	}
	return len(p.broken(l, p.drawn(p.pen(), l), p.w))
}

// wraps reports whether a line takes as many rows as it needs. A heading always does: why a host could not be reached stands at its end.
func (p *pager) wraps(l *stored) bool { return p.wrap || l.mark }

// broken is a line in rows of w cells: prose and headings between words, output wherever it is full.
func (p *pager) broken(l *stored, s string, w int) []string {
	if (p.prose || l.mark) && width(s) > w {
		return wrap(s, w)
	}
	return hardWrap(s, w)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

// View shows the lines from top on.
func (p *pager) View(a area) frame {
	p.h, p.w, p.drawPen = a.h, a.w, a.pen
	p.arrange()
	if p.follow {
		p.bottom()
	}
	if !p.wrap {
		p.top = min(p.top, max(p.store.len()-1, 0))
	}
	f := frame{name: p.name, scope: p.scope, prod: p.prod, subEnd: p.switches()}
	next := p.top
	for ; next < p.store.len() && len(f.body) < a.h; next++ {
		f.body = append(f.body, p.line(a, next)...)
	}
	f.sub = p.where(next)
	end := next >= p.store.len() && len(f.body) <= a.h // wrapped, the last line may begin on the screen and end below it
	if len(f.body) < a.h {
		if l, ok := p.store.unfinished(); ok {
			f.body = append(f.body, p.colour(a, &l, a.pad(skip(p.drawn(a.pen, &l), p.left), a.w)))
		}
	}
	f.body = f.body[:min(len(f.body), a.h)]
	if len(f.body) == 0 {
		f.body = []string{"", "  no output yet"}
	}
	switch {
	case p.err != nil:
		f.status = a.paint(bad, a.text("reading stopped: "+withHint(p.err)))
	case p.feed != nil && p.follow:
		f.status = "following; any move stops at the place"
	case p.past && p.feed != nil:
		f.status = "the journal is being read ..."
	case end:
		f.status = "(end)"
	}
	return f
}

// where says which lines show, up to the one before next.
func (p *pager) where(next int) string {
	n := p.store.len()
	if n == 0 {
		return "empty"
	}
	last := min(max(next, p.top+1), n)
	s := fmt.Sprintf("lines %d-%d of %d", p.top+1+p.store.dropped, last+p.store.dropped, n+p.store.dropped)
	if p.store.dropped > 0 {
		s += fmt.Sprintf("  (the first %d are in the journal only; s saves all)", p.store.dropped)
	}
	return s
}

func (p *pager) switches() string {
	var on []string
	for _, s := range []struct {
		on   bool
		name string
	}{{p.follow, "follow"}, {p.wrap, "wrap"}, {p.times, "times"}, {p.order != nil, "by host"}} {
		if s.on {
			on = append(on, s.name)
		}
	}
	if p.searched != "" {
		on = append(on, "/"+p.drawPen.text(p.searched))
	}
	return strings.Join(on, " ")
}

// line is one line as rows of the screen.
func (p *pager) line(a area, i int) []string {
	l := p.at(i)
	text := p.drawn(a.pen, l)
	if !p.wraps(l) {
		return []string{p.colour(a, l, a.pad(skip(text, p.left), a.w))}
	}
	rows := p.broken(l, text, a.w)
	if i == p.top {
		rows = rows[min(p.sub, len(rows)-1):]
	}
	out := make([]string, len(rows))
	for j, r := range rows {
		out[j] = p.colour(a, l, r)
	}
	return out
}

// colour marks headings and what was searched for.
func (p *pager) colour(a area, l *stored, row string) string {
	if p.search != nil {
		if marked, ok := p.marked(a, row); ok {
			return marked
		}
	}
	if l.mark {
		return a.paint(title, row)
	}
	return row
}

// marked is the row with every match in it marked.
func (p *pager) marked(a area, row string) (string, bool) {
	all := p.search.FindAllStringIndex(row, -1)
	var b strings.Builder
	from := 0
	for _, at := range all {
		if at[1] > at[0] {
			b.WriteString(row[from:at[0]] + a.paint(found, row[at[0]:at[1]]))
			from = at[1]
		}
	}
	return b.String() + row[from:], from > 0
}

// skip leaves the first n cells of clean text out.
func skip(s string, n int) string {
	if n <= 0 {
		return s
	}
	if isASCII(s) {
		return s[min(n, len(s)):]
	}
	for i, r := range s {
		if n <= 0 {
			return s[i:]
		}
		n -= width(string(r))
	}
	return ""
}

// hardWrap breaks clean text after every w cells.
func hardWrap(s string, w int) []string {
	var rows []string
	if isASCII(s) {
		for len(s) > w {
			rows, s = append(rows, s[:w]), s[w:]
		}
		return append(rows, s)
	}
	from, cells := 0, 0
	for i, r := range s {
		n := width(string(r))
		if cells+n > w {
			rows = append(rows, s[from:i])
			from, cells = i, 0
		}
		cells += n
	}
	return append(rows, s[from:])
}

// shown is what the screen shows, clean.
func (p *pager) shown() string {
	var b strings.Builder
	for i := p.top; i < p.store.len() && i < p.top+p.h; i++ {
		b.WriteString(p.pen().text(p.at(i).text))
		b.WriteByte('\n')
	}
	return b.String()
}

// pen is the pen of the last View; scrolling wrapped text needs to know how wide it is.
func (p *pager) pen() *pen {
	if p.drawPen == nil {
		return newPen(Plain, false)
	}
	return p.drawPen
}
