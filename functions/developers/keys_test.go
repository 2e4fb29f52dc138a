package main

import (
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// multiply makes more keys of one that a developer has, as they would stand in the table after years.
func multiply(t *testing.T, d *trial.Desk, developer string, many int) {
	t.Helper()
	var issued, held, shown map[string]types.AttributeValue
	for _, it := range tabletest.Dump(t, d.Books) {
		of := func(name string) string {
			s, _ := it[name].(*types.AttributeValueMemberS)
			if s == nil {
				return ""
			}
			return s.Value
		}
		switch pk, sk := of("PK"), of("SK"); {
		case sk == "KEY" && of("developer") == developer:
			issued = it
		case pk == "ORG#"+fixture.Org+"#DEVELOPER#"+developer && len(sk) == 28:
			held = it
		case of("developer") == developer && len(sk) == 64:
			shown = it
		}
	}
	if issued == nil || held == nil || shown == nil {
		t.Fatalf("no key to multiply: %v %v %v", issued, held, shown)
	}
	str := func(format string, n int) types.AttributeValue {
		return &types.AttributeValueMemberS{Value: fmt.Sprintf(format, n)}
	}
	more := func(it map[string]types.AttributeValue, change map[string]types.AttributeValue) map[string]types.AttributeValue {
		it = maps.Clone(it)
		maps.Copy(it, change)
		return it
	}
	var items []map[string]types.AttributeValue
	for n := range many {
		digest, hash := str(developer+"%040x", n), str("%016x", n)
		items = append(items,
			more(issued, map[string]types.AttributeValue{"PK": str("KEY#"+developer+"%040x", n), "digest": digest, "shown": hash}),
			more(held, map[string]types.AttributeValue{"SK": str("KEY#f%023x", n), "digest": digest, "shown": hash}),
			more(shown, map[string]types.AttributeValue{"PK": str("ORG#"+fixture.Org+"#SHOWN#%016x", n), "SK": digest}))
	}
	tabletest.Restore(t, d.Books, items)
}

// A developer with five thousand keys can be given another, and read.
func TestFiveThousandKeys(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	first := d.Ask(who, fixture.Petstore)
	approve(t, d, who, first)
	const many = 5000
	multiply(t, d, first.ByUser, many)
	another, err := portal.NewRequest(fixture.Org, &portal.RequestInput{ByUser: &first.ByUser, ApplyPolicies: []string{fixture.Weather}}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Books.Write(t.Context(), approval.Create(who.Act("created"), table.Request{Request: another, AuthType: portal.AuthToken})); err != nil {
		t.Fatal(err)
	}
	approve(t, d, who, d.Read(another.ID))
	keys, pages := readKeys(t, d, who, first.ByUser)
	if len(keys) != many+2 || pages != 6 {
		t.Errorf("%d keys on %d pages", len(keys), pages)
	}
}

func approve(t *testing.T, d *trial.Desk, who trial.Person, r table.Request) {
	t.Helper()
	if _, err := d.Unharmed().Issue(t.Context(), r, who.Act("approved"), ""); err != nil {
		t.Fatal(err)
	}
}

// readKeys reads a developer's keys page by page. Each page costs three calls at the most, and the first has the newest key.
func readKeys(t *testing.T, d *trial.Desk, who trial.Person, developer string) (keys map[string][]string, pages int) {
	t.Helper()
	keys = map[string][]string{}
	for query := "?"; query != ""; pages++ {
		d.Reset()
		answer := call(t, d, d.Issuer().Table, who, http.MethodGet, collection+"/"+developer+query, "")
		var page portal.Developer
		answer.into(t, &page)
		if pages == 0 && page.Subscriptions[fixture.Weather] == "" {
			t.Error("the newest key is not on the first page")
		}
		if len(page.Keys) > 1000 || page.KeysTruncated != (answer.next != "") || page.Email == "" {
			t.Errorf("page %d has %d keys, truncated %t, next %q", pages, len(page.Keys), page.KeysTruncated, answer.next)
		}
		if calls := d.Calls(); len(calls) > 3 {
			t.Errorf("page %d took the calls %v", pages, calls)
		}
		maps.Copy(keys, page.Keys)
		if query = ""; answer.next != "" {
			query = "?" + answer.next
		}
	}
	return keys, pages
}

// left holds that a developer is gone, and counts their keys on record, every one revoked.
func left(t testing.TB, d *trial.Desk, developer string) (revoked int) {
	t.Helper()
	for _, item := range tabletest.Items(t, d.Books) {
		switch {
		case item["PK"] == "ORG#"+fixture.Org+"#DEVELOPER#"+developer:
			t.Errorf("%v is left", item["SK"])
		case item["id"] == developer:
			t.Errorf("%v is left", item["PK"])
		case item["SK"] == "KEY" && item["developer"] == developer:
			revoked++
			if item["state"] != "revoked" || item["revoked_at"] == nil {
				t.Errorf("a key is %v", item["state"])
			}
		case item["developer"] == developer:
			t.Errorf("%v is left", item["PK"])
		}
	}
	return revoked
}

// A list costs as many calls as it shows developers, and three more, whatever else the table holds.
func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Reviewer)
	list := func(query string, status int) (calls int, page struct {
		Data  []portal.Developer
		Pages int
	}) {
		t.Helper()
		d.Reset()
		answer := call(t, d, d.Issuer().Table, who, http.MethodGet, collection+query, "")
		if answer.status != status {
			t.Fatalf("%s: %d %.100s", query, answer.status, answer.text)
		}
		if status == http.StatusOK {
			answer.into(t, &page)
		}
		return len(d.Calls()), page
	}
	few, page := list("", http.StatusOK)
	if shown := len(page.Data); shown != 4 || few != shown+3 || page.Pages != 1 {
		t.Errorf("%d developers on %d pages, in %d calls", shown, page.Pages, few)
	}
	addEmails(t, d, 1200)
	many, page := list("", http.StatusOK)
	if many != few+6 || len(page.Data) != 4 || page.Pages != 121 { // ten developers are looked for; the six that are long gone are not shown
		t.Errorf("of 1,204 developers %d are shown of %d pages, in %d calls", len(page.Data), page.Pages, many)
	}
	list("?p=-1", http.StatusRequestEntityTooLarge)
	list("?p=1001", http.StatusRequestEntityTooLarge)
	if counted, err := d.Books.CountDevelopers(t.Context(), fixture.Org, 700); counted != 700 || err != nil {
		t.Errorf("counting to 700 ends at %d: %v", counted, err)
	}
}

