package main

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
)

// ways are how somebody declines a request, alone or as one of many. They give what became of it.
var ways = map[string]func(t *testing.T, d *desktest.Desk, credential, id string) (status int, message string){
	"one": func(t *testing.T, d *desktest.Desk, credential, id string) (int, string) {
		t.Helper()
		said := d.Say(function, desktest.Call(credential, http.MethodPut, "/api/portal/requests/decline/"+id, ""))
		return said.Status, said.Message
	},
	"many": func(t *testing.T, d *desktest.Desk, credential, id string) (int, string) {
		t.Helper()
		_, results := d.Many(function, "decline", credential, "", id)
		return results[id].Code, results[id].Message
	},
}

// Nobody declines a request of their own where the organisation has four eyes on it, but for what nobody needs to decide.
func TestFourEyes(t *testing.T) {
	t.Parallel()
	for name, decline := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			forReviewer := d.Ask(d.Namesake("reviewer@example.com"), fixture.Payments)
			d.Settings(`{"four_eyes": true}`)
			for _, c := range []struct{ what, id, theirs, others string }{
				{"created by the admin", fixture.ByAdmin, fixture.AdminCredential, fixture.ReviewerCredential},
				{"for the reviewer", forReviewer, fixture.ReviewerCredential, fixture.AdminCredential},
			} {
				d.Unchanged(c.what, func() {
					if status, message := decline(t, d, c.theirs, c.id); status != http.StatusForbidden || !strings.Contains(message, "four_eyes") {
						t.Errorf("%s: %d %s", c.what, status, message)
					}
				})
				if status, message := decline(t, d, c.others, c.id); status != http.StatusOK {
					t.Errorf("%s, by another: %d %s", c.what, status, message)
				}
			}
			automatic := d.Wish(fixture.Wish{Developer: fixture.Ada, Policy: fixture.Petstore, By: d.Person("reviewer")})
			if status, message := decline(t, d, fixture.ReviewerCredential, automatic); status != http.StatusOK {
				t.Errorf("what nobody needs to decide: %d %s", status, message)
			}
		})
	}
}

// At first an organisation has no four eyes: Tyk's own clients create and decide with one credential.
func TestFourEyesAreOffAtFirst(t *testing.T) {
	t.Parallel()
	for name, decline := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			if status, message := decline(t, d, fixture.AdminCredential, fixture.ByAdmin); status != http.StatusOK {
				t.Errorf("created by the admin: %d %s", status, message)
			}
			forReviewer := d.Ask(d.Namesake("reviewer@example.com"), fixture.Payments)
			if status, message := decline(t, d, fixture.ReviewerCredential, forReviewer); status != http.StatusOK {
				t.Errorf("for the reviewer: %d %s", status, message)
			}
		})
	}
}

// Four eyes cost one call a request, to read what bears on it; without them nothing is read that is not needed.
func TestFourEyesCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		document, path, body string
		want                 [][]string
	}{
		"one":            {`{}`, "/" + fixture.Pending, "", [][]string{{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}}},
		"one, four eyes": {`{"four_eyes": true}`, "/" + fixture.Pending, "", [][]string{{"BatchGetItem", "GetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}}},
		"many":           {`{}`, "", `{"ids": ["` + fixture.Pending + `"]}`, [][]string{{"GetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}}},
		"many, four eyes": {
			`{"four_eyes": true}`, "", `{"ids": ["` + fixture.Pending + `"]}`,
			[][]string{{"GetItem"}, {"BatchGetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(t)
			d := desktest.New(t, fixture.Desk, plan.Install)
			d.Settings(c.document)
			plan.Reset()
			plan.Hold(50 * time.Millisecond)
			said := d.Say(function, desktest.Call(fixture.ReviewerCredential, http.MethodPut, "/api/portal/requests/decline"+c.path, c.body))
			if got := plan.Rounds(); said.Status != http.StatusOK || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%d %s; calls in rounds: %v, want %v", said.Status, said.Message, got, c.want)
			}
		})
	}
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install)
	d.Settings(`{"four_eyes": true}`)
	plan.Reset()
	said, _ := d.Many(function, "decline", fixture.ReviewerCredential, "", fixture.Pending, fixture.Automatic, fixture.Claimable)
	calls := map[string]int{}
	for _, operation := range plan.Calls() {
		calls[operation]++
	}
	if want := map[string]int{"GetItem": 1, "BatchGetItem": 4, "TransactWriteItems": 3}; said.Message != "3 of 3 declined" || !reflect.DeepEqual(calls, want) {
		t.Errorf("%s; calls %v, want %v", said.Message, calls, want)
	}
}
