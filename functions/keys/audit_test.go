package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/table"
)

// record is all that the table has of a developer's keys, each by its digest.
type record struct {
	digests                []string
	history, beside, shown map[string]int
	held                   map[string]string // the places in plans that are taken, by whoever holds them
	asked                  map[string]string // those of them that open requests say they hold
}

// audit fails the test where a developer's keys do not add up, and gives them, newest first. Each key's history has a line for each
// revision; a live key stands beside its developer and under its shown hash, a dead one in neither place; and each place in a plan
// is held by whoever the one live key, or the open request, says.
func audit(t testing.TB, d *trial.Desk, developer string) (keys []table.IssuedKey) {
	t.Helper()
	r := record{history: map[string]int{}, beside: map[string]int{}, shown: map[string]int{}, held: map[string]string{}, asked: map[string]string{}}
	for _, item := range tabletest.Items(t, d.Books) {
		r.read(item, developer)
	}
	for _, digest := range r.digests {
		k, err := d.Books.IssuedKey(t.Context(), digest)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, *k)
		stands := 1
		if k.State == table.Revoked {
			stands = 0
		}
		if r.beside[digest] != stands || r.shown[digest] != stands || r.history[digest] != k.Revision-1 {
			t.Errorf("a key that is %s at revision %d: %d beside the developer, %d shown hashes, %d lines of history",
				k.State, k.Revision, r.beside[digest], r.shown[digest], r.history[digest])
		}
		for place, holder := range k.Holds {
			if r.asked[place] != "" || stands == 0 {
				t.Errorf("a key that is %s says that it holds %s, as does another", k.State, place)
			}
			r.asked[place] = holder
		}
	}
	if !reflect.DeepEqual(r.held, r.asked) {
		t.Errorf("the places in plans are held by %v, and by right by %v", r.held, r.asked)
	}
	slices.SortFunc(keys, func(a, b table.IssuedKey) int { return strings.Compare(b.ID, a.ID) })
	return keys
}

// read notes what an item says of the developer's keys.
func (r *record) read(item tabletest.Item, developer string) {
	pk, sk := fmt.Sprint(item["PK"]), fmt.Sprint(item["SK"])
	if pk == "ORG#"+fixture.Org+"#DEVELOPER#"+developer {
		if place, is := strings.CutPrefix(sk, "PLAN#"); is {
			r.held[place] = fmt.Sprint(item["held_by"])
		} else if strings.HasPrefix(sk, "KEY#") {
			r.beside[fmt.Sprint(item["digest"])]++
		}
	}
	if digest, is := strings.CutPrefix(pk, "KEY#"); is && strings.Count(sk, "#") == 1 { // two where it was given again
		r.history[digest]++
	}
	if item["by_user"] == developer && item["state"] == "pending" {
		for _, place := range item["holds"].([]any) {
			r.asked[fmt.Sprint(place)] = fmt.Sprint(item["id"])
		}
	}
	if item["developer"] != developer {
		return
	}
	if sk == "KEY" {
		r.digests = append(r.digests, fmt.Sprint(item["digest"]))
	} else if strings.Contains(pk, "#SHOWN#") {
		r.shown[sk]++
	}
}
