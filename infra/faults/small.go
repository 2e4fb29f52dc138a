package faults

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"
)

// SmallQueries has each Query of an index end after so many entries, as DynamoDB ends it after a megabyte.
func SmallQueries(entries int32) func(*aws.Config) {
	step := middleware.InitializeMiddlewareFunc("faults.SmallQueries", func(ctx context.Context, in middleware.InitializeInput,
		next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		if q, is := in.Parameters.(*dynamodb.QueryInput); is && q.IndexName != nil {
			fewer := *q
			fewer.Limit = aws.Int32(min(entries, aws.ToInt32(q.Limit)))
			in.Parameters = &fewer
		}
		return next.HandleInitialize(ctx, in)
	})
	return func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(step, middleware.Before) })
	}
}
