package stream

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	streams "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// origin is where a record comes from.
type origin struct{ arn, region, shard string }

// record is one of the stream's, as functions receive it.
type record struct {
	json     []byte
	sequence string
	created  time.Time
}

// elsewhere is what DynamoDB Local calls every region.
const elsewhere = "ddblocal"

// newRecord writes a record as Lambda does: what GetRecords gives, and the stream that it comes from.
func newRecord(from origin, r streams.Record) record {
	e := events.DynamoDBEventRecord{
		AWSRegion:      from.region,
		EventID:        strings.ReplaceAll(aws.ToString(r.EventID), "-", ""),
		EventName:      string(r.EventName),
		EventSource:    aws.ToString(r.EventSource),
		EventVersion:   aws.ToString(r.EventVersion),
		EventSourceArn: strings.Replace(from.arn, elsewhere, from.region, 1),
		Change: events.DynamoDBStreamRecord{
			ApproximateCreationDateTime: events.SecondsEpochTime{Time: aws.ToTime(r.Dynamodb.ApproximateCreationDateTime)},
			Keys:                        image(r.Dynamodb.Keys),
			NewImage:                    image(r.Dynamodb.NewImage),
			OldImage:                    image(r.Dynamodb.OldImage),
			SequenceNumber:              aws.ToString(r.Dynamodb.SequenceNumber),
			SizeBytes:                   aws.ToInt64(r.Dynamodb.SizeBytes),
			StreamViewType:              string(r.Dynamodb.StreamViewType),
		},
	}
	if who := r.UserIdentity; who != nil {
		e.UserIdentity = &events.DynamoDBUserIdentity{Type: aws.ToString(who.Type), PrincipalID: aws.ToString(who.PrincipalId)}
	}
	text, err := json.Marshal(e)
	if err != nil {
		panic(fmt.Sprintf("a record of texts and numbers cannot be written as JSON: %v", err))
	}
	return record{text, e.Change.SequenceNumber, e.Change.ApproximateCreationDateTime.Time}
}

func image(shown map[string]streams.AttributeValue) map[string]events.DynamoDBAttributeValue {
	item, err := attributevalue.FromDynamoDBStreamsMap(shown)
	if err != nil {
		panic(err) // a kind of attribute that the SDK has not heard of
	}
	return Image(item)
}

// Image is an item as the stream shows it to functions.
func Image(item map[string]types.AttributeValue) map[string]events.DynamoDBAttributeValue {
	all := make(map[string]events.DynamoDBAttributeValue, len(item))
	for name, value := range item {
		all[name] = attribute(value)
	}
	return all
}

func attribute(value types.AttributeValue) events.DynamoDBAttributeValue {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return events.NewStringAttribute(v.Value)
	case *types.AttributeValueMemberN:
		return events.NewNumberAttribute(v.Value)
	case *types.AttributeValueMemberB:
		return events.NewBinaryAttribute(v.Value)
	case *types.AttributeValueMemberBOOL:
		return events.NewBooleanAttribute(v.Value)
	case *types.AttributeValueMemberNULL:
		return events.NewNullAttribute()
	case *types.AttributeValueMemberSS:
		return events.NewStringSetAttribute(v.Value)
	case *types.AttributeValueMemberNS:
		return events.NewNumberSetAttribute(v.Value)
	case *types.AttributeValueMemberBS:
		return events.NewBinarySetAttribute(v.Value)
	case *types.AttributeValueMemberM:
		return events.NewMapAttribute(Image(v.Value))
	case *types.AttributeValueMemberL:
		list := make([]events.DynamoDBAttributeValue, len(v.Value))
		for i, element := range v.Value {
			list[i] = attribute(element)
		}
		return events.NewListAttribute(list)
	}
	panic(fmt.Sprintf("DynamoDB has a new kind of attribute, %T", value))
}

// event is what the function receives for a batch.
func event(batch []record) []byte {
	all := make([][]byte, len(batch))
	for i, r := range batch {
		all[i] = r.json
	}
	return fmt.Appendf(nil, `{"Records":[%s]}`, bytes.Join(all, []byte(",")))
}
