// Package stream stands in for Lambda's event source mapping on one machine: it follows the stream of a table on DynamoDB Local and hands
// what happens there to a function, in batches, as template.yaml says. What AWS documents of order, of answers that name the records that
// failed, of halving, and of giving up, holds here (docs.aws.amazon.com/lambda/latest/dg/with-ddb.html, and .../services-dynamodb-errors.html).
package stream

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"keydesk/infra/template"
)

// Follower hands what happens in a table to a function.
type Follower struct {
	Mapping  template.Stream                                                                   // to which function, and how
	Invoke   func(ctx context.Context, function string, event []byte) (answer []byte, _ error) // gateway.Invoke
	Failures string                                                                            // a folder: records that were given up are kept there
	Log      io.Writer                                                                         // a line about each batch that was given up

	dropped atomic.Int64 // records that were given up
}

// Follow follows the table's stream from its beginning until ctx is done. What it cannot read it tries again: if DynamoDB Local has
// ended, somebody else says so.
func (f *Follower) Follow(ctx context.Context, cfg aws.Config, table string) error {
	s, err := open(ctx, cfg, table)
	if err != nil {
		return fmt.Errorf("follow the stream of table %s: %w", table, err)
	}
	f.follow(ctx, s, f.handOver)
	return nil
}

func (f *Follower) follow(ctx context.Context, s *source, handOver func(context.Context, origin, []types.Record)) {
	s.eachShard(ctx, func(shard string) {
		for {
			err := s.read(ctx, shard, handOver)
			if err == nil || ctx.Err() != nil {
				return
			}
			f.printf("the table's stream cannot be read, and is tried again: %v", err)
			pause(ctx, afterError)
		}
	})
}

func (f *Follower) printf(format string, arguments ...any) {
	line := time.Now().Format("15:04:05.000 ") + fmt.Sprintf(format, arguments...) + "\n"
	_, _ = io.WriteString(f.Log, line) // there is nowhere to report a log's failure
}

// pause waits, unless ctx is done before.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
