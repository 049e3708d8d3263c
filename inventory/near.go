package inventory

import (
	"fmt"
	"strings"
)

// near returns the candidate that word is most likely a slip of, or "".
func near(word string, candidates []string) string {
	best, most := "", 1+len(word)/4
	for _, c := range candidates {
		if strings.EqualFold(c, word) && c != word {
			return c
		}
		if d := distance(word, c, most); d <= most && c != word {
			if best == "" || d < most {
				best = c
			}
			most = d
		}
	}
	return best
}

// didYouMean is the hint for a word that is none of the candidates: the near miss, or all of them where they are few.
func didYouMean(word string, candidates []string) string {
	if c := near(word, candidates); c != "" {
		return fmt.Sprintf("did you mean %q?", c)
	}
	if len(candidates) == 0 || len(candidates) > 12 {
		return ""
	}
	if len(candidates) == 1 {
		return fmt.Sprintf("there is only %q", candidates[0])
	}
	return "it is one of " + strings.Join(candidates, ", ")
}

// distance counts the insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string alignment);
// it gives up with most+1.
func distance(a, b string, most int) int {
	if len(a)-len(b) > most || len(b)-len(a) > most || len(b) > 64 {
		return most + 1
	}
	var rows [3][65]int
	for j := range len(b) + 1 {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		row, above, above2 := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		row[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, above[j]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], above2[j-2]+1)
			}
			least = min(least, row[j])
		}
		if least > most {
			return most + 1
		}
	}
	return rows[len(a)%3][len(b)]
}
