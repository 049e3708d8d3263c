package runbooks

import (
	"strings"
	"testing"

	"tend/inventory"
)

// TestOwed: what a run owes before it may start, in one line that names the setting and the hosts.
func TestOwed(t *testing.T) {
	hosts := []inventory.Host{{Name: "a-1", RequireTicket: true}, {Name: "a-2", RequireTicket: true, RequireReason: true}, {Name: "b"}}
	for _, c := range []struct {
		book           string
		risk           Risk
		hosts          []inventory.Host
		reason, ticket string
		want           string
	}{
		{"", Change, hosts, "", "", "this run needs a reason: the inventory sets require_reason for a-2"},
		{"", Change, hosts, " ", "OPS-1", "this run needs a reason: the inventory sets require_reason for a-2"},
		{"", Disrupt, hosts, "why", "", "this run needs a ticket: the inventory sets require_ticket for a-[1-2]"},
		{"", Change, hosts, "why", "OPS-1", ""},
		{"", Change, hosts[2:], "", "", ""},
		{"", Read, hosts, "", "", ""},
		{"accept-drift", Change, hosts[2:], " ", "OPS-1", "accept-drift needs a reason: a report has to give it"},
		{"accept-drift", Change, hosts[2:], "why", "", ""},
		{"accept-drift", Read, hosts, "", "", ""},
	} {
		err := (&Plan{Runbook: c.book, Risk: c.risk, Hosts: c.hosts}).Owed(c.reason, c.ticket)
		if got := errText(err); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
		if err != nil && !strings.Contains(err.(*OwedError).Hint(), "--"+err.(*OwedError).What()) {
			t.Errorf("hint %q", err.(*OwedError).Hint())
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
