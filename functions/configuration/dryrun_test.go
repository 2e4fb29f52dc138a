package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

const dryRunPath = path + "/dry-run"

// tried is what a dry run answers to a body.
func tried(d *desktest.Desk, body string) verdicts {
	said := d.Say(function, desktest.Call(fixture.ReviewerCredential, "POST", dryRunPath, body))
	var v verdicts
	if err := json.Unmarshal([]byte(said.Text), &v); err != nil || said.Status != http.StatusOK {
		panic(said.Text)
	}
	return v
}

func TestCallsOfADryRun(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want [][]string
	}{
		"the stored":                  {`{}`, [][]string{{"GetItem"}, {"Query", "Query"}, {"BatchGetItem", "BatchGetItem"}}},
		"rules":                       {`{"rules": [{"name": "a", "when": {}, "outcome": "ask"}]}`, [][]string{{"GetItem"}, {"Query", "Query"}, {"BatchGetItem", "BatchGetItem"}}},
		"rules that count keys":       {counting("", 100), [][]string{{"GetItem"}, {"Query", "Query"}, {"BatchGetItem", "BatchGetItem"}, {"Query", "Query", "Query"}}}, // of three developers
		"an entry's that count keys":  {counting(fixture.Payments, 100), [][]string{{"GetItem"}, {"Query", "Query"}, {"BatchGetItem", "BatchGetItem"}, {"Query", "Query", "Query"}}},
		"an entry's that nobody asks": {counting(fixture.Ledger, 100), [][]string{{"GetItem"}, {"Query", "Query"}, {"BatchGetItem", "BatchGetItem"}}},
		"of one":                      {counting("", 1), [][]string{{"GetItem"}, {"Query", "Query"}, {"BatchGetItem", "BatchGetItem"}, {"Query"}}},
		"refused":                     {`{"limit": -1}`, [][]string{{"GetItem"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			event := desktest.Call(fixture.ReviewerCredential, "POST", dryRunPath, c.body)
			if got := desktest.Rounds(t, function, event); !reflect.DeepEqual(got, c.want) {
				t.Errorf("calls in rounds: %v, want %v", got, c.want)
			}
		})
	}
}

// counting is a body whose rule counts keys.
func counting(policy string, limit int) string {
	return fmt.Sprintf(`{"rules": [{"name": "a", "when": {"keys_held": {"at_least": 1}}, "outcome": "ask"}], "policy": %q, "limit": %d}`, policy, limit)
}

// However many requests it looks back at, it reads them, their developers and their books in a few calls.
func TestDryRunOverMany(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	const many = 230
	d.Crowd(d.Person(caller.Portal), fixture.Petstore, many, func(int) int { return 0 })
	who := d.Person(caller.Reviewer)
	ask := func(limit int) verdicts {
		t.Helper()
		d.Reset()
		event := who.Call("POST", dryRunPath, fmt.Sprintf(`{"rules": [{"name": "all", "when": {}, "outcome": "decline"}], "limit": %d}`, limit), nil)
		books := d.Issuer().Table
		answer, err := rest.Handle(books, operations(books)...)(t.Context(), event)
		var v verdicts
		if err != nil || json.Unmarshal([]byte(answer.Body), &v) != nil {
			t.Fatalf("%v: %s", err, answer.Body)
		}
		return v
	}
	// the caller, two Queries, the books, and a BatchGetItem for fifty requests and their developers
	if v := ask(1000); v.LookedAt != many+6 || v.Would.Decline != many+6 || len(v.Requests) != many+6 || len(d.Calls()) != 1+2+1+5 {
		t.Errorf("%d were looked at, %+v, by %v", v.LookedAt, v.Would, d.Calls())
	}
	v := ask(many)
	if v.LookedAt != many || len(d.Calls()) != 1+2+1+5 {
		t.Errorf("%d were looked at, by %v", v.LookedAt, d.Calls())
	}
	for i, r := range v.Requests {
		if r.Email == "" || i > 0 && r.ID >= v.Requests[i-1].ID {
			t.Errorf("%d: %+v", i, r)
		}
	}
}

// rulesToTry are in a dry run's words, with what they do to requests of Ada's, whose addresses differ.
var rulesToTry = []string{
	`[]`,
	`[{"name": "all", "when": {}, "outcome": "approve"}]`,
	`[{"name": "none", "when": {}, "outcome": "decline", "reason": "Not now."}]`,
	`[{"name": "not below", "when": {"email_domain": ["*.example.com"]}, "outcome": "decline"}, {"name": "the rest", "when": {}, "outcome": "approve"}]`,
	`[{"name": "demos", "when": {"field": {"usecase": ["demo"]}}, "outcome": "ask"}, {"name": "ours", "when": {"email_domain": ["example.com"]}, "outcome": "approve"}]`,
	`[{"name": "first key", "when": {"keys_held": {"at_most": 0}, "policy": ["` + fixture.Petstore + `"]}, "outcome": "approve"}, {"name": "more", "when": {}, "outcome": "ask"}]`,
}

