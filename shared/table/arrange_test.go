package table

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"keydesk/shared/portal"
)

// However a catalogue is changed, step by step, each entry has a place of its own, a decision finds the first of a policy, and
// what has not changed is not written, but where the first of a policy gives way to another.
func TestEveryEntryHasItsPlace(t *testing.T) {
	entries := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) portal.Entry {
		var e portal.Entry
		policy, name := rapid.SampledFrom([]string{"", "", "p", "q"}).Draw(t, "policy"), rapid.IntRange(1, 3).Draw(t, "name")
		if err := json.Unmarshal(fmt.Appendf(nil, `{"policy_id": %q, "name": "%d"}`, policy, name), &e); err != nil {
			t.Fatal(err)
		}
		return e
	}), 0, 8)
	rapid.Check(t, func(t *rapid.T) {
		c := Catalogue{entries: map[string]storedEntry{}}
		for range rapid.IntRange(1, 5).Draw(t, "steps") {
			wanted := entries.Draw(t, "entries")
			places := c.arrange(wanted)
			next := map[string]storedEntry{}
			for i, p := range places {
				document := string(wanted[i].Document())
				if _, taken := next[p.Entry]; taken {
					t.Fatalf("two entries at %q", p.Entry)
				}
				if policy, _, _ := strings.Cut(p.Entry, "#"); policy != wanted[i].PolicyID {
					t.Fatalf("an entry of %q stands at %q", wanted[i].PolicyID, p.Entry)
				}
				if stored := c.entries[p.Entry]; (stored.Document == document) != (p.Revision != c.Revision+1) || p.Revision != c.Revision+1 && p.Revision != stored.Revision {
					t.Fatalf("%q is of revision %d, stored %+v", p.Entry, p.Revision, stored)
				}
				next[p.Entry] = storedEntry{document, p.Revision}
			}
			firstStandsFirst(t, wanted, places)
			furtherStay(t, c.entries, wanted, places)
			c.entries, c.Revision = next, c.Revision+1
		}
	})
}

func firstStandsFirst(t *rapid.T, wanted []portal.Entry, places []place) {
	seen := map[string]bool{"": true}
	for i, e := range wanted {
		if first := !seen[e.PolicyID]; first != (places[i].Entry == e.PolicyID) {
			t.Fatalf("entry %d of %q stands at %q", i, e.PolicyID, places[i].Entry)
		}
		seen[e.PolicyID] = true
	}
}

// furtherStay holds that no further entry is written while the same stands at a further place that is to be given up.
func furtherStay(t *rapid.T, stored map[string]storedEntry, wanted []portal.Entry, places []place) {
	used := map[string]bool{}
	for _, p := range places {
		used[p.Entry] = true
	}
	for i, p := range places {
		if _, unchanged := stored[p.Entry]; !strings.Contains(p.Entry, "#") || unchanged && stored[p.Entry].Document == string(wanted[i].Document()) {
			continue
		}
		for entry, s := range stored {
			if strings.Contains(entry, "#") && s.Document == string(wanted[i].Document()) && (!used[entry] || entry == p.Entry) {
				t.Fatalf("%q is written though the same stands at %q", p.Entry, entry)
			}
		}
	}
}
