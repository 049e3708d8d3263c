package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// tool finds a program that CI has; elsewhere the test is left out, and says so.
func tool(t *testing.T, names ...string) string {
	t.Helper()
	for _, n := range names {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("CI has no %s", names[0])
	}
	t.Skipf("no %s on this machine", names[0])
	return ""
}

// measured is what a browser says of a page at a width.
type measured struct {
	Width, Scroll, High, Words int
	Paper                      string
	Dark                       bool
	Faint, Outside             []string
}

// TestBrowser looks at a report in a headless Chromium, light and dark, at a desk's width and at a phone's: nothing but wide tables may go
// beyond the screen, and those scroll within themselves; every word stands out from its ground (contrast 4.5, WCAG 2.2 AA); and the page
// asks for nothing.
func TestBrowser(t *testing.T) {
	chromium := tool(t, "chromium", "chromium-browser", "google-chrome")
	r := night(t).fold(Limits{})
	p := &Period{Since: t0, Until: t0.Add(minute), Runs: []*Run{r, r}, Deviations: []Deviation{{At: t0, What: "by hand: " + strings.Repeat("x", 300), On: "all", By: "ops"}}}
	var page bytes.Buffer
	if err := p.HTML(&page); err != nil {
		t.Fatal(err)
	}
	frame := readFile(t, "testdata/measure.html")
	for _, scheme := range []string{"light", "dark"} {
		for _, width := range []int{360, 1280} {
			t.Run(fmt.Sprint(scheme, " ", width), func(t *testing.T) {
				m, asked := measure(t, chromium, page.Bytes(), strings.Replace(frame, "WIDTH", fmt.Sprint(width), 1), scheme == "dark")
				paper := map[bool]string{false: "rgb(255, 255, 255)", true: "rgb(22, 24, 27)"}[scheme == "dark"]
				if m.Width != width || m.Dark != (scheme == "dark") || m.Paper != paper || m.Words < 100 || m.High < 900 {
					t.Errorf("the page is not what was asked for: %+v", m)
				}
				if m.Scroll > width || len(m.Outside) > 0 {
					t.Errorf("%d wide, and outside: %q", m.Scroll, m.Outside)
				}
				if len(m.Faint) > 0 {
					t.Errorf("hard to read: %q", m.Faint)
				}
				if len(asked) > 0 {
					t.Errorf("the page asks for %q", asked)
				}
			})
		}
	}
}

// measure has the page in a frame of that width, beside a script of ours: the page's own policy allows none.
func measure(t *testing.T, chromium string, page []byte, frame string, dark bool) (m measured, asked []string) {
	t.Helper()
	var mu sync.Mutex
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		switch r.URL.Path {
		case "/":
			w.Write([]byte(frame))
		case "/report.html":
			w.Write(page)
		case "/favicon.ico": // the browser's own wish
			http.NotFound(w, r)
		default:
			mu.Lock()
			asked = append(asked, r.URL.Path)
			mu.Unlock()
			http.NotFound(w, r)
		}
	}))
	defer srv.Close()
	scheme := "preferredColorScheme=1"
	if dark {
		scheme = "preferredColorScheme=0"
	}
	cmd := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--user-data-dir="+t.TempDir(), "--blink-settings="+scheme, "--window-size=1400,1000", "--timeout=60000", "--virtual-time-budget=5000", "--dump-dom", srv.URL+"/")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &errs)
	}
	_, rest, ok := strings.Cut(string(out), `<pre id="out">`)
	text, _, ok2 := strings.Cut(rest, "</pre>")
	if !ok || !ok2 {
		t.Fatalf("the browser measured nothing:\n%s\n%s", out, &errs)
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(text)), &m); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return m, asked
}

// TestTextBrowser: in a browser that draws text only, the report reads from top to bottom: who, what, how it ended, with tables as tables.
func TestTextBrowser(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), tool(t, "w3m"), "-dump", "-T", "text/html", "-cols", "100", "-I", "UTF-8", "-O", "UTF-8")
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	cmd.Stdin = strings.NewReader(written(t, "html", night(t).fold(Limits{})))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := string(out)
	at := 0
	for _, want := range []string{"Run 261122-2213-k7f3: patch", "aborted", "monthly patches", "What failed", "E: Could not get lock", "What changed", "3.0.16-1", "Who decided what", "the canary is well", "Host by host"} {
		i := strings.Index(text[at:], want)
		if i < 0 {
			t.Fatalf("no %q below what comes before it:\n%s", want, text)
		}
		at += i
	}
	for _, never := range []string{"{", "<td", "--paper", "color-scheme"} {
		if strings.Contains(text, never) {
			t.Errorf("%q is shown:\n%s", never, text)
		}
	}
	if !lineWith(text, "openssl", "3.0.15-1", "3.0.16-1") || !lineWith(text, "web-0101", "unreachable") {
		t.Errorf("a table's row is not a line:\n%s", text)
	}
}

// lineWith reports whether all words stand on one line.
func lineWith(text string, words ...string) bool {
	for l := range strings.Lines(text) {
		n := 0
		for _, w := range words {
			if strings.Contains(l, w) {
				n++
			}
		}
		if n == len(words) {
			return true
		}
	}
	return false
}