// What a dry run says would become of open requests is what the schedule makes of them once the rules are stored.
func TestDryRunTellsWhatTheScheduleDoes(t *testing.T) {
	t.Parallel()
	for i, rules := range rulesToTry {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			asked := map[string]bool{}
			for _, w := range []fixture.Wish{
				{Developer: fixture.Ada, Policy: fixture.Petstore, Fields: `{"usecase": "demo"}`},
				{Developer: fixture.Ben, Policy: fixture.Identity},
				{Developer: fixture.Ben, Policy: fixture.Ledger, Fields: `{"usecase": "Demo"}`},
				{Developer: fixture.Chen, Policy: fixture.Weather},
			} {
				w.ID, w.By, w.At = portal.NewID(time.Now()), fixture.Clerk(), time.Now()
				if err := fixture.Ask(t.Context(), d.Table, w); err != nil {
					t.Fatal(err)
				}
				asked[w.ID] = true
			}
			before := tabletest.Items(t, d.Table)
			v := tried(d, `{"rules": `+rules+`}`)
			if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
				t.Error("a dry run has changed something")
			}
			store(t, d, rules)
			for _, body := range []string{`{}`, `{"rules": null}`} {
				if stored := tried(d, body); !reflect.DeepEqual(stored, v) {
					t.Errorf("it says %+v of rules, and to %s %+v of the same once they are stored", v, body, stored)
				}
			}
			for _, r := range v.Requests {
				if asked[r.ID] {
					compare(t, d, r)
				}
			}
		})
	}
}

func store(t *testing.T, d *desktest.Desk, rules string) {
	t.Helper()
	if said := as(d, fixture.AdminCredential, "PUT", `{"auto_approve": true, "rules": `+rules+`}`); said.Status != http.StatusOK {
		t.Fatalf("%d %s", said.Status, said.Text)
	}
}

// compare has the schedule decide on a request, and compares what becomes of it.
func compare(t *testing.T, d *desktest.Desk, would judged) {
	t.Helper()
	r, err := d.Table.Request(t.Context(), fixture.Org, would.ID)
	if err != nil {
		t.Fatal(err)
	}
	r.Task, r.DueAt = table.Decide, portal.Timestamp(time.Now()) // of those, too, of which the schedule had nothing to say before
	done, err := d.Issuer.Due(t.Context(), r, time.Now().Add(time.Second), "test")
	if err != nil {
		t.Fatal(err)
	}
	want := map[portal.Outcome]approval.Done{portal.Approve: approval.Approved, portal.Decline: approval.Declined, portal.Ask: approval.Asked}[would.Would]
	after, err := d.Table.Request(t.Context(), fixture.Org, would.ID)
	if done != want || err != nil || after.Rule != would.Rule {
		t.Errorf("%+v: it was %s by %q, %v", would, done, after.Rule, err)
	}
}

// A developer who is gone has no address, and no rule for addresses holds. What was deleted is not looked at.
func TestDryRunOverWhatIsGone(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	gone, deleted := d.Ask(who, fixture.Petstore), d.Ask(who, fixture.Petstore)
	d.ChangeDeveloper(gone.ByUser, "")
	act := who.Act("deleted")
	if err := approval.Change(t.Context(), d.Books, deleted, act, approval.Close(act, portal.Cancelled)); err != nil {
		t.Fatal(err)
	}
	event := who.Call("POST", dryRunPath, `{"rules": [{"name": "ours", "when": {"email_domain": ["example.com"]}, "outcome": "decline"}], "limit": 2}`, nil)
	answer, err := rest.Handle(d.Books, operations(d.Books)...)(t.Context(), event)
	if err != nil {
		t.Fatal(err)
	}
	var v verdicts
	if err := json.Unmarshal([]byte(answer.Body), &v); err != nil || v.LookedAt != 1 || v.Requests[0].ID != gone.ID || v.Requests[0].Email != "" || v.Requests[0].Would != portal.Approve {
		t.Errorf("%v: %s", err, answer.Body)
	}
}

// An entry that nobody has asked for may yet be given rules.
func TestDryRunOfAnEntryThatNobodyAskedFor(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	if v, none := tried(d, counting(fixture.Ledger, 100)), tried(d, `{}`); v.LookedAt == 0 || !reflect.DeepEqual(v, none) {
		t.Errorf("it says %+v, and without rules %+v", v, none)
	}
}

func TestNoteOfADryRun(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	for settings, want := range map[string]string{`{"auto_approve": true}`: asOfNow, `{"auto_approve": false}`: asOfNow + isOff} {
		if said := as(d, fixture.AdminCredential, "PUT", settings); said.Status != http.StatusOK {
			t.Fatal(said.Text)
		}
		if v := tried(d, `{"limit": 1}`); v.Note != want {
			t.Errorf("%s: the note is %q", settings, v.Note)
		}
	}
}

// Another organisation's requests are not looked at.
func TestDryRunOfAnotherOrganisation(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	said := d.Say(function, desktest.Call(fixture.OtherCredential, "POST", dryRunPath, `{}`))
	if said.Status != http.StatusOK || strings.Contains(said.Text, fixture.Ada) || !strings.Contains(said.Text, fixture.Theirs) {
		t.Errorf("%d %s", said.Status, said.Text)
	}
}
