package runbooks

// DryRun is the part of the plan that looks and does not touch: its reading steps up to the first one that disrupts, on the same
// hosts in the same order. Steps that change something, such as fetching the package lists anew, are left out, so that it tells what
// the host knows as it stands; what comes behind a disruption cannot be known without it. It has a digest of its own.
func (p Plan) DryRun() Plan {
	if p.Risk == Read {
		return p
	}
	dry := p
	dry.Steps = nil
	for _, s := range p.Steps {
		if s.Group != "" {
			continue
		}
		if s.Risk == Disrupt {
			break
		}
		if s.Risk != Read {
			continue
		}
		dry.Steps = append(dry.Steps, s)
	}
	dry.Risk, dry.Dry = Read, true
	dry.Digest = ""
	dry.Digest = dry.ComputeDigest()
	return dry
}
