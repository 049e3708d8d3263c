package inventory

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// mustParse parses a text that is right.
func mustParse(t testing.TB, text string) *Inventory {
	t.Helper()
	inv, err := Parse("test.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

// layered has defaults at every level, and each way in which they meet.
const layered = `[defaults]
user = "ops"
become = "sudo"
tags = ["all-hosts"]
addr = "{name}.{site}.example.net"
[defaults.vars]
health.disk_crit = 95

[[host]]
name = "laptop"
addr = "192.0.2.9"
port = 2222
become = ""

[[site]]
name = "ams1"
title = "Amsterdam"
jump = "gw@bastion.ams1.example.net:2222"
window = "Sun 01:00-05:00 Europe/Amsterdam"
tags = ["nl"]
prod = true
vars = { "patch.reboot" = "auto" }

  [[site.host]]
  name = "vm-1"
  prod = false
  jump = "none"

  [[site.rack]]
  name = "r07"
  units = 20
  row = "B"
  feeds = ["A", "B"]
  owner = "dc team"
  [site.rack.expect]
  ports = [22, "53/udp"]

    [[site.rack.host]]
    name = "db-[01-02,07]"
    addr = "10.1.7.[1-3]"
    unit = 3
    height = 2
    tags = ["db", "nl"]
    warranty = 2027-03-31
    [site.rack.host.vars]
    "health.disk_crit" = "98"
    [site.rack.host.expect]
    ports = [5432]
    mounts = ["/srv"]

    [[site.rack.host]]
    name = "sw-1"
    unit = [20]
    shell = "none"
    face = "rear"
    os = "eos-4"

    [[site.rack.host]]
    name = "pp-1"
    unit = 20
    face = "front"
    feeds = []
    vars = {}
    expect = {}

  [[site.host]]
  name = "bastion.ams1.example.net"
  addr = "bastion.ams1.example.net"

[[host]]
name = "late"
site = "ams1"
rack = "r07"
unit = 1

[[host]]
name = "lost"
site = "ams1"
window = "any"

[[group]]
name = "pg"
members = "group=d*"
max_down = "50%"
drain = '''
pg_ctl promote
'''

[[group]]
name = "dbs"
members = "db-[01-02] tag=db !name=db-07"
quorum = 1

[[service]]
name = "billing"
hosts = "group=pg ams1/r07"
owner = "Ann"
rto = "1h30m"
rpo = "15m"
end_of_life = 2028-06-30
backup = "restic:/srv/backup"
depends = ["web"]

[[service]]
name = "web"
hosts = "vm-1"
`

const dbTail = `"height":2,"addr":"10.1.7.N","user":"ops","jump":["gw@bastion.ams1.example.net:2222"],"become":"sudo",` +
	`"tags":["all-hosts","nl","db"],"feeds":["A","B"],"window":"Sun 01:00-05:00 Europe/Amsterdam","prod":true,"owner":"dc team",` +
	`"warranty":"2027-03-31T00:00:00Z",MEMBER"expect":{"ports":["22","53/udp","5432"],"mounts":["/srv"]},"vars":{"health.disk_crit":"98",` +
	`"patch.reboot":"auto"},"line":38}`

const rackTail = `"user":"ops","jump":["gw@bastion.ams1.example.net:2222"],"become":"sudo","tags":["all-hosts","nl"],`

func TestParse(t *testing.T) {
	member := `"groups":["pg","dbs"],"services":["billing"],`
	want := []string{
		`{"name":"laptop","site":"","addr":"192.0.2.9","port":2222,"user":"ops","tags":["all-hosts"],"vars":{"health.disk_crit":"95"},"line":9}`,
		`{"name":"vm-1","site":"ams1","addr":"vm-1.ams1.example.net","user":"ops","become":"sudo","tags":["all-hosts","nl"],` +
			`"window":"Sun 01:00-05:00 Europe/Amsterdam","services":["web"],"vars":{"health.disk_crit":"95","patch.reboot":"auto"},"line":24}`,
		`{"name":"db-01","site":"ams1","rack":"r07","unit":3,` + strings.NewReplacer(".N", ".1", "MEMBER", member).Replace(dbTail),
		`{"name":"db-02","site":"ams1","rack":"r07","unit":5,` + strings.NewReplacer(".N", ".2", "MEMBER", member).Replace(dbTail),
		`{"name":"db-07","site":"ams1","rack":"r07","unit":7,` + strings.NewReplacer(".N", ".3", "MEMBER", "").Replace(dbTail),
		`{"name":"sw-1","site":"ams1","rack":"r07","unit":20,"height":1,"addr":"sw-1.ams1.example.net",` + rackTail +
			`"os":"eos-4","feeds":["A","B"],"window":"Sun 01:00-05:00 Europe/Amsterdam","shell":"none","prod":true,"face":"rear","owner":"dc team",` +
			`"expect":{"ports":["22","53/udp"]},"vars":{"health.disk_crit":"95","patch.reboot":"auto"},"line":51}`,
		`{"name":"pp-1","site":"ams1","rack":"r07","unit":20,"height":1,"addr":"pp-1.ams1.example.net",` + rackTail +
			`"window":"Sun 01:00-05:00 Europe/Amsterdam","prod":true,"face":"front","owner":"dc team",` +
			`"expect":{"ports":["22","53/udp"]},"vars":{"health.disk_crit":"95","patch.reboot":"auto"},"line":58}`,
		`{"name":"bastion.ams1.example.net","site":"ams1","addr":"bastion.ams1.example.net","user":"ops","become":"sudo",` +
			`"tags":["all-hosts","nl"],"window":"Sun 01:00-05:00 Europe/Amsterdam","prod":true,` +
			`"vars":{"health.disk_crit":"95","patch.reboot":"auto"},"line":66}`,
		`{"name":"late","site":"ams1","rack":"r07","unit":1,"height":1,"addr":"late.ams1.example.net",` + rackTail +
			`"feeds":["A","B"],"window":"Sun 01:00-05:00 Europe/Amsterdam","prod":true,"owner":"dc team",` +
			`"expect":{"ports":["22","53/udp"]},"vars":{"health.disk_crit":"95","patch.reboot":"auto"},"line":70}`,
		`{"name":"lost","site":"ams1","addr":"lost.ams1.example.net",` + rackTail + `"prod":true,"vars":{"health.disk_crit":"95","patch.reboot":"auto"},"line":76}`,
	}
	inv := mustParse(t, layered)
	if len(inv.Hosts) != len(want) {
		t.Errorf("%d hosts, want %d", len(inv.Hosts), len(want))
	}
	for i, h := range inv.Hosts[:min(len(want), len(inv.Hosts))] {
		got, err := json.Marshal(h)
		if err != nil || string(got) != want[i] {
			t.Errorf("host %d, %v:\n%s\nwant\n%s", i, err, got, want[i])
		}
		if found, ok := inv.Host(h.Name); !ok || found.Line != h.Line {
			t.Errorf("Host(%s) gave %v, line %d", h.Name, ok, found.Line)
		}
	}
}

func TestParseMembers(t *testing.T) {
	inv := mustParse(t, layered)
	for _, c := range []struct{ what, got, want any }{
		{"pg", HostSet(inv.Groups[0].Hosts), "db-[01-02]"},
		{"pg max_down", inv.Groups[0].MaxDown, 1},
		{"pg drain", inv.Groups[0].Drain, "pg_ctl promote\n"},
		{"dbs", HostSet(inv.Groups[1].Hosts), "db-[01-02]"},
		{"dbs max_down", inv.Groups[1].MaxDown, 1},
		{"billing", HostSet(inv.Services[0].Hosts), "db-[01-02]"},
		{"rto", inv.Services[0].RTO, 90 * time.Minute},
		{"rpo", inv.Services[0].RPO, 15 * time.Minute},
		{"end of life", inv.Services[0].EndOfLife, time.Date(2028, 6, 30, 0, 0, 0, 0, time.UTC)},
		{"depends", inv.Services[0].Depends[0], "web"},
		{"row", inv.Sites[0].Racks[0].Row, "B"},
		{"units", inv.Sites[0].Racks[0].Units, 20},
		{"rack line", inv.Sites[0].Racks[0].Line, 29},
		{"site line", inv.Sites[0].Line, 15},
		{"path", inv.Path, "test.toml"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %v, want %v", c.what, c.got, c.want)
		}
	}
}

func TestParseEmpty(t *testing.T) {
	inv := mustParse(t, "# nothing yet\n")
	if len(inv.Hosts)+len(inv.Sites) != 0 || inv.Digest == [32]byte{} {
		t.Errorf("an empty text gave %+v", inv)
	}
}

// TestHostsAreValues: what one host is given shows on no other, though they share what they inherit.
func TestHostsAreValues(t *testing.T) {
	inv := mustParse(t, layered)
	a, _ := inv.Host("db-01")
	_ = append(a.Tags, "mine")
	_ = append(a.Expect.Ports, "1")
	_ = append(a.Groups, "mine")
	if again, _ := inv.Host("db-02"); strings.Contains(strings.Join(again.Tags[:cap(again.Tags)], " "), "mine") ||
		strings.Contains(strings.Join(again.Groups[:cap(again.Groups)], " "), "mine") {
		t.Error("two hosts share the room behind a slice")
	}
}
