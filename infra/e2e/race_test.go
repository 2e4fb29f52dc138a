package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestRace has many approve one request at once. It is not parallel: the developer's keys are counted.
func TestRace(t *testing.T) {
	warm(t)
	id := portal.create(t, asking(policy))
	before := reviewer.get(t, id)
	var keys []string
	for i, a := range atOnce(front.approvers, func(i int) answer {
		return []client{admin, reviewer}[i%2].call(t, http.MethodPut, approve(id), "")
	}) {
		switch a.status {
		case http.StatusOK:
			keys = append(keys, granted(t, a))
		case http.StatusConflict:
			a.wantRefusal(t, http.StatusConflict, "Key request has already been processed.")
		default:
			t.Errorf("approver %d: %d %s", i, a.status, a.text)
		}
	}
	if len(keys) != 1 {
		t.Errorf("%d of %d approvers were given a key, want 1", len(keys), front.approvers)
	}
	wantOneKeyMore(t, before, reviewer.get(t, id))
}

// TestRaceOfOne has one caller ask many times at once, as one does who does not know whether the first answer was lost.
func TestRaceOfOne(t *testing.T) {
	warm(t)
	id := portal.create(t, asking(policy))
	before := reviewer.get(t, id)
	keys := map[string]int{}
	for _, a := range atOnce(front.approvers, func(int) answer {
		return reviewer.call(t, http.MethodPut, approve(id), "", "Idempotency-Key: "+id)
	}) {
		keys[granted(t, a)]++
	}
	if len(keys) != 1 {
		t.Errorf("one caller was given %d keys for one request", len(keys))
	}
	wantOneKeyMore(t, before, reviewer.get(t, id))
}

// TestRaceToCreate has one create said many times at once.
func TestRaceToCreate(t *testing.T) {
	mark := portal.create(t, asking(policy))
	ids := map[string]int{}
	for _, a := range atOnce(front.approvers, func(int) answer {
		return portal.call(t, http.MethodPost, collection, asking(policyAuto), "Idempotency-Key: race "+mark)
	}) {
		ids[created(t, a)]++
	}
	if len(ids) != 1 {
		t.Errorf("one create made %d requests: %v", len(ids), ids)
	}
}

// TestRaceForAnEmail has many sign up one person at once, who spell the address in two ways.
func TestRaceForAnEmail(t *testing.T) {
	people := 2 * front.approvers
	atOnce(people, func(int) answer { return portal.call(t, http.MethodGet, developerOf(nobodys), "") })
	email := mark() + "@portal.example"
	var winners, told []string
	for i, a := range atOnce(people, func(i int) answer {
		spelling := []string{email, strings.ToUpper(email)}[i%2]
		return []client{admin, portal}[i%4/2].call(t, http.MethodPost, developers, fmt.Sprintf(`{"email": %q}`, spelling))
	}) {
		switch {
		case a.status == http.StatusOK:
			winners = append(winners, signedUp(t, a))
		case a.status != http.StatusConflict || !strings.HasSuffix(a.message(), " is taken by another developer."):
			t.Errorf("person %d: %d %s", i, a.status, a.text)
		default:
			told = append(told, fmt.Sprint(a.member("Meta", "id")))
		}
	}
	if whose := slices.Compact(told); len(winners) != 1 || !slices.Equal(whose, winners) {
		t.Fatalf("%d of %d people have the address, %v; the others are told that it is that of %v", len(winners), people, winners, whose)
	}
	wantMembers(t, portal.call(t, http.MethodGet, developers+"/email/"+email, ""), map[string]any{"id": winners[0]})
}

// TestRaceForTheCatalogue has many add an entry to one copy of the catalogue at once: one does, the others learn that they did not.
func TestRaceForTheCatalogue(t *testing.T) {
	found := copyCatalogue(t)
	atOnce(front.approvers, func(int) answer { return admin.call(t, http.MethodGet, catalogue, "") })
	word := mark()
	t.Cleanup(func() { withdraw(t, word) })
	winners := map[int]bool{}
	for i, a := range atOnce(front.approvers, func(i int) answer {
		return admin.call(t, http.MethodPut, catalogue, found.append(t, fmt.Sprintf(`{"name":"%s %d"}`, word, i)))
	}) {
		switch {
		case a.status == http.StatusOK:
			winners[i] = true
		case a.status != http.StatusConflict || a.member("Meta", "revision") != found.revision()+1:
			t.Errorf("writer %d: %d %s", i, a.status, a.text)
		}
	}
	now := readCatalogue(t)
	for i := range front.approvers {
		if there := strings.Contains(now.text, fmt.Sprintf(`"%s %d"`, word, i)); there != winners[i] {
			t.Errorf("writer %d was told %v, and the entry is there: %v", i, winners[i], there)
		}
	}
	if len(winners) != 1 || now.revision() != found.revision()+1 {
		t.Errorf("%d of %d writers of one copy have won; from revision %v to %v", len(winners), front.approvers, found.revision(), now.revision())
	}
}

// atOnce makes calls side by side.
func atOnce(calls int, call func(i int) answer) []answer {
	answers := make([]answer, calls)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range answers {
		done.Go(func() {
			<-start
			answers[i] = call(i)
		})
	}
	close(start)
	done.Wait()
	return answers
}

// warm has processes started for as many approves at once as there will be: who has to wait for one comes too late to race.
func warm(t *testing.T) {
	t.Helper()
	atOnce(front.approvers, func(int) answer { return admin.call(t, http.MethodPut, approve(nobodys), "") })
}

// wantOneKeyMore compares the developer before and after.
func wantOneKeyMore(t *testing.T, before, after answer) {
	t.Helper()
	had := keysOf(before)
	more := 0
	for hash := range keysOf(after) {
		if _, there := had[hash]; !there {
			more++
		}
	}
	if more != 1 {
		t.Errorf("the developer has %d keys more, want 1", more)
	}
}

func keysOf(request answer) map[string]any {
	developer, _ := request.body["portal_developer"].(map[string]any)
	keys, _ := developer["keys"].(map[string]any)
	return keys
}
