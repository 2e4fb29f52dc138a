package main

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/table"
)

var approver = caller.Caller{Org: fixture.Org, Name: "reviewer", Role: caller.Reviewer, Credential: caller.Hash(fixture.ReviewerCredential)}

// approved is what comes of the fixture's request once a reviewer has approved it, and its developer has claimed the key where it is theirs
// to claim.
func approved(t *testing.T, d *desktest.Desk, request string) table.IssuedKey {
	t.Helper()
	read := func() table.Request {
		r, err := d.Table.Request(t.Context(), fixture.Org, request)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	if _, err := d.Issuer.Issue(t.Context(), read(), approval.Act{By: approver, At: time.Now(), RequestID: "test"}, ""); err != nil {
		t.Fatal(err)
	}
	r := read()
	if r.Delivery == nil {
		act := approval.Act{By: approval.Developer(fixture.Org), At: time.Now(), RequestID: "test"}
		if _, err := d.Issuer.Claim(t.Context(), r, act, "a page's proof", r.LinkNumber); err != nil {
			t.Fatal(err)
		}
	}
	k, err := d.Table.KeyNamed(t.Context(), fixture.Org, r.ByUser, read().KeyID)
	if err != nil {
		t.Fatal(err)
	}
	return *k
}

// A portal is refused the rotation of a key that another credential asked for, and learns why; and nothing changes.
func TestRotateOfAnother(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	k := approved(t, d, fixture.ByAdmin)
	d.Unchanged("a portal, of another's key", func() {
		said := call(t, d, fixture.PortalCredential, http.MethodPost, path(k.Developer, k.ID, "rotate"), `{"grace_seconds": 2592000}`, http.StatusForbidden)
		if said.Message != "access denied: a portal rotates only keys whose requests it created itself; a reviewer or an admin may rotate this one." {
			t.Error(said.Message)
		}
	})
	call(t, d, fixture.ReviewerCredential, http.MethodPost, path(k.Developer, k.ID, "rotate"), "", http.StatusOK)
}

// waits rotates a key, and holds that the answer names the request by which its developer claims the successor.
func waits(t *testing.T, d *desktest.Desk, k table.IssuedKey) string {
	t.Helper()
	said := d.Say(function, keyed(fixture.ReviewerCredential, path(k.Developer, k.ID, "rotate"), `{"grace_seconds": 60}`, "the same call"))
	var got map[string]string
	if err := json.Unmarshal([]byte(said.Text), &got); err != nil || said.Status != http.StatusOK {
		t.Fatalf("%d %s (%v)", said.Status, said.Text, err)
	}
	if len(got) != 4 || got["RawKey"] != "" || got["Password"] != "" || got["key"] != k.Shown || got["request"] == "" {
		t.Errorf("answered %s", said.Text)
	}
	return said.Text
}

// Who rotates a key that its developer has claimed is told of the request by which the developer claims the next, and is given no key. The same
// call again is answered the same; another is refused.
func TestRotateByClaim(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	k := approved(t, d, fixture.Claimable)
	boxes := len(d.Boxes())
	answers := map[string]bool{}
	for range 2 {
		answers[waits(t, d, k)] = true
	}
	if len(answers) != 1 || len(d.Boxes()) != boxes {
		t.Errorf("%d different answers, %d secrets more", len(answers), len(d.Boxes())-boxes)
	}
	said := call(t, d, fixture.PortalCredential, http.MethodPost, path(k.Developer, k.ID, "rotate"), "", http.StatusConflict)
	var meta map[string]string
	if err := json.Unmarshal(said.Meta, &meta); err != nil || meta["request"] == "" || meta["rotated_by"] != "reviewer" || meta["lapses_at"] == "" || meta["remedy"] == "" {
		t.Errorf("told %s (%v)", said.Text, err)
	}
}
