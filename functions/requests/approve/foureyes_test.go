package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// sender is what settings need for keys that are claimed.
const sender = `"mail_options": {"mail_from_email": "us@example.org"}`

// changed has somebody change what a request says, as functions/requests/update would.
func changed(t *testing.T, d *desktest.Desk, by caller.Caller, id string, fields portal.Object) {
	t.Helper()
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	books, err := d.Table.Books(t.Context(), fixture.Org, r.ByUser, r.ApplyPolicies)
	if err != nil {
		t.Fatal(err)
	}
	a := act("updated", by)
	err = approval.Change(t.Context(), d.Table, r, a, func(r table.Request) (table.Request, error) {
		after := r
		after.Fields = fields
		return approval.AskInstead(t.Context(), d.Table, &books, r, after, a)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// approvals are how somebody approves a request, alone or as one of many. They give what became of it.
var approvals = map[string]func(t *testing.T, d *desktest.Desk, credential, id string) (status int, message string){
	"one": func(t *testing.T, d *desktest.Desk, credential, id string) (int, string) {
		t.Helper()
		said := approve(d, credential, id, "")
		return said.Status, said.Message
	},
	"many": func(t *testing.T, d *desktest.Desk, credential, id string) (int, string) {
		t.Helper()
		_, results := d.Many(function, "approve", credential, "", id)
		return results[id].Code, results[id].Message
	},
}

// Nobody approves a request of their own where the organisation has four eyes on it, but for what nobody needs to decide.
func TestFourEyes(t *testing.T) {
	t.Parallel()
	for name, approves := range approvals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			forReviewer := d.Ask(d.Namesake("Reviewer@example.com"), fixture.Payments)
			changed(t, d, d.Person("reviewer"), fixture.Pending, `{"usecase": "something else"}`)
			d.Settings(`{"four_eyes": true, ` + sender + `}`)
			for _, c := range []struct{ what, id, theirs, others string }{
				{"created by the admin", fixture.ByAdmin, fixture.AdminCredential, fixture.ReviewerCredential},
				{"for the reviewer", forReviewer, fixture.ReviewerCredential, fixture.AdminCredential},
				{"changed by the reviewer", fixture.Pending, fixture.ReviewerCredential, fixture.AdminCredential},
			} {
				d.Unchanged(c.what, func() {
					if status, message := approves(t, d, c.theirs, c.id); status != http.StatusForbidden || !strings.Contains(message, "four_eyes") {
						t.Errorf("%s: %d %s", c.what, status, message)
					}
				})
				if status, message := approves(t, d, c.others, c.id); status != http.StatusOK {
					t.Errorf("%s, by another: %d %s", c.what, status, message)
				}
			}
			automatic := d.Wish(fixture.Wish{Developer: fixture.Ada, Policy: fixture.Petstore, By: d.Person("reviewer")})
			if status, message := approves(t, d, fixture.ReviewerCredential, automatic); status != http.StatusOK {
				t.Errorf("what nobody needs to decide: %d %s", status, message)
			}
		})
	}
}

// Every change counts: whoever changed a request does not decide it, though others changed it after them.
func TestFourEyesOnEveryChange(t *testing.T) {
	t.Parallel()
	for name, approves := range approvals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			d.Settings(`{"four_eyes": true, ` + sender + `}`)
			for n, who := range []caller.Caller{d.Person("reviewer"), fixture.Clerk(), fixture.Clerk()} {
				changed(t, d, who, fixture.Pending, portal.Object(fmt.Sprintf(`{"usecase": "something else, %d"}`, n)))
			}
			d.Unchanged("by the reviewer", func() {
				if status, message := approves(t, d, fixture.ReviewerCredential, fixture.Pending); status != http.StatusForbidden || !strings.Contains(message, "four_eyes") {
					t.Errorf("%d %s", status, message)
				}
			})
			if status, message := approves(t, d, fixture.AdminCredential, fixture.Pending); status != http.StatusOK {
				t.Errorf("by another: %d %s", status, message)
			}
		})
	}
}

// At first an organisation has no four eyes: Tyk's own clients create and approve with one credential.
func TestFourEyesAreOffAtFirst(t *testing.T) {
	t.Parallel()
	for name, approves := range approvals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			if status, message := approves(t, d, fixture.AdminCredential, fixture.ByAdmin); status != http.StatusOK {
				t.Errorf("%d %s", status, message)
			}
		})
	}
}
