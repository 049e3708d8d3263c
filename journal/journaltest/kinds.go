package journaltest

import (
	"tend/journal"
	"tend/runbooks"
)

// Kinds gives one body of every kind, with every field set.
func Kinds() []journal.Body {
	by := journal.Who{User: "ops", From: "console1 pts/3"}
	plan := Plan("health", "a", "b")
	plan.Ticket, plan.Version = "CHG-1", "0.1"
	plan.Inventory = journal.InventoryRef{Path: "inventory.toml", Digest: "00", Commit: "abc", Dirty: true}
	return []journal.Body{
		plan,
		journal.RunnerStarted{PID: 7, Host: "console1", Resumed: true, BootID: "b", Up: 5},
		journal.WaveOpened{Wave: 1},
		journal.HostReached{Host: "a", Addr: "10.0.0.1:22", Via: []string{"bastion"}, User: "root", Key: "ssh-ed25519 SHA256:x", Auth: "publickey"},
		journal.StepStarted{Host: "a", Step: "check", Attempt: 2, Job: "j1"},
		journal.OutputRead{Host: "a", Step: "check", Attempt: 2, Offset: 5, Data: []byte("<tag> & \"quote\" \x1b[31m\n")},
		journal.FactsRead{Host: "a", Step: "check", Facts: []runbooks.Fact{{Key: "disk:/", Value: "91", Check: true, State: runbooks.CheckWarn, Unit: "%", Threshold: "90/95", Text: "full"}}},
		journal.StepEnded{Host: "a", Step: "check", Attempt: 2, Outcome: journal.Failed, Exit: 3, Reason: "no", Hint: "try", Again: true},
		journal.Decided{Decision: journal.Answer, Host: "a", Step: "check", Attempt: 2, Wave: 1, By: by, Reason: "r", Answers: map[string]string{"k": "v"}, OK: true},
		journal.Remarked{Host: "a", Step: "check", Text: "full disk", ClockSet: -1},
		journal.Noted{Host: "a", Run: "r0", Text: "a note", By: by},
		journal.Sealed{Statement: "tend journal seal 1\n", Signature: "-----BEGIN SSH SIGNATURE-----\n", Key: "ssh-ed25519 AAAA"},
		journal.ShellOpened{Session: "261122-2213-k7f3", Host: "a", By: by, Reason: "looks odd", Recorded: true},
		journal.ShellClosed{Session: "261122-2213-k7f3", Host: "a", Exit: 130, Reason: "the link was lost", Recording: &journal.Recording{Bytes: 5, SHA256: journal.Hash{1}, Recovered: true}},
		journal.Foreign{Name: "from_the_future", Raw: []byte(`{"x":[1,2,{"y":"z"}]}`)},
		journal.RunClosed{Result: journal.SomeFailed, Reason: "a failed"},
	}
}
