package table

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
)

// Table is the one table of the desk.
type Table struct {
	db   *dynamodb.Client
	name string
}

// New is the table of that name where the configuration leads.
func New(cfg aws.Config, name string) *Table {
	db := dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_DYNAMODB")
		o.Retryer = retry.AddWithErrorCodes(retry.AddWithMaxAttempts(o.Retryer, 6), (*types.TransactionConflictException)(nil).ErrorCode())
	})
	return &Table{db: db, name: name}
}

// FromEnv is the table that the template gives the function. It panics where there is none.
func FromEnv() *Table { return New(awsenv.Config(), awsenv.Must("KEYDESK_TABLE")) }

// Name is the table's name.
func (t *Table) Name() string { return t.name }

type item = map[string]types.AttributeValue

// get reads one item, consistently; nil when there is none.
func (t *Table) get(ctx context.Context, k key) (item, error) {
	out, err := t.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &t.name, Key: k.item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, failed(err, "read %s", k.SK)
	}
	return out.Item, nil
}

// batch is the most items that one BatchGetItem may ask for.
const batch = 100

// mostBytes bounds what one read of many items may bring: more than the largest decision needs, and less than a function's memory.
const mostBytes = 32 << 20

// errManyBytes is the answer to a call that would have to read more.
var errManyBytes = portal.Refuse(portal.TooLarge, "This takes more than the 32 MB that one call reads of the table; ask for less at a time.")

// read reads several items at once, consistently. What does not exist is not in the answer.
func (t *Table) read(ctx context.Context, keys ...key) (map[key]item, error) {
	return t.readOnly(ctx, nil, keys...)
}

// readOnly is read, of some attributes alone; of all where none is named.
func (t *Table) readOnly(ctx context.Context, attributes []string, keys ...key) (map[key]item, error) {
	found := make(map[key]item, len(keys))
	bytes := 0
	for chunk := range slices.Chunk(distinct(keys), batch) {
		if bytes > mostBytes {
			return nil, errManyBytes
		}
		asked := types.KeysAndAttributes{ConsistentRead: aws.Bool(true)}
		for _, k := range chunk {
			asked.Keys = append(asked.Keys, k.item())
		}
		if len(attributes) > 0 {
			asked.ProjectionExpression = aws.String("PK, SK, #" + strings.Join(attributes, ", #"))
			asked.ExpressionAttributeNames = map[string]string{}
			for _, name := range attributes {
				asked.ExpressionAttributeNames["#"+name] = name
			}
		}
		read, err := t.readBatch(ctx, asked, found)
		if err != nil {
			return nil, err
		}
		bytes += read
	}
	return found, nil
}

// readBatch reads up to a hundred items, and says how many bytes they have. One BatchGetItem answers 16 MB; it leaves the rest unprocessed.
func (t *Table) readBatch(ctx context.Context, asked types.KeysAndAttributes, found map[key]item) (bytes int, err error) {
	rest := map[string]types.KeysAndAttributes{t.name: asked}
	for attempt := 0; len(rest) > 0; attempt++ {
		if attempt > 0 && !pause(ctx, attempt) {
			return bytes, errThrottled
		}
		out, err := t.db.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{RequestItems: rest})
		if err != nil {
			return bytes, failed(err, "read %d items", len(asked.Keys))
		}
		for _, it := range out.Responses[t.name] {
			found[key{text(it["PK"]), text(it["SK"])}] = it
			bytes += bytesOf(it)
		}
		rest = out.UnprocessedKeys
	}
	return bytes, nil
}

// bytesOf is about how many bytes an item has: those of its texts, wherever they stand.
func bytesOf(it item) int {
	bytes := 0
	for name, value := range it {
		bytes += len(name) + bytesIn(value)
	}
	return bytes
}

func bytesIn(value types.AttributeValue) int {
	switch v := value.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberM:
		return bytesOf(v.Value)
	case *types.AttributeValueMemberL:
		bytes := 0
		for _, one := range v.Value {
			bytes += bytesIn(one)
		}
		return bytes
	}
	return 8 // a number, or less
}

// put writes one item, whatever stood there.
func (t *Table) put(ctx context.Context, k key, stored any) error {
	it, err := k.with(stored)
	if err != nil {
		return err
	}
	if _, err := t.db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &t.name, Item: it}); err != nil {
		return failed(err, "write %s", k.SK)
	}
	return nil
}

func (k key) item() item { return item{"PK": str(k.PK), "SK": str(k.SK)} }

// with is the item that holds v under the key. The names of the attributes are those of v's json tags: what is stored is
// spelt as it is on the wire.
func (k key) with(v any) (item, error) {
	it, err := attributevalue.MarshalMapWithOptions(v, func(o *attributevalue.EncoderOptions) { o.TagKey = "json" })
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", k.SK, err)
	}
	maps.Copy(it, k.item())
	return it, nil
}

// parse reads an item into v, a pointer.
func parse(it item, v any) error {
	err := attributevalue.UnmarshalMapWithOptions(it, v, func(o *attributevalue.DecoderOptions) { o.TagKey = "json" })
	if err != nil {
		return fmt.Errorf("stored %s: %w", text(it["SK"]), err)
	}
	return nil
}

func str(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func text(v types.AttributeValue) string {
	if s, ok := v.(*types.AttributeValueMemberS); ok {
		return s.Value
	}
	return ""
}

func distinct(keys []key) []key {
	seen := make(map[key]bool, len(keys))
	return slices.DeleteFunc(slices.Clone(keys), func(k key) bool {
		again := seen[k]
		seen[k] = true
		return again
	})
}

func number(n int) types.AttributeValue { return &types.AttributeValueMemberN{Value: strconv.Itoa(n)} }
