package inventory

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

const fleetText = `
[[site]]
name = "ams1"
feeds = ["A", "B"]
prod = true
  [[site.rack]]
  name = "r06"
    [[site.rack.host]]
    name = "web-[01-03]"
    addr = "10.1.6.[1-3]"
    unit = 1
    tags = ["web"]
    os = "debian-12"
  [[site.rack]]
  name = "r07"
    [[site.rack.host]]
    name = "db-[1-2]"
    addr = "10.1.7.[1-2]"
    unit = 5
    tags = ["db", "role:pg"]
    feeds = ["A"]
[[site]]
name = "nyc1"
  [[site.rack]]
  name = "r07"
    [[site.rack.host]]
    name = "db-[3-4]"
    unit = 10
    height = 2
    tags = ["db"]
  [[site.host]]
  name = "vm-1"
[[host]]
name = "loose"

[[group]]
name = "pg"
members = "tag=role:pg"
max_down = 1
[[group]]
name = "dbs"
members = "db-[1-3] tag=db"
max_down = 1
[[service]]
name = "shop"
hosts = "group=pg,none tag=db"
`

// facts of some hosts of the fleet; of the others nothing is known.
func facts(h HostID, key string) (string, bool) {
	v, ok := map[string]string{
		"web-01 pending": "12", "web-02 pending": "0", "web-03 pending": "n/a", "db-1 pending": "7.0", "db-2 pending": "100",
		"web-01 state": "fail", "web-02 state": "ok", "db-1 state": "warn", "db-2 state": "not so good",
		"db-1 kernel": "5.10.0-9", "db-2 kernel": "5.9.100", "db-3 kernel": "6.1",
		"web-01 os": "debian-13", "loose os": "alpine-3.20",
		"db-1 disk:/var": "93", "db-2 empty": "",
	}[string(h)+" "+key]
	return v, ok
}

func fleet(t testing.TB) *Inventory {
	return mustParse(t, strings.Replace(fleetText, "pg,none", "pg", 1))
}

