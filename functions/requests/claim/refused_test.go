package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

const none = "Could not retrieve portal object."

// TestWrongToken answers whoever has no token of the request just as where there is no such request, and reads nothing for them.
func TestWrongToken(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	right := d.ClaimKey.Token(fixture.Org, fixture.Claimable, 1)
	last := map[bool]string{true: "B", false: "A"}[right[len(right)-2] == 'A']
	absent := d.says(fixture.Claimable[:23]+"0", map[string]any{"token": right, "proof": mine})
	if absent.Status != http.StatusNotFound || absent.Message != none {
		t.Fatalf("of no request: %d %s", absent.Status, absent.Text)
	}
	for what, token := range map[string]string{
		"of another request":         d.ClaimKey.Token(fixture.Org, fixture.Pending, 1),
		"of another organisation":    d.ClaimKey.Token(fixture.OtherOrg, fixture.Claimable, 1),
		"with another organisation":  d.ClaimKey.Token(fixture.OtherOrg, fixture.Claimable, 1)[:16] + right[16:],
		"with another byte":          right[:len(right)-2] + last + right[len(right)-1:],
		"cut off":                    right[:len(right)-1],
		"prolonged":                  right + "A",
		"of nothing but punctuation": "....",
		"of a megabyte's tenth":      strings.Repeat("A", 10<<10),
	} {
		d.Unchanged(what, func() {
			if said := d.says(fixture.Claimable, map[string]any{"token": token, "proof": mine}); said.Status != absent.Status || said.Text != absent.Text {
				t.Errorf("%s: %d %s", what, said.Status, said.Text)
			}
		})
	}
	d.wants("the right one", fixture.Claimable, d.claims(fixture.Claimable, mine), http.StatusOK, "")
}

// TestMalformed tells who calls by hand what to send.
func TestMalformed(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	right := d.claims(fixture.Claimable, mine)
	for words, body := range map[string]any{
		"token: send what stands in the link":   map[string]any{"proof": mine},
		"token: a string is expected":           map[string]any{"token": 5, "proof": mine},
		"proof is 0 bytes long":                 map[string]any{"token": right["token"]},
		"proof is 31 bytes long":                map[string]any{"token": right["token"], "proof": mine[1:]},
		"proof is 129 bytes long":               map[string]any{"token": right["token"], "proof": another + "a"},
		"saved: true or false is expected":      map[string]any{"token": right["token"], "proof": mine, "saved": "yes"},
		"Request body malformed. Send a JSON o": "token",
	} {
		d.Unchanged(words, func() { d.wants(words, fixture.Claimable, body, http.StatusBadRequest, words) })
	}
}

// TestNoKeyToClaim refuses, in words, who has the link of a request that has no key for its developer: not yet, no longer, or never.
func TestNoKeyToClaim(t *testing.T) {
	t.Parallel()
	d := open(t)
	lapsed, withdrawn, cancelled := d.Ask(fixture.Chen, fixture.Identity), d.Ask(fixture.Chen, fixture.Identity), d.Ask(fixture.Chen, fixture.Identity)
	for _, id := range []string{lapsed, withdrawn} {
		d.approves(id, time.Now())
	}
	d.schedule(lapsed, time.Now().Add(d.Issuer.Retention))
	d.withdraws(withdrawn)
	act := approval.Act{Name: "deleted", By: reviewer, At: time.Now(), RequestID: "test"}
	if err := approval.Change(t.Context(), d.Table, d.read(cancelled), act, approval.Close(act, portal.Cancelled)); err != nil {
		t.Fatal(err)
	}
	for id, c := range map[string]struct {
		status int
		words  string
	}{
		fixture.Pending:  {http.StatusConflict, "The request waits for its decision; there is no key yet."},
		fixture.Declined: {http.StatusConflict, "Key request has already been processed."},
		lapsed:           {http.StatusConflict, "Nobody took the key in time, and it has lapsed."},
		withdrawn:        {http.StatusConflict, "Key request has already been processed."},
		cancelled:        {http.StatusNotFound, none},
	} {
		d.Unchanged(c.words, func() { d.wants(string(d.read(id).State), id, d.claims(id, mine), c.status, c.words) })
	}
}

// TestHidden gives the key of a request that was deleted once it was approved: that hides the request, and leaves its key.
func TestHidden(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	act := approval.Act{Name: "deleted", By: reviewer, At: time.Now(), RequestID: "test"}
	hide := func(r table.Request) (table.Request, error) { r.Hidden = true; return r, nil }
	if err := approval.Change(t.Context(), d.Table, d.read(fixture.Claimable), act, hide); err != nil {
		t.Fatal(err)
	}
	d.wants("hidden", fixture.Claimable, d.claims(fixture.Claimable, mine), http.StatusOK, "")
	d.wants("saved", fixture.Claimable, d.saved(mine), http.StatusOK, fixture.Claimable)
	d.wants("saved", fixture.Claimable, d.claims(fixture.Claimable, mine), http.StatusConflict, "The key was already claimed")
}

// withdraws has a reviewer decline a grant whose key is not claimed.
func (d *desk) withdraws(request string) {
	d.t.Helper()
	act := approval.Act{By: reviewer, At: time.Now(), RequestID: "test"}
	if err := approval.Decline(d.t.Context(), d.Table, d.read(request), portal.Configuration{}, act); err != nil {
		d.t.Fatal(err)
	}
}

// TestGivenToTheApprover refuses the developer of a key that went to somebody else, and says to whom: nobody has tried to take what was claimed.
func TestGivenToTheApprover(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.wants("too late", fixture.Approved, d.claims(fixture.Approved, mine), http.StatusConflict, "The key was already claimed at 2019-06-04T07:30:00.000Z, by reviewer.")
	if d.read(fixture.Approved).Delivery.RefusedAt != "" {
		t.Error("the reviewer is alarmed")
	}
}

// TestLog holds that each claim has a line in the log, which names the request and its organisation, and quotes nothing of what was sent or given.
func TestLog(t *testing.T) {
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	right, wrong := d.claims(fixture.Claimable, mine), d.claims(fixture.Claimable, another)
	wrong["token"] = d.ClaimKey.Token(fixture.Org, fixture.Pending, 1)
	events := []desktest.Event{d.event(fixture.Claimable, wrong), d.event(fixture.Claimable, right), d.event(fixture.Claimable, d.claims(fixture.Claimable, another))}
	text := d.Logged(function, events...)
	key := d.says(fixture.Claimable, right)
	var given struct{ RawKey string }
	if err := json.Unmarshal([]byte(key.Text), &given); err != nil || given.RawKey == "" {
		t.Fatal("no key was given")
	}
	for _, quoted := range []string{right["token"].(string), wrong["token"].(string), mine, another, given.RawKey} {
		if strings.Contains(text, quoted) {
			t.Error("the log quotes a secret")
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for n, want := range []struct {
		status      float64
		org, caller string
	}{{http.StatusNotFound, "", ""}, {http.StatusOK, fixture.Org, "the developer"}, {http.StatusConflict, fixture.Org, "the developer"}} {
		var line map[string]any
		if err := json.Unmarshal([]byte(lines[n]), &line); err != nil || len(lines) != 3 {
			t.Fatalf("the log is %s", text)
		}
		if line["status"] != want.status || line["org"] != want.org || line["caller"] != want.caller || line["id"] != fixture.Claimable {
			t.Errorf("line %d: %v", n, line)
		}
	}
}
