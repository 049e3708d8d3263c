package runbooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"tend/quote"
)

// maxCopy is how large a file may be that a step puts on hosts, in bytes: all of it stands in the plan, so that what was shown is what
// is written.
const maxCopy = 256 << 10

// ParseAt is Parse for the text of a file at path: the files that its steps copy are read from beside it.
func ParseAt(path string, data []byte) (Runbook, error) {
	return parse(&file{source: path, beside: func(name string) ([]byte, error) { return beside(path, name) }}, data)
}

// beside reads a file of a runbook's directory, under the rules that hold for the runbook itself. A link may not lead out of it: a
// directory that came from elsewhere would carry off a key of ours.
func beside(book, name string) ([]byte, error) {
	if !filepath.IsLocal(name) {
		return nil, errors.New("is not beneath the runbook's directory")
	}
	if real, err := filepath.EvalSymlinks(book); err == nil {
		book = real // its files lie beside it, not beside a link to it
	}
	dir, err := os.OpenRoot(filepath.Dir(book))
	if err != nil {
		return nil, plainErr(err)
	}
	defer dir.Close()
	st, err := dir.Stat(name)
	switch {
	case err != nil:
		if _, there := os.Stat(filepath.Join(dir.Name(), name)); there == nil {
			return nil, errors.New("is a link that leads out of the runbook's directory")
		}
		return nil, plainErr(err)
	case !st.Mode().IsRegular():
		return nil, errors.New("is no regular file")
	case st.Mode().Perm()&0o022 != 0:
		return nil, errors.New("others may write to it; chmod go-w")
	case st.Size() > maxCopy:
		return nil, fmt.Errorf("is larger than %d KiB, which is too much for a plan", maxCopy>>10)
	}
	data, err := dir.ReadFile(name)
	return data, plainErr(err)
}

