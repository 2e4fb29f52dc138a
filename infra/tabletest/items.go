package tabletest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"keydesk/infra/canary"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
)

// Item is all that stands under one key.
type Item map[string]any

// Items reads the whole table, past all that is tested, in the order of its keys.
func Items(t testing.TB, from *table.Table) []Item {
	t.Helper()
	var all []Item
	if err := attributevalue.UnmarshalListOfMaps(Dump(t, from), &all); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(all, func(a, b Item) int {
		return cmp.Or(cmp.Compare(fmt.Sprint(a["PK"]), fmt.Sprint(b["PK"])), cmp.Compare(fmt.Sprint(a["SK"]), fmt.Sprint(b["SK"])))
	})
	return all
}

// Dump reads the whole table as Restore takes it.
func Dump(t testing.TB, from *table.Table) []map[string]types.AttributeValue {
	t.Helper()
	all, err := scan(t.Context(), client(t), from.Name())
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func scan(ctx context.Context, db *dynamodb.Client, name string) ([]map[string]types.AttributeValue, error) {
	pages := dynamodb.NewScanPaginator(db, &dynamodb.ScanInput{TableName: &name, ConsistentRead: aws.Bool(true)})
	var all []map[string]types.AttributeValue
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
	}
	return all, nil
}

// Secret says what secret stands in a table, where none may be; empty for none.
func Secret(ctx context.Context, t testing.TB, name string) (string, error) {
	t.Helper()
	items, err := scan(ctx, client(t), name)
	if err != nil {
		return "", err
	}
	var readable []Item
	if err := attributevalue.UnmarshalListOfMaps(items, &readable); err != nil {
		return "", err
	}
	return canary.Find(fmt.Append(nil, readable)), nil
}

// Restore writes what Dump has read, there or in another table.
func Restore(t testing.TB, to *table.Table, items []map[string]types.AttributeValue) {
	t.Helper()
	const most, aside = 25, 8 // of one BatchWriteItem, and of those at once
	db := client(t)
	writes, ctx := errgroup.WithContext(t.Context())
	writes.SetLimit(aside)
	for chunk := range slices.Chunk(items, most) {
		writes.Go(func() error {
			var puts []types.WriteRequest
			for _, item := range chunk {
				puts = append(puts, types.WriteRequest{PutRequest: &types.PutRequest{Item: item}})
			}
			out, err := db.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]types.WriteRequest{to.Name(): puts}})
			if err == nil && len(out.UnprocessedItems) > 0 {
				err = errors.New("items are left over")
			}
			return err
		})
	}
	if err := writes.Wait(); err != nil {
		t.Fatalf("restore %d items: %v", len(items), err)
	}
}

func client(t testing.TB) *dynamodb.Client {
	t.Helper()
	return dynamodb.NewFromConfig(Config(t), func(o *dynamodb.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_DYNAMODB")
	})
}
