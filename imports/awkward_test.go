package imports

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shown is one host in a line, with what is not as usual of it.
func shown(h Host) string {
	s := h.Name
	for _, v := range []string{h.Addr, h.User, h.Become, h.Shell, strings.Join(h.Jump, ">"), strings.Join(h.Identity, " ")} {
		s += "|" + v
	}
	return s + fmt.Sprintf("|%d|%v", h.Port, h.Tags)
}

// ansibleOf reads an inventory, and answers with its hosts and with what was left, a line each.
func ansibleOf(t *testing.T, name, text string) (hosts, left string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	do(t, os.WriteFile(path, []byte(text), 0o600))
	f, err := Ansible(path, "main")
	do(t, err)
	for _, h := range f.Hosts {
		hosts += shown(h) + "\n"
	}
	for _, l := range f.Left {
		left += strings.TrimPrefix(l.String(), filepath.Dir(path)+"/") + "\n"
	}
	return hosts, left
}

// TestVariablesOfAHost: what Ansible would do with a variable is what the inventory says; what cannot be said is left, with its line.
func TestVariablesOfAHost(t *testing.T) {
	for _, c := range []struct{ vars, want, left string }{
		{`ansible_become=no`, "x|||none||||0|[]", ""},
		{`ansible_become=0`, "x|||none||||0|[]", ""},
		{`ansible_become=False`, "x|||none||||0|[]", ""},
		{`ansible_become=1`, "x|||sudo||||0|[]", ""},
		{`ansible_become=yes ansible_become_method=doas`, "x|||doas||||0|[]", ""},
		{`ansible_become=yes ansible_become_method=runas`, "x|||||||0|[]", `h.ini:1: variable ansible_become_method: "runas" is unknown here`},
		{`ansible_port=22`, "x|||||||0|[]", ""},
		{`ansible_port=65535`, "x|||||||65535|[]", ""},
		{`ansible_port=65536`, "x|||||||0|[]", `h.ini:1: variable ansible_port: "65536" cannot be used`},
		{`ansible_port=0`, "x|||||||0|[]", `h.ini:1: variable ansible_port: "0" cannot be used`},
		{`ansible_user="{{ login }}"`, "x|||||||0|[]", "h.ini:1: variable ansible_user: its value is a template"},
		{`ansible_connection=local`, "", "h.ini:1: host x, which Ansible reaches without SSH"},
		{`ansible_connection=ansible.netcommon.network_cli`, "x||||none|||0|[]", ""},
		{`ansible_connection=winrm`, "x|||||||0|[]", `h.ini:1: variable ansible_connection: "winrm" is no SSH`},
		{`ansible_ssh_private_key_file=~/.ssh/ops`, "x||||||~/.ssh/ops|0|[]", ""},
		{`ansible_ssh_private_key_file=/etc/k`, "x||||||/etc/k|0|[]", ""},
		{`ansible_ssh_private_key_file=keys/ops`, "x|||||||0|[]", `h.ini:1: variable ansible_ssh_private_key_file: "keys/ops" cannot be used`},
		{`ansible_ssh_common_args='-J me@b1:2200,b2'`, "x|||||me@b1:2200>b2||0|[]", ""},
		{`ansible_ssh_common_args='-Jb1'`, "x|||||b1||0|[]", ""},
		{`ansible_ssh_common_args='-o ProxyJump=b1'`, "x|||||b1||0|[]", ""},
		{`ansible_ssh_common_args='-oproxyjump=b1'`, "x|||||b1||0|[]", ""},
		{`ansible_ssh_common_args='-o ProxyJump="b1"'`, "x|||||b1||0|[]", ""},
		{`ansible_ssh_common_args='-o ProxyCommand="ssh -W %h:%p -q me@b1"'`, "x|||||me@b1||0|[]", ""},
		{`ansible_ssh_common_args='-o ProxyCommand="ssh -q b1 -W %h:%p"'`, "x|||||b1||0|[]", ""},
		{`ansible_ssh_common_args='-o ProxyCommand="ssh -i /k -W %h:%p b1"'`, "x|||||||0|[]", `h.ini:1: variable ansible_ssh_common_args: "-o ProxyCommand=\"ssh -i /k -W %h:%p b1\"" cannot be used`},
		{`ansible_ssh_common_args='-o ProxyCommand="nc -X connect %h %p"'`, "x|||||||0|[]", `h.ini:1: variable ansible_ssh_common_args: "-o ProxyCommand=\"nc -X connect %h %p\"" cannot be used`},
		{`ansible_ssh_common_args='-o StrictHostKeyChecking=no -o ProxyJump=b1 -C'`, "x|||||b1||0|[]", `h.ini:1: variable ansible_ssh_common_args: "-o StrictHostKeyChecking=no -o ProxyJump=b1 -C", but for its jump host`},
		{`ansible_ssh_common_args='-o StrictHostKeyChecking=no'`, "x|||||||0|[]", `h.ini:1: variable ansible_ssh_common_args: "-o StrictHostKeyChecking=no" cannot be used`},
		{`ansible_ssh_common_args='-o'`, "x|||||||0|[]", `h.ini:1: variable ansible_ssh_common_args: "-o" cannot be used`},
		{`API_TOKEN=abc`, "x|||||||0|[]", "h.ini:1: variable API_TOKEN: a secret has no place in an inventory"},
	} {
		hosts, left := ansibleOf(t, "h.ini", "x "+c.vars+"\nother\n")
		if first, _, _ := strings.Cut(hosts, "\n"); (c.want == "") == strings.HasPrefix(first, "x|") || c.want != "" && first != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.vars, first, c.want)
		}
		if strings.TrimSpace(left) != c.left {
			t.Errorf("%s: left\n got %s\nwant %s", c.vars, left, c.left)
		}
	}
}

