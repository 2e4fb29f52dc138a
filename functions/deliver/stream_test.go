package main

import (
	"maps"
	"reflect"
	"slices"
	"strconv"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/stream"
	"keydesk/infra/tabletest"
)

// stream is what the table's stream shows of what is done: each item that is new or changed, in the order of their keys.
func (o *office) stream(do func()) []events.DynamoDBEventRecord {
	o.t.Helper()
	before := map[string]map[string]types.AttributeValue{}
	for _, it := range tabletest.Dump(o.t, o.Table) {
		before[keyOf(it)] = it
	}
	do()
	after := map[string]map[string]types.AttributeValue{}
	for _, it := range tabletest.Dump(o.t, o.Table) {
		if !reflect.DeepEqual(before[keyOf(it)], it) {
			after[keyOf(it)] = it
		}
	}
	var records []events.DynamoDBEventRecord
	for i, key := range slices.Sorted(maps.Keys(after)) {
		r := events.DynamoDBEventRecord{EventName: "INSERT", EventSource: "aws:dynamodb"}
		if before[key] != nil {
			r.EventName = "MODIFY"
		}
		r.Change = events.DynamoDBStreamRecord{
			Keys:     stream.Image(map[string]types.AttributeValue{"PK": after[key]["PK"], "SK": after[key]["SK"]}),
			OldImage: stream.Image(before[key]), NewImage: stream.Image(after[key]), SequenceNumber: strconv.Itoa(i + 1),
		}
		records = append(records, r)
	}
	return records
}

func keyOf(it map[string]types.AttributeValue) string {
	return it["PK"].(*types.AttributeValueMemberS).Value + " / " + it["SK"].(*types.AttributeValueMemberS).Value
}
