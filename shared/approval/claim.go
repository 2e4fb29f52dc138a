package approval

import (
	"context"
	"errors"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Developer is whoever claims a key: they proved by the link that it is theirs, and have no credential.
func Developer(org string) caller.Caller { return caller.Caller{Org: org, Name: "the developer"} }

// Claim hands a key to its developer, once. Whoever shows the same proof again within Again is given the same key; anybody else
// is told that it was claimed, and the request shows that they tried.
func (i *Issuer) Claim(ctx context.Context, r table.Request, act Act, proof string) (Grant, error) {
	for {
		switch {
		case i.isReplay(&r, act, proof):
			return i.deliverAgain(ctx, r, act)
		case r.State == portal.Cancelled:
			return Grant{}, portal.ErrNotFound
		case r.State == portal.Approved && r.Delivery != nil:
			if r.Delivery.To != act.By.Name { // it was never the developer's to claim: nobody has it who should not
				return Grant{}, claimed(&r)
			}
			return Grant{}, errors.Join(i.Table.Refused(ctx, r, act.At), claimed(&r))
		case r.State == portal.Lapsed:
			return Grant{}, portal.Refuse(portal.Conflict, "Nobody took the key in time, and it has lapsed. Ask for a new one.")
		case r.Open():
			return Grant{}, portal.Refuse(portal.Conflict, "The request waits for its decision; there is no key yet.")
		case !r.Claimable() || r.AuthType == portal.MutualTLS:
			return Grant{}, processed(&r)
		}
		grant, err := i.hand(ctx, r, act, proof)
		var changed *table.Changed
		if !errors.As(err, &changed) {
			return grant, err
		}
		r = changed.Now
	}
}

func claimed(r *table.Request) error {
	refusal := portal.Refuse(portal.Conflict, "The key was already claimed at %s, by %s. It is shown once.", r.Delivery.At, r.Delivery.To)
	refusal.Meta = map[string]string{"claimed_at": r.Delivery.At, "claimed_by": r.Delivery.To}
	return refusal
}

// Saved ends the time in which a key may be shown again: whoever claimed it says that they have it.
func (i *Issuer) Saved(ctx context.Context, r table.Request, act Act, proof string) error {
	act.Name = "saved"
	for {
		switch {
		case r.Delivery != nil && r.Proof == "": // it was said before
			return nil
		case r.Delivery == nil || proof == "" || r.Proof != proof:
			return portal.Refuse(portal.Conflict, "There is no key here that was claimed by this proof.")
		}
		after := r
		after.Proof = ""
		change, task := act.change(r, after), requestSecret(&r).AtOnce(act.At)
		change.Secret = &task
		err := i.Table.Write(ctx, change)
		var changed *table.Changed
		if !errors.As(err, &changed) {
			return err
		}
		r = changed.Now
	}
}

// betweenLinks is how long after one link the next may be asked for: each is a mail to somebody.
const betweenLinks = time.Minute

// SendLink has the claim link sent once more, while nobody has taken the key.
func SendLink(ctx context.Context, t *table.Table, r table.Request, act Act) error {
	settings, err := t.Configuration(ctx, r.OrgID)
	if err != nil {
		return err
	}
	act.Name = "link sent"
	return Change(ctx, t, r, act, func(r table.Request) (table.Request, error) {
		switch {
		case r.State == portal.Approved && r.Delivery != nil:
			return r, claimed(&r)
		case r.Open():
			return r, portal.Refuse(portal.Conflict, "The request waits for its decision; there is no key to claim yet.")
		case !r.Claimable() || r.AuthType == portal.MutualTLS:
			return r, processed(&r)
		case r.Task == table.Lapse && r.DueAt <= portal.Timestamp(act.At.Add(betweenLinks)):
			return r, portal.Refuse(portal.Conflict, "The grant lapses at %s, before a mail would arrive; ask for a new key.", r.DueAt)
		case settings.Mail.From == "":
			return r, errNoSender
		case act.At.Sub(timeOf(r.LinkSentAt, time.Time{})) < betweenLinks:
			return r, portal.Refuse(portal.Busy, "The link was sent at %s; ask again a minute later.", r.LinkSentAt)
		}
		r.LinkSentAt = portal.Timestamp(act.At)
		return r, nil
	})
}
