package table_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
)

// DynamoDB reads item by item, so that a Query may meet a transaction half done. Such an answer is never believed.
func TestTornRead(t *testing.T) {
	t.Parallel()
	number := func(n string) types.AttributeValue { return &types.AttributeValueMemberN{Value: n} }
	for name, tear := range map[string]func(items []map[string]types.AttributeValue) []map[string]types.AttributeValue{
		"an entry is gone": func(items []map[string]types.AttributeValue) []map[string]types.AttributeValue { return items[:2] },
		"an entry is later": func(items []map[string]types.AttributeValue) []map[string]types.AttributeValue {
			items[1]["revision"] = number("2")
			return items
		},
		"an entry is earlier": func(items []map[string]types.AttributeValue) []map[string]types.AttributeValue {
			items[1]["revision"] = number("0")
			return items
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, times := range []int{1, 100} {
				plan := faults.New(t)
				left := 0
				books := tabletest.New(t, plan.Install, torn(tear, &left))
				write(t, books, numbered(0, 2)...)
				plan.Reset()
				left = times
				got, err := books.Catalogue(t.Context(), fixture.Org)
				var refusal *portal.Error
				switch calls := len(plan.Calls()); {
				case times == 1 && (err != nil || len(got.Entries) != 2 || calls != 2):
					t.Errorf("torn once: %v, %v, after %d calls", names(t, got), err, calls)
				case times > 1 && (!errors.As(err, &refusal) || refusal.Kind != portal.Busy || calls != 8):
					t.Errorf("torn always: %v, after %d calls", err, calls)
				}
			}
		})
	}
}

// torn has so many Queries answer something else.
func torn(tear func([]map[string]types.AttributeValue) []map[string]types.AttributeValue, left *int) func(*aws.Config) {
	change := middleware.InitializeMiddlewareFunc("torn", func(ctx context.Context, in middleware.InitializeInput,
		next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		if answer, is := out.Result.(*dynamodb.QueryOutput); is && *left > 0 {
			*left--
			answer.Items = tear(answer.Items)
		}
		return out, metadata, err
	})
	return func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
			return stack.Initialize.Add(change, middleware.Before)
		})
	}
}
