package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// Credential is a credential as its organisation's list shows it: everything but its text, which only its holder has.
type Credential struct {
	caller.Caller
	ID        string `json:"id"`
	Created   int64  `json:"created"`             // Unix seconds
	Revoked   int64  `json:"revoked,omitempty"`   // Unix seconds, for people to read: that it is there is what counts
	Successor string `json:"successor,omitempty"` // the id of the credential that a rotation put in its place
}

// Good tells whether the credential opens the door.
func (c *Credential) Good(now time.Time) bool {
	return c.Revoked == 0 && (c.Expires == 0 || c.Expires > now.Unix())
}

// Caller finds who presented a credential. Unknown, revoked, expired, or of another organisation than it says: not authorised.
func (t *Table) Caller(ctx context.Context, presented caller.Presented) (caller.Caller, error) {
	it, err := t.get(ctx, credentialKey(presented.Hash))
	if err != nil {
		return caller.Caller{}, err
	}
	return parseCaller(it, presented)
}

// CallerAndUsage is Caller and, in the same call, how many of something the organisation has.
func (t *Table) CallerAndUsage(ctx context.Context, presented caller.Presented, what Limited) (caller.Caller, *Usage, error) {
	credential, usage := credentialKey(presented.Hash), usageKey(presented.Org, what)
	found, err := t.read(ctx, credential, usage)
	if err != nil {
		return caller.Caller{}, nil, err
	}
	who, err := parseCaller(found[credential], presented)
	if err != nil {
		return who, nil, err
	}
	u, err := parseUsage(found[usage])
	return who, u, err
}

func parseCaller(it item, presented caller.Presented) (caller.Caller, error) {
	var c Credential
	if err := parse(it, &c); err != nil {
		return caller.Caller{}, err
	}
	if it == nil || c.Org != presented.Org || !c.Good(time.Now()) {
		return caller.Caller{}, portal.ErrNotAuthorised
	}
	return c.Caller, nil
}

// CreateCredential makes a credential known, if there is its organisation.
func (t *Table) CreateCredential(ctx context.Context, c Credential) error {
	there := t.check(organisationKey(c.Org), "attribute_exists(PK)", nil, func(item) error { return unknownOrganisation(c.Org) })
	created, err := t.create(credentialKey(c.Credential), listedCredential(c), func(found item) error {
		if text(found["id"]) == c.ID { // done by an earlier try, whose answer was lost
			return nil
		}
		return unexpected("credential")(found)
	})
	if err != nil {
		return err
	}
	return t.transact(ctx, there, created)
}

// Credentials reads all of an organisation, oldest first, those that have ended among them.
func (t *Table) Credentials(ctx context.Context, org string) ([]Credential, error) {
	return listedWhole[Credential](ctx, t, credentialsPK(org))
}

// Rotate puts another credential, named by its hash, in the place of one, for the same holder and as long a life. The old one
// is good for the grace; without any it is revoked. However many rotate a credential at once, one successor comes of it.
func (t *Table) Rotate(ctx context.Context, old Credential, hash string, grace time.Duration, now time.Time) (ended, next Credential, err error) {
	next = Credential{Caller: old.Caller, ID: portal.NewID(now), Created: now.Unix()}
	next.Credential, next.First = hash, old.Holder()
	if old.Expires != 0 {
		next.Expires = now.Unix() + old.Expires - old.Created
	}
	ended = old
	ended.Successor = next.ID
	switch until := now.Add(grace).Unix(); {
	case until <= now.Unix():
		ended.Revoked = now.Unix()
	case old.Expires == 0 || until < old.Expires:
		ended.Expires = until
	}
	replaced, err := t.replace(credentialKey(old.Credential), listedCredential(ended),
		"attribute_not_exists(successor) AND attribute_not_exists(revoked) AND expires = :expires",
		item{":expires": number(int(old.Expires))}, func(found item) error { return rotatedMeanwhile(found, next.ID) })
	if err != nil {
		return Credential{}, Credential{}, err
	}
	created, err := t.create(credentialKey(hash), listedCredential(next), unexpected("credential"))
	if err != nil {
		return Credential{}, Credential{}, err
	}
	return ended, next, t.transact(ctx, replaced, created)
}

// rotatedMeanwhile reads what stands in the place of the credential that a rotation had read. Our own successor there means that
// an earlier try was done and its answer lost.
func rotatedMeanwhile(found item, ours string) error {
	switch successor := text(found["successor"]); successor {
	case ours:
		return nil
	case "":
		return portal.Refuse(portal.Conflict, "credential: it was changed meanwhile; list the credentials, and try again.")
	default:
		return portal.Refuse(portal.Conflict, "credential: %s was rotated already; %s took its place.", text(found["id"]), successor)
	}
}

// Revoke ends a credential now, whatever else is done to it at the same time. It stays in the list.
func (t *Table) Revoke(ctx context.Context, c Credential, now time.Time) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: credentialKey(c.Credential).item(),
		UpdateExpression:          aws.String("SET revoked = if_not_exists(revoked, :now)"),
		ConditionExpression:       aws.String("attribute_exists(PK)"),
		ExpressionAttributeValues: item{":now": number(int(now.Unix()))},
	})
	if err != nil {
		return failed(err, "revoke credential %s", c.ID)
	}
	return nil
}

// listedCredential is a credential with its place in the organisation's list.
func listedCredential(c Credential) any {
	return struct {
		Credential
		ListPK string `json:"ListPK"`
	}{c, credentialsPK(c.Org)}
}
