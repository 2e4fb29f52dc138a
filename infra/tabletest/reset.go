package tabletest

import (
	"reflect"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/table"
)

// Reset makes a table again what it was when Dump read it, and gives the keys, as "PK / SK", of what had changed since.
func Reset(t testing.TB, to *table.Table, items []map[string]types.AttributeValue) []string {
	t.Helper()
	now := map[string]map[string]types.AttributeValue{}
	for _, item := range Dump(t, to) {
		now[keyOf(item)] = item
	}
	var changed []string
	var lost []map[string]types.AttributeValue
	for _, item := range items {
		if key := keyOf(item); !reflect.DeepEqual(now[key], item) {
			changed, lost = append(changed, key), append(lost, item)
		}
		delete(now, keyOf(item))
	}
	Restore(t, to, lost)
	for key, item := range now {
		changed = append(changed, key)
		_, err := client(t).DeleteItem(t.Context(), &dynamodb.DeleteItemInput{
			TableName: new(to.Name()), Key: map[string]types.AttributeValue{"PK": item["PK"], "SK": item["SK"]},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(changed)
	return changed
}

func keyOf(item map[string]types.AttributeValue) string {
	text := func(name string) string {
		value, _ := item[name].(*types.AttributeValueMemberS)
		return value.Value
	}
	return text("PK") + " / " + text("SK")
}
