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

// Proof binds a delivery to a credential's holder, an Idempotency-Key, the If-Match and the body it came with; empty without a key.
func Proof(holder, idempotencyKey string, ifMatch int, body []byte) string {
	if idempotencyKey == "" {
		return ""
	}
	hash := sha256.New()
	_, _ = fmt.Fprintf(hash, "%s\x00%s\x00%d\x00%x", holder, idempotencyKey, ifMatch, sha256.Sum256(body))
	return hex.EncodeToString(hash.Sum(nil))
}

// Grant is what came of an approval.
type Grant struct {
	Key     apikey.Key       // zero where the developer is to claim it, and where a key was changed
	Request table.Request    // as it was granted
	Edited  *table.IssuedKey // the key that the request was for, if it was for one
	Older   *table.IssuedKey // the key whose place Key takes, of a rotation
}

// Issue approves the request and gives its key to whoever acts, or a zero Key where the developer is to claim it. With a
// proof, the same call may be made again within Again and gives the same key.
func (i *Issuer) Issue(ctx context.Context, r table.Request, act Act, proof string) (Grant, error) {
	act.Name = "approved"
	for {
		if i.isReplay(&r, act, proof) {
			return i.deliverAgain(ctx, r, act)
		}
		give := i.grant
		switch {
		case r.Deleted():
			return Grant{}, portal.ErrNotFound
		case i.fetches(&r, &act):
			give = i.fetch
		case !may(r.State, portal.Approved):
			return Grant{}, processed(&r)
		}
		if err := act.seen(&r); err != nil {
			return Grant{}, err
		}
		grant, err := give(ctx, r, act, proof)
		if !conflicts(err, &r) {
			return grant, err
		}
	}
}

// conflicts tells whether a write met another of the request, or of the key that it is about, and is tried once more. The request is then
// as it stands now; the key is read again by the next try.
func conflicts(err error, r *table.Request) bool {
	var changed *table.Changed
	if errors.As(err, &changed) {
		*r = changed.Now
		return true
	}
	var changedKey *table.ChangedKey
	return errors.As(err, &changedKey)
}

// grant reads what bears on the decision, fills the box, and writes the decision with all that comes of it.
func (i *Issuer) grant(ctx context.Context, r table.Request, act Act, proof string) (Grant, error) {
	books, err := i.Table.Books(ctx, r.OrgID, r.ByUser, r.ApplyPolicies)
	if err != nil {
		return Grant{}, err
	}
	if err := i.mayIssue(ctx, &r, &act, &books); err != nil {
		return Grant{}, err
	}
	if r.Edits != "" {
		return i.edit(ctx, r, act, &books, proof)
	}
	approved := i.approved(r, act, &books, proof)
	if approved.Delivery == nil { // the key is minted when it is claimed
		change := act.change(r, approved)
		return Grant{Request: change.After}, i.Table.Write(ctx, change)
	}
	return i.deliver(ctx, r, approved, act, &books)
}

// deliver mints the key of a request and writes it with the request as it is once the key is delivered. The vault decides what the key is,
// the table whether it is delivered, and to whom.
func (i *Issuer) deliver(ctx context.Context, before, after table.Request, act Act, books *table.Books) (Grant, error) {
	fingerprint := ""
	if before.AuthType == portal.MutualTLS {
		var err error
		if fingerprint, err = portal.Fingerprint(before.OrgID, before.Certificate); err != nil {
			return Grant{}, err
		}
	}
	key, err := i.mint(ctx, requestSecret(&before), fingerprint, act.At)
	if err != nil {
		return Grant{}, err
	}
	after.KeyID = portal.NewID(act.At)
	change := act.change(before, after)
	change.Key = issued(&change.After, key, books, act.At)
	if err := i.Table.Write(ctx, change); err != nil {
		return Grant{}, err
	}
	return Grant{Key: key, Request: change.After}, nil
}

// requestSecret is the task of the delivery secret that holds a request's key. That of a rotation is the rotated key's, so that two
// requests never give one key two successors.
func requestSecret(r *table.Request) table.SecretTask {
	if r.Rotates != nil {
		return table.SecretTask{Org: r.OrgID, ID: r.Rotates.ID, Kind: r.AuthType, Older: r.Rotates.Digest}
	}
	return table.SecretTask{Org: r.OrgID, ID: r.ID, Kind: r.AuthType}
}

