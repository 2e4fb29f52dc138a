package approval

import (
	"context"
	"errors"
	"time"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// LongestGrace is how long a rotated key may go on at most.
const LongestGrace = 30 * 24 * time.Hour

// Rotation is what a caller says of one.
type Rotation struct {
	Grace       time.Duration // that the older key has yet
	PublicKey   string        // of a jwt key; empty: the older one's
	Certificate string        // fingerprint, of a mutualTLS key
	Proof       string        // of the call, which may be said again

	oldestIsGood bool   // the key before the one that is rotated: it has a grace of its own
	claimedBy    string // the request by which the developer claims the successor; empty: the caller is given it
}

// Rotated is a key that took another's place, or is to take it once its developer claims it.
type Rotated struct {
	Key   apikey.Key
	Older table.IssuedKey
	Newer table.IssuedKey
	Waits *table.Request // by which the developer claims the successor; nil: Key is here
}

// Rotate gives a key a successor: with the same policies and the same end, and a secret of its own. However many rotate one key at
// once, and wherever one of them dies, one successor comes of it and it is delivered once, as a grant is: the vault arbitrates
// what it is, the table whether it took its place and for whom. Where the developer alone may have it, it waits for the developer's claim.
func (i *Issuer) Rotate(ctx context.Context, k table.IssuedKey, act Act, rotation Rotation) (Rotated, error) {
	act.Name = "rotated"
	for {
		if k.Over() {
			return Rotated{}, portal.ErrNotFound
		}
		if k.Rotation != nil {
			return i.rotatedAgain(ctx, k, act, rotation)
		}
		rotated, err := i.rotate(ctx, k, act, rotation)
		var changed *table.ChangedKey
		if !errors.As(err, &changed) {
			return rotated, err
		}
		k = changed.Now
	}
}

// rotate reads what bears on the rotation, fills the successor's box, and writes it with all that comes of it.
func (i *Issuer) rotate(ctx context.Context, k table.IssuedKey, act Act, rotation Rotation) (Rotated, error) {
	origin, err := i.Table.Origin(ctx, &k)
	if err != nil {
		return Rotated{}, err
	}
	if err := ownRotation(&act.By, &origin); err != nil {
		return Rotated{}, err
	}
	if err := i.mayRotate(ctx, &k, act, &rotation, &origin.Books); err != nil {
		return Rotated{}, err
	}
	if rotatesByClaim(&act.By, &k, &origin) {
		return i.offerSuccessor(ctx, k, act, rotation, &origin)
	}
	key, change, err := i.succeed(ctx, k, act, rotation)
	if err != nil {
		return Rotated{}, err
	}
	if err := i.Table.WriteKey(ctx, change); err != nil {
		return Rotated{}, err
	}
	return Rotated{Key: key, Older: change.After, Newer: *change.Successor}, nil
}

// succeed fills the successor's box, and gives the change by which it takes the key's place.
func (i *Issuer) succeed(ctx context.Context, k table.IssuedKey, act Act, rotation Rotation) (apikey.Key, table.KeyChange, error) {
	key, err := i.mint(ctx, successorSecret(&k), rotation.Certificate, act.At)
	if err != nil {
		return apikey.Key{}, table.KeyChange{}, err
	}
	older, newer := k, successor(k, key, act, rotation)
	older.Holds = nil // the successor has them
	older.Rotation = &table.Rotation{
		Successor: newer.Digest, Shown: newer.Shown, Ends: earlier(graceEnds(act.At, rotation.Grace), k.Expires), At: portal.Timestamp(act.At),
		By: act.By.Name, Proof: rotation.Proof,
	}
	change := act.keyChange(k, older)
	change.Successor = &newer
	return key, change, nil
}

// successorSecret is the task of the delivery secret that holds a key's successor.
func successorSecret(k *table.IssuedKey) table.SecretTask {
	return table.SecretTask{Org: k.OrgID, ID: k.ID, Kind: k.AuthType, Older: k.Digest}
}

// mayRotate refuses, before anything is minted, to rotate a key that opens nothing, or that would leave three good
// keys where one was granted.
func (i *Issuer) mayRotate(ctx context.Context, k *table.IssuedKey, act Act, rotation *Rotation, facts *table.Books) error {
	switch {
	case k.State != table.Active:
		return portal.Refuse(portal.Conflict, "The key is %s; resume it before you rotate it, or revoke it.", k.State)
	case k.Ended(act.At):
		return portal.Refuse(portal.Conflict, "The key has expired; ask for a new one.")
	}
	if err := rotationSuits(k, rotation); err != nil {
		return err
	}
	before, err := i.Table.OlderThan(ctx, k, act.At)
	if err != nil {
		return err
	}
	if d := facts.Developer; d == nil || d.Inactive || d.Deleting {
		return portal.Refuse(portal.Conflict, "The key's developer is inactive; activate the developer first.")
	}
	for _, id := range k.Policies {
		if policy := facts.Policies[id]; !policy.Usable() {
			return portal.Refuse(portal.Conflict, "The key's policy %s is not active, so that a new key would open nothing either.", id)
		}
	}
	if before != nil && rotation.Grace > 0 {
		return portal.Refuse(portal.Conflict, "The key before this one is good until %s. Rotate again after that, or with grace_seconds 0, or revoke it first.",
			portal.Timestamp(time.Unix(before.Rotation.Ends, 0)))
	}
	rotation.oldestIsGood = before != nil
	return nil
}

// rotationSuits refuses a rotation that lacks what a key of the kind is made of, or brings what it has not.
func rotationSuits(k *table.IssuedKey, rotation *Rotation) error {
	switch certificate := k.AuthType == portal.MutualTLS; {
	case certificate && rotation.Certificate == "":
		return portal.Refuse(portal.Invalid, "certificate is missing; a key of a certificate is rotated by a new certificate.")
	case certificate && rotation.Certificate == k.Certificate:
		return portal.Refuse(portal.Invalid, "certificate: this is the key's own; send that of a new certificate.")
	case !certificate && rotation.Certificate != "":
		return portal.Refuse(portal.Invalid, "certificate: the key is one of the kind %s, which has none; leave it out.", k.AuthType)
	case k.AuthType != portal.JWT && rotation.PublicKey != "":
		return portal.Refuse(portal.Invalid, "jwt_secret: the key is one of the kind %s, which has none; leave it out.", k.AuthType)
	}
	return nil
}

// successor is the key that takes another's place.
func successor(k table.IssuedKey, key apikey.Key, act Act, rotation Rotation) table.IssuedKey {
	older := k.Digest
	k.ID, k.Digest, k.Shown = portal.NewID(act.At), key.Digest(), key.Shown()
	k.Created, k.LastUsed, k.Revision, k.Attempt = portal.Timestamp(act.At), "", 1, portal.NewID(act.At)
	k.RotationRequest, k.DeliveredBy = "", rotation.claimedBy
	if !rotation.oldestIsGood {
		k.Before = older
	}
	if rotation.PublicKey != "" {
		k.PublicKey = rotation.PublicKey
	}
	if k.Client != nil {
		client := *k.Client
		client.ClientID, client.DateCreated = key.Name(), k.Created
		k.Client = &client
	}
	if k.AuthType == portal.MutualTLS {
		k.Certificate = rotation.Certificate
	}
	return k
}

// graceEnds is the first second in which the older key is no good any more: no grace ends before its time.
func graceEnds(now time.Time, grace time.Duration) int64 {
	end := now.Add(grace)
	if grace > 0 && end.Nanosecond() > 0 {
		return end.Unix() + 1
	}
	return end.Unix()
}

// rotatedAgain gives the successor again to whoever rotated the key, when they say the very call again in time, and refuses everybody
// else. It leaves a line of history before it opens the box.
func (i *Issuer) rotatedAgain(ctx context.Context, k table.IssuedKey, act Act, rotation Rotation) (Rotated, error) {
	newer, err := i.Table.IssuedKey(ctx, k.Rotation.Successor)
	switch {
	case err != nil:
		return Rotated{}, err
	case newer == nil || newer.Over() || newer.Ended(act.At):
		return Rotated{}, alreadyRotated(&k, "The successor is over too; ask for a new key.")
	case rotation.Proof == "" || k.Rotation.Proof != rotation.Proof || !inTime(k.Rotation.At, act.At):
		return Rotated{}, alreadyRotated(&k, "If the answer with the new key was lost, repeat the very call with its Idempotency-Key within ten minutes; without one, rotate the successor.")
	case k.AuthType == portal.MutualTLS:
		return Rotated{Key: apikey.OfCertificate(k.OrgID, newer.Certificate, i.Form), Older: k, Newer: *newer}, nil
	}
	act.Name = "delivered again"
	if err := i.Table.KeyDeliveredAgain(ctx, k, act.keyHistory(&k)); err != nil {
		return Rotated{}, err
	}
	key, err := i.Vault.Open(ctx, k.OrgID, k.ID, k.AuthType)
	return Rotated{Key: key, Older: k, Newer: *newer}, err
}

func alreadyRotated(k *table.IssuedKey, remedy string) error {
	refusal := portal.Refuse(portal.Conflict, "The key has been rotated already.")
	refusal.Meta = map[string]string{
		"successor": k.Rotation.Shown, "grace_ends": portal.Timestamp(time.Unix(k.Rotation.Ends, 0)), "rotated_by": k.Rotation.By, "remedy": remedy,
	}
	return refusal
}
