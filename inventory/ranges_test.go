package inventory

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestTemplate(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"db-1", "db-1"}, {"", ""},
		{"web-[08-11]", "web-08 web-09 web-10 web-11"},
		{"web-[8-11]", "web-8 web-9 web-10 web-11"},
		{"[01-02,07]x", "01x 02x 07x"},
		{"r[1-2]-n[1-3]", "r1-n1 r1-n2 r1-n3 r2-n1 r2-n2 r2-n3"},
		{"10.1.7.[254-256]", "10.1.7.254 10.1.7.255 10.1.7.256"},
	} {
		tpl, err := parseTemplate(c.in)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		if got := strings.Join(tpl.expand(), " "); got != c.want {
			t.Errorf("%q: %s, want %s", c.in, got, c.want)
		}
		if tpl.count() != len(tpl.expand()) {
			t.Errorf("%q: count %d", c.in, tpl.count())
		}
	}
}

func TestTemplateErrors(t *testing.T) {
	for _, c := range []struct {
		in  string
		at  int
		msg string
	}{
		{"web-[1-20", 4, `"[" without "]"`},
		{"web-1]", 5, `"]" without "["`},
		{"web-[]", 5, `"" is not a range of numbers`},
		{"web-[1-3,x]", 9, `"x" is not a range of numbers`},
		{"web-[20-10]", 5, `"20-10" runs backwards`},
		{"web-[01-100]", 5, `"01-100": one end is padded with zeros and the other is not as long`},
		{"web-[1-010]", 5, `"1-010": one end is padded with zeros and the other is not as long`},
		{"web-[1-[2]]", 5, `"1-[2" is not a range of numbers`},
		{"web-[1-99999999999999999999]", 5, `"1-99999999999999999999" is not a range of numbers`},
	} {
		_, err := parseTemplate(c.in)
		if err == nil || err.at != c.at || err.msg != c.msg {
			t.Errorf("%q: %+v, want %q at %d", c.in, err, c.msg, c.at)
		}
	}
	if tpl, err := parseTemplate("x[0-999999999999999999][0-999999999999999999]"); err != nil || tpl.count() != MaxRange+1 {
		t.Errorf("a huge range: %v", err)
	}
}

func TestHostSet(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"db", "db"},
		{"web-0712 web-0711 web-0713 web-0720", "web-[0711-0713,0720]"},
		{"web-9 web-10 web-11", "web-[9-11]"},
		{"web-09 web-10", "web-[09-10]"},
		{"web-99 web-100 web-098 web-099", "web-[99,098-100]"},
		{"web-1 web-01 web-001", "web-[1,01,001]"},
		{"a-1.x a-2.x a-3.y", "a-[1-2].x,a-3.y"},
		{"b a a", "a,b"},
		{"r1-n1 r1-n2 r2-n1", "r1-n[1-2],r2-n1"},
		{"web web-1 web-2", "web,web-[1-2]"},
		{"x1 x", "x,x1"},
	} {
		var ids []HostID
		for _, f := range strings.Fields(c.in) {
			ids = append(ids, HostID(f))
		}
		if got := HostSet(ids); got != c.want {
			t.Errorf("%s: %s, want %s", c.in, got, c.want)
		}
	}
}

// genNames draws host names that make all sorts of folds likely.
func genNames(rt *rapid.T) []HostID {
	name := rapid.StringMatching(`(a|b-|r0?[0-2]-)(0{0,2}[0-9]{0,3}|9{1,19})(\.x[0-9]?|-y|)`).Filter(isName)
	return rapid.Map(rapid.SliceOf(name), func(s []string) []HostID {
		ids := make([]HostID, len(s))
		for i := range s {
			ids[i] = HostID(s[i])
		}
		return ids
	}).Draw(rt, "hosts")
}

func TestHostSetRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ids := genNames(rt)
		short := HostSet(ids)
		back, err := ExpandHostSet(short)
		if err != nil {
			rt.Fatalf("%s: %v", short, err)
		}
		want := slices.Compact(slices.Sorted(slices.Values(ids)))
		if got := slices.Sorted(slices.Values(back)); !slices.Equal(got, want) {
			rt.Fatalf("%v became %s became %v", want, short, got)
		}
		if again := HostSet(back); again != short {
			rt.Fatalf("%s, and then %s", short, again)
		}
	})
}

func TestExpandHostSetErrors(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"web-[1-3", `host set "web-[1-3": "[" without "]"`},
		{"a,,b", `host set "a,,b": "" is not a host's name`},
		{"a b", `host set "a b": "a b" is not a host's name`},
		{"-x", `host set "-x": "-x" is not a host's name`},
		{"x[1-100000],y", `host set "x[1-100000],y": more than 100000 hosts`},
	} {
		_, err := ExpandHostSet(c.in)
		if err == nil || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.in, err, c.want)
		}
	}
	_, err := ExpandHostSet("web-[1-3")
	var h interface{ Hint() string }
	if !errors.As(err, &h) || h.Hint() == "" {
		t.Errorf("no hint: %v", err)
	}
}
