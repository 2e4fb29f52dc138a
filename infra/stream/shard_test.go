package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// stub is a stream whose shards split.
type stub struct {
	mu      sync.Mutex
	failing map[string]string   // an iterator with which a call fails, once, and AWS's name of the error
	shards  map[string]string   // with their parents
	records map[string][]string // sequence numbers; a shard without further ones has ended
}

func (s *stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var asked struct{ ShardId, ShardIteratorType, SequenceNumber, ShardIterator, ExclusiveStartShardId string } //nolint:revive // AWS's names
	_ = json.NewDecoder(r.Body).Decode(&asked)
	var answer any
	switch _, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); action {
	case "DescribeStream":
		answer = map[string]any{"StreamDescription": s.page(asked.ExclusiveStartShardId)}
	case "GetShardIterator":
		answer = map[string]string{"ShardIterator": asked.ShardId + "/" + asked.SequenceNumber}
	case "GetRecords":
		if failure, fails := s.failing[asked.ShardIterator]; fails {
			delete(s.failing, asked.ShardIterator)
			w.WriteHeader(http.StatusBadRequest)
			_, _ = fmt.Fprintf(w, `{"__type": "com.amazonaws.dynamodb.v20120810#%s"}`, failure)
			return
		}
		shard, after, _ := strings.Cut(asked.ShardIterator, "/")
		answer = s.next(shard, after)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// page lists one shard after the other.
func (s *stub) page(after string) map[string]any {
	var names []string
	for name := range s.shards {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return -strings.Compare(a, b) }) // the children first
	i := slices.Index(names, after) + 1
	page := map[string]any{"Shards": []map[string]string{{"ShardId": names[i], "ParentShardId": s.shards[names[i]]}}}
	if i+1 < len(names) {
		page["LastEvaluatedShardId"] = names[i]
	}
	return page
}

// next gives one record, and the end with the last.
func (s *stub) next(shard, after string) map[string]any {
	all := s.records[shard]
	i := slices.Index(all, after) + 1
	if i == len(all) {
		return map[string]any{"Records": []any{}}
	}
	return map[string]any{
		"Records":           []any{map[string]any{"eventID": all[i], "dynamodb": map[string]string{"SequenceNumber": all[i]}}},
		"NextShardIterator": shard + "/" + all[i],
	}
}

func TestShardsThatSplit(t *testing.T) {
	s := &stub{
		failing: map[string]string{"1/a": "ExpiredIteratorException", "2/c": "TrimmedDataAccessException"},
		shards:  map[string]string{"1": "0", "2": "1", "3": "1", "4": "3"}, // the first one's parent is older than a day, and gone
		records: map[string][]string{"1": {"a", "b"}, "2": {"c", "d"}, "3": {"e"}, "4": {"f"}},
	}
	server := httptest.NewServer(s)
	defer server.Close()
	follower := &source{
		client: dynamodbstreams.New(dynamodbstreams.Options{
			BaseEndpoint: &server.URL, Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		}),
		arn: aws.String("stream"), positions: map[string]string{},
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var mu sync.Mutex
	var order []string
	(&Follower{Log: t.Output()}).follow(ctx, follower, func(_ context.Context, from origin, records []types.Record) {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range records {
			order = append(order, from.shard+*r.EventID)
		}
		if len(order) == 7 {
			cancel()
		}
	})
	of := func(shards string) (some []string) {
		for _, record := range order {
			if strings.ContainsAny(record[:1], shards) {
				some = append(some, record)
			}
		}
		return some
	}
	// The stub begins again where AWS begins with what is left after a day.
	if !slices.Equal(of("12"), []string{"1a", "1b", "2c", "2c", "2d"}) || !slices.Equal(of("134"), []string{"1a", "1b", "3e", "4f"}) {
		t.Errorf("records came in the order %v", order)
	}
}
