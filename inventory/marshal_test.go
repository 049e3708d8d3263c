package inventory

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// bare is the inventory without what Marshal does not keep.
func bare(inv *Inventory) *Inventory {
	out := *inv
	out.Path, out.Digest = "", [32]byte{}
	out.Hosts = append([]Host(nil), inv.Hosts...)
	for i := range out.Hosts {
		out.Hosts[i].Line = 0
	}
	out.Groups = append([]Group(nil), inv.Groups...)
	for i := range out.Groups {
		out.Groups[i].Line = 0
	}
	out.Services = append([]Service(nil), inv.Services...)
	for i := range out.Services {
		out.Services[i].Line = 0
	}
	out.Sites = nil
	for _, s := range inv.Sites {
		s.Line = 0
		s.Racks = append([]Rack(nil), s.Racks...)
		for i := range s.Racks {
			s.Racks[i].Line = 0
		}
		out.Sites = append(out.Sites, s)
	}
	return &out
}

// checkRoundTrip marshals, parses and compares.
func checkRoundTrip(t testing.TB, inv *Inventory) {
	t.Helper()
	text := inv.Marshal()
	back, err := Parse("flat.toml", text)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if a, b := bare(inv), bare(back); !reflect.DeepEqual(a, b) {
		t.Fatalf("%+v\nbecame\n%+v\nby way of\n%s", a, b, text)
	}
	if again := back.Marshal(); string(again) != string(text) {
		t.Fatalf("%s\nand then\n%s", text, again)
	}
}

func TestMarshalRoundTrip(t *testing.T) {
	example, err := os.ReadFile("../inventory.toml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"layered": layered, "fleet": strings.Replace(fleetText, "pg,none", "pg", 1), "ranges": rangesText(), "example": string(example), "empty": "",
		"odd": "[[host]]\nname = \"h\"\nowner = \"a \\\"b\\\" \\\\ é\"\nhost_key = \"SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\"\n" +
			"known_hosts = \"~/.ssh/lab\"\nidentity = [\"~/a\", \"b c\"]\njump = \"a,u@[fe80::1]:22\"\nvars.x = \"line\\nnext\\u0000\\t\"\n" +
			"[[group]]\nname = \"g\"\nmembers = 'all'\nmax_down = 0\ndrain = '''\na \"b\" \\\n\\n'''\nundrain = \"x\"\nundrain_proof = \"y\"\ndrain_proof = \"z\"\n",
	} {
		t.Run(name, func(t *testing.T) { checkRoundTrip(t, mustParse(t, text)) })
	}
}

// TestMarshalRandom does the same for random fleets, with defaults at random levels.
func TestMarshalRandom(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := genInventory(rt)
		inv, err := Parse("random.toml", []byte(text))
		if err != nil {
			rt.Fatalf("%v\n%s", err, text)
		}
		back, err := Parse("flat.toml", inv.Marshal())
		if err != nil || !reflect.DeepEqual(bare(inv), bare(back)) {
			rt.Fatalf("%v\n%s\nbecame\n%s", err, text, inv.Marshal())
		}
	})
}