// TestGroupsOverrideTheirParents: the deeper group's variable wins, whatever the names and however the file is ordered; a host's own wins over
// all, and those of "all" over none. A comment ends a number or a quoted text only.
func TestGroupsOverrideTheirParents(t *testing.T) {
	hosts, left := ansibleOf(t, "g.ini", `
[zone:children]
middle # what is in it
[middle:children]
able
[able]
h1
h2 ansible_user=own
[bare-group:children]
empty
[other]
h3
n[08:12:2]
l[a:e:2]
[all:vars]
ansible_user=everyone
ansible_port="2222" # quoted
[zone:vars]
ansible_user=zone
ansible_port=2223 # a number
[able:vars]
ansible_user='able'
[middle:vars]
ansible_user=middle
; the end
`)
	want := `h1||able|||||2223|[able middle zone]
h2||own|||||2223|[able middle zone]
h3||everyone|||||2222|[other]
n08||everyone|||||2222|[other]
n10||everyone|||||2222|[other]
n12||everyone|||||2222|[other]
la||everyone|||||2222|[other]
lc||everyone|||||2222|[other]
le||everyone|||||2222|[other]
`
	if hosts != want || left != "" {
		t.Errorf("got\n%s%s\nwant\n%s", hosts, left, want)
	}
}

// TestNetBoxSaysNo: what a NetBox answers instead of devices is told in one line with what to do about it, and the token is in none of them.
func TestNetBoxSaysNo(t *testing.T) {
	var status int
	var body, asked, sent string
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, sent = r.URL.String(), r.Header.Get("Authorization")
		if status == http.StatusFound {
			w.Header().Set("Location", "https://login.example.net/?next=x")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	defer srv.Close()
	for _, c := range []struct {
		status           int
		body, want, hint string
	}{
		{401, `{"detail": "Invalid\n token"}`, "it answered 401 Unauthorized: Invalid token", "NETBOX_TOKEN"},
		{403, `{"detail": "Authentication credentials were not provided."}`, "it answered 403 Forbidden: Authentication", "NETBOX_TOKEN"},
		{404, "<html>", "it answered 404 Not Found", "browser"},
		{500, "<html>", "it answered 500 Internal Server Error", "try again"},
		{302, "", "it sends us on to https://login.example.net", "give the file"},
		{200, "<html>log in</html>", "it answered no JSON", "give the file"},
		{200, `{"count": 3}`, "there is no list of results", "give the file"},
	} {
		status, body = c.status, c.body
		_, err := NetBoxURL(t.Context(), srv.Client(), srv.URL, "nbt_k.s3cret", "main")
		p, ok := err.(*Problem)
		if !ok || !strings.Contains(err.Error(), c.want) || !strings.Contains(p.Hint(), c.hint) || strings.Contains(err.Error()+p.Hint(), "s3cret") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%d: %v, want %s", c.status, err, c.want)
		}
	}
	status, body = 200, `{"results": [{"name": "a", "site": {"slug": "s"}}]}`
	for _, c := range []struct{ address, token, asked, sent string }{
		{"", "nbt_k.s3cret", "/api/dcim/devices/?limit=500", "Bearer nbt_k.s3cret"},
		{"/", "0123abc", "/api/dcim/devices/?limit=500", "Token 0123abc"},
		{"/netbox/", "", "/netbox/api/dcim/devices/?limit=500", ""},
		{"/?site=ams1&limit=7", "", "/api/dcim/devices/?limit=7&site=ams1", ""},
		{"/api/dcim/devices/?site=ams1", "", "/api/dcim/devices/?site=ams1", ""},
	} {
		f, err := NetBoxURL(t.Context(), srv.Client(), srv.URL+c.address, c.token, "main")
		do(t, err)
		if len(f.Hosts) != 1 || asked != c.asked || sent != c.sent {
			t.Errorf("%s: asked %s with %q", c.address, asked, sent)
		}
	}
}
