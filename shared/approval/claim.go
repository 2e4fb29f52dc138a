package approval

import (
	"context"
	"errors"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Developer is whoever claims a key: they proved by the link that it is theirs, and have no credential.
func Developer(org string) caller.Caller { return caller.Caller{Org: org, Name: "the developer"} }

// Claim hands a key to its developer, who comes by a link, once. Whoever shows the same proof again within Again is given the same key;
// anybody else is told that it was claimed, and the request shows that they tried. No link but the newest opens.
func (i *Issuer) Claim(ctx context.Context, r table.Request, act Act, proof string, link int) (Grant, error) {
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
		case !r.Claimable():
			return Grant{}, processed(&r)
		case link != r.LinkNumber:
			return Grant{}, errOlderLink
		}
		grant, err := i.hand(ctx, r, act, proof)
		if !conflicts(err, &r) {
			return grant, err
		}
	}
}

// errOlderLink refuses a link after which another was sent.
var errOlderLink = portal.Refuse(portal.Conflict, "A newer link was sent to the developer, and this one is no longer good. Use the link in the newest mail.")

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
