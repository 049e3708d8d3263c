package imports

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tend/inventory"
)

var update = flag.Bool("update", false, "write the goldens anew")

func do(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	do(t, err)
	return b
}

// TestSources: each source, as people have them, against the inventory that it makes.
func TestSources(t *testing.T) {
	t.Chdir("testdata")
	cases := map[string]func() (*Found, error){
		"hosts.ini":   func() (*Found, error) { return Ansible("hosts.ini", "main") },
		"hosts.yml":   func() (*Found, error) { return Ansible("hosts.yml", "main") },
		"ansible-dir": func() (*Found, error) { return Ansible("ansible-dir", "main") },
		"list.json":   func() (*Found, error) { return AnsibleList("list.json", file(t, "list.json"), "main") },
		"netbox.json": func() (*Found, error) { return NetBox("netbox.json", file(t, "netbox.json"), "main") },
		"machines.csv": func() (*Found, error) {
			return CSV("machines.csv", file(t, "machines.csv"), "main")
		},
		"ssh_config": func() (*Found, error) {
			return SSHConfig(t.Context(), "ssh_config", "/home/ops", ".", "main", true)
		},
	}
	for name, run := range cases {
		t.Run(name, func(t *testing.T) {
			f, err := run()
			do(t, err)
			got, err := f.TOML()
			do(t, err)
			golden := name + ".toml"
			if *update {
				do(t, os.WriteFile(golden, got, 0o644))
			}
			if want := file(t, golden); string(want) != string(got) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if strings.Contains(string(got), "hunter2") {
				t.Error("a secret was read out")
			}
		})
	}
	if _, err := os.Stat("/tmp/never-run-by-an-import"); err == nil {
		t.Error("something that the source names was run")
	}
}

func file(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	do(t, err)
	return b
}

