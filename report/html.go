package report

import (
	"bufio"
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html
var pageHTML string

//go:embed page.css
var pageCSS string

// pages is the template; html/template escapes each string for the place that it stands in.
var pages = template.Must(template.New("page").Parse(pageHTML))

// HTML writes the runs as one page that needs nothing else: no network, no script. It is for screens of any width, light and dark, for
// paper, and for browsers that draw text only.
func HTML(w io.Writer, runs ...*Run) error {
	switch len(runs) {
	case 0:
		return writePages(w, "No runs", nil, nil)
	case 1:
		return writePages(w, runs[0].page().Title, nil, runs)
	}
	s := overview(runs)
	return writePages(w, s.Title, []section{s}, runs)
}

// writePages writes what stands above all runs, and the runs.
func writePages(w io.Writer, title string, head []section, runs []*Run) error {
	doc := struct {
		Title string
		CSS   template.CSS // ours, from page.css
		Head  []section
		Pages []page
	}{Title: title, CSS: template.CSS(pageCSS), Head: head}
	for _, r := range runs {
		doc.Pages = append(doc.Pages, r.page())
	}
	b := bufio.NewWriter(w)
	if err := pages.Execute(b, doc); err != nil {
		return err
	}
	return b.Flush()
}
