package runbooks

// DryRun is the part of the plan that looks and does not touch: its reading steps up to the first one that changes something, on
// the same hosts in the same order. What comes behind a change cannot be known without it. It has a digest of its own.
func (p Plan) DryRun() Plan {
	if p.Risk == Read {
		return p
	}
	dry := p
	dry.Steps = nil
	for _, s := range p.Steps {
		if s.Risk != Read {
			break
		}
		dry.Steps = append(dry.Steps, s)
	}
	dry.Risk, dry.Dry = Read, true
	dry.Digest = ""
	dry.Digest = dry.ComputeDigest()
	return dry
}
