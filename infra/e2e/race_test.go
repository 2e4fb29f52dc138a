package e2e

import (
	"net/http"
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
