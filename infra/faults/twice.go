package faults

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// twice is the key of an item that a transaction has two of, which AWS refuses before it looks at anything else. DynamoDB Local may
// answer that a condition failed, so that the mistake looks like an answer. Empty: there is none.
func twice(input any) string {
	transaction, is := input.(*dynamodb.TransactWriteItemsInput)
	if !is {
		return ""
	}
	seen := map[string]bool{}
	for _, write := range transaction.TransactItems {
		key := keyOf(write)
		if seen[key] && key != "" {
			return key
		}
		seen[key] = true
	}
	return ""
}

func keyOf(write types.TransactWriteItem) string {
	var key map[string]types.AttributeValue
	switch {
	case write.Put != nil:
		key = write.Put.Item
	case write.Update != nil:
		key = write.Update.Key
	case write.Delete != nil:
		key = write.Delete.Key
	case write.ConditionCheck != nil:
		key = write.ConditionCheck.Key
	}
	part := func(name string) string {
		text, _ := key[name].(*types.AttributeValueMemberS)
		if text == nil {
			return ""
		}
		return text.Value
	}
	if part("PK") == "" { // no item of this table's
		return ""
	}
	return fmt.Sprintf("%s / %s", part("PK"), part("SK"))
}
