package report

import (
	"fmt"
	"strings"
)

const (
	diffCells = 4 << 20 // of the table of common lines: beyond it, what differs in the middle is said as a whole
	diffShown = 60      // lines of a difference
)

// diff is the lines that only one of two texts has, marked - and +, in their order; at most diffShown of them.
func diff(a, b []string) string {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	marked := changes(a[head:len(a)-tail], b[head:len(b)-tail])
	more := len(marked) - diffShown
	if more > 0 {
		marked = append(marked[:diffShown:diffShown], fmt.Sprintf("  and %d more lines", more))
	}
	return strings.Join(marked, "\n")
}

// changes are what must be taken away and put in, by the longest common subsequence.
func changes(x, y []string) []string {
	var out []string
	mark := func(m string, all []string) {
		for _, l := range all {
			out = append(out, m+l)
		}
	}
	i, j := 0, 0
	if (len(x)+1)*(len(y)+1) <= diffCells {
		common := commonTails(x, y)
		for i < len(x) && j < len(y) {
			switch {
			case x[i] == y[j]:
				i, j = i+1, j+1
			case common[i+1][j] >= common[i][j+1]:
				mark("-", x[i:i+1])
				i++
			default:
				mark("+", y[j:j+1])
				j++
			}
		}
	}
	mark("-", x[i:])
	mark("+", y[j:])
	return out
}

// commonTails is the length of the longest common subsequence of every two tails.
func commonTails(x, y []string) [][]int32 {
	cells := make([]int32, (len(x)+1)*(len(y)+1))
	table := make([][]int32, len(x)+1)
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
