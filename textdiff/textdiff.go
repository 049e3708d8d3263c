// Package textdiff answers: which lines do two texts share, and which has only one of them?
//
// Its law: what it says makes the one text into the other. Without the lines marked + it is the first, without those marked - the second.
package textdiff

// maxCells is how large the table of common lines may grow (32 MiB): 4,095 lines against as many that differ. Beyond it, what differs is
// said as a whole, which is as true and less helpful.
const maxCells = 1 << 24

// Line is a line of either text.
type Line struct {
	Mark byte // ' ' in both, '-' in the first only, '+' in the second only
	Text string
}

func (l Line) String() string { return string(l.Mark) + l.Text }

// Lines are the lines of a and b in their order, by a longest common subsequence; where they part, those of a come first. What is equal
// at both ends is left out of the table, so that like texts cost next to nothing.
func Lines(a, b []string) []Line {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	out := mark(make([]Line, 0, max(len(a), len(b))), ' ', a[:head])
	out = between(out, a[head:len(a)-tail], b[head:len(b)-tail])
	return mark(out, ' ', a[len(a)-tail:])
}

// between walks the table from its start: it always goes where more common lines are still to come.
func between(out []Line, x, y []string) []Line {
	i, j := 0, 0
	if (len(x)+1)*(len(y)+1) <= maxCells {
		common := commonTails(x, y)
		for i < len(x) && j < len(y) {
			switch {
			case x[i] == y[j]:
				out = append(out, Line{' ', x[i]})
				i, j = i+1, j+1
			case common[i+1][j] >= common[i][j+1]:
				out = append(out, Line{'-', x[i]})
				i++
			default:
				out = append(out, Line{'+', y[j]})
				j++
			}
		}
	}
	return mark(mark(out, '-', x[i:]), '+', y[j:])
}

// commonTails is the length of the longest common subsequence of every two tails. It is at most 4,095 where the table has its room: the
// shorter text is no longer than the root of maxCells.
func commonTails(x, y []string) [][]uint16 {
	cells := make([]uint16, (len(x)+1)*(len(y)+1))
	table := make([][]uint16, len(x)+1)
	for i := range table {
		table[i] = cells[i*(len(y)+1) : (i+1)*(len(y)+1)]
	}
	for i := len(x) - 1; i >= 0; i-- {
		for j := len(y) - 1; j >= 0; j-- {
			if x[i] == y[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

func mark(out []Line, m byte, lines []string) []Line {
	for _, l := range lines {
		out = append(out, Line{m, l})
	}
	return out
}
