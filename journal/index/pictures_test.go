package index

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"tend/journal"
	"tend/runbooks"
)

// TestPicture: what goes in comes out, every field of it, and what is cut short is an error.
func TestPicture(t *testing.T) {
	if n := reflect.TypeFor[runbooks.Fact]().NumField(); n != 7 {
		t.Fatalf("a fact has %d fields, and a picture keeps 7", n)
	}
	all := []journal.Known{
		{Host: "a", At: time.Unix(1, 2).UTC(), Run: "r", Step: "s", Fact: runbooks.Fact{Key: "disk:/", Value: "97", Unit: "%", Threshold: "85/95", Text: "x\ny", Check: true, State: runbooks.CheckCrit}},
		{Host: "a"},
		{Host: "a", At: time.Unix(0, -5).UTC(), Fact: runbooks.Fact{Key: "k", Value: "\xff\x00"}},
	}
	var b []byte
	for _, k := range all {
		b = toPicture(b, k)
	}
	rest := string(b)
	for _, want := range all {
		got, left, err := fromPicture("a", rest)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, %v, wanted %+v", got, err, want)
		}
		rest = left
	}
	if rest != "" {
		t.Errorf("left over: %q", rest)
	}
	one := toPicture(nil, all[0])
	for n := range one {
		if _, _, err := fromPicture("a", string(one[:n])); err == nil {
			t.Errorf("cut at %d, and nobody says so", n)
		}
	}
}

// TestMerge: whatever comes in whatever pieces, a picture holds the latest of each key, in the order of the keys.
func TestMerge(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		want := map[string]journal.Known{}
		var picture string
		for range 1 + dice.IntN(5) {
			var facts []journal.Known
			latest := map[string]journal.Known{}
			for range dice.IntN(8) {
				k := journal.Known{Host: "h", At: time.Unix(1+int64(dice.IntN(4)), 0).UTC(), Run: "r", Fact: runbooks.Fact{Key: fmt.Sprint("k", dice.IntN(6)), Value: fmt.Sprint(dice.IntN(1000))}}
				facts, latest[k.Fact.Key] = append(facts, k), k
			}
			for key, k := range latest { // of one piece, what was read last
				if old, known := want[key]; !known || !old.At.After(k.At) {
					want[key] = k
				}
			}
			slices.SortStableFunc(facts, byKey)
			b, err := merge("h", picture, facts, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			picture = string(b)
		}
		before, n := "", 0
		for rest := picture; rest != ""; n++ {
			k, left, err := fromPicture("h", rest)
			if err != nil || !reflect.DeepEqual(k, want[k.Fact.Key]) || k.Fact.Key <= before {
				t.Fatalf("%+v behind %q, %v; wanted %+v", k, before, err, want[k.Fact.Key])
			}
			before, rest = k.Fact.Key, left
		}
		if n != len(want) {
			t.Fatalf("%d facts, wanted %d", n, len(want))
		}
	}
}

// TestAWrongClockStaysNobodysLatest: a fact, or a run, that is dated years ahead gives way to the next that has a time that can be, and takes no
// such one's place.
func TestAWrongClockStaysNobodysLatest(t *testing.T) {
	now := time.Now().UTC()
	at := func(by time.Duration, value string) []journal.Known {
		return []journal.Known{{Host: "h", At: now.Add(by), Run: "r", Fact: runbooks.Fact{Key: "k", Value: value}}}
	}
	const years = 5 * 365 * 24 * time.Hour
	for _, c := range []struct {
		first, then []journal.Known
		want        string
	}{{at(years, "wrong"), at(0, "right"), "right"}, {at(0, "right"), at(years, "wrong"), "right"}, {at(years, "1"), at(years+1, "2"), "2"}, {at(0, "1"), at(time.Minute, "2"), "2"}} {
		picture := ""
		for _, facts := range [][]journal.Known{c.first, c.then} {
			b, err := merge("h", picture, facts, now.Add(journal.Ahead))
			if err != nil {
				t.Fatal(err)
			}
			picture = string(b)
		}
		if k, _, err := fromPicture("h", picture); err != nil || k.Fact.Value != c.want {
			t.Errorf("%s, %v; wanted %s", k.Fact.Value, err, c.want)
		}
	}
}
