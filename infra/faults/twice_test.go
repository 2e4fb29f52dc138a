package faults

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestTwice(t *testing.T) {
	key := func(sort string) map[string]types.AttributeValue {
		return map[string]types.AttributeValue{"PK": &types.AttributeValueMemberS{Value: "a"}, "SK": &types.AttributeValueMemberS{Value: sort}}
	}
	put := types.TransactWriteItem{Put: &types.Put{Item: key("1")}}
	for name, c := range map[string]struct {
		second types.TransactWriteItem
		want   string
	}{
		"another item":     {types.TransactWriteItem{Update: &types.Update{Key: key("2")}}, ""},
		"the same put":     {put, "a / 1"},
		"an update":        {types.TransactWriteItem{Update: &types.Update{Key: key("1")}}, "a / 1"},
		"a delete":         {types.TransactWriteItem{Delete: &types.Delete{Key: key("1")}}, "a / 1"},
		"a look before it": {types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{Key: key("1")}}, "a / 1"},
	} {
		got := twice(&dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put, c.second}})
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if twice(&dynamodb.PutItemInput{}) != "" {
		t.Error("a single write is no transaction")
	}
}
