package plans

import (
	"math"

	"tend/inventory"
	"tend/runbooks"
)

// lineChars are what a text on one line consists of.
const lineChars = `[^\x00-\x1f\x7f]`

// KeyTables are the tables of a plan's file, in the order in which a reference lists them.
var KeyTables = []string{"plan", "approver", "run"}

// Keys returns every key that Parse takes, table by table; their types are as runbooks.Key says, and "date" and "values" beside them.
func Keys() []runbooks.Key {
	return []runbooks.Key{
		{Table: "plan", Name: "goal", Type: "string", Help: "what will be so when it is done, on one line", Example: `"OpenSSL 3.5.4 everywhere"`, Required: true, Pattern: `^` + lineChars + `*[^\x00-\x20\x7f]` + lineChars + `*$`},
		{Table: "plan", Name: "reason", Type: "string", Help: "why; the journal gets it with every run, or else the goal", Example: `"CVE-2026-1"`, Pattern: `^` + lineChars + `*$`},
		{Table: "plan", Name: "ticket", Type: "string", Help: "the ticket, for the journal", Example: `"OPS-123"`, Pattern: `^` + lineChars + `*$`},
		{Table: "plan", Name: "scope", Type: "selector", Help: "the hosts of the runs that do not say their own", Example: `"site=ams1 tag=web"`},
		{Table: "plan", Name: "window", Type: "string", Help: "the maintenance window of the hosts that have none in the inventory", Example: `"Sun 01:00-05:00 Europe/Amsterdam"`, Pattern: inventory.WindowPattern},
		{Table: "plan", Name: "from", Type: "date", Help: "the first day on which the plan holds", Example: `2027-01-10`},
		{Table: "plan", Name: "until", Type: "date", Help: "the last day on which the plan holds", Example: `2027-01-31`},
		{Table: "plan", Name: "approvals", Type: "int", Help: "how many of the approvers must approve; all of them where it is not said", Example: `1`, Range: [2]int{0, math.MaxInt32}},
		{Table: "plan", Name: "allowed_signers", Type: "string", Help: "a file with the approvers' keys, as ssh-keygen(1) describes it; beside the plan unless absolute", Example: `"allowed_signers"`},
		{Table: "plan", Name: "approver", Type: "approver", Help: "who may approve: one [[approver]] each"},
		{Table: "plan", Name: "run", Type: "run", Help: "a runbook: one [[run]] each, in order", Required: true},
		{Table: "approver", Name: "name", Type: "string", Help: "the approver's name, in one word", Example: `"ann"`, Required: true, Pattern: `^[^\x00-\x20,/\x7f]+$`},
		{Table: "approver", Name: "key", Type: "string", Help: "their public key, as in an authorized_keys file: with one, only a signature counts", Example: exampleKey},
		{Table: "run", Name: "runbook", Type: "string", Help: "the runbook's name", Example: `"patch"`, Required: true},
		{Table: "run", Name: "scope", Type: "selector", Help: "its hosts; the plan's where it is not said", Example: `"tag=web"`},
		{Table: "run", Name: "set", Type: "values", Help: "its parameters; secrets have no place here", Example: `{ scope = "security" }`},
		{Table: "run", Name: "canary", Type: "int", Help: "how many hosts go first, alone; the runbook's where it is not said, as for the next six", Example: `1`, Range: [2]int{0, math.MaxInt32}},
		{Table: "run", Name: "batch", Type: "portion", Help: "how many go together afterwards", Example: `"20%"`, Range: [2]int{1, math.MaxInt32}},
		{Table: "run", Name: "by", Type: "string", Options: runbooks.Domains, Help: "a wave holds hosts of one site, rack or power feed only", Example: `"rack"`},
		{Table: "run", Name: "parallel", Type: "int", Help: "how many are at work at once", Example: `10`, Range: [2]int{0, runbooks.MaxParallel}},
		{Table: "run", Name: "max_failures", Type: "portion", Help: "how many may fail before nothing new starts", Example: `3`, Range: [2]int{0, math.MaxInt32}},
		{Table: "run", Name: "pause", Type: "string", Help: "between waves: \"manual\" waits for an approval, a duration for time", Example: `"5m"`, Pattern: runbooks.PausePattern},
		{Table: "run", Name: "cutoff", Type: "duration", Help: "how long before the end of its window a host is not begun any more", Example: `"45m"`, Pattern: runbooks.DurationPattern},
		{Table: "run", Name: "go_on", Type: "bool", Help: "the next run starts although this one failed", Example: `true`},
	}
}

// exampleKey is nobody's.
const exampleKey = `"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKPI7pBGQHyM1tx63t5KygN0e8ZiOy0+wylQDoXhSB6T ann@desk"`
