package remote

import (
	"embed"
	"strings"

	"tend/quote"
)

//go:embed sh/*.sh
var shFiles embed.FS

// part is a script of sh/ without its comments, which are for us and not for the wire.
func part(name string) string {
	b, err := shFiles.ReadFile("sh/" + name + ".sh")
	if err != nil {
		panic("remote: sh/" + name + ".sh is not embedded") // a mistake of the build, met by every test
	}
	var out strings.Builder
	for line := range strings.Lines(string(b)) {
		if s := strings.TrimLeft(line, "\t "); s != "\n" && !strings.HasPrefix(s, "#") {
			out.WriteString(s)
		}
	}
	return out.String()
}

// vars are the assignments that a script begins with.
type vars [][2]string

// compose makes a script for the standard input of sh: the assignments, then the parts, all in one compound command, so that a
// shell which gets it in part runs nothing of it. It ends the shell.
func compose(v vars, parts ...string) (string, error) { return compound(v, "exit 0\n", parts) }

// prelude is compose for a script that another one follows in the same shell.
func prelude(v vars, parts ...string) (string, error) { return compound(v, "", parts) }

func compound(v vars, end string, parts []string) (string, error) {
	var b strings.Builder
	b.WriteString("{\n")
	for _, kv := range v {
		a, err := quote.Assign(kv[0], kv[1])
		if err != nil {
			return "", err
		}
		b.WriteString(a)
		b.WriteByte('\n')
	}
	for _, p := range parts {
		b.WriteString(part(p))
	}
	b.WriteString(end + "}\n")
	return b.String(), nil
}
