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

// deliverAgain leaves a line of history before it answers: a key is not given twice without a trace. What was not delivered to By
// before is not now.
func (i *Issuer) deliverAgain(ctx context.Context, r table.Request, act Act) (Grant, error) {
	switch {
	case r.Edits != "":
		return i.told(ctx, r, act)
	case r.Delivery == nil:
		return Grant{Request: r}, nil
	}
	grant, err := i.reopen(ctx, r, act)
	if err != nil {
		return Grant{}, err
	}
	act.Name = "delivered again"
	return grant, i.Table.DeliveredAgain(ctx, r, act.history(&r))
}

// reopen is the grant of a key that was delivered before. A secret that was made once more, by a call that lost, holds another key than
// the one that was delivered.
func (i *Issuer) reopen(ctx context.Context, r table.Request, act Act) (Grant, error) {
	if r.AuthType == portal.MutualTLS {
		return i.told(ctx, r, act)
	}
	box := requestSecret(&r)
	key, err := i.Vault.Open(ctx, box.Org, box.ID, box.Kind)
	if err != nil {
		return Grant{}, err
	}
	if err := i.stillGood(ctx, key.Digest(), act); err != nil {
		return Grant{}, err
	}
	grant := Grant{Key: key, Request: r}
	if r.Rotates != nil {
		grant.Older, err = i.Table.IssuedKey(ctx, r.Rotates.Digest)
	}
	return grant, err
}

// stillGood refuses to show a key again that is over by now.
func (i *Issuer) stillGood(ctx context.Context, digest string, act Act) error {
	k, err := i.Table.IssuedKey(ctx, digest)
	switch {
	case err != nil:
		return err
	case k == nil:
		return errNotAgain
	case k.Over() || k.Ended(act.At):
		return errKeyOver
	}
	return nil
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
		return i.told(ctx, r, act)
	}
	return i.hand(ctx, r, act, proof)
}

// told is what came of a request that hands over nothing secret.
func (i *Issuer) told(ctx context.Context, r table.Request, act Act) (Grant, error) {
	if r.Edits != "" {
		k, err := i.Table.LastOf(ctx, r.Edits)
		if err == nil && (k == nil || k.Over() || k.Ended(act.At)) {
			err = errKeyOver
		}
		return Grant{Request: r, Edited: k}, err
	}
	fingerprint, err := portal.Fingerprint(r.OrgID, r.Certificate)
	if err != nil {
		return Grant{}, err
	}
	key := apikey.OfCertificate(r.OrgID, fingerprint, i.Form)
	if err := i.stillGood(ctx, key.Digest(), act); err != nil {
		return Grant{}, err
	}
	return Grant{Key: key, Request: r}, nil
}

// hand mints the key of a grant and gives it to whoever acts, once. What is no longer grantable is refused, in words.
func (i *Issuer) hand(ctx context.Context, r table.Request, act Act, proof string) (Grant, error) {
	act.Name = "delivered"
	if r.Rotates != nil {
		grant, err := i.handSuccessor(ctx, r, act, proof)
		return grant, notNow(err)
	}
	books, err := i.Table.Books(ctx, r.OrgID, r.ByUser, r.ApplyPolicies)
	if err != nil {
		return Grant{}, err
	}
	if act.By.Credential != "" && byClaim(&books, r.ApplyPolicies) { // since the grant: the developer alone is given such a key
		return Grant{}, processed(&r)
	}
	if err := stillGrantable(&r, &books); err != nil {
		return Grant{}, notNow(err)
	}
	grant, err := i.deliver(ctx, r, act.delivered(r, proof), act, &books)
	return grant, notNow(err)
}

// notNow words the refusal of a grant for a developer who claims its key: what is wrong is not in their call.
func notNow(err error) error {
	var refusal *portal.Error
	if !errors.As(err, &refusal) || refusal.Kind != portal.Invalid {
		return err
	}
	return portal.Refuse(portal.Conflict, "The key cannot be handed over as things stand: %s", refusal.Message)
}

var (
	errKeyOver  = portal.Refuse(portal.Conflict, "The key is over: it was revoked, or it has expired. Ask for a new one.")
	errNotAgain = portal.Refuse(portal.Conflict, "The key cannot be shown again. If its answer was lost, rotate the key.")
)

// delivered is the request once its key is handed over. It keeps the address of a key that its developer claimed alone.
func (a *Act) delivered(r table.Request, proof string) table.Request {
	r.Delivery, r.Proof = &portal.Delivery{To: a.By.Name, At: portal.Timestamp(a.At)}, proof
	if a.By.Credential != "" {
		r.ClaimAddress = ""
	}
	r.NotDue()
	return r
}
