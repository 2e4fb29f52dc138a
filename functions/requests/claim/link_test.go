package main

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
)

func asksForLink(d *desk, credential, id string) desktest.Said {
	d.t.Helper()
	return d.Say(function, desktest.Call(credential, http.MethodPost, "/api/portal/requests/"+id+"/claim-link", ""))
}

// TestSendLink leaves the line of history that the mail comes of; once a minute, and while nobody has the key.
func TestSendLink(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.Unchanged("before it is approved", func() {
		if said := asksForLink(d, fixture.PortalCredential, fixture.Claimable); said.Status != http.StatusConflict || said.Message != "The request waits for its decision; there is no key to claim yet." {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
	d.approves(fixture.Claimable, time.Now())
	if said := asksForLink(d, fixture.PortalCredential, fixture.Claimable); said.Status != http.StatusOK || said.Message != fixture.Claimable {
		t.Fatalf("%d %s", said.Status, said.Text)
	}
	sent := d.read(fixture.Claimable)
	if history := d.History(fixture.Claimable); !reflect.DeepEqual(history, []string{"created by portal", "approved by reviewer", "link sent by portal"}) {
		t.Errorf("history %v", history)
	}
	d.Unchanged("in the same minute", func() {
		if said := asksForLink(d, fixture.ReviewerCredential, fixture.Claimable); said.Status != http.StatusTooManyRequests || said.Message != "The link was sent at "+sent.LinkSentAt+"; ask again a minute later." {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
	later := approval.Act{By: reviewer, At: time.Now().Add(time.Minute), RequestID: "test"}
	if err := approval.SendLink(t.Context(), d.Table, sent, later); err != nil {
		t.Errorf("a minute later: %v", err)
	}
	if after := d.read(fixture.Claimable); after.Task != sent.Task || after.DueAt != sent.DueAt {
		t.Error("the link changes when the key lapses")
	}
	d.Unchanged("by a link before the newest", func() {
		for link := range 3 {
			d.wants("an older link", fixture.Claimable, d.claimsBy(fixture.Claimable, mine, link), http.StatusConflict,
				"A newer link was sent to the developer, and this one is no longer good. Use the link in the newest mail.")
		}
	})
	d.wants("claimed", fixture.Claimable, d.claimsBy(fixture.Claimable, mine, 3), http.StatusOK, "")
	d.Unchanged("once it is claimed", func() {
		if said := asksForLink(d, fixture.AdminCredential, fixture.Claimable); said.Status != http.StatusConflict {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
}

// TestNoLinkToSend refuses who may not, and what there is no link for.
func TestNoLinkToSend(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	for what, c := range map[string]struct {
		credential, id string
		status         int
	}{
		"without a credential":     {"", fixture.Claimable, http.StatusUnauthorized},
		"by another organisation":  {fixture.OtherCredential, fixture.Claimable, http.StatusNotFound},
		"of no request":            {fixture.AdminCredential, fixture.Claimable[:23] + "0", http.StatusNotFound},
		"of a declined request":    {fixture.AdminCredential, fixture.Declined, http.StatusConflict},
		"of a key of the approver": {fixture.AdminCredential, fixture.Approved, http.StatusConflict},
	} {
		d.Unchanged(what, func() {
			if said := asksForLink(d, c.credential, c.id); said.Status != c.status {
				t.Errorf("%s: %d %s", what, said.Status, said.Text)
			}
		})
	}
}

// TestNoSender refuses to send a link where no mail is sent at all: nobody shall wait for it.
func TestNoSender(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	d.Settings(`{}`)
	d.Unchanged("without a sender", func() {
		said := asksForLink(d, fixture.PortalCredential, fixture.Claimable)
		if said.Status != http.StatusConflict || !strings.Contains(said.Message, "mail_options.mail_from_email is empty") {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
}

// TestLinkOfAWithdrawnGrant refuses to send the link of a grant that is over: it would lead to a refusal.
func TestLinkOfAWithdrawnGrant(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	d.withdraws(fixture.Claimable)
	d.Unchanged("withdrawn", func() {
		if said := asksForLink(d, fixture.PortalCredential, fixture.Claimable); said.Status != http.StatusConflict {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
}
