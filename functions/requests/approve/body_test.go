package main

import (
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// saying approves a request with a body.
func saying(d *desktest.Desk, id, body string) desktest.Said {
	return d.Say(function, desktest.Call(fixture.ReviewerCredential, http.MethodPut, "/api/portal/requests/approve/"+id, body))
}

func request(t *testing.T, d *desktest.Desk, id string) table.Request {
	t.Helper()
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whoever approves may leave the key to its developer, and say why they approve; PowerShell puts its mark before that.
func TestDeliveryByClaim(t *testing.T) {
	t.Parallel()
	for _, mark := range []string{"", "\ufeff", " \n", "// as agreed\n"} {
		d := desktest.New(t, fixture.Desk)
		said := saying(d, fixture.Pending, mark+`{"delivery": "claim", "reason": "As agreed."}`)
		if said.Status != http.StatusOK || !strings.Contains(said.Text, `"RawKey":""`) {
			t.Fatalf("%q: %d %s", mark, said.Status, said.Message)
		}
		r := request(t, d, fixture.Pending)
		if r.State != portal.Approved || r.Delivery != nil || !r.Claimable() || r.Reason != "As agreed." || r.ByCreator {
			t.Errorf("%q: stored %+v", mark, r)
		}
		if keys := d.Issued(r.ID); len(keys) != 0 || len(d.Boxes()) != 1 {
			t.Errorf("%q: issued %v, delivery secrets %v", mark, keys, d.Boxes())
		}
	}
}

// A body that is no object says nothing, and the key goes to whoever approves.
func TestRubbishSaysNothing(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "\ufeff", "rubbish", `"claim"`, `[{"delivery": "claim"}]`, "null", "delivery=claim", "<delivery>claim</delivery>", "\x00"} {
		d := desktest.New(t, fixture.Desk)
		said := saying(d, fixture.Pending, body)
		if said.Status != http.StatusOK || strings.Contains(said.Text, `"RawKey":""`) {
			t.Errorf("%q: %d %s", body, said.Status, said.Message)
		}
		if r := request(t, d, fixture.Pending); r.Delivery == nil || r.Delivery.To != "reviewer" || r.Reason != "" {
			t.Errorf("%q: stored %+v", body, r)
		}
	}
}

// What an object says has to make sense.
func TestWhatIsSaidOfAnApproval(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	for _, body := range []string{
		`{"delivery": "mail"}`, `{"delivery": 1}`, `{"delivery": "claim"`, `{"reason": "` + strings.Repeat("x", portal.LongestReason+1) + `"}`,
	} {
		d.Unchanged(body, func() {
			if said := saying(d, fixture.Pending, body); said.Status != http.StatusBadRequest {
				t.Errorf("%.30s: %d %s", body, said.Status, said.Message)
			}
		})
	}
}

// No key is granted to wait for a developer who would never hear of it: the request stays open, and nothing lies in its box.
func TestNoSender(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(`{}`)
	for what, c := range map[string]struct{ id, body string }{
		"secure_key_approval": {fixture.Claimable, ""},
		"delivery":            {fixture.Pending, `{"delivery": "claim"}`},
	} {
		d.Unchanged(what, func() {
			if said := saying(d, c.id, c.body); said.Status != http.StatusConflict || !strings.Contains(said.Message, "mail_options.mail_from_email is empty") {
				t.Errorf("%s: %d %s", what, said.Status, said.Message)
			}
			_, results := d.Many(function, "approve", fixture.ReviewerCredential, "", c.id)
			if got := results[c.id]; got.Code != http.StatusConflict || !strings.Contains(got.Message, "mail_options.mail_from_email is empty") {
				t.Errorf("%s, among many: %+v", what, got)
			}
		})
		if r := request(t, d, c.id); !r.Open() || len(d.Issued(c.id)) != 0 {
			t.Errorf("%s: it is %s", what, r.State)
		}
	}
	if said := saying(d, fixture.Pending, ""); said.Status != http.StatusOK {
		t.Errorf("whose key is given at once: %d %s", said.Status, said.Message)
	}
	d.Settings(`{` + sender + `}`)
	if said := saying(d, fixture.Claimable, ""); said.Status != http.StatusOK {
		t.Errorf("with a sender: %d %s", said.Status, said.Message)
	}
}
