package approval

import (
	"context"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// A claim link goes to the e-mail address that the grant has recorded, and to no other: a client that may change a developer's address must
// not receive the developer's keys by that. After a change of the address a link goes out only when a reviewer or an admin sends it, and that
// records the new address. Each new link ends the ones before it.

// linkTo has a request's next claim link go to an address.
func linkTo(r *table.Request, email string) {
	r.ClaimAddress = email
	r.LinkNumber++
}

// AddressChanged tells whether a claimable request's developer has another e-mail address than the one that its link goes to.
func AddressChanged(r *table.Request, developer *portal.Developer) bool {
	return developer == nil || portal.CanonicalEmail(developer.Email) != portal.CanonicalEmail(r.ClaimAddress)
}

// errAddressChanged refuses a portal's claim link to another address than the one that was recorded.
var errAddressChanged = portal.Refuse(portal.Forbidden, "access denied: the developer's email has changed since the key was granted, so a reviewer or an admin has to send the link.")

// betweenLinks is how long after one link the next may be asked for: each is a mail.
const betweenLinks = time.Minute

// SendLink has a new claim link sent while the key waits. The links before it no longer open.
func SendLink(ctx context.Context, t *table.Table, r table.Request, act Act) error {
	facts, err := t.Books(ctx, r.OrgID, r.ByUser, nil)
	if err != nil {
		return err
	}
	act.Name = "link sent"
	return Change(ctx, t, r, act, func(r table.Request) (table.Request, error) {
		if err := maySendLink(&r, &act, &facts); err != nil {
			return r, err
		}
		linkTo(&r, facts.Developer.Email)
		r.LinkSentAt = portal.Timestamp(act.At)
		return r, nil
	})
}

func maySendLink(r *table.Request, act *Act, facts *table.Books) error {
	switch {
	case r.State == portal.Approved && r.Delivery != nil:
		return claimed(r)
	case r.Open():
		return portal.Refuse(portal.Conflict, "The request waits for its decision; there is no key to claim yet.")
	case !r.Claimable():
		return processed(r)
	case facts.Developer == nil:
		return table.UnknownDeveloper(r.ByUser)
	case AddressChanged(r, facts.Developer) && !act.By.May(caller.DecideRequests):
		return errAddressChanged
	case r.Task == table.Lapse && r.DueAt <= portal.Timestamp(act.At.Add(betweenLinks)):
		return portal.Refuse(portal.Conflict, "The grant lapses at %s, before a mail would arrive; ask for a new key.", r.DueAt)
	case facts.Configuration.Mail.From == "":
		return errNoSender
	case act.At.Sub(timeOf(r.LinkSentAt, time.Time{})) < betweenLinks:
		return portal.Refuse(portal.Busy, "The link was sent at %s; ask again a minute later.", r.LinkSentAt)
	}
	return nil
}