func TestSelect(t *testing.T) {
	inv := fleet(t)
	const everyone = "db-[1-4],loose,vm-1,web-[01-03]"
	for _, c := range []struct{ sel, want string }{
		{"", everyone}, {"all", everyone}, {"  all ", everyone}, {"!all", ""}, {"all,web-01", everyone},
		{"web-01", "web-01"}, {"web-[01-02]", "web-[01-02]"}, {"web-01,db-1", "db-1,web-01"}, {"web-[1-3]", ""}, {"web-[01,03],db-?", "db-[1-4],web-[01,03]"},
		{"db-*", "db-[1-4]"}, {"*-1", "db-1,vm-1"}, {"w*b-*1", "web-01"}, {"?b-[1-3]", "db-[1-3]"}, {"*", everyone}, {"*-[01-99]", "web-[01-03]"}, {"*[1-2]", "db-[1-2],vm-1,web-[01-02]"},
		{"name=db-1", "db-1"}, {"name!=db-*", "loose,vm-1,web-[01-03]"},
		{"site=ams1", "db-[1-2],web-[01-03]"}, {"site=ams1,nyc1", "db-[1-4],vm-1,web-[01-03]"}, {"site!=ams1", "db-[3-4],loose,vm-1"}, {"!site=ams1,nyc1", "loose"}, {`site=""`, "loose"},
		{"rack=r07", "db-[1-4]"}, {"rack=ams1/r07", "db-[1-2]"}, {"rack!=nyc1/r07", "db-[1-2],loose,vm-1,web-[01-03]"}, {`rack=""`, "loose,vm-1"}, {"rack=r[06-07]", "db-[1-4],web-[01-03]"},
		{"nyc1/r07", "db-[3-4]"}, {"ams1/*", "db-[1-2],web-[01-03]"}, {"*/r07", "db-[1-4]"}, {"!ams1/r06", "db-[1-4],loose,vm-1"}, {"ams1/r06,vm-1", "vm-1,web-[01-03]"}, {"nyc1/*", "db-[3-4]"},
		{"tag=db", "db-[1-4]"}, {"tag=role:pg", "db-[1-2]"}, {"tag=role:*", "db-[1-2]"}, {"tag!=db", "loose,vm-1,web-[01-03]"}, {"tag=db,web", "db-[1-4],web-[01-03]"}, {`tag=""`, "loose,vm-1"}, {"tag=db tag=role:pg", "db-[1-2]"},
		{"feed=A", "db-[1-2],web-[01-03]"}, {"feed=B", "web-[01-03]"}, {"!feed=A", "db-[3-4],loose,vm-1"},
		{"prod=yes", "db-[1-2],web-[01-03]"}, {"prod=no", "db-[3-4],loose,vm-1"}, {"prod!=true", "db-[3-4],loose,vm-1"}, {"!prod=false", "db-[1-2],web-[01-03]"},
		{"group=pg", "db-[1-2]"}, {"group=dbs", "db-[1-3]"}, {"group=pg,dbs", "db-[1-3]"}, {"group=dbs !group=pg", "db-3"}, {"group=*", "db-[1-3]"}, {`group=""`, "db-4,loose,vm-1,web-[01-03]"},
		{"service=shop", "db-[1-2]"}, {"service!=shop", "db-[3-4],loose,vm-1,web-[01-03]"},
		{"unit=5", "db-1"}, {"unit>5", "db-[2-4]"}, {"unit<=3", "web-[01-03]"}, {"unit=[1-2]", "web-[01-02]"}, {"unit!=5", "db-[2-4],web-[01-03]"}, {"!unit=5", "db-[2-4],web-[01-03]"}, {"!unit=*", "loose,vm-1"},
		{"addr=10.1.6.*", "web-[01-03]"}, {"addr=10.1.6.[2-3]", "web-[02-03]"}, {"!addr=*", "db-[3-4],loose,vm-1"},
		{"os=debian-12", "web-[02-03]"}, {"os=debian-*", "web-[01-03]"}, {"os!=debian-12", "loose,web-01"}, {"os=alpine*", "loose"},
		{"pending>0", "db-[1-2],web-01"}, {"pending>=7", "db-[1-2],web-01"}, {"pending<7", "web-02"}, {"pending<=7", "db-1,web-02"}, {"pending=7", "db-1"}, {`pending="7"`, ""}, {`pending="7.0"`, "db-1"},
		{"pending!=7", "db-2,web-[01-03]"}, {"!pending=7", "db-2,web-[01-03]"}, {"!pending>7", "db-1,web-02"}, {"pending=*", "db-[1-2],web-[01-03]"}, {"!pending=*", "db-[3-4],loose,vm-1"}, {"pending!=*", ""}, {"pending=n/a", "web-03"},
		{"state=fail", "web-01"}, {"state=fail,warn", "db-1,web-01"}, {"state!=ok", "db-[1-2],web-01"}, {"!state=ok", "db-[1-2],web-01"}, {`state="not so good"`, "db-2"}, {"state=not*", "db-2"}, {"state>m", "db-[1-2],web-02"},
		{"kernel<5.10.0", "db-2"}, {"kernel>=5.10.0-1", "db-[1,3]"}, {"kernel>6", "db-3"}, {"kernel=5.*", "db-[1-2]"},
		{"disk:/var>90", "db-1"}, {`empty=""`, "db-2"}, {"nothing=1", ""}, {"nothing!=1", ""},
		{"site=ams1 tag=web !rack=r07 web-[01-20] state=fail pending>0", "web-01"},
	} {
		sel, err := ParseSelector(c.sel)
		if err != nil {
			t.Errorf("%s: %v", c.sel, err)
			continue
		}
		want := strings.Join(strings.Fields(c.want), ",")
		if got := HostSet(inv.SelectIDs(sel, facts)); got != want {
			t.Errorf("%s: %q, want %q", c.sel, got, want)
		}
		if again, err := ParseSelector(sel.String()); err != nil || again.String() != sel.String() {
			t.Errorf("%s: %q does not come back: %q, %v", c.sel, sel, again, err)
		} else if got := HostSet(inv.SelectIDs(again, facts)); got != want {
			t.Errorf("%s: as %q it selects %q, want %q", c.sel, sel, got, want)
		}
		hosts := inv.Select(sel, facts)
		for i, id := range inv.SelectIDs(sel, facts) {
			if hosts[i].Name != id || !sel.Match(hosts[i], facts) {
				t.Errorf("%s: Select, SelectIDs and Match differ at %s", c.sel, id)
			}
		}
		if sel.All() != (strings.Trim(c.sel, " ") == "" || strings.TrimSpace(c.sel) == "all") {
			t.Errorf("%s: All is %v", c.sel, sel.All())
		}
	}
	sel, _ := ParseSelector("pending>0 state=fail")
	if got := inv.SelectIDs(sel, nil); got != nil {
		t.Errorf("without facts: %v", got)
	}
	if got := strings.Join(sel.Facts(), " "); got != "pending state" {
		t.Errorf("facts: %s", got)
	}
}

