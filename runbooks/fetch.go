package runbooks

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"tend/quote"
)

// maxFetch is how large a file may be that a step brings from hosts, in bytes: all of it stands in the run's journal. tend pull takes larger ones.
const maxFetch = 4 << 20

// fetch reads the keys of a step that brings a file from its hosts, and makes its script. The file comes as the step's output, so that it is
// in the journal as all output is: hashed, and there as long as the run is.
func (f *file) fetch(t *table, s *Step, rb *Runbook) {
	from := t.text("fetch")
	if from == "" {
		return
	}
	for _, k := range []string{"script", "copy", "template"} {
		if _, there := t.m[k]; there {
			t.wrong("fetch", "make it a step of its own", "a step with fetch has no %s", k)
			return
		}
	}
	if s.Kind != "" && s.Kind != Script {
		t.wrong("fetch", "make it a step of its own", "a step with fetch is of no other kind")
		return
	}
	if literal := blank.FindString(from) == ""; strings.ContainsAny(from, "\x00\n") || literal && (!path.IsAbs(from) || path.Clean(from) != from || from == "/") {
		t.wrong("fetch", `such as fetch = "/etc/ntp.conf"`, "%q is no absolute path of a file", from)
		return
	}
	w := writing{}
	if err := w.fill(from, rb.Params); err != nil {
		t.wrong("fetch", "", "%v", err)
		return
	}
	for _, m := range blank.FindAllStringSubmatch(from, -1) {
		if slices.ContainsFunc(rb.Params, func(p Param) bool { return p.Name == m[1] && p.Secret }) {
			t.wrong("fetch", "", "a secret cannot be part of a path")
			return
		}
	}
	s.Fetch, s.Repeat = from, true
	if s.Risk == "" {
		s.Risk = Read
	}
	s.Script = fetchScript(string(s.ID), strings.Join(w.parts, "; "))
	s.Facts = append(s.Facts, FactSpec{Key: string(s.ID) + ".bytes", Type: "int", Help: "size of " + from},
		FactSpec{Key: string(s.ID) + ".sha256", Type: "string", Help: "sum of " + from})
	if s.Title == "" {
		s.Title = "fetch " + from
	}
}

// fetchScript prints the file in an encoding that survives every shell and terminal, between a head and its facts. The size is looked at
// once: of a log that grows, what was there then is taken. A file that is rewritten meanwhile has another sum at the end.
func fetchScript(id, from string) string {
	return `(
t_from=$({ ` + from + `; echo .; })
t_from=${t_from%.}
case $t_from in /*) ;; *) echo "no absolute path: $t_from" >&2; exit 1;; esac
if [ ! -e "$t_from" ]; then echo "there is no $t_from" >&2; exit 1; fi
if [ ! -f "$t_from" ]; then echo "$t_from is no regular file" >&2; exit 1; fi
t_size=$(wc -c <"$t_from") || exit 1
t_size=$((t_size))
if [ "$t_size" -gt ` + strconv.Itoa(maxFetch) + ` ]; then echo "$t_from holds $t_size bytes, and a step may fetch ` + strconv.Itoa(maxFetch) + `: use tend pull" >&2; exit 1; fi
t_file() { [ "$t_size" = 0 ] || head -c "$t_size" <"$t_from"; }
t_sum() {
	if command -v sha256sum >/dev/null; then t_file | sha256sum
	elif command -v sha256 >/dev/null; then t_file | sha256 -q
	elif command -v openssl >/dev/null; then t_file | openssl dgst -sha256 -r
	fi
}
t_one=$(t_sum); t_one=${t_one%%[!0-9a-f]*}
if command -v base64 >/dev/null; then t_as=base64; elif command -v openssl >/dev/null; then t_as=openssl; else t_as=hex; fi
echo "@file $t_size ${t_one:--} $t_as"
case $t_as in
base64) t_file | base64 ;;
openssl) t_file | openssl base64 ;;
hex) t_file | od -An -v -tx1 ;;
esac || exit 1
echo "@end"
t_two=$(t_sum); t_two=${t_two%%[!0-9a-f]*}
if [ "$t_one" != "$t_two" ]; then echo "$t_from was changed while it was read" >&2; exit 1; fi
echo "` + id + `.bytes=$t_size"
[ -z "$t_one" ] || echo "` + id + `.sha256=$t_one"
)
`
}

// Fetched is a file that a step brought.
type Fetched struct {
	Data   []byte
	SHA256 string // of Data, in hex
}

// errFetch is the beginning of what is wrong with an output that ought to hold a file.
var errFetch = errors.New("the file in the output is not whole")

// ParseFetched finds the file in what a step with fetch printed. The host's own words about its size and sum must fit what came.
func ParseFetched(output []byte) (Fetched, error) {
	head, body, ok := bytes.Cut(output, []byte("@file "))
	if !ok || len(head) > 0 && !bytes.HasSuffix(head, []byte("\n")) {
		return Fetched{}, errors.New("there is no file in the output")
	}
	line, body, _ := bytes.Cut(body, []byte("\n"))
	f := strings.Fields(string(line))
	body, _, ok = bytes.Cut(body, []byte("@end\n"))
	if len(f) != 3 || !ok {
		return Fetched{}, errFetch
	}
	data, err := decode(f[2], body)
	if err != nil {
		return Fetched{}, fmt.Errorf("%w: %w", errFetch, err)
	}
	sum := sha256.Sum256(data)
	got := Fetched{data, hex.EncodeToString(sum[:])}
	if strconv.Itoa(len(data)) != f[0] || f[1] != "-" && f[1] != got.SHA256 {
		return Fetched{}, fmt.Errorf("%w: %d bytes with the sum %s, and the host said %s bytes, %s", errFetch, len(data), got.SHA256, quote.Line(f[0]), quote.Line(f[1]))
	}
	return got, nil
}

func decode(as string, body []byte) ([]byte, error) {
	text := string(bytes.Join(bytes.Fields(body), nil))
	if as == "hex" {
		return hex.DecodeString(text)
	}
	return base64.StdEncoding.DecodeString(text)
}
