package journal

import (
	"time"

	"tend/inventory"
)

// Segment is one run's record as a file: how long it is and when it was last written. The origin's notes are one, of the run "notes".
type Segment struct {
	Origin   OriginID
	Run      RunID
	Size     int64 // bytes, durable or not
	Modified time.Time
}

// Place is a point in a segment: Offset bytes from its beginning, just behind event Seq, whose hash is Hash. Zero = its beginning.
type Place struct {
	Origin OriginID
	Run    RunID
	Offset int64
	Seq    uint64
	Hash   Hash
}

// Placed is an event and where its line stands in its segment: from Offset up to Next.
type Placed struct {
	Event
	Offset, Next int64
}

// Behind is the place just behind the event.
func (p Placed) Behind() Place {
	return Place{Origin: p.Origin, Run: p.Run, Offset: p.Next, Seq: p.Seq, Hash: p.Hash}
}

// HostRun is a host's part in a run: the latest of a runbook, where an index is asked.
type HostRun struct {
	Host    inventory.HostID `json:"host"`
	Runbook string           `json:"runbook"`
	Origin  OriginID         `json:"origin"`
	Run     RunID            `json:"run"`
	Started time.Time        `json:"started"`
	Outcome string           `json:"outcome"` // an Outcome's word, "waiting" or "running"
}
