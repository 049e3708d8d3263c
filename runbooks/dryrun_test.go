package runbooks

import "testing"

func TestDryRunLooksAndDoesNotTouch(t *testing.T) {
	p := Plan{Runbook: "r", Risk: Disrupt, Steps: []Step{
		{ID: "gate", Risk: Read, Phase: Before}, {ID: "refresh", Risk: Change}, {ID: "pending", Risk: Read}, {ID: "upgrade", Risk: Disrupt}, {ID: "verify", Risk: Read},
	}}
	p.Digest = p.ComputeDigest()
	dry := p.DryRun()
	if len(dry.Steps) != 2 || dry.Steps[0].ID != "gate" || dry.Steps[1].ID != "pending" || dry.Risk != Read || !dry.Dry {
		t.Fatalf("dry: %+v", dry)
	}
	if dry.Digest == p.Digest || dry.Digest != dry.ComputeDigest() {
		t.Fatalf("digest %q beside %q", dry.Digest, p.Digest)
	}
	if len(p.Steps) != 5 {
		t.Fatal("the plan itself was changed")
	}
	if read := (Plan{Risk: Read, Digest: "d"}); read.DryRun().Digest != "d" {
		t.Fatal("a plan that only reads is its own dry run")
	}
}
