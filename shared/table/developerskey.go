package table

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// developersKey is one key of a developer, as it stands beside them: enough to show it.
type developersKey struct {
	Digest   string         `json:"digest"`
	Shown    string         `json:"shown"`
	Policies []string       `json:"policies"`
	Request  string         `json:"request"`
	Created  string         `json:"created"`
	Client   *portal.Client `json:"client,omitempty"` // of an OAuth client
	Ends     int64          `json:"ends,omitempty"`   // Unix seconds; 0: never
	Rotated  bool           `json:"rotated,omitempty"`
}

// besideDeveloper is the key as it stands among its developer's.
func besideDeveloper(k *IssuedKey) developersKey {
	return developersKey{
		Digest: k.Digest, Shown: k.Shown, Policies: k.Policies, Request: k.Request, Created: k.Created, Client: k.Client, Ends: k.End(), Rotated: k.Rotation != nil,
	}
}

func show(d *portal.Developer, held developersKey, now int64) {
	if held.Ends > 0 && now >= held.Ends {
		return
	}
	if held.Client != nil {
		if d.OAuthClients == nil {
			d.OAuthClients = map[string][]portal.Client{}
		}
		for _, policy := range held.Policies {
			d.OAuthClients[policy] = append(d.OAuthClients[policy], *held.Client)
		}
		return
	}
	d.Keys[held.Shown] = held.Policies
	for _, policy := range held.Policies {
		if d.Subscriptions[policy] == "" { // the newest comes first, and stays
			d.Subscriptions[policy] = held.Shown
		}
	}
}

// KeysOf reads up to want of a developer's keys, newest first, from the one after an id on ("": from the newest). Next is the id to go
// on from; empty when there are no more. One Query finds them; a key that has ended
// since is left out.
func (t *Table) KeysOf(ctx context.Context, org, developer, after string, want int) (keys []IssuedKey, next string, err error) {
	// bounded by its limit
	out, err := t.db.Query(ctx, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), Limit: aws.Int32(int32(want + 1)), //nolint:gosec // a small number of ours
		KeyConditionExpression:    aws.String("PK = :pk AND SK BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{":pk": str(developerPK(org, developer)), ":first": str(firstKey(after)), ":last": str(lastKey)},
	})
	if err != nil {
		return nil, "", failed(err, "read the keys of developer %s", developer)
	}
	places := out.Items
	if more := len(places) > want || len(out.LastEvaluatedKey) > 0; more && len(places) > 0 { // by the limit, or by DynamoDB's own of 1 MB
		places = places[:min(want, len(places))]
		next = keyID(text(places[len(places)-1]["SK"]))
	}
	var names []key
	for _, it := range places {
		names = append(names, issuedKey(text(it["digest"])))
	}
	found, err := t.read(ctx, names...)
	if err != nil {
		return nil, "", err
	}
	for _, name := range names {
		if it := found[name]; it != nil {
			k, err := parseIssued(it)
			if err != nil {
				return nil, "", err
			}
			if !k.Over() { // it was revoked between the two reads, and has no place any more
				keys = append(keys, *k)
			}
		}
	}
	return keys, next, nil
}

// KeysHeld counts a developer's keys that are not over and those that they may claim, up to portal.MostKeysCounted. It reads mostQueries megabytes of keys; a developer who
// has more, most of them over, counts as one who holds the most: a rule must not take the uncounted for none.
func (t *Table) KeysHeld(ctx context.Context, org, developer string) (int, error) {
	// bounded by mostQueries, and by MostKeysCounted
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true), ProjectionExpression: aws.String("ends"),
		KeyConditionExpression:    aws.String("PK = :pk AND SK BETWEEN :first AND :last"),
		ExpressionAttributeValues: item{":pk": str(developerPK(org, developer)), ":first": str(firstKey("")), ":last": str(lastUnclaimed)},
	})
	held, now := 0, time.Now().Unix()
	for read := 0; pages.HasMorePages(); read++ {
		if read == mostQueries {
			return portal.MostKeysCounted, nil
		}
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, failed(err, "count the keys of developer %s", developer)
		}
		for _, it := range page.Items {
			var k developersKey
			if err := parse(it, &k); err != nil {
				return 0, err
			}
			if k.Ends == 0 || now < k.Ends {
				held++
			}
		}
		if held >= portal.MostKeysCounted {
			return portal.MostKeysCounted, nil
		}
	}
	return held, nil
}
