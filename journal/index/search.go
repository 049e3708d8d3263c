package index

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tend/inventory"
	"tend/journal"
)

// Search says what is looked for. Zero values match everything.
type Search struct {
	// Text is words, all of which must stand in one event; "in quotes" they must stand together, and a trailing * matches any ending.
	// Case and accents do not matter.
	Text    string
	Host    inventory.HostID
	Hosts   []inventory.HostID // any of them; not nil and empty matches nothing
	Run     journal.RunID
	Origin  journal.OriginID
	Runbook string
	User    string           // who started the run, or wrote the note or the decision
	Results []journal.Result // of the run, any of them
	Kinds   []string         // of event: "output_read", any of them
	Since   time.Time
	Until   time.Time
	Limit   int   // 0 = 50
	Before  int64 // a Hit's Cursor, or Found.Next: go on behind that one
	// Patience is after how long a search hands over what it has, though its page is not full; 0 = it looks through everything. It is
	// looked at between parts of the index, each of which takes a tenth of a second at the most: what is found in the newest always comes.
	Patience time.Duration
}

// Hit is an event that was found.
type Hit struct {
	journal.Event
	Host inventory.HostID
	// Snippet is a piece of the text, raw: what shows it must sanitise it. Marks are the places of the words in it, in bytes.
	Snippet string
	Marks   [][2]int
	Cursor  int64
}

// Found is a page of hits, the newest first (of runs by their start, of events by their order in the run).
type Found struct {
	Hits   []Hit
	More   bool  // there are more hits
	Behind int64 // bytes of the journal that the words do not know yet
	Next   int64 // Search.Before of what comes next; 0 = this was all
	// Unseen is the time of the newest event that was not looked at because the patience was over; zero where the page is full, or all of
	// it was looked at.
	Unseen time.Time
}

// Search looks for words. It takes the index as it is: CatchUp and Keep bring it up to the segments.
func (x *Index) Search(ctx context.Context, q Search) (Found, error) {
	var found Found
	if q.Limit <= 0 {
		q.Limit = 50
	}
	behind, err := x.Behind(ctx)
	if err != nil {
		return found, err
	}
	found.Behind = behind
	terms := termsOf(q.Text)
	rows, unseen, at, err := x.page(ctx, q, terms)
	if err != nil {
		return found, err
	}
	if unseen > 0 {
		found.Next, found.Unseen = unseen+1, at
	}
	if len(rows) > q.Limit {
		rows = rows[:q.Limit]
		found.More, found.Next = true, rows[q.Limit-1].id
	}
	for _, d := range rows {
		e, err := x.src.At(d.place)
		if err != nil { // gone, or edited since: not to be shown as found
			continue
		}
		found.Hits = append(found.Hits, hitOf(e, d.id, terms))
	}
	return found, nil
}

// term is a word, or several that stand together.
type term struct {
	words  string
	prefix bool
}

// fts writes the term as FTS5 reads it: a string, in which nothing but the quotation mark means anything.
func (t term) fts() string {
	s := `"` + strings.ReplaceAll(t.words, `"`, `""`) + `"`
	if t.prefix {
		s += " *"
	}
	return s
}

// termsOf takes a search text apart. Terms without a letter or digit are left out: the index does not hold them.
func termsOf(s string) []term {
	var terms []term
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		var words string
		if strings.HasPrefix(s, `"`) {
			words, s, _ = strings.Cut(s[1:], `"`)
		} else if i := strings.IndexFunc(s, unicode.IsSpace); i >= 0 {
			words, s = s[:i], s[i:]
		} else {
			words, s = s, ""
		}
		t := term{words: strings.ReplaceAll(words, "\x00", " ")}
		t.words, t.prefix = strings.CutSuffix(t.words, "*")
		if strings.HasPrefix(s, "*") {
			t.prefix, s = true, s[1:]
		}
		if strings.ContainsFunc(t.words, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			terms = append(terms, t)
		}
	}
	return terms
}

// snippetLen is how long a snippet is, in bytes, roughly.
const snippetLen = 160

func hitOf(e journal.Event, id int64, terms []term) Hit {
	text, host := TextOf(e.Body)
	h := Hit{Event: e, Host: host, Cursor: id}
	at := len(text)
	for _, t := range terms {
		if i, _ := indexFold(text, t.words); i >= 0 {
			at = min(at, i)
		}
	}
	if at == len(text) {
		at = 0
	}
	from := strings.LastIndexByte(text[:at], '\n') + 1
	if at-from > snippetLen/2 {
		from = runeStart(text, at-snippetLen/2)
	}
	to := len(text)
	if i := strings.IndexByte(text[at:], '\n'); i >= 0 {
		to = at + i
	}
	if to-from > snippetLen {
		to = runeStart(text, from+snippetLen)
	}
	h.Snippet = text[from:to]
	for _, t := range terms {
		for off := 0; off < len(h.Snippet); {
			i, n := indexFold(h.Snippet[off:], t.words)
			if i < 0 {
				break
			}
			h.Marks = append(h.Marks, [2]int{off + i, off + i + n})
			off += i + n
		}
	}
	return h
}

func runeStart(s string, i int) int {
	for i > 0 && i < len(s) && !utf8.RuneStart(s[i]) {
		i--
	}
	return min(i, len(s))
}

// indexFold finds word in s, case aside, and how many bytes it takes there.
func indexFold(s, word string) (int, int) {
	n := utf8.RuneCountInString(word)
	if n == 0 {
		return -1, 0
	}
	for i := range s {
		end := i
		for k := 0; k < n && end < len(s); k++ {
			_, w := utf8.DecodeRuneInString(s[end:])
			end += w
		}
		if strings.EqualFold(s[i:end], word) {
			return i, end - i
		}
	}
	return -1, 0
}
