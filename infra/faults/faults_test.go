package faults_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	secrettypes "github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"
	"github.com/aws/smithy-go"

	"keydesk/infra/faults"
)

// wire answers every request with an empty object after latency, and counts what reached it: the effects.
type wire struct {
	latency time.Duration
	mu      sync.Mutex
	effects []string
}

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	w.mu.Lock()
	w.effects = append(w.effects, operation)
	w.mu.Unlock()
	select {
	case <-time.After(w.latency):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func (w *wire) count(operation string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(w.effects), func(e string) bool { return e != operation }))
}

// cloud is both services on one wire under one plan.
type cloud struct {
	*wire
	plan    *faults.Plan
	table   *dynamodb.Client
	secrets *secretsmanager.Client
}

func newCloud(t testing.TB) *cloud {
	w := &wire{latency: 5 * time.Millisecond}
	plan := faults.New(t)
	cfg := aws.Config{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://127.0.0.1:1"), HTTPClient: w,
		Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
	}
	plan.Install(&cfg)
	return &cloud{w, plan, dynamodb.NewFromConfig(cfg), secretsmanager.NewFromConfig(cfg)}
}

func (c *cloud) transact(ctx context.Context) error {
	put := types.TransactWriteItem{Put: &types.Put{TableName: aws.String("books"), Item: map[string]types.AttributeValue{}}}
	_, err := c.table.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{put, put}})
	return err
}

func (c *cloud) put(ctx context.Context) error {
	_, err := c.table.PutItem(ctx, &dynamodb.PutItemInput{TableName: aws.String("books"), Item: map[string]types.AttributeValue{}})
	return err
}

func (c *cloud) batch(ctx context.Context, consistent bool) (*dynamodb.BatchGetItemOutput, error) {
	keys := []map[string]types.AttributeValue{{}}
	return c.table.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
		RequestItems: map[string]types.KeysAndAttributes{"books": {Keys: keys, ConsistentRead: &consistent}},
	})
}

func (c *cloud) get(ctx context.Context, consistent bool) (*dynamodb.GetItemOutput, error) {
	return c.table.GetItem(ctx, &dynamodb.GetItemInput{
		TableName: aws.String("books"), Key: map[string]types.AttributeValue{}, ConsistentRead: aws.Bool(consistent),
	})
}

func (c *cloud) open(ctx context.Context) error {
	_, err := c.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: aws.String("box")})
	return err
}

// want compares how often an operation was tried, and how often it reached the wire.
func (c *cloud) want(t *testing.T, operation string, attempts, effects int) {
	t.Helper()
	tried := 0
	for _, call := range c.plan.Calls() {
		if call == operation {
			tried++
		}
	}
	if tried != attempts || c.count(operation) != effects {
		t.Errorf("%s: %d attempts and %d effects, want %d and %d", operation, tried, c.count(operation), attempts, effects)
	}
}

// In a bubble of synctest the SDK's waits between retries take no time, and none of it is a matter of luck.
func bubble(t *testing.T, test func(t *testing.T, c *cloud)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(t, newCloud(t)) })
}

func TestNeverSent(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.NeverSent})
		if err := c.transact(t.Context()); err != nil {
			t.Errorf("the SDK did not retry: %v", err)
		}
		c.want(t, "TransactWriteItems", 2, 1)
	})
}

func TestNeverSentAlways(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Fault: faults.NeverSent, Times: faults.Always})
		if err := c.transact(t.Context()); err == nil || !strings.Contains(err.Error(), "never sent") {
			t.Errorf("error %v", err)
		}
		c.want(t, "TransactWriteItems", 3, 0)
	})
}

func TestAnswerLost(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost})
		if err := c.transact(t.Context()); err != nil {
			t.Errorf("the SDK did not retry: %v", err)
		}
		c.want(t, "TransactWriteItems", 2, 2)
	})
}

func TestThrottle(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Fault: faults.Throttle, Times: 2})
		if err := c.put(t.Context()); err != nil {
			t.Errorf("the SDK did not retry: %v", err)
		}
		c.want(t, "PutItem", 3, 1)
		c.plan.Add(faults.Rule{Fault: faults.Throttle, Times: faults.Always})
		var throttled *types.ThrottlingException
		if err := c.put(t.Context()); !errors.As(err, &throttled) {
			t.Errorf("error %v, want a ThrottlingException", err)
		}
		var refused smithy.APIError
		if err := c.open(t.Context()); !errors.As(err, &refused) || refused.ErrorCode() != "ThrottlingException" {
			t.Errorf("error %v, want a ThrottlingException of Secrets Manager", err)
		}
	})
}

func TestTransactionCancelled(t *testing.T) {
	for fault, code := range map[faults.Fault]string{faults.Conflict: "TransactionConflict", faults.ThrottleItem: "ThrottlingError"} {
		t.Run(code, func(t *testing.T) {
			bubble(t, func(t *testing.T, c *cloud) {
				c.plan.Add(faults.Rule{Fault: fault})
				var cancelled *types.TransactionCanceledException
				if err := c.transact(t.Context()); !errors.As(err, &cancelled) {
					t.Fatalf("error %v, want a TransactionCanceledException", err)
				}
				reasons := cancelled.CancellationReasons
				if len(reasons) != 2 || aws.ToString(reasons[0].Code) != "None" || aws.ToString(reasons[1].Code) != code {
					t.Errorf("reasons %v", reasons)
				}
				if !strings.Contains(cancelled.ErrorMessage(), "[None, "+code+"]") {
					t.Errorf("message %q", cancelled.ErrorMessage())
				}
				c.want(t, "TransactWriteItems", 1, 0)
			})
		})
	}
}

func TestConflictOfASingleWrite(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Fault: faults.Conflict})
		if _, err := c.get(t.Context(), true); err != nil {
			t.Errorf("a read met a conflict: %v", err)
		}
		var conflict *types.TransactionConflictException
		if err := c.put(t.Context()); !errors.As(err, &conflict) {
			t.Errorf("error %v, want a TransactionConflictException", err)
		}
		c.want(t, "PutItem", 1, 0)
	})
}

func TestLate(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Fault: faults.Late, Times: 5})
		for range 2 {
			var missing *secrettypes.ResourceNotFoundException
			if err := c.open(t.Context()); !errors.As(err, &missing) {
				t.Errorf("error %v, want a ResourceNotFoundException", err)
			}
		}
		if found, err := c.get(t.Context(), false); err != nil || found.Item != nil {
			t.Errorf("item %v, error %v", found, err)
		}
		found, err := c.table.Query(t.Context(), &dynamodb.QueryInput{TableName: aws.String("books")})
		if err != nil || found.Count != 0 || len(found.Items) != 0 {
			t.Errorf("found %v, error %v", found, err)
		}
		if batch, err := c.batch(t.Context(), false); err != nil || len(batch.Responses["books"]) != 0 || len(batch.UnprocessedKeys) != 0 {
			t.Errorf("found %v, error %v", batch, err)
		}
		if len(c.effects) != 0 {
			t.Errorf("reached the wire: %v", c.effects)
		}
		if err := c.open(t.Context()); err != nil {
			t.Errorf("still late: %v", err)
		}
	})
}

func TestLateNeverWhereReadsAreConsistent(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Fault: faults.Late})
		if _, err := c.get(t.Context(), true); err != nil {
			t.Error(err)
		}
		c.want(t, "GetItem", 1, 1)
		if _, err := c.batch(t.Context(), true); err != nil {
			t.Error(err)
		}
		c.want(t, "BatchGetItem", 1, 1)
		_ = c.open(t.Context()) // the rule has to strike something
	})
}
