package approval

import (
	"context"
	"errors"
	"time"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// isReplay tells whether the act is the very call that granted the key, said again in time.
func (i *Issuer) isReplay(r *table.Request, act Act, proof string) bool {
	if proof == "" || r.Proof != proof {
		return false
	}
	said := r.DecidedAt
	if r.Delivery != nil {
		said = r.Delivery.At
	}
	return inTime(said, act.At)
}

// inTime tells whether what was said at a time may be said again now.
func inTime(said string, now time.Time) bool {
	at, err := time.Parse(time.RFC3339Nano, said)
	return err == nil && now.Sub(at) <= Again
}

// deliverAgain leaves a line of history before it opens the box: nobody is given a key twice without a trace. What was not
// delivered to By before is not now.
func (i *Issuer) deliverAgain(ctx context.Context, r table.Request, act Act) (Grant, error) {
	switch {
	case r.Edits != "":
		return i.told(ctx, r)
	case r.Delivery == nil:
		return Grant{Request: r}, nil
	}
	act.Name = "delivered again"
	if err := i.Table.DeliveredAgain(ctx, r, act.history(&r)); err != nil {
		return Grant{}, err
	}
	if r.AuthType == portal.MutualTLS {
		return i.told(ctx, r)
	}
	key, err := i.Vault.Open(ctx, r.OrgID, r.ID, r.AuthType)
	return Grant{Key: key, Request: r}, err
}

// fetches tells whether the act asks for what the schedule granted, as the request's creator may: clients that create a request and then
// approve it work whether or not the schedule came in between.
func (i *Issuer) fetches(r *table.Request, act *Act) bool {
	creator := r.ByCreator && r.CreatedBy == act.By.Holder() && r.CreatedBy != ""
	return r.State == portal.Approved && creator && (r.Delivery == nil && !act.ByClaim || nothingSecret(r))
}

// nothingSecret tells whether no key has to be handed over: the developer has it already.
func nothingSecret(r *table.Request) bool { return r.Edits != "" || r.AuthType == portal.MutualTLS }

func (i *Issuer) fetch(ctx context.Context, r table.Request, act Act, proof string) (Grant, error) {
	if nothingSecret(&r) {
		return i.told(ctx, r)
	}
	return i.hand(ctx, r, act, proof)
}

// told is what came of a request that hands over nothing secret.
func (i *Issuer) told(ctx context.Context, r table.Request) (Grant, error) {
	if r.Edits != "" {
		k, err := i.Table.IssuedKey(ctx, r.Edits)
		return Grant{Request: r, Edited: k}, err
	}
	fingerprint, err := portal.Fingerprint(r.OrgID, r.Certificate)
	return Grant{Key: apikey.OfCertificate(r.OrgID, fingerprint, i.Form), Request: r}, err
}

// hand gives a key that waits for its developer to whoever acts, once: the box is opened first, so that no key is noted as delivered
// that could not be read, and the write arbitrates whom it is given to.
func (i *Issuer) hand(ctx context.Context, r table.Request, act Act, proof string) (Grant, error) {
	if r.DueAt == "" { // nobody took the key until it was revoked, and its box is emptied
		return Grant{}, errKeyOver
	}
	key, err := i.Vault.Open(ctx, r.OrgID, r.ID, r.AuthType)
	if err != nil {
		return Grant{}, err
	}
	for {
		k, err := i.Table.IssuedKey(ctx, key.Digest())
		switch {
		case err != nil:
			return Grant{}, err
		case k == nil || k.Over() || k.Ended(act.At):
			return Grant{}, errKeyOver
		}
		after := *k
		after.Unclaimed = false
		act.Name = "delivered"
		taken := act.keyChange(*k, after)
		change := act.change(r, act.delivered(r, proof))
		change.Edit = &taken
		err = i.Table.Write(ctx, change)
		var changedKey *table.ChangedKey
		switch {
		case err == nil:
			return Grant{Key: key, Request: change.After}, nil
		case !errors.As(err, &changedKey): // else it is read anew: somebody suspended it, say
			return Grant{}, err
		}
	}
}

var errKeyOver = portal.Refuse(portal.Conflict, "The key is over: it was revoked, or it has expired. Ask for a new one.")

// delivered is the request once its key is handed over.
func (a *Act) delivered(r table.Request, proof string) table.Request {
	r.Delivery, r.Proof = &portal.Delivery{To: a.By.Name, At: portal.Timestamp(a.At)}, proof
	r.Due(table.Empty, a.At.Add(table.BoxOutlives))
	return r
}
