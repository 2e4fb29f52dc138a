package approval_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// TestLinkStaysWithItsAddress changes the developer's e-mail while a key waits: the link that was sent opens yet, a portal is refused
// another, and a reviewer's goes to the new address and ends the one before it.
func TestLinkStaysWithItsAddress(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	for _, role := range []caller.Role{caller.Portal, caller.Reviewer, caller.Admin} {
		t.Run(string(role), func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			portals, sends := d.Person(caller.Portal), d.Person(role)
			r := waitingKey(t, d, d.Person(caller.Reviewer))
			first := r.ClaimAddress
			moves(t, d, r.ByUser)
			before := d.Read(r.ID)
			err := approval.SendLink(t.Context(), d.Books, before, portals.Act(""))
			refused(t, apikey.Key{}, err, portal.Forbidden, "email has changed")
			if role == caller.Portal {
				if _, err := claims(d, t, r.ID, mine, time.Now()); err != nil || d.Read(r.ID).ClaimAddress != first {
					t.Errorf("the link that was sent before: %v", err)
				}
				return
			}
			if err := approval.SendLink(t.Context(), d.Books, before, sends.Act("")); err != nil {
				t.Fatal(err)
			}
			after := d.Read(r.ID)
			if after.ClaimAddress != "thief-of-"+first || after.LinkNumber != before.LinkNumber+1 {
				t.Errorf("link %d goes to %s", after.LinkNumber, after.ClaimAddress)
			}
			_, err = d.Unharmed().Claim(t.Context(), after, approval.Act{By: approval.Developer(fixture.Org), At: time.Now()}, mine, before.LinkNumber)
			refused(t, apikey.Key{}, err, portal.Conflict, "A newer link was sent")
			if _, err := claims(d, t, r.ID, mine, time.Now()); err != nil {
				t.Errorf("the newest link: %v", err)
			}
		})
	}
}

// TestNotFetchedOnceSecure lets the schedule grant what its creator may fetch, and then has the entry keep it for the developer: the creator is
// given nothing any more.
func TestNotFetchedOnceSecure(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	portals := d.Person(caller.Portal)
	d.Offer("plain", portal.AuthToken, `{"override": true}`, 0)
	r := d.Ask(portals, "plain")
	d.Spoil(r.ID, "task", &types.AttributeValueMemberS{Value: string(table.Decide)})
	if done, err := d.Unharmed().Due(t.Context(), d.Read(r.ID), time.Now().Add(time.Hour), "the schedule's"); err != nil || done != approval.Approved {
		t.Fatalf("%s, %v", done, err)
	}
	d.Offer("plain", portal.AuthToken, secureSettings, 0)
	key, err := issue(d, t, r.ID, portals.Act("approved"), "")
	refused(t, key, err, portal.Conflict, processed)
	if after := d.Audit(r.ID); !after.Claimable() || slices.ContainsFunc(after.History, func(h table.History) bool { return h.Act == "delivered" }) {
		t.Errorf("it is %s, delivered %v", after.State, after.Delivery)
	}
}
