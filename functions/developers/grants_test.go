package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
)

// TestGrantsEndWithTheirDeveloper deletes a developer who has not claimed the key of a grant: the grant is cancelled, and nothing is left
// next to the developer.
func TestGrantsEndWithTheirDeveloper(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	r, err := d.Table.Request(t.Context(), fixture.Org, fixture.Claimable)
	if err != nil {
		t.Fatal(err)
	}
	act := approval.Act{By: caller.Caller{Org: fixture.Org, Name: "reviewer", Role: caller.Reviewer}, At: time.Now(), RequestID: "test"}
	if _, err := d.Issuer.Issue(t.Context(), r, act, ""); err != nil {
		t.Fatal(err)
	}
	said := d.Say(function, desktest.Call(fixture.PortalCredential, http.MethodDelete, "/api/portal/developers/"+fixture.Ada, ""))
	if said.Status != http.StatusOK {
		t.Fatalf("%d %s", said.Status, said.Text)
	}
	stored := d.Stored(fixture.Claimable)
	if stored["state"] != "cancelled" || stored["due_at"] != "" || stored["approved"] != false {
		t.Errorf("the grant is %v", stored)
	}
	for _, it := range tabletest.Items(t, d.Table) {
		if strings.HasPrefix(fmt.Sprint(it["SK"]), "KEYGRANT#") {
			t.Errorf("%s %s is left", it["PK"], it["SK"])
		}
	}
}
