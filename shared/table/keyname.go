package table

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// KeyName is a name that clients call a key by, and the keys that it leads to: none, one, or several that have one short hash.
type KeyName struct {
	name    string
	digests []key
}

// errManyNamed is the answer to a name that more keys have than one call reads.
var errManyNamed = portal.Refuse(portal.Conflict, "Too many keys are shown as that; name the one you mean by its id: /api/portal/developers/{developer}/keys/{id}.")

// Named looks up what a client calls a key: the hash that it is shown by, an OAuth client's id, or the key's own id. With a developer,
// only theirs are meant. Keys that are revoked have no name any more.
func (t *Table) Named(ctx context.Context, org, developer, name string) (KeyName, error) {
	n := KeyName{name: name}
	switch id := portal.ValidID(name); {
	case id && developer != "":
		it, err := t.get(ctx, developersKeyKey(org, developer, name))
		if it != nil {
			n.digests = []key{issuedKey(text(it["digest"]))}
		}
		return n, err
	case id: // a 404 would be read as "revoked"
		return n, portal.Refuse(portal.Invalid, "Invalid key ID: without its developer a key is named by the hash that it is shown by; its own id goes with /api/portal/developers/{id}/keys/{key}.")
	}
	// bounded by mostQueries
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("PK = :pk"),
		ExpressionAttributeValues: item{":pk": str(shownKey(org, name, "").PK)},
	})
	for read := 0; pages.HasMorePages(); read++ {
		if read == mostQueries { // keys share a short hash by chance; so many share one by design
			return n, errManyNamed
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, failed(err, "look a key up by its shown hash")
		}
		for _, it := range page.Items {
			if developer == "" || text(it["developer"]) == developer {
				n.digests = append(n.digests, issuedKey(text(it["SK"])))
			}
		}
	}
	return n, nil
}

// Key reads the key that a name leads to.
func (t *Table) Key(ctx context.Context, n KeyName) (*IssuedKey, error) {
	found, err := t.read(ctx, n.digests...)
	if err != nil {
		return nil, err
	}
	return theOne(n.name, found)
}

// KeyNamed is Named and then Key.
func (t *Table) KeyNamed(ctx context.Context, org, developer, name string) (*IssuedKey, error) {
	n, err := t.Named(ctx, org, developer, name)
	if err != nil {
		return nil, err
	}
	return t.Key(ctx, n)
}

// theOne is the only key that was found under a name: Tyk's short hashes meet.
func theOne(name string, found map[key]item) (*IssuedKey, error) {
	type place struct {
		ID        string `json:"id"`
		Developer string `json:"developer"`
	}
	var one *IssuedKey
	var places []place
	for _, it := range found {
		k, err := parseIssued(it)
		if err != nil {
			return nil, err
		}
		one, places = k, append(places, place{k.ID, k.Developer})
	}
	switch len(places) {
	case 0:
		return nil, portal.ErrNotFound
	case 1:
		return one, nil
	}
	slices.SortFunc(places, func(a, b place) int { return strings.Compare(a.ID, b.ID) })
	refusal := portal.Refuse(portal.Conflict, "%d keys are shown as %s; name the one you mean by its id: /api/portal/developers/{developer}/keys/{id}.", len(places), name)
	refusal.Meta = map[string][]place{"keys": places}
	return nil, refusal
}