func TestSelectorErrors(t *testing.T) {
	for _, c := range []struct{ sel, caret, msg, hint string }{
		{"site = ams1", "     ^", `"=" compares nothing`, "no blanks around it: site=ams1"},
		{"site=", "     ^", "a value is missing", `to ask for an empty value, write site=""`},
		{"web-01,,db", "       ^", "a value is missing", ""},
		{"site==ams1", "    ^", `"==" is no comparison`, "there are = != > < >= <=, and globs: name=db-*"},
		{"name=~db", "    ^", `"=~" is no comparison`, "there are = != > < >= <=, and globs: name=db-*"},
		{"site!ams1", "    ^", `"!" is no comparison`, "not equal is !="},
		{"tag>db", "   ^", "tag has no order: it goes with = and != only", ""},
		{"pending>1,2", "         ^", "pending> compares with one value", ""},
		{"pending>1*", "        ^", "pending> cannot compare with a pattern", ""},
		{"web-[01-20", "    ^", `"[" without "]"`, "a range is written web-[01-20]"},
		{"a web-[20-01]", "       ^", `"20-01" runs backwards`, ""},
		{"tag=db or tag=web", "       ^", `"or" is no word of this language`, "a comma within a value means or: site=ams1,nyc1"},
		{"not tag=db", "^", `"not" is no word of this language`, "write ! right before the term: !rack=r07"},
		{"! tag=db", "^", `nothing stands after "!"`, "write it before a term, without a blank: !rack=r07"},
		{"!!db", " ^", `"!" stands twice`, ""},
		{`state="open`, "      ^", "this quote is never closed", ""},
		{`state="a"b`, "         ^", "a value ends with its closing quote", ""},
		{`"web-01"`, "^", "a host's name needs no quotes", ""},
		{"prod=maybe", "     ^", `prod is yes or no, not "maybe"`, "prod=yes or prod=no"},
		{"ams1/", "    ^", `a site and a rack are needed around "/"`, "a rack is written site/rack: nyc1/r07, and all racks of a site nyc1/*"},
		{"ams1/r07/u3", "    ^", `a site and a rack are needed around "/"`, "a rack is written site/rack: nyc1/r07, and all racks of a site nyc1/*"},
		{"x=é y=1;1", "       ^", `';' cannot stand here`, `text with anything odd in it stands in double quotes: text="a=b"`},
		{"weß-1", "  ^", `"ß" (with U+00DF) cannot stand in a host's name`, ""},
		{"te xt@@=1 =", "          ^", `"=" compares nothing`, "no blanks around it: site=ams1"},
		{"te(xt=1", "  ^", `'(' cannot stand in a key`, ""},
		{"web\xff", "   ^", "this is not UTF-8", ""},
	} {
		_, err := ParseSelector(c.sel)
		var e *SelectorError
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", c.sel, err)
			continue
		}
		_, caret, _ := strings.Cut(e.Caret(), "\n")
		if caret != c.caret || e.Msg != c.msg || e.Hint() != c.hint {
			t.Errorf("%s:\n%s\n%s (%s)\nwant\n%s\n%s (%s)", c.sel, e.Caret(), e.Msg, e.Hint(), c.caret, c.msg, c.hint)
		}
	}
	_, err := ParseSelector("site =x")
	if err == nil || err.Error() != `selector "site =x", column 6: "=" compares nothing` {
		t.Errorf("%v", err)
	}
}