// addEmails fills the organisation's list with developers older than all others.
func addEmails(t *testing.T, d *trial.Desk, many int) {
	t.Helper()
	var ada map[string]types.AttributeValue
	for _, it := range tabletest.Dump(t, d.Books) {
		if pk, _ := it["PK"].(*types.AttributeValueMemberS); pk.Value == "ORG#"+fixture.Org+"#EMAIL#ada@example.com" {
			ada = it
		}
	}
	var items []map[string]types.AttributeValue
	for n := range many {
		it := maps.Clone(ada)
		it["PK"] = &types.AttributeValueMemberS{Value: fmt.Sprintf("ORG#%s#EMAIL#%d@example.com", fixture.Org, n)}
		it["id"] = &types.AttributeValueMemberS{Value: fmt.Sprintf("%024x", n)}
		items = append(items, it)
	}
	tabletest.Restore(t, d.Books, items)
}

// A delete that dies anywhere is finished by the next, which says how many keys were revoked in all.
func TestDeleteGoesOn(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	who := desk.Person(caller.Portal)
	for operation, calls := range map[string]int{"UpdateItem": 1, "Query": 4, "TransactWriteItems": 4} {
		for nth := 1; nth <= calls; nth++ {
			for _, fault := range []faults.Fault{faults.CrashBefore, faults.CrashAfter} {
				t.Run(fmt.Sprint(operation, " ", nth, " ", fault), func(t *testing.T) {
					t.Parallel()
					d := desk.Again(t)
					id := holder(t, d, who, 40)
					d.Add(faults.Rule{Operation: operation, Nth: nth, Fault: fault})
					dead := call(t, d, d.Issuer().Table, who, http.MethodDelete, collection+"/"+id, "")
					again := call(t, d, d.Issuer().Table, who, http.MethodDelete, collection+"/"+id, "")
					if last := operation == "TransactWriteItems" && nth == calls && fault == faults.CrashAfter; last {
						if again.status != 404 || again.Message != "Could not retrieve object for deletion" {
							t.Errorf("after it was done: %d %s", again.status, again.text)
						}
					} else if dead.status != 500 || again.status != 200 || again.Meta.KeysRevoked != 41 {
						t.Errorf("%d %s, then %d %s", dead.status, dead.text, again.status, again.text)
					}
					if revoked := left(t, d, id); revoked != 41 {
						t.Errorf("%d keys are on record as revoked", revoked)
					}
				})
			}
		}
	}
}

// holder is a developer with a key, so many more of its like, and an open request.
func holder(t *testing.T, d *trial.Desk, who trial.Person, more int) string {
	t.Helper()
	r := d.Ask(who, fixture.Petstore)
	approve(t, d, d.Person(caller.Admin), r)
	multiply(t, d, r.ByUser, more)
	if err := d.Books.Write(t.Context(), another(t, r.ByUser, who)); err != nil {
		t.Fatal(err)
	}
	return r.ByUser
}

// another is a request for Payments, which a developer may have once.
func another(t testing.TB, developer string, who trial.Person) table.Change {
	t.Helper()
	r, err := portal.NewRequest(fixture.Org, &portal.RequestInput{ByUser: &developer, ApplyPolicies: []string{fixture.Payments}}, time.Now())
	if err != nil {
		t.Error(err)
	}
	return approval.Create(who.Act("created"), table.Request{Request: r, Holds: r.ApplyPolicies})
}

// A delete that was done is told so, though its answer was lost and others were at the same items when it was asked for again.
func TestDeleteThatWasDone(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	who := desk.Person(caller.Portal)
	for nth := 1; nth <= 4; nth++ { // a request that is cancelled, two lots of keys, the account
		d := desk.Again(t)
		id := holder(t, d, who, 40)
		d.Add(faults.Rule{Operation: "TransactWriteItems", Nth: nth, Fault: faults.AnswerLost})
		d.Add(faults.Rule{Operation: "TransactWriteItems", Nth: nth + 1, Fault: faults.Conflict})
		answer := call(t, d, d.Issuer().Table, who, http.MethodDelete, collection+"/"+id, "")
		if answer.status != http.StatusOK || answer.Meta.KeysRevoked != 41 {
			t.Errorf("transaction %d: %d %s", nth, answer.status, answer.text)
		}
		if revoked := left(t, d, id); revoked != 41 {
			t.Errorf("transaction %d: %d keys are on record as revoked", nth, revoked)
		}
	}
}
