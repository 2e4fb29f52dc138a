package trial

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
)

// Crowd has so many developers ask for a policy, and gives the requests' ids, oldest first. One of them does ask; the others are copied,
// each into the partition of what is due that is named for it.
func (d *Desk) Crowd(by Person, policy string, n int, partition func(i int) int) []string {
	d.t.Helper()
	r := d.Ask(by, policy)
	var first, copies []item
	for _, it := range tabletest.Dump(d.t, d.Books) {
		if pk := text(it["PK"]); strings.Contains(pk, r.ID) || strings.Contains(pk, r.ByUser) {
			first = append(first, it)
		}
	}
	ids := make([]string, n)
	for i := range ids {
		ids[i] = portal.NewID(time.Now())
		texts := strings.NewReplacer(r.ID, ids[i], r.ByUser, portal.NewID(time.Now()))
		for _, it := range first {
			other := swap(&types.AttributeValueMemberM{Value: it}, texts).(*types.AttributeValueMemberM).Value
			if other["DuePK"] != nil {
				other["DuePK"] = str(fmt.Sprint("DUE#", partition(i)))
			}
			copies = append(copies, other)
		}
	}
	for _, it := range first {
		d.Remove(text(it["PK"]), text(it["SK"]))
	}
	tabletest.Restore(d.t, d.Books, copies)
	return ids
}

// swap is a value with other texts in it.
func swap(v types.AttributeValue, texts *strings.Replacer) types.AttributeValue {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return str(texts.Replace(v.Value))
	case *types.AttributeValueMemberL:
		list := make([]types.AttributeValue, len(v.Value))
		for i := range list {
			list[i] = swap(v.Value[i], texts)
		}
		return &types.AttributeValueMemberL{Value: list}
	case *types.AttributeValueMemberM:
		members := item{}
		for name, member := range v.Value {
			members[name] = swap(member, texts)
		}
		return &types.AttributeValueMemberM{Value: members}
	}
	return v
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

// Remove takes an item away, past the plan.
func (d *Desk) Remove(pk, sk string) {
	d.t.Helper()
	_, err := d.db().DeleteItem(d.t.Context(), &dynamodb.DeleteItemInput{TableName: aws.String(d.Books.Name()), Key: item{"PK": str(pk), "SK": str(sk)}})
	d.must(err)
}

// Spoil writes an attribute of a request's item, past the plan and past all that would hold it true.
func (d *Desk) Spoil(request, attribute string, value types.AttributeValue) {
	d.t.Helper()
	_, err := d.db().UpdateItem(d.t.Context(), &dynamodb.UpdateItemInput{
		TableName: aws.String(d.Books.Name()), Key: item{"PK": str("ORG#" + fixture.Org + "#REQUEST#" + request), "SK": str("REQUEST")},
		UpdateExpression: aws.String("SET #a = :v"), ConditionExpression: aws.String("attribute_exists(PK)"),
		ExpressionAttributeNames: map[string]string{"#a": attribute}, ExpressionAttributeValues: item{":v": value},
	})
	d.must(err)
}