func TestCheck(t *testing.T) {
	inv := fleet(t)
	for _, c := range []struct{ sel, caret, msg, hint string }{
		{"site=asm1", "     ^", `there is no site "asm1"`, `did you mean "ams1"?`},
		{"site=ams1,nyc2", "          ^", `there is no site "nyc2"`, `did you mean "nyc1"?`},
		{"!rack=r99", "      ^", `there is no rack "r99"`, "it is one of r06, r07"},
		{"tag=wbe", "    ^", `there is no tag "wbe"`, `did you mean "web"?`},
		{"group=pq", "      ^", `there is no group "pq"`, `did you mean "pg"?`},
		{"service=shopp", "        ^", `there is no service "shopp"`, `did you mean "shop"?`},
		{"feed=C", "     ^", `there is no feed "C"`, `did you mean "A"?`},
		{"site=x*", "     ^", "no site matches x*", ""},
		{"x-*", "^", "no host matches x-*", ""},
		{"web-04", "^", `there is no host "web-04"`, `did you mean "web-01"?`},
		{"web-[02-05]", "^", "there are no hosts web-[04-05]", `did you mean "web-01"?`},
		{"web-[01-02,09]", "^", `there is no host "web-09"`, `did you mean "web-01"?`},
		{"web-[1-999999999]", "^", "web-[1-999999999] stands for more than 100000 hosts", ""},
		{"!web-1", " ^", `there is no host "web-1"`, `did you mean "web-01"?`},
		{"ams1", "^", `there is no host "ams1"`, "did you mean site=ams1?"},
		{"db", "^", `there is no host "db"`, "did you mean tag=db?"},
		{"pg", "^", `there is no host "pg"`, "did you mean group=pg?"},
		{"r07", "^", `there is no host "r07"`, "did you mean rack=r07?"},
		{"ams2/r07", "^", `there is no site "ams2"`, `did you mean "ams1"?`},
		{"nyc1/r06", "     ^", `site nyc1 has no rack "r06"`, `did you mean "r07"?`},
		{"tags=db", "^", `"tags" is no key of a host`, "did you mean tag=db?"},
		{"all hosts=db-1", "    ^", `"hosts" is no key of a host`, "did you mean name=db-1?"},
		{"Site=ams1", "^", `"Site" is no key of a host`, "did you mean site=ams1?"},
		{"web-01 web-02", "       ^", "no host meets all of the name terms", "terms side by side must all hold; for either, write web-01,web-02"},
		{"site=ams1 tag=db site=nyc1", "                 ^", "no host meets all of the site terms", "terms side by side must all hold; for either, write site=ams1,nyc1"},
	} {
		sel, err := ParseSelector(c.sel)
		if err != nil {
			t.Errorf("%s: %v", c.sel, err)
			continue
		}
		var e *SelectorError
		if err := inv.Check(sel); !errors.As(err, &e) {
			t.Errorf("%s: %v", c.sel, err)
			continue
		}
		_, caret, _ := strings.Cut(e.Caret(), "\n")
		if caret != c.caret || e.Msg != c.msg || e.Hint() != c.hint {
			t.Errorf("%s:\n%s\n%s (%s)\nwant\n%s\n%s (%s)", c.sel, e.Caret(), e.Msg, e.Hint(), c.caret, c.msg, c.hint)
		}
	}
	for _, good := range []string{"", "all", "site=ams1 tag=web !rack=r07 web-[01-03]", `rack="" pending>0 units=3`, "os=plan9 unit=99 addr=x", "db-[1-2] db-*", "tag=db tag=role:pg"} {
		sel, err := ParseSelector(good)
		if err == nil {
			err = inv.Check(sel, "units")
		}
		if err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
}

// TestSelectorRoundTrip: what String writes means the same.
func TestSelectorRoundTrip(t *testing.T) {
	inv := fleet(t)
	value := rapid.OneOf(rapid.SampledFrom([]string{"ams1", "r07", "db-*", "web-[01-02]", "*", `""`, "yes", "7", "ams1/r0?", `"a \" b"`, "é"}), rapid.StringMatching(`[a-z0-9*?.-]{1,6}`))
	key := rapid.SampledFrom([]string{"", "", "site=", "rack=", "tag!=", "group=", "unit>", "pending<=", "state=", "state!=", "prod=", "os=", "feed=", "disk:/var>="})
	rapid.Check(t, func(rt *rapid.T) {
		var b strings.Builder
		for range rapid.IntRange(0, 4).Draw(rt, "terms") {
			b.WriteString(rapid.SampledFrom([]string{"", "", "!"}).Draw(rt, "not"))
			b.WriteString(key.Draw(rt, "key"))
			b.WriteString(strings.Join(rapid.SliceOfN(value, 1, 3).Draw(rt, "values"), ","))
			b.WriteString(rapid.SampledFrom([]string{" ", "\t "}).Draw(rt, "blank"))
		}
		sel, err := ParseSelector(b.String())
		if err != nil {
			return
		}
		again, err := ParseSelector(sel.String())
		if err != nil || again.String() != sel.String() {
			rt.Fatalf("%q became %q: %q, %v", b.String(), sel, again, err)
		}
		for _, h := range inv.Hosts {
			if sel.Match(h, facts) != again.Match(h, facts) {
				rt.Fatalf("%q and %q differ on %s", b.String(), sel, h.Name)
			}
		}
		if a, b := HostSet(inv.SelectIDs(sel, facts)), HostSet(slowSelect(inv, sel)); a != b {
			rt.Fatalf("%q: with the indexes %s, without %s", sel, a, b)
		}
	})
}

// slowSelect is Select without any index.
func slowSelect(inv *Inventory, sel Selector) []HostID {
	var out []HostID
	for _, h := range inv.Hosts {
		if sel.Match(h, facts) {
			out = append(out, h.Name)
		}
	}
	return out
}

// TestGlob holds the pattern matcher against a plain recursive one.
func TestGlob(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringMatching(`[ab0-2é]{0,8}`).Draw(rt, "text")
		pat := rapid.StringMatching(`([ab0-2é]|\*|\?|\[0-2\]|\[00-12\]){1,7}`).Draw(rt, "pattern")
		sel, err := ParseSelector("key=" + pat)
		if err != nil {
			rt.Fatal(err)
		}
		p := &sel.terms[0].vals[0]
		if got, want := p.match(text), p.pieces == nil && p.text == text || p.pieces != nil && slowGlob(p.pieces, text); got != want {
			rt.Fatalf("%q on %q: %v, want %v", pat, text, got, want)
		}
	})
}

