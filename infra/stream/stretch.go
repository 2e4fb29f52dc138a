package stream

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"keydesk/infra/local/doubles"
	"keydesk/shared/awsenv"
)

// Stretch is where in a stream those records stand that Lambda gave up: the DDBStreamBatchInfo of what it leaves in a queue.
type Stretch struct {
	Stream string `json:"streamArn"`
	Shard  string `json:"shardId"`
	First  string `json:"startSequenceNumber"`
	Last   string `json:"endSequenceNumber"`
	Size   int    `json:"batchSize"`
	From   string `json:"approximateArrivalOfFirstRecord"`
}

// Event reads the records again, and gives what a function receives for them. Those between them that a filter had kept from it are
// among them.
func (s *Stretch) Event(ctx context.Context, cfg aws.Config) ([]byte, error) {
	client := dynamodbstreams.NewFromConfig(cfg, func(o *dynamodbstreams.Options) {
		o.BaseEndpoint = cmp.Or(awsenv.Endpoint(doubles.DynamoDBVariable), o.BaseEndpoint) // DynamoDB Local serves both
	})
	begin, err := client.GetShardIterator(ctx, &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &s.Stream, ShardId: &s.Shard, ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, SequenceNumber: &s.First,
	})
	if err != nil {
		return nil, gone(err)
	}
	var all []record
	for iterator := begin.ShardIterator; iterator != nil; {
		out, err := client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
		if err != nil {
			return nil, gone(err)
		}
		for _, r := range out.Records {
			one := newRecord(origin{s.Stream, cfg.Region, s.Shard}, r)
			all = append(all, one)
			if one.sequence == s.Last {
				return event(all), nil
			}
		}
		iterator = out.NextShardIterator
	}
	return nil, fmt.Errorf("the shard %s ends before the record %s", s.Shard, s.Last)
}

// gone says in words that the records are no longer there.
func gone(err error) error {
	trimmed, absent := new(types.TrimmedDataAccessException), new(types.ResourceNotFoundException)
	if errors.As(err, &trimmed) || errors.As(err, &absent) {
		return fmt.Errorf("the stream has these records no longer; it keeps them for 24 hours (%w)", err)
	}
	return err
}
