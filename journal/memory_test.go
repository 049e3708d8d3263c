package journal_test

import (
	"testing"

	"tend/journal"
	"tend/journal/journaltest"
)

func TestMemory(t *testing.T) {
	journaltest.Run(t, func(t *testing.T) journal.Journal { return journal.NewMemory("ops@console1", nil) })
}
