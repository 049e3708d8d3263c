package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"tend/runbooks"
)

// Markdown writes the runs as GitHub's Markdown, one after the other.
func Markdown(w io.Writer, runs ...*Run) error {
	m := md{bufio.NewWriter(w)}
	if len(runs) > 1 {
		m.section(overview(runs), "#")
	}
	for _, r := range runs {
		m.page(r.page())
	}
	return m.Flush()
}

// overview is several runs in a table.
func overview(runs []*Run) section {
	s := section{Title: fmt.Sprintf("%d runs", len(runs)), Head: []string{"Run", "Result", "Began", "Took", "By", "Runbook", "Scope", "Hosts"}}
	for _, r := range runs {
		p := r.State.Plan()
		s.Rows = append(s.Rows, cells(r.State.Result.String(), string(r.ID()), r.State.Result.String(), stamp(r.State.Started), took(r.State.Started, r.end()),
			who(r.State.Accepted.By), p.Runbook, runbooks.ScopeName(p.Scope), r.summary()))
	}
	return s
}

type md struct{ *bufio.Writer }

func (m md) printf(format string, args ...any) { fmt.Fprintf(m, format, args...) }

func (m md) page(p page) {
	m.printf("# %s\n\n**%s** - %s\n\n", mark(p.Title), mark(p.Word), mark(p.Summary))
	for _, a := range p.Alarms {
		m.printf("> **%s**\n\n", mark(a))
	}
	m.printf("| | |\n|---|---|\n")
	for _, f := range p.Facts {
		m.printf("| %s | %s |\n", mark(f[0]), mark(f[1]))
	}
	m.printf("\n")
	for _, s := range p.Sections {
		m.section(s, "##")
	}
}

func (m md) section(s section, level string) {
	m.printf("%s %s\n\n", level, mark(s.Title))
	if s.Lanes != nil {
		m.lanes(*s.Lanes)
	}
	if len(s.Rows) > 0 {
		m.row(s.Head)
		m.printf("|%s\n", strings.Repeat("---|", len(s.Head)))
		for _, r := range s.Rows {
			m.row(r.Cells)
		}
		m.printf("\n")
	}
	for _, p := range s.Pre {
		m.printf("%s# %s\n\n", level, mark(p.Title))
		if p.Words != "" {
			m.printf("%s\n\n", mark(p.Words))
		}
		if p.Text != "" {
			m.fenced(p.Text)
		}
	}
	if s.Words != "" {
		m.printf("%s\n\n", mark(s.Words))
	}
}

func (m md) row(texts []string) {
	m.printf("|")
	for _, c := range texts {
		m.printf(" %s |", mark(c))
	}
	m.printf("\n")
}

// fenced puts a text between fences longer than any that it holds.
func (m md) fenced(text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	m.printf("%s\n%s\n%s\n\n", fence, text, fence)
}

// lanes draws the picture in characters.
func (m md) lanes(l lanes) {
	const wide, name = 60, 24
	longest := 0
	for _, r := range l.Rows {
		longest = max(longest, min(utf8.RuneCountInString(r.Host), name))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%*s  %s%*s\n", longest, "", l.From, wide+2-len(l.From), l.To)
	for _, r := range l.Rows {
		host := []rune(r.Host)
		if len(host) > name {
			host = append(host[:name-1], '~')
		}
		text := fmt.Sprintf("%s%*s |%s| %s", string(host), longest-len(host), "", r.text(wide), join(" ", r.Word, r.Took))
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
	b.WriteString("\n" + legend)
	m.fenced(b.String())
}

// mark escapes what Markdown and the HTML within it would act on. Foreign text never stands at the beginning of a line, so that what acts
// there only (a list, a heading) needs no escape. Its one newline is none: quote.Line has made it visible.
func mark(s string) string { return marks.Replace(s) }

var marks = strings.NewReplacer(`\`, `\\`, "`", "\\`", `*`, `\*`, `_`, `\_`, `](`, `]\(`, `[^`, `\[^`, `<`, `&lt;`, `>`, `&gt;`, `&`, `&amp;`, `|`, `\|`, `~`, `\~`, `$`, `\$`,
	`://`, `:\//`, `www.`, `www\.`, "\n", " ")