// mint is what the vault says the key is that comes of a request or a rotation. The task that ends the delivery secret is written before
// the secret is made: a call that dies leaves none behind. The key of a certificate is no secret, and is what the certificate is.
func (i *Issuer) mint(ctx context.Context, task table.SecretTask, fingerprint string, at time.Time) (apikey.Key, error) {
	if task.Kind == portal.MutualTLS {
		return apikey.OfCertificate(task.Org, fingerprint, i.Form), nil
	}
	minted, err := apikey.Mint(i.Random, task.Org, task.Kind, i.Form)
	if err != nil {
		return apikey.Key{}, err
	}
	if err := i.Table.PlanSecret(ctx, task.Begun(at)); err != nil {
		return apikey.Key{}, err
	}
	return i.Vault.Keep(ctx, task.Org, task.ID, minted)
}

func (i *Issuer) mayIssue(ctx context.Context, r *table.Request, act *Act, books *table.Books) error {
	if err := i.mayApprove(ctx, act, r, books); err != nil {
		return err
	}
	if err := stillGrantable(r, books); err != nil {
		return err
	}
	if waitsForClaim(r, act, books) && books.Configuration.Mail.From == "" && !act.bySchedule() { // what that granted, its creator may fetch
		return errNoSender
	}
	return nil
}

// stillGrantable refuses, in words, a request of which no key can come as its facts are now.
func stillGrantable(r *table.Request, books *table.Books) error {
	switch {
	case books.Developer == nil:
		return table.UnknownDeveloper(r.ByUser)
	case books.Developer.Inactive:
		return table.InactiveDeveloper(r.ByUser)
	}
	kind, err := grantable(books, r.ApplyPolicies)
	if err != nil {
		return err
	}
	if len(r.ApplyPolicies) > 0 && kind != r.AuthType {
		return portal.Refuse(portal.Conflict, "The catalogue gave keys of the kind %s when this was asked for, and gives %s now; decline it, and ask anew.", r.AuthType, kind)
	}
	return suits(kind, &r.Request)
}

// decided is the request once it is approved.
func decided(r table.Request, act Act, proof string) table.Request {
	r.State, r.Approved = portal.Approved, true
	act.sign(&r)
	r.Proof, r.Reminded, r.ByCreator = proof, false, act.bySchedule()
	r.NotDue()
	return r
}

// waitsForClaim tells whether the key is the developer's to claim. Nobody claims a certificate of their own, nor a key that they have.
func waitsForClaim(r *table.Request, act *Act, books *table.Books) bool {
	return (act.ByClaim || byClaim(books, r.ApplyPolicies)) && !nothingSecret(r)
}

// errNoSender refuses to have a key wait for a developer who would never hear of it.
var errNoSender = portal.Refuse(portal.Conflict, "The developer claims the key by a link in a mail, and mail_options.mail_from_email is empty, so that none is sent; set it first, by PUT /api/portal/configuration.")

// approved is the request once its key is granted: delivered to By in the same write, unless the developer is to claim it.
func (i *Issuer) approved(r table.Request, act Act, books *table.Books, proof string) table.Request {
	r = decided(r, act, proof)
	if waitsForClaim(&r, &act, books) {
		r.ByCreator = r.ByCreator && !byClaim(books, r.ApplyPolicies)
		linkTo(&r, books.Developer.Email)
		i.awaitClaim(&r)
		return r
	}
	r.Delivery = &portal.Delivery{To: act.By.Name, At: portal.Timestamp(act.At)}
	return r
}

// issued is what the data plane is told of the key.
func issued(r *table.Request, key apikey.Key, books *table.Books, now time.Time) *table.IssuedKey {
	k := &table.IssuedKey{
		ID: r.KeyID, Digest: key.Digest(), Shown: key.Shown(), OrgID: r.OrgID, Developer: r.ByUser,
		Policies: r.ApplyPolicies, AuthType: key.Kind(), Request: r.ID, State: table.Active, Created: portal.Timestamp(now),
		Ends: ends(books, r.ApplyPolicies, now), Fields: flat(r.Fields), Revision: 1, Attempt: r.Attempt,
	}
	k.Expires = first(k.Ends)
	for _, place := range r.Holds {
		if k.Holds == nil {
			k.Holds = map[string]string{}
		}
		k.Holds[place] = r.ID
	}
	switch key.Kind() {
	case portal.JWT:
		k.PublicKey = r.JWTSecret
	case portal.MutualTLS:
		k.Certificate = key.Name()
	case portal.OAuth:
		k.Client = client(k, key.Name(), r.OAuthInfo)
	}
	return k
}

// client is what the developer's document shows of an OAuth client: what the request says of the application.
func client(k *table.IssuedKey, id string, info *portal.OAuthInfo) *portal.Client {
	c := &portal.Client{
		ClientID: id, Description: k.Fields["oauth_app_description"], UseCase: k.Fields["oauth_use_case"], DateCreated: k.Created,
	}
	if info != nil {
		c.RedirectURI = info.RedirectURI
	}
	return c
}
