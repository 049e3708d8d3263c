package ui

import (
	"slices"
	"strconv"
	"strings"
)

// columnar is the rows of one table: how wide each column must be, and which are left out first where there is no room for all.
type columnar struct {
	heads  []string
	widths []int
	spare  []int // columns, the most dispensable first
	// kept are the columns that fit into so many cells, as last asked.
	kept  []int
	cells int
}

// leastLast is how much of a last column must show, and half the screen where that is more, before others are left out for it: reasons are
// read, and what is cut of them is not.
const leastLast = 24

// Table makes rows of cells, of which the first row is the heading. What does not fit a narrow screen is left out column by column, those with
// the headings in spare first, in that order; the heading then says how many are missing, and the line can be opened whole.
func Table(rows [][]string, spare ...string) []SheetRow {
	if len(rows) == 0 {
		return nil
	}
	t := &columnar{heads: rows[0]}
	for _, r := range rows {
		for i, c := range r {
			if i == len(t.widths) {
				t.widths = append(t.widths, 0)
			}
			t.widths[i] = max(t.widths[i], width(c))
		}
	}
	for _, name := range spare {
		if i := slices.IndexFunc(t.heads, func(h string) bool { return strings.HasPrefix(h, name) }); i >= 0 && !slices.Contains(t.spare, i) {
			t.spare = append(t.spare, i)
		}
	}
	out := make([]SheetRow, len(rows))
	for n, r := range rows {
		out[n] = SheetRow{cells: r, table: t, Title: n == 0}
		out[n].Text = out[n].set(t.all())
	}
	return out
}

func (t *columnar) all() []int {
	out := make([]int, len(t.widths))
	for i := range out {
		out[i] = i
	}
	return out
}

// fit are the columns for w cells.
func (t *columnar) fit(w int) []int {
	if t.cells == w && t.kept != nil {
		return t.kept
	}
	keep := t.all()
	for _, gone := range t.spare {
		if t.takes(keep, max(leastLast, w/2)) <= w {
			break
		}
		keep = slices.DeleteFunc(keep, func(i int) bool { return i == gone })
	}
	t.kept, t.cells = keep, w
	return keep
}

// takes is how many cells the columns want, the last one no more than most.
func (t *columnar) takes(columns []int, most int) int {
	n := 0
	for _, i := range columns {
		if i == len(t.widths)-1 {
			return n + min(t.widths[i], most)
		}
		n += t.widths[i] + 2
	}
	return n - 2
}

// set puts the row's cells of these columns into a line.
func (r *SheetRow) set(columns []int) string {
	var b strings.Builder
	for n, i := range columns {
		if i >= len(r.cells) {
			continue
		}
		b.WriteString(r.cells[i])
		if n < len(columns)-1 {
			b.WriteString(strings.Repeat(" ", r.table.widths[i]-width(r.cells[i])+2))
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// line is the row in w cells.
func (r *SheetRow) line(a area, w int) string {
	if r.table == nil {
		return cut(a.text(r.Text), w, a.cut)
	}
	keep := r.table.fit(w)
	text := cut(a.text(r.Indent+r.set(keep)), w, a.cut)
	if more := len(r.table.widths) - len(keep); more > 0 && r.Title {
		return a.between(text, "+"+itoa(more), w)
	}
	return text
}

// whole is everything that is known of the row: each column under its heading, and the words beside it.
func (r *SheetRow) whole() string {
	var b strings.Builder
	wide := 0
	if r.table != nil {
		for _, h := range r.table.heads {
			wide = max(wide, width(h))
		}
		for i, c := range r.cells {
			b.WriteString(r.table.heads[i] + strings.Repeat(" ", wide-width(r.table.heads[i])+2) + c + "\n")
		}
	} else {
		b.WriteString(strings.TrimSpace(r.Text) + "\n")
	}
	if r.Detail != "" {
		b.WriteString("\n" + r.Detail + "\n")
	}
	return b.String()
}

// first is what the row begins with, to name it by.
func (r *SheetRow) first() string {
	for _, c := range r.cells {
		if _, err := strconv.Atoi(c); err != nil && c != "" { // a rank names nothing
			return c
		}
	}
	return ""
}
