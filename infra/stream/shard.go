package stream

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"keydesk/infra/local/doubles"
	"keydesk/shared/awsenv"
)

// How often to look. A record is to be at the function 30 ms after it was written, at any time: what is left of them after the longer
// pause is for the two calls.
const (
	whileBusy  = 5 * time.Millisecond
	whileIdle  = 20 * time.Millisecond
	busyFor    = time.Second // after the last record
	shardsEach = 5 * time.Second
	afterError = time.Second
)

// source is the stream of a table.
type source struct {
	client *dynamodbstreams.Client
	arn    *string
	region string

	mu        sync.Mutex
	positions map[string]string // by shard, the last record that was handed over
}

func open(ctx context.Context, cfg aws.Config, table string) (*source, error) {
	endpoint := awsenv.Endpoint(doubles.DynamoDBVariable) // DynamoDB Local serves both
	db := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = endpoint })
	out, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return nil, err
	}
	if out.Table.LatestStreamArn == nil {
		return nil, errors.New("it has none")
	}
	return &source{
		client: dynamodbstreams.NewFromConfig(cfg, func(o *dynamodbstreams.Options) { o.BaseEndpoint = endpoint }),
		arn:    out.Table.LatestStreamArn, region: cfg.Region, positions: map[string]string{},
	}, nil
}

// eachShard has each shard read, until ctx is done: shards side by side, but one that took the place of another after that one's end, for
// a record must not come before an older one of the same item.
func (s *source) eachShard(ctx context.Context, read func(shard string)) {
	var reading sync.WaitGroup
	defer reading.Wait()
	ended := make(chan string)
	over, begun := map[string]bool{}, map[string]bool{}
	for ctx.Err() == nil {
		shards := s.shards(ctx)
		for id, parent := range shards {
			_, listed := shards[parent]
			if begun[id] || listed && !over[parent] {
				continue
			}
			begun[id] = true
			reading.Go(func() {
				read(id)
				select {
				case ended <- id:
				case <-ctx.Done():
				}
			})
		}
		select {
		case id := <-ended:
			over[id] = true
		case <-time.After(shardsEach):
		case <-ctx.Done():
		}
	}
}

// shards are those of the stream, each with the one whose place it took. Those that cannot be listed now can be later.
func (s *source) shards(ctx context.Context) map[string]string {
	all := map[string]string{}
	var after *string
	for {
		out, err := s.client.DescribeStream(ctx, &dynamodbstreams.DescribeStreamInput{StreamArn: s.arn, ExclusiveStartShardId: after})
		if err != nil {
			return all
		}
		for _, shard := range out.StreamDescription.Shards {
			all[*shard.ShardId] = aws.ToString(shard.ParentShardId)
		}
		if after = out.StreamDescription.LastEvaluatedShardId; after == nil {
			return all
		}
	}
}

// read hands over the shard's records, each batch when the one before is done with, until the shard's end. An error is ctx's, or AWS's.
func (s *source) read(ctx context.Context, shard string, handOver func(ctx context.Context, from origin, records []types.Record)) error {
	iterator, err := s.iterator(ctx, shard)
	if err != nil {
		return err
	}
	busyUntil := time.Now()
	for iterator != nil {
		out, err := s.client.GetRecords(ctx, &dynamodbstreams.GetRecordsInput{ShardIterator: iterator})
		if gone := new(types.TrimmedDataAccessException); errors.As(err, &gone) {
			s.note(shard, "") // where it was is a day ago: it goes on where the stream begins now
		}
		if err != nil {
			return err // an iterator that is too old among them: the next try has a new one
		}
		iterator = out.NextShardIterator
		if n := len(out.Records); n > 0 {
			handOver(ctx, origin{*s.arn, s.region, shard}, out.Records)
			s.note(shard, *out.Records[n-1].Dynamodb.SequenceNumber)
			busyUntil = time.Now().Add(busyFor)
			continue
		}
		if time.Now().Before(busyUntil) {
			pause(ctx, whileBusy)
		} else {
			pause(ctx, whileIdle)
		}
	}
	return nil
}

func (s *source) note(shard, position string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.positions[shard] = position
}

// iterator begins after the last record that was handed over.
func (s *source) iterator(ctx context.Context, shard string) (*string, error) {
	s.mu.Lock()
	position := s.positions[shard]
	s.mu.Unlock()
	input := &dynamodbstreams.GetShardIteratorInput{StreamArn: s.arn, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon}
	if position != "" {
		input.ShardIteratorType, input.SequenceNumber = types.ShardIteratorTypeAfterSequenceNumber, &position
	}
	out, err := s.client.GetShardIterator(ctx, input)
	if err != nil {
		return nil, err
	}
	return out.ShardIterator, nil
}