// genInventory writes a sound inventory.
func genInventory(rt *rapid.T) string {
	var b strings.Builder
	keys := []string{"user = \"u\"", "port = 22", "become = \"none\"", "os = \"debian-12\"", "prod = true", "prod = false", "require_ticket = true", "require_reason = true", "record_shell = false", "legacy_crypto = true", "record_shell = true", "feeds = [\"A\"]", "feeds = []",
		"tags = [\"x\", \"y\"]", "tags = \"z\"", "jump = \"j\"", "jump = []", "window = \"daily 01:00-02:00 UTC\"", "vars = { a = \"1\", \"b.c\" = 2 }", "vars.a = \"\"",
		"expect.ports = [1, 2]", "expect = { mounts = [\"/\"] }", "warranty = 2027-01-02", "end_of_life = 2031-12-31", "shell = \"none\"", "height = 3", "owner = \"o\"", "locate = \"led\"", "addr = \"{name}.x{site}.x{rack}\""}
	some := func(indent string) {
		seen := map[string]bool{}
		for _, k := range rapid.SliceOfN(rapid.SampledFrom(keys), 0, 5).Draw(rt, "keys") {
			name := strings.FieldsFunc(k, func(r rune) bool { return r == ' ' || r == '.' })[0]
			if !seen[name] {
				b.WriteString(indent + k + "\n")
			}
			seen[name] = true
		}
	}
	b.WriteString("[defaults]\n")
	some("")
	n := 0
	host := func(header, where string) {
		n++
		b.WriteString("[[" + header + "]]\nname = \"h" + strings.Repeat("i", n) + rapid.SampledFrom([]string{"", "-[1-3]", "-[08-11,3]"}).Draw(rt, "range") + "\"\n" + where)
		some("  ")
	}
	for s := range rapid.IntRange(0, 3).Draw(rt, "sites") {
		b.WriteString("[[site]]\nname = \"s" + string(rune('a'+s)) + "\"\n")
		some("")
		for r := range rapid.IntRange(0, 3).Draw(rt, "racks") {
			b.WriteString("[[site.rack]]\nname = \"r" + string(rune('a'+r)) + "\"\n")
			some(" ")
			for range rapid.IntRange(0, 2).Draw(rt, "hosts") {
				host("site.rack.host", "")
			}
		}
		if rapid.Bool().Draw(rt, "unracked") {
			host("site.host", "")
		}
	}
	host("host", "")
	b.WriteString("[[group]]\nname = \"g\"\nmembers = \"all\"\nmax_down = 0\n[[service]]\nname = \"s\"\nhosts = \"group=g\"\nrto = \"1w2d3h4m5s\"\n")
	return b.String()
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../inventory.toml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(example)
	f.Add([]byte(layered))
	for _, s := range []string{"[[service]]\ndepends = \"c\"\nhosts=1", "[[site.rack]]", "[site]\nrack = 1", "[[site]]\nrack = [1]", "[defaults]\nvars.a.b = 1\nexpect = [1]", "host = {}", "[[host]]\nname='[1-3]'\nunit=[]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		inv, err := Parse("fuzz.toml", data)
		if err == nil {
			if len(inv.Hosts) < 2000 {
				checkRoundTrip(t, inv)
			}
			return
		}
		if inv != nil {
			t.Fatalf("an inventory came with %v", err) // the package's law
		}
		checkProblems(t, string(data), err)
	})
}

// checkProblems requires that each problem has a place in the text, and that they come in its order.
func checkProblems(t *testing.T, text string, err error) {
	t.Helper()
	ps, ok := err.(Problems)
	if !ok || len(ps) == 0 {
		t.Fatalf("%#v is no Problems", err)
	}
	lines := strings.Split(text, "\n")
	line, col := 0, 0
	for _, p := range ps {
		if p.Line < line || p.Line == line && p.Col < col {
			t.Fatalf("out of order:\n%v", err)
		}
		line, col = p.Line, p.Col
		if p.Msg == "" || strings.ContainsAny(p.Msg, "\n\r\x1b") {
			t.Fatalf("a message of more than one line: %q", p.Msg)
		}
		if p.Line == 0 {
			continue
		}
		if p.Line > len(lines) || p.Col < 1 || utf8.ValidString(text) && p.Col > utf8.RuneCountInString(lines[p.Line-1])+1 {
			t.Fatalf("nowhere in the text: %v", p)
		}
	}
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		in   string
		want time.Duration
		ok   bool
	}{
		{"1h", time.Hour, true}, {"15m", 15 * time.Minute, true}, {"7d", 168 * time.Hour, true}, {"2w1d", 15 * 24 * time.Hour, true}, {"1h30m", 90 * time.Minute, true},
		{"90s", 90 * time.Second, true}, {"0s", 0, true}, {"", 0, false}, {"5", 0, false}, {"h", 0, false}, {"1m1h", 0, false}, {"1h1h", 0, false}, {"1.5h", 0, false}, {"-1h", 0, false},
		{"1 h", 0, false}, {"101w", 101 * 7 * 24 * time.Hour, true}, {"99999999999999999999s", 0, false}, {"36501d", 0, false}, {"5000w36000d", 0, false}, {"1ms", 0, false},
	} {
		got, ok := parseDuration(c.in)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %v, %v", c.in, got, ok)
		}
		if back, ok := parseDuration(writeDuration(got)); c.ok && got > 0 && (!ok || back != got) {
			t.Errorf("%q: written %q, read %v", c.in, writeDuration(got), back)
		}
	}
}

// TestByHand: an Inventory that Parse did not make selects and finds hosts as well.
func TestByHand(t *testing.T) {
	inv := &Inventory{Hosts: []Host{{Name: "a", Tags: []string{"x"}}, {Name: "b"}}}
	if got := HostSet(append(selectIDs(t, inv, "tag=x"), selectIDs(t, inv, "b")...)); got != "a,b" {
		t.Errorf("selected %s", got)
	}
	if _, ok := inv.Host("b"); !ok {
		t.Error("no host b")
	}
	if _, ok := inv.Host("c"); ok {
		t.Error("a host c")
	}
}
