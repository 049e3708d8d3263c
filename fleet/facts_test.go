package fleet

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// TestFactsAreAMap: however facts come, in bulk or one by one, in order or not, the latest under each key stays, as in a map.
func TestFactsAreAMap(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	for range 200 {
		var have facts
		want := map[string]journal.Known{}
		for range r.IntN(6) {
			var known []journal.Known
			for range r.IntN(8) {
				k := journal.Known{Fact: runbooks.Fact{Key: string(rune('a' + r.IntN(9))), Value: strconv.Itoa(r.Int())}, At: t0.Add(time.Duration(r.IntN(4)))}
				if old, ok := want[k.Fact.Key]; !ok || !old.At.After(k.At) {
					want[k.Fact.Key] = k
				}
				known = append(known, k)
			}
			if r.IntN(2) == 0 { // as the index tells them: one a key, in order
				slices.SortStableFunc(known, func(a, b journal.Known) int { return int(a.Fact.Key[0]) - int(b.Fact.Key[0]) })
			}
			given := slices.Clone(known)
			have.learn(time.Time{}, known...)
			if !slices.Equal(given, known) {
				t.Fatalf("seed %d: the caller's facts were moved about", seed)
			}
			clear(known) // the caller's, who may use it again
		}
		if len(have) != len(want) || !ascending(have) {
			t.Fatalf("seed %d: %d facts, want %d", seed, len(have), len(want))
		}
		for _, key := range slices.Sorted(maps.Keys(want)) {
			if got, ok := have.at(key); !ok || got != want[key] {
				t.Errorf("seed %d: %s is %+v, want %+v", seed, key, got, want[key])
			}
		}
		if _, ok := have.at("z"); ok {
			t.Error("there is a fact that nobody told")
		}
	}
}
