package approval

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// Issuer grants keys. However many grant one request at once, and wherever one of them dies, one key comes of it and it is
// delivered once: the vault arbitrates what the key is, the table whether it was granted and to whom it was handed.
type Issuer struct {
	Table     *table.Table
	Vault     *vault.Vault
	Form      apikey.Form
	Random    io.Reader
	Retention time.Duration // how long a key waits for its developer
}

// Again is how long a delivered key may be asked for again, with the proof that it was delivered to.
const Again = 10 * time.Minute

// Proof binds a delivery to a credential's holder, an Idempotency-Key and the body it came with; empty without a key.
func Proof(holder, idempotencyKey string, body []byte) string {
	if idempotencyKey == "" {
		return ""
	}
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%s\x00%s\x00%x", holder, idempotencyKey, sha256.Sum256(body))
	return hex.EncodeToString(hash.Sum(nil))
}

// Issue approves the request and gives its key to whoever acts, or a zero Key where the developer is to claim it. With a
// proof, the same call may be made again within Again and gives the same key.
func (i *Issuer) Issue(ctx context.Context, r table.Request, act Act, proof string) (apikey.Key, error) {
	for {
		if i.isReplay(&r, act, proof) {
			return i.deliverAgain(ctx, r, act)
		}
		if r.Deleted() {
			return apikey.Key{}, portal.ErrNotFound
		}
		if !May(r.State, portal.Approved) {
			return apikey.Key{}, processed(&r)
		}
		if err := act.seen(&r); err != nil {
			return apikey.Key{}, err
		}
		key, err := i.grant(ctx, r, act, proof)
		var changed *table.Changed
		if !errors.As(err, &changed) {
			return key, err
		}
		r = changed.Now
	}
}

// grant reads what bears on the decision, fills the box, and writes the decision with all that comes of it.
func (i *Issuer) grant(ctx context.Context, r table.Request, act Act, proof string) (apikey.Key, error) {
	books, err := i.Table.Books(ctx, r.OrgID, r.ByUser, r.ApplyPolicies)
	if err != nil {
		return apikey.Key{}, err
	}
	if err := mayIssue(&r, act, &books); err != nil {
		return apikey.Key{}, err
	}
	minted, err := apikey.Mint(i.Random, r.OrgID, i.Form)
	if err != nil {
		return apikey.Key{}, err
	}
	key, err := i.Vault.Keep(ctx, r.OrgID, r.ID, minted)
	if err != nil {
		return apikey.Key{}, err
	}
	change := act.change(r, i.approved(r, act, &books, proof))
	change.Key = issued(&change.After, key, &books, act.At)
	if err := i.Table.Write(ctx, change); err != nil {
		return apikey.Key{}, err
	}
	if change.After.Delivery == nil {
		return apikey.Key{}, nil
	}
	return key, nil
}

func mayIssue(r *table.Request, act Act, books *table.Books) error {
	if err := mayApprove(&act.By, r, books); err != nil {
		return err
	}
	switch {
	case books.Developer == nil:
		return table.UnknownDeveloper(r.ByUser)
	case books.Developer.Inactive:
		return table.InactiveDeveloper(r.ByUser)
	}
	return Grantable(books, r.ApplyPolicies)
}

// approved is the request once it is granted: delivered to By in the same write, unless the developer is to claim the key.
func (i *Issuer) approved(r table.Request, act Act, books *table.Books, proof string) table.Request {
	r.State, r.Approved = portal.Approved, true
	r.DecidedBy, r.DecidedAt, r.Reason = act.By.Name, portal.Timestamp(act.At), act.Reason
	r.Proof = proof
	if ByClaim(books, r.ApplyPolicies) {
		r.Due(table.Lapse, act.At.Add(i.Retention))
		return r
	}
	r.Delivery = &portal.Delivery{To: act.By.Name, At: portal.Timestamp(act.At)}
	r.Due(table.Empty, act.At.Add(boxOutlives))
	return r
}

// issued is what the data plane is told of the key. It ends with the first of its policies to end.
func issued(r *table.Request, key apikey.Key, books *table.Books, now time.Time) *table.IssuedKey {
	k := &table.IssuedKey{
		ID: portal.NewID(now), Digest: key.Digest(), Shown: key.Shown(), OrgID: r.OrgID, Developer: r.ByUser,
		Policies: r.ApplyPolicies, AuthType: portal.AuthToken, Request: r.ID, State: table.Active, Created: portal.Timestamp(now),
	}
	for _, id := range r.ApplyPolicies {
		policy := books.Policies[id]
		if end := now.Unix() + policy.KeyExpiresIn; policy.KeyExpiresIn > 0 && (k.Expires == 0 || end < k.Expires) {
			k.Expires = end
		}
	}
	return k
}

// isReplay tells whether the act is the very call that granted the key, said again in time.
func (i *Issuer) isReplay(r *table.Request, act Act, proof string) bool {
	if proof == "" || r.Proof != proof {
		return false
	}
	said := r.DecidedAt
	if r.Delivery != nil {
		said = r.Delivery.At
	}
	at, err := time.Parse(time.RFC3339Nano, said)
	return err == nil && act.At.Sub(at) <= Again
}

// deliverAgain leaves a line of history before it opens the box: nobody is given a key twice without a trace. What was not
// delivered to By before is not now.
func (i *Issuer) deliverAgain(ctx context.Context, r table.Request, act Act) (apikey.Key, error) {
	if r.Delivery == nil {
		return apikey.Key{}, nil
	}
	act.Name = "delivered again"
	if err := i.Table.DeliveredAgain(ctx, r, act.history(&r)); err != nil {
		return apikey.Key{}, err
	}
	return i.Vault.Open(ctx, r.OrgID, r.ID)
}
