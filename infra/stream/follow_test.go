package stream_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"keydesk/infra/local/doubles"
	"keydesk/infra/stream"
	"keydesk/infra/tabletest"
	"keydesk/infra/template"
	"keydesk/shared/awsenv"
)

// followed is a table whose stream is followed, until the test is over.
type followed struct {
	db   *dynamodb.Client
	name string
}

// follow has the function handed what happens in a fresh table.
func follow(t testing.TB, function func(event []byte)) followed {
	t.Helper()
	name := tabletest.NewWithStream(t).Name()
	cfg := tabletest.Config(t)
	f := stream.Follower{
		Mapping:  template.Stream{Function: "Deliver", BatchSize: 25, MaximumRecordAge: time.Hour},
		Failures: t.TempDir(), Log: t.Output(),
		Invoke: func(_ context.Context, _ string, event []byte) ([]byte, error) {
			function(event)
			return nil, nil
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Follow(ctx, cfg, name) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return followed{dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) { o.BaseEndpoint = awsenv.Endpoint(doubles.DynamoDBVariable) }), name}
}

type item = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func (f followed) put(t testing.TB, i item) {
	t.Helper()
	if _, err := f.db.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &f.name, Item: i}); err != nil {
		t.Error(err)
	}
}

// TestAsLambdaWritesIt compares an event, byte by byte, with what Lambda hands over (the sample of AWS's documentation has the same
// members; what no two records have in common is masked).
func TestAsLambdaWritesIt(t *testing.T) {
	came := make(chan []byte, 2)
	f := follow(t, func(event []byte) { came <- event })
	f.put(t, item{
		"PK": text("a"), "SK": text("b"), "n": &types.AttributeValueMemberN{Value: "1.5"}, "b": &types.AttributeValueMemberB{Value: []byte("x")},
		"t": &types.AttributeValueMemberBOOL{Value: true}, "z": &types.AttributeValueMemberNULL{Value: true},
		"l": &types.AttributeValueMemberL{Value: []types.AttributeValue{text("1")}}, "m": &types.AttributeValueMemberM{Value: item{"k": text("")}},
		"s": &types.AttributeValueMemberSS{Value: []string{"q"}}, "ns": &types.AttributeValueMemberNS{Value: []string{"1"}},
		"bs": &types.AttributeValueMemberBS{Value: [][]byte{{0}}},
	})
	got := string(receive(t, came))
	var e events.DynamoDBEvent
	if err := json.Unmarshal([]byte(got), &e); err != nil || len(e.Records) != 1 {
		t.Fatalf("%v: %s", err, got)
	}
	r := e.Records[0]
	if age := time.Since(r.Change.ApproximateCreationDateTime.Time); age < 0 || age > 2*time.Minute { // DynamoDB Local leaves out the seconds
		t.Errorf("the record is %s old", age)
	}
	if id, err := hex.DecodeString(r.EventID); err != nil || len(id) != 16 {
		t.Errorf("the event's id is %q", r.EventID)
	}
	_, stamp, _ := strings.Cut(r.EventSourceArn, "/stream/")
	created := strconv.FormatInt(r.Change.ApproximateCreationDateTime.Unix(), 10)
	for _, own := range []string{f.name, stamp, created, r.EventID, r.Change.SequenceNumber} {
		got = strings.ReplaceAll(got, `"`+own+`"`, `"*"`)
	}
	got = strings.NewReplacer(f.name, "*", stamp, "*", created, "0").Replace(got)
	const want = `{"Records":[{"awsRegion":"eu-west-1","dynamodb":{"ApproximateCreationDateTime":0,"Keys":{"PK":{"S":"a"},"SK":{"S":"b"}},` +
		`"NewImage":{"PK":{"S":"a"},"SK":{"S":"b"},"b":{"B":"eA=="},"bs":{"BS":["AA=="]},"l":{"L":[{"S":"1"}]},"m":{"M":{"k":{"S":""}}},` +
		`"n":{"N":"1.5"},"ns":{"NS":["1"]},"s":{"SS":["q"]},"t":{"BOOL":true},"z":{"NULL":true}},"SequenceNumber":"*","SizeBytes":43,` +
		`"StreamViewType":"NEW_AND_OLD_IMAGES"},"eventID":"*","eventName":"INSERT","eventSource":"aws:dynamodb","eventVersion":"1.1",` +
		`"eventSourceARN":"arn:aws:dynamodb:eu-west-1:000000000000:table/*/stream/*"}]}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func receive(t *testing.T, came <-chan []byte) []byte {
	t.Helper()
	select {
	case event := <-came:
		return event
	case <-time.After(time.Minute):
		t.Fatal("nothing came")
		return nil
	}
}

// TestEverythingInOrder has many write at once, new items and changes of them, one transaction among them.
func TestEverythingInOrder(t *testing.T) {
	const items, changes = 40, 5
	var mu sync.Mutex
	seen, all := map[string][]string{}, make(chan []byte, 1)
	f := follow(t, func(event []byte) {
		var e events.DynamoDBEvent
		if err := json.Unmarshal(event, &e); err != nil || len(e.Records) > 25 {
			t.Errorf("%d records: %v", len(e.Records), err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, r := range e.Records {
			name := r.Change.Keys["SK"].String()
			change := r.EventName
			if n, there := r.Change.NewImage["n"]; there {
				change += n.String()
			}
			seen[name] = append(seen[name], change)
			if name == "last" {
				all <- nil
			}
		}
	})
	var writers sync.WaitGroup
	for i := range items {
		writers.Go(func() {
			for n := range changes {
				f.put(t, item{"PK": text("p"), "SK": text(fmt.Sprint(i)), "n": text(fmt.Sprint(n))})
			}
		})
	}
	writers.Wait()
	_, err := f.db.TransactWriteItems(t.Context(), &dynamodb.TransactWriteItemsInput{TransactItems: []types.TransactWriteItem{
		{Delete: &types.Delete{TableName: &f.name, Key: item{"PK": text("p"), "SK": text("0")}}},
		{Put: &types.Put{TableName: &f.name, Item: item{"PK": text("p"), "SK": text("last"), "n": text("")}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	receive(t, all)
	time.Sleep(50 * time.Millisecond) // the rest of its batch, and what should not come at all
	mu.Lock()
	defer mu.Unlock()
	for i := range items {
		want := []string{"INSERT0", "MODIFY1", "MODIFY2", "MODIFY3", "MODIFY4"}
		if i == 0 {
			want = append(want, "REMOVE")
		}
		if got := seen[fmt.Sprint(i)]; !slices.Equal(got, want) {
			t.Errorf("of item %d came %v", i, got)
		}
	}
}

func TestATableWithoutAStream(t *testing.T) {
	err := (&stream.Follower{}).Follow(t.Context(), tabletest.Config(t), tabletest.New(t).Name())
	if err == nil || !strings.Contains(err.Error(), "it has none") {
		t.Errorf("error %v, want one that says so", err)
	}
}

// TestAStreamThatEnds ends the stream itself: what was written before is still handed over.
func TestAStreamThatEnds(t *testing.T) {
	came := make(chan []byte, 100)
	f := follow(t, func(event []byte) { came <- event })
	f.put(t, item{"PK": text("a"), "SK": text("before")})
	off := false
	_, err := f.db.UpdateTable(t.Context(), &dynamodb.UpdateTableInput{
		TableName: &f.name, StreamSpecification: &types.StreamSpecification{StreamEnabled: &off},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.put(t, item{"PK": text("a"), "SK": text("after")})
	if event := string(receive(t, came)); !strings.Contains(event, "before") {
		t.Errorf("came: %s", event)
	}
	time.Sleep(50 * time.Millisecond)
	if len(came) != 0 {
		t.Errorf("came after the end: %s", <-came)
	}
}

// BenchmarkRecord is how long after a write, at a quiet moment and at a busy one, the record is at the function.
func BenchmarkRecord(b *testing.B) {
	for name, quiet := range map[string]time.Duration{"quiet": 1500 * time.Millisecond, "busy": 20 * time.Millisecond} {
		b.Run(name, func(b *testing.B) {
			came := make(chan time.Time, 1)
			f := follow(b, func([]byte) { came <- time.Now() })
			f.put(b, item{"PK": text("p"), "SK": text("the first one")})
			<-came
			var took []time.Duration
			for b.Loop() {
				time.Sleep(quiet + time.Duration(len(took)%20)*time.Millisecond)
				f.put(b, item{"PK": text("p"), "SK": text(fmt.Sprint(len(took)))})
				written := time.Now()
				took = append(took, (<-came).Sub(written))
			}
			slices.Sort(took)
			b.ReportMetric(0, "ns/op") // the pauses are not worth telling
			b.ReportMetric(took[len(took)/2].Seconds()*1000, "ms/median")
			b.ReportMetric(took[len(took)-1].Seconds()*1000, "ms/worst")
		})
	}
}
