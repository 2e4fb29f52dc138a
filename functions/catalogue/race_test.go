package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
)

// many is how many calls come in the same moment, each to a process of its own.
const many = 50

// said is what a call was answered.
type said struct {
	status  int
	Message string
	Meta    struct {
		ID       string
		Revision int
	}
}

// call has a fresh process answer.
func call(t testing.TB, d *trial.Desk, who trial.Person, method, body string) said {
	t.Helper()
	books := d.Issuer().Table
	response, err := rest.Handle(books, operations(books)...)(d.Invocation(t.Context()), who.Call(method, path, body, nil))
	if err != nil {
		t.Error(err)
	}
	answer := said{status: response.StatusCode}
	if err := json.Unmarshal([]byte(response.Body), &answer); err != nil {
		t.Errorf("%v: %s", err, response.Body)
	}
	return answer
}

// atOnce has all bodies sent in the same moment: all have read the catalogue before anybody writes. Real DynamoDB would raise
// conflicts then, and some answers are lost.
func atOnce(t *testing.T, d *trial.Desk, who trial.Person, method string, bodies []string) []said {
	t.Helper()
	d.Gate("Query", len(bodies))
	d.Gate("TransactWriteItems", len(bodies))
	for _, r := range []faults.Rule{
		{Fault: faults.Conflict, Nth: len(bodies) / 5, Times: len(bodies)},
		{Fault: faults.ThrottleItem, Times: len(bodies) / 2},
		{Fault: faults.AnswerLost, Nth: 3 * len(bodies) / 2, Times: len(bodies) / 5},
	} {
		r.Operation = "TransactWriteItems"
		d.Add(r)
	}
	answers := make([]said, len(bodies))
	var racing sync.WaitGroup
	for n, body := range bodies {
		racing.Go(func() { answers[n] = call(t, d, who, method, body) })
	}
	racing.Wait()
	return answers
}

// appended are changed copies of a catalogue, each with an entry and a member of its own.
func appended(revision string) []string {
	var bodies []string
	for n := range many {
		var entries []string
		for _, policy := range []string{fixture.Petstore, fixture.Payments, "new"} {
			entries = append(entries, fmt.Sprintf(`{"policy_id": %q, "name": "of %d"}`, policy, n))
		}
		bodies = append(bodies, fmt.Sprintf(`{"writer": "of %d", "apis": [%s]%s}`, n, strings.Join(entries, ", "), revision))
	}
	return bodies
}

// whole is who wrote the catalogue that stands there; it fails the test if it is not all of one.
func whole(t *testing.T, d *trial.Desk) (writer string, revision int) {
	t.Helper()
	stored, err := d.Books.Catalogue(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	text, err := stored.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		ID, Writer string
		APIs       []struct{ Name string }
	}
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	for _, entry := range c.APIs {
		if entry.Name != c.Writer || len(c.APIs) != 3 {
			t.Errorf("the catalogue %s has an entry %s, of %d", c.Writer, entry.Name, len(c.APIs))
		}
	}
	found, err := d.Books.Entries(t.Context(), fixture.Org, []string{fixture.Petstore, fixture.Payments, fixture.Identity, "new"})
	if err != nil || len(found) != 3 {
		t.Errorf("decisions find %d entries, %v", len(found), err)
	}
	if c.ID != fixture.Catalogue {
		t.Errorf("its id is %s", c.ID)
	}
	return c.Writer, stored.Revision
}

// Of fifty who change one copy, one wins, and all others are told what to do.
func TestFiftyChangesOfOneCopy(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	answers := atOnce(t, d, who, http.MethodPut, appended(`, "revision": 1`))
	writer, revision := whole(t, d)
	var winners []string
	for n, answer := range answers {
		switch {
		case answer.status == http.StatusOK && answer.Message == "Data updated":
			winners = append(winners, fmt.Sprint("of ", n))
		case answer.status != http.StatusConflict || answer.Meta.Revision != 2 || !strings.Contains(answer.Message, "stale copy"):
			t.Errorf("answer %+v", answer)
		}
	}
	if !slices.Equal(winners, []string{writer}) || revision != 2 {
		t.Errorf("won: %v; the catalogue is that %s, of revision %d", winners, writer, revision)
	}
}

// Of fifty who do not say what they have changed, all win, in some order.
func TestFiftyChangesOfWhatever(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	call(t, d, who, http.MethodPut, `{"apis": [], "revision": 1}`) // who says nothing may not remove so many
	for _, answer := range atOnce(t, d, who, http.MethodPut, appended("")) {
		if answer.status != http.StatusOK || answer.Message != "Data updated" {
			t.Errorf("answer %+v", answer)
		}
	}
	if writer, revision := whole(t, d); writer == "" || revision < 2+many {
		t.Errorf("the catalogue is that %s, of revision %d, after %d changes", writer, revision, many)
	}
}

// Fifty who create a catalogue make one, and all others are told its id.
func TestFiftyCreates(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := trial.Person{Authorization: fixture.OtherCredential} // whose organisation has none yet
	answers := atOnce(t, d, who, http.MethodPost, slices.Repeat([]string{`{}`}, many))
	stored, err := d.Books.Catalogue(t.Context(), fixture.OtherOrg)
	if err != nil || stored.Revision != 1 {
		t.Fatalf("revision %d, %v", stored.Revision, err)
	}
	created := 0
	for _, answer := range answers {
		switch {
		case answer.status == http.StatusOK && answer.Message == stored.ID && portal.ValidID(stored.ID):
			created++
		case answer.status != http.StatusConflict || answer.Meta.ID != stored.ID:
			t.Errorf("answer %+v, the catalogue is %s", answer, stored.ID)
		}
	}
	if created != 1 {
		t.Errorf("%d have created it", created)
	}
}

// A PUT that dies is done or not done, and the same one again is answered as it should be.
func TestLostPuts(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	who := desk.Person(caller.Admin)
	for _, operation := range []string{"GetItem", "Query", "TransactWriteItems"} {
		for _, fault := range []faults.Fault{faults.NeverSent, faults.AnswerLost, faults.CrashBefore, faults.CrashAfter} {
			before, err := desk.Books.Catalogue(t.Context(), fixture.Org)
			if err != nil {
				t.Fatal(err)
			}
			d := desk.Again(t)
			d.Add(faults.Rule{Operation: operation, Fault: fault})
			body := fmt.Sprintf(`{"apis": [{"name": "%s %s"}], "revision": %d}`, operation, fault, before.Revision)
			first := call(t, d, who, http.MethodPut, body)
			crashed := fault == faults.CrashBefore || fault == faults.CrashAfter
			if crashed == (first.status == http.StatusOK) {
				t.Errorf("%s %s: %+v", operation, fault, first)
			}
			again, want := call(t, d, who, http.MethodPut, body), http.StatusConflict
			if crashed && (fault == faults.CrashBefore || operation != "TransactWriteItems") {
				want = http.StatusOK
			}
			if again.status != want {
				t.Errorf("%s %s: again %+v, want %d", operation, fault, again, want)
			}
		}
	}
}