func slowGlob(ps []globPiece, s string) bool {
	if len(ps) == 0 {
		return s == ""
	}
	switch g := ps[0]; {
	case g.many:
		for i := range len(s) + 1 {
			if slowGlob(ps[1:], s[i:]) {
				return true
			}
		}
		return false
	case g.one:
		_, n := utf8.DecodeRuneInString(s)
		return s != "" && slowGlob(ps[1:], s[n:])
	case g.spans != nil:
		for i := 1; i <= len(s); i++ {
			if g.spans[0].holds(s[:i]) && slowGlob(ps[1:], s[i:]) {
				return true
			}
		}
		return false
	default:
		return strings.HasPrefix(s, g.text) && slowGlob(ps[1:], s[len(g.text):])
	}
}

func FuzzSelector(f *testing.F) {
	inv := fleet(f)
	for _, s := range []string{"site=ams1 tag=web !rack=r07 web-[01-20] state=fail pending>0", `x="a\"b",c* !*/r07`, "é[1-2]", "a=b=c", "disk:/var>=1e3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sel, err := ParseSelector(s)
		if err == nil {
			err = inv.Check(sel)
			again, bad := ParseSelector(sel.String())
			if bad != nil || again.String() != sel.String() {
				t.Fatalf("%q became %q: %v", s, sel, bad)
			}
			inv.SelectIDs(sel, facts)
		}
		var e *SelectorError
		if err != nil && (!errors.As(err, &e) || e.Col < 1 || e.Col > utf8.RuneCountInString(s)+1 || e.Msg == "" || strings.Count(e.Caret(), "\n") != 1) {
			t.Fatalf("%q: %v\n%s", s, err, e.Caret())
		}
	})
}
