package fleet

import (
	"slices"
	"strings"
	"time"

	"tend/journal"
)

// facts are what is known of a host, one a key, in the order of the keys: as the index tells them, so that a large fleet is taken in by
// copying, and in half of a map's room.
type facts []journal.Known

// find is where the key stands, or would.
func (f facts) find(key string) (int, bool) {
	return slices.BinarySearchFunc(f, key, func(k journal.Known, key string) int { return strings.Compare(k.Fact.Key, key) })
}

// at is the fact under a key; the zero Known where there is none.
func (f facts) at(key string) (journal.Known, bool) {
	if i, ok := f.find(key); ok {
		return f[i], true
	}
	return journal.Known{}, false
}

// learn takes facts in; of two under one key the one stays that replaces the other, as of the limit (see journal.Replaces).
func (f *facts) learn(limit time.Time, known ...journal.Known) {
	if len(*f) == 0 && ascending(known) {
		*f = slices.Clone(known)
		return
	}
	if len(*f) == 0 { // a step prints them as it likes: put in one by one, each would move those behind it
		known = slices.Clone(known)
		slices.SortStableFunc(known, func(a, b journal.Known) int { return strings.Compare(a.Fact.Key, b.Fact.Key) })
		*f = make(facts, 0, len(known))
	}
	for i := range known {
		k := &known[i]
		at, ok := f.find(k.Fact.Key)
		switch {
		case !ok:
			*f = slices.Insert(*f, at, *k)
		case journal.Replaces(k.At, (*f)[at].At, limit):
			(*f)[at] = *k
		}
	}
}

func ascending(known []journal.Known) bool {
	for i := 1; i < len(known); i++ {
		if known[i-1].Fact.Key >= known[i].Fact.Key {
			return false
		}
	}
	return true
}
