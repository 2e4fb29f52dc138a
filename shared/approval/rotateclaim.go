package approval

import (
	"context"
	"time"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Who is given the successor of a key is decided by how the key came to its developer, and never by the right to rotate alone. A portal
// rotates the keys of its own requests. A successor that the developer alone may have waits for the developer's claim, by a request that is
// made for that: the claim mints it, and the key's grace begins then. Until the claim nothing changes at the key.

// ownRotation refuses to let a portal rotate a key that it did not ask for.
func ownRotation(who *caller.Caller, origin *table.Origin) error {
	switch {
	case who.May(caller.DecideRequests):
		return nil
	case origin.Asked.CreatedBy == "" || origin.Asked.CreatedBy != who.Holder():
		return portal.Refuse(portal.Forbidden, "access denied: a portal rotates only keys whose requests it created itself; a reviewer or an admin may rotate this one.")
	case origin.Delivered.ClaimAddress != "" && AddressChanged(&origin.Delivered, origin.Developer):
		return portal.Refuse(portal.Forbidden, "access denied: the developer's email has changed since the key was claimed, so a reviewer or an admin has to rotate it.")
	}
	return nil
}

// rotatesByClaim tells whether the developer claims the successor: of a key that was claimed, or that an entry keeps for its developer; and
// under four_eyes whenever a reviewer rotates, since no one person comes to a key there.
func rotatesByClaim(who *caller.Caller, k *table.IssuedKey, origin *table.Origin) bool {
	alone := origin.Configuration.FourEyes && who.May(caller.DecideRequests) && !automatic(&origin.Books, k.Policies)
	return origin.Delivered.ClaimAddress != "" || byClaim(&origin.Books, k.Policies) || alone
}

// offerSuccessor writes the request by which the developer claims the successor. A key has one of them at a time.
func (i *Issuer) offerSuccessor(ctx context.Context, k table.IssuedKey, act Act, rotation Rotation, origin *table.Origin) (Rotated, error) {
	if waiting, err := i.waitingRotation(ctx, &k, act, rotation); waiting != nil || err != nil {
		return Rotated{Older: k, Waits: waiting}, err
	}
	if origin.Configuration.Mail.From == "" {
		return Rotated{}, errNoSender
	}
	act.Name = "rotation offered"
	change := Create(act, i.rotationRequest(&k, act, rotation, origin.Developer.Email))
	marked := k
	marked.RotationRequest = change.After.ID
	edit := act.keyChange(k, marked)
	change.Edit = &edit
	if err := i.Table.Write(ctx, change); err != nil {
		return Rotated{}, err
	}
	return Rotated{Older: edit.After, Waits: &change.After}, nil
}

// waitingRotation is the rotation of the key that waits for its claim: the caller's own where this is the same call once more, else a refusal;
// nil where there is none.
func (i *Issuer) waitingRotation(ctx context.Context, k *table.IssuedKey, act Act, rotation Rotation) (*table.Request, error) {
	if k.RotationRequest == "" {
		return nil, nil
	}
	r, err := i.Table.Request(ctx, k.OrgID, k.RotationRequest)
	switch {
	case err != nil || !r.Claimable():
		return nil, err
	case i.isReplay(&r, act, rotation.Proof):
		return &r, nil
	}
	refusal := portal.Refuse(portal.Conflict, "The key is being rotated already: its successor waits for the developer, who claims it.")
	refusal.Meta = map[string]string{
		"request": r.ID, "rotated_by": r.DecidedBy, "lapses_at": portal.Timestamp(Lapses(&r, i.Retention)),
		"remedy": "POST /api/portal/requests/" + r.ID + "/claim-link sends a new link; PUT /api/portal/requests/decline/" + r.ID + " ends the rotation.",
	}
	return nil, refusal
}

// rotationRequest is the request, granted from the beginning: the key's policies were decided on when the key was.
func (i *Issuer) rotationRequest(k *table.IssuedKey, act Act, rotation Rotation, email string) table.Request {
	r := table.Request{AuthType: k.AuthType, Request: portal.Request{
		ID: portal.NewID(act.At), OrgID: k.OrgID, ByUser: k.Developer, DateCreated: portal.Timestamp(act.At),
		ForPlan: k.Policies[0], ApplyPolicies: k.Policies, RemovePolicies: []string{},
		JWTSecret: rotation.PublicKey, Certificate: rotation.Certificate,
	}}
	if k.Client != nil {
		r.OAuthInfo = &portal.OAuthInfo{RedirectURI: k.Client.RedirectURI}
	}
	r.Rotates = &table.Rotates{Digest: k.Digest, ID: k.ID, Shown: k.Shown, Grace: int64(rotation.Grace / time.Second)}
	r = decided(r, act, rotation.Proof)
	linkTo(&r, email)
	i.awaitClaim(&r)
	return r
}

// handSuccessor mints the successor that a request was made for and gives it to its developer, once.
func (i *Issuer) handSuccessor(ctx context.Context, r table.Request, act Act, proof string) (Grant, error) {
	k, err := i.Table.IssuedKey(ctx, r.Rotates.Digest)
	switch {
	case err != nil:
		return Grant{}, err
	case !rotatable(k):
		return Grant{}, errNothingToRotate
	}
	facts, err := i.Table.Books(ctx, k.OrgID, k.Developer, k.Policies)
	if err != nil {
		return Grant{}, err
	}
	rotation := Rotation{
		Grace: time.Duration(r.Rotates.Grace) * time.Second, PublicKey: r.JWTSecret, Certificate: r.Certificate, claimedBy: r.ID,
	}
	if err := i.mayRotate(ctx, k, act, &rotation, &facts); err != nil {
		return Grant{}, err
	}
	rotate := act
	rotate.Name = "rotated"
	key, edit, err := i.succeed(ctx, *k, rotate, rotation)
	if err != nil {
		return Grant{}, err
	}
	after := act.delivered(r, proof)
	after.KeyID = edit.Successor.ID
	change := act.change(r, after)
	change.Edit = &edit
	if err := i.Table.Write(ctx, change); err != nil {
		return Grant{}, err
	}
	return Grant{Key: key, Request: change.After, Older: &edit.After}, nil
}

// rotationIsOver tells whether a request is one of a rotation that cannot be claimed any more.
func (i *Issuer) rotationIsOver(ctx context.Context, r *table.Request) (bool, error) {
	if r.Rotates == nil {
		return false, nil
	}
	k, err := i.Table.IssuedKey(ctx, r.Rotates.Digest)
	return err == nil && !rotatable(k), err
}

// rotatable tells whether a key can have a successor yet.
func rotatable(k *table.IssuedKey) bool { return k != nil && !k.Over() && k.Rotation == nil }

var errNothingToRotate = portal.Refuse(portal.Conflict, "The key that was to be rotated was revoked, or has another successor by now. Ask for a new key.")