// plainErr drops the path from a file error: the caller names the file.
func plainErr(err error) error {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

var (
	goodMode  = regexp.MustCompile(`^[0-7]{3,4}$`)
	goodOwner = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$`)
)

// place reads the keys of a step that writes a file, and makes its script. It is a script as any other: it runs as root where the step says
// so, outlives the connection, and has the file's content in it.
func (f *file) place(t *table, s *Step, rb *Runbook) {
	from, key := t.text("copy"), "copy"
	if tmpl := t.text("template"); tmpl != "" {
		if from != "" {
			t.wrong("template", "", "a step has copy or template, not both")
		}
		from, key = tmpl, "template"
	}
	to, mode, owner := t.text("to"), t.text("mode"), t.text("owner")
	if from == "" {
		for _, k := range []string{"to", "mode", "owner"} {
			if _, there := t.m[k]; there {
				t.wrong(k, "", "%s belongs to a step with copy or template", k)
			}
		}
		return
	}
	w := writing{to: to, mode: mode, owner: owner, fact: string(s.ID) + ".changed"}
	s.Facts = append(s.Facts, FactSpec{Key: w.fact, Type: "bool", Help: to + " was written anew"}) // known even of a step that is refused: its name is right
	if _, there := t.m["script"]; there || s.Kind != "" && s.Kind != Script {
		t.wrong(key, "make it a step of its own", "a step with %s has no script and no other kind", key)
	}
	if !path.IsAbs(to) || path.Clean(to) != to || to == "/" || strings.ContainsAny(to, "\x00\n") {
		t.wrong("to", `such as to = "/etc/ntp.conf"; parameters do not stand in it`, "%q is no absolute path of a file", to)
		return
	}
	if mode != "" && !goodMode.MatchString(mode) {
		t.wrong("mode", `such as mode = "0644"`, "mode is %q, which is no octal mode", mode)
		return
	}
	if owner != "" && !goodOwner.MatchString(owner) {
		t.wrong("owner", `such as owner = "root:adm"`, "owner is %q", owner)
		return
	}
	data, err := f.content(from)
	if err != nil {
		t.wrong(key, "", "%s: %v", from, err)
		return
	}
	if key == "copy" {
		w.copy(data)
	} else if err := w.fill(string(data), rb.Params); err != nil {
		t.wrong(key, "use copy for a file that is taken as it is", "%s: %v", from, err)
		return
	}
	s.Script, s.Repeat = w.script(), true
	if s.Title == "" {
		s.Title = key + " " + from + " to " + to
	}
}

func (f *file) content(name string) ([]byte, error) {
	if f.beside == nil {
		return nil, errors.New("this runbook is no file, so nothing lies beside it")
	}
	return f.beside(name)
}

// writing is a file on its way into a script.
type writing struct {
	to, mode, owner, fact string
	parts                 []string // commands whose outputs, joined, are the file
	proof                 string   // what is wrong with the file where it is not what was sent
}

// partSize is how much stands in one word: the argument of a printf that is no builtin has a limit.
const partSize = 8 << 10

func (w *writing) literal(s string) {
	for part := range slices.Chunk([]byte(s), partSize) {
		word, _ := quote.Word(string(part)) // no NUL is in it
		w.parts = append(w.parts, "printf %s "+word)
	}
}

func (w *writing) copy(data []byte) {
	if utf8.Valid(data) && !bytes.ContainsAny(data, "\x00\r") {
		w.literal(string(data))
	} else {
		in := writing{}
		in.literal(base64.StdEncoding.EncodeToString(data))
		w.parts = []string{"{ " + strings.Join(in.parts, " && ") + "; } | if command -v base64 >/dev/null; then base64 -d; else openssl base64 -d -A; fi"}
	}
	w.proof = fmt.Sprintf(`[ "$(($(wc -c <"$t_new")))" = %d ] || { echo "only part of it could be written" >&2; exit 1; }
t_sum=
if command -v sha256sum >/dev/null; then t_sum=$(sha256sum <"$t_new"); elif command -v sha256 >/dev/null; then t_sum=$(sha256 -q <"$t_new"); fi
case ${t_sum%%%%[!0-9a-f]*} in ''|%x) ;; *) echo "the sum of what was written is wrong" >&2; exit 1;; esac
`, len(data), sha256.Sum256(data))
}

var blank = regexp.MustCompile(`\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)[ \t]*\}\}`)

// fill makes a template's parts: the parameters stay shell variables, so that a host's own values and secrets get in by the way that
// they always take.
func (w *writing) fill(text string, params []Param) error {
	if !utf8.ValidString(text) || strings.ContainsAny(text, "\x00\r") {
		return errors.New("a template is text with Unix line ends")
	}
	line := func(at int) int { return 1 + strings.Count(text[:at], "\n") }
	at := 0
	for _, m := range blank.FindAllStringSubmatchIndex(text, -1) {
		name := text[m[2]:m[3]]
		i := slices.IndexFunc(params, func(p Param) bool { return p.Name == name })
		if i < 0 {
			return fmt.Errorf("line %d: there is no parameter %q", line(m[0]), name)
		}
		if params[i].Secret && w.mode == "" {
			w.mode = "0600"
		}
		w.literal(text[at:m[0]])
		w.parts = append(w.parts, `printf %s "$`+name+`"`)
		at = m[1]
	}
	w.literal(text[at:])
	if i := strings.Index(blank.ReplaceAllStringFunc(text, func(s string) string { return strings.Repeat(" ", len(s)) }), "{{"); i >= 0 {
		return fmt.Errorf("line %d: {{ is followed by no {{ parameter }}", line(i))
	}
	return nil
}

// script writes beside the file and renames: whoever reads it sees the old or the new one, whole. set -C makes the new one fresh, so
// that nobody can have put a link there.
func (w *writing) script() string {
	to, _ := quote.Word(w.to)
	if w.mode == "" {
		w.mode = "0644"
	}
	own := ""
	if w.owner != "" {
		own = "chown " + w.owner + " \"$t_new\" || exit 1\n"
	}
	if len(w.parts) == 0 {
		w.parts = []string{":"}
	}
	return `(
t_to=` + to + `
t_dir=${t_to%/*}/
t_new=$t_to.tend.$$
if [ -d "$t_to" ]; then echo "$t_to is a directory" >&2; exit 1; fi
if [ ! -d "$t_dir" ]; then echo "there is no directory $t_dir" >&2; exit 1; fi
umask 077
(set -C; : >"$t_new") || exit 1
trap 'rm -f "$t_new"' 0
{ ` + strings.Join(w.parts, " &&\n") + `
} >>"$t_new" || { echo "cannot write $t_new" >&2; exit 1; }
` + w.proof + own + `chmod ` + w.mode + ` "$t_new" || exit 1
t_look() { ls -ldn "$1" | awk '{ print substr($1, 1, 10), $3, $4 }'; }
if [ -f "$t_to" ] && cmp -s "$t_new" "$t_to" && [ "$(t_look "$t_new")" = "$(t_look "$t_to")" ]; then
	echo "` + w.fact + `=no"
	exit 0
fi
mv -f "$t_new" "$t_to" || exit 1
echo "` + w.fact + `=yes"
)
`
}