// TestErrorsHaveTheirLine: what cannot be read is said in one line, with its place.
func TestErrorsHaveTheirLine(t *testing.T) {
	dir := t.TempDir()
	cases := []struct{ file, text, want string }{
		{"a.ini", "[web]\nx\n[web:childs]\n", "a.ini:3: [web:childs] is no section"},
		{"b.ini", "[web]\nweb[01:\n", "b.ini:2: \"web[01:\": a [ is not closed"},
		{"c.ini", "web[05:01]\n", "c.ini:1: \"web[05:01]\": a range is written"},
		{"d.ini", "x ansible_host='10.0.0.1\n", "d.ini:1: a ' is not closed"},
		{"e.ini", "x y\n", "e.ini:1: \"y\" is no name=value"},
		{"f.yml", "all:\n  hosts:\n   - a\n", "f.yml:3: hosts of group all is no mapping"},
		{"g.yml", "all:\n  hosts: {\n", "g.yml:"},
		{"h.ini", "# nothing\n", "h.ini: no host in it"},
		{"i.ini", "web[1:999999]\n", "i.ini:1: "},
		{"j.yml", "- a\n", "j.yml:1: this is no inventory"},
	}
	for _, c := range cases {
		path := filepath.Join(dir, c.file)
		do(t, os.WriteFile(path, []byte(c.text), 0o600))
		_, err := Ansible(path, "main")
		var p *Problem
		if !errors.As(err, &p) || !strings.HasPrefix(strings.TrimPrefix(err.Error(), dir+"/"), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", c.file, err, c.want)
		}
	}
	if _, err := AnsibleList("l.json", []byte("{\n \"a\": [}\n"), "m"); err == nil || !strings.HasPrefix(err.Error(), "l.json:2: ") {
		t.Errorf("%v", err)
	}
	if _, err := NetBox("n.json", []byte(`{"detail": "Invalid token"}`), "m"); err == nil || !strings.Contains(err.Error(), "Invalid token") {
		t.Errorf("%v", err)
	}
	for _, c := range []struct{ text, want string }{
		{"", "t.csv: the table is empty"}, {"a,b\n1,2\n", "t.csv:1: no column is called name"}, {"name,unit\nx,1\ny,two\n", "t.csv:3: unit is \"two\""},
		{"name,hostname\nx,y\n", "t.csv:1: column"}, {"name\n\"x\n", "t.csv:"}, {"name\nx,y\n", "t.csv:2: 2 values under 1 columns"},
	} {
		if _, err := CSV("t.csv", []byte(c.text), "m"); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

const had = `# our machines; the order is that of the tour
[defaults]
user = "ops"   # everywhere

[[site]]
name = "ams1"

  # by the door
  [[site.rack]]
  name = "r07"
    [[site.rack.host]]
    name = "db-0712"   # the loud one
    addr = "10.1.7.99"

# who may be down
[[group]]
name = "g"
members = "site=ams1"
max_down = 0
`

// TestInto: what was there stays, byte for byte and in its order; what is new is added, in racks and sites that may be new too.
func TestInto(t *testing.T) {
	for _, old := range []string{had, strings.TrimSuffix(had, "\n")} {
		f, err := NetBox("netbox.json", read(t, "netbox.json"), "main")
		do(t, err)
		f.Hosts = append(f.Hosts, Host{Name: "new-1", Site: "ber2", Rack: "a1", Unit: 3, Addr: "10.2.0.1"})
		m, err := f.Into("inventory.toml", []byte(old))
		do(t, err)
		if m.Had != 1 || fmt.Sprint(m.Added) != "[patch-panel-3 new-1]" {
			t.Errorf("%+v", m)
		}
		if len(m.Left) != 1 || m.Left[0].String() != `inventory.toml:11: db-0712 is left as it is: addr is "10.1.7.99" here and "10.1.7.12" in the source` {
			t.Errorf("%v", m.Left)
		}
		rest := string(m.Text)
		for line := range strings.Lines(old) { // every line is still there, after the one before it
			_, after, ok := strings.Cut(rest, line)
			if !ok {
				t.Fatalf("%q is gone, or has moved\n%s", line, m.Text)
			}
			rest = after
		}
		inv, err := inventory.Parse("x", m.Text)
		do(t, err)
		if h, _ := inv.Host("patch-panel-3"); h.Rack != "R-50" || h.Unit != 45 || h.User != "ops" {
			t.Errorf("%+v\n%s", h, m.Text)
		}
		if h, _ := inv.Host("new-1"); h.Site != "ber2" || h.Rack != "a1" || h.Unit != 3 {
			t.Errorf("%+v\n%s", h, m.Text)
		}
		again, err := f.Into("inventory.toml", m.Text)
		do(t, err)
		if string(again.Text) != string(m.Text) || len(again.Added) != 0 {
			t.Error("a second time adds something")
		}
	}
	f := &Found{Hosts: []Host{{Name: "a", Site: "s", Rack: "new"}}}
	if _, err := f.Into("i.toml", []byte("site = [{name = \"s\"}]\nhost = [{name = \"b\", site = \"s\"}]\n")); !errors.Is(err, errInline) {
		t.Errorf("%v", err)
	}
}

// TestWhereARackGoes: right behind its site's own lines, before the table that follows and the comment that belongs to it.
func TestWhereARackGoes(t *testing.T) {
	const head, rack = "[[host]]\nname = \"z\"\nsite = \"s\"\n[[site]]\nname = \"s\"\n# about the site\ntitle = \"S\"\n\n", "  [[site.rack]]\n  name = \"new\"\n"
	for _, next := range []string{
		"", "[[site]]\nname = \"t\"\n", "  [[site.rack]]\n  name = \"old\"\n", "  [[site.host]]\n  name = \"b\"\n", "[[host]]\nname = \"b\"\nsite = \"s\"\n",
		"[[group]]\nname = \"g\"\nmembers = \"all\"\nmax_down = 0\n", "[[service]]\nname = \"v\"\nhosts = \"all\"\n",
	} {
		if next != "" {
			next = "# what is next\n" + next
		}
		f := &Found{Hosts: []Host{{Name: "a", Site: "s", Rack: "new"}}}
		m, err := f.Into("i.toml", []byte(head+next))
		do(t, err)
		if !strings.HasPrefix(string(m.Text), head+rack+next) {
			t.Errorf("behind %q:\n%s", next, m.Text)
		}
	}
}

// TestNetBoxPages: page by page, with the token, and never to another server or in the clear.
func TestNetBoxPages(t *testing.T) {
	var next string
	var tokens []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("Authorization"))
		one := `{"name": "h%s", "site": {"slug": "s"}, "status": {"value": "active"}, "primary_ip": {"address": "10.0.0.%s/24"}}`
		if off := r.URL.Query().Get("offset"); off == "" {
			fmt.Fprintf(w, `{"next": %q, "results": [`+one+`]}`, next, "1", "1")
		} else {
			fmt.Fprintf(w, `{"next": null, "results": [`+one+`]}`, "2", "2")
		}
	}))
	defer srv.Close()
	next = srv.URL + "/api/dcim/devices/?limit=500&offset=500"
	f, err := NetBoxURL(t.Context(), srv.Client(), srv.URL, "s3cret", "main")
	do(t, err)
	if len(f.Hosts) != 2 || f.Hosts[1].Addr != "10.0.0.2" || fmt.Sprint(tokens) != "[Token s3cret Token s3cret]" {
		t.Errorf("%+v %v", f.Hosts, tokens)
	}
	bad := func(address, token, want string) {
		t.Helper()
		if _, err := NetBoxURL(t.Context(), srv.Client(), address, token, "main"); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", address, err)
		}
	}
	next = "https://elsewhere.example/api/?offset=1"
	bad(srv.URL, "s3cret", "on another server")
	next = srv.URL + "/api/dcim/devices/?limit=500"
	bad(srv.URL, "", "circle")
	bad("http://netbox.example.net", "s3cret", "in the clear")
	bad("netbox", "", "no address")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := NetBoxURL(ctx, srv.Client(), srv.URL, "", "main"); !strings.Contains(fmt.Sprint(err), "canceled") {
		t.Errorf("%v", err)
	}
}

// TestByteOrderMark: what an editor wrote before the first line is no part of it, whatever the source is.
func TestByteOrderMark(t *testing.T) {
	const mark = "\ufeff"
	path := filepath.Join(t.TempDir(), "hosts.ini")
	do(t, os.WriteFile(path, []byte(mark+"[web]\r\nx\r\n"), 0o600))
	found, err := Ansible(path, "main")
	if err != nil || len(found.Hosts) != 1 {
		t.Errorf("%v, %v", found, err)
	}
	if data, err := ReadAll("x", strings.NewReader(mark+"[]")); string(data) != "[]" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if data, err := ReadWhole(path); !strings.HasPrefix(string(data), mark) || err != nil {
		t.Errorf("%q, %v: what is added to must stay as it is", data, err)
	}
}

func FuzzINI(f *testing.F) {
	b, err := os.ReadFile("testdata/hosts.ini")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(b))
	f.Add("a[0:1][x:z]:22 k='v'")
	f.Fuzz(func(t *testing.T, text string) {
		a := newAnsible("x")
		if a.ini("x", []byte(text)) != nil {
			return
		}
		found, err := a.settle("x", "main")
		if err != nil {
			return
		}
		if out, err := found.TOML(); err != nil && !errors.As(err, new(inventory.Problems)) {
			t.Errorf("%v\n%s", err, out)
		}
	})
}
