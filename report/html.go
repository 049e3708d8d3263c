package report

import (
	"bufio"
	_ "embed"
	"fmt"
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
	doc := struct {
		Title    string
		CSS      template.CSS // ours, from page.css
		Overview *section
		Pages    []page
	}{CSS: template.CSS(pageCSS)}
	for _, r := range runs {
		doc.Pages = append(doc.Pages, r.page())
	}
	switch len(runs) {
	case 0:
		doc.Title = "No runs"
	case 1:
		doc.Title = doc.Pages[0].Title
	default:
		s := overview(runs)
		doc.Overview, doc.Title = &s, fmt.Sprintf("%d runs", len(runs))
	}
	b := bufio.NewWriter(w)
	if err := pages.Execute(b, doc); err != nil {
		return err
	}
	return b.Flush()
}
