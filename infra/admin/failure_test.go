package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"keydesk/infra/local/doubles"
	"keydesk/infra/tabletest"
	"keydesk/shared/awsenv"
)

// message is one as SQS gives it out.
type message struct {
	MessageID         string                       `json:"MessageId"`
	ReceiptHandle     string                       `json:"ReceiptHandle"`
	Body              string                       `json:"Body"`
	MessageAttributes map[string]map[string]string `json:"MessageAttributes,omitempty"`
	Attributes        map[string]string            `json:"Attributes"`
}

// queues stand in for SQS, which gives out three messages at a time at the most, and those again that were not deleted.
type queues struct {
	mu       sync.Mutex
	messages map[string][]message // by the queue's URL
	given    map[string]int
}

func (q *queues) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var asked struct{ QueueURL, ReceiptHandle string }
	_ = json.NewDecoder(r.Body).Decode(&asked)
	answer := map[string][]message{}
	switch all := q.messages[asked.QueueURL]; r.Header.Get("X-Amz-Target") {
	case "AmazonSQS.ReceiveMessage":
		from := min(q.given[asked.QueueURL], len(all))
		to := min(from+3, len(all))
		answer["Messages"] = all[from:to]
		q.given[asked.QueueURL] = to
		if from == to {
			q.given[asked.QueueURL] = 0
		}
	case "AmazonSQS.DeleteMessage":
		q.messages[asked.QueueURL] = slices.DeleteFunc(slices.Clone(all), func(m message) bool { return m.ReceiptHandle == asked.ReceiptHandle })
	default:
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(answer)
}

// serve has the operator's stack name these queues.
func (o *operator) serve(q *queues) {
	server := httptest.NewServer(q)
	o.t.Cleanup(server.Close)
	o.environment = []string{"AWS_ENDPOINT_URL_SQS=" + server.URL, "KEYDESK_TABLE=", endpointOfCF + "=" + cloudFormation(o.t, map[string]string{
		itsTable: o.desk.Name(), runFailures: "http://queues/runs", lostBatches: "http://queues/batches", itsDeliver: "keydesk-Deliver-1",
	})}
}

// What Lambda and EventBridge Scheduler leave of what failed, as they document it.
const (
	failedRun = `{"version":"1.0","timestamp":"2026-11-22T05:30:01.000Z","requestContext":{"requestId":"run-1","functionArn":"arn:aws:lambda:eu-west-1:1:function:a",
		"condition":"RetriesExhausted","approximateInvokeCount":1},"requestPayload":{},"responseContext":{"statusCode":200,"functionError":"Unhandled"},
		"responsePayload":{"errorMessage":"2026-11-22 Task timed out\nafter 55 seconds"}}`
	failedBatch = `{"requestContext":{"requestId":"b","functionArn":"arn:aws:lambda:eu-west-1:1:function:d","condition":"RetryAttemptsExhausted","approximateInvokeCount":11},
		"responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"version":"1.0","timestamp":"2026-11-22T05:40:00.000Z",
		"DDBStreamBatchInfo":{"shardId":"shardId-1","startSequenceNumber":"100","endSequenceNumber":"300","approximateArrivalOfFirstRecord":"2026-11-22T05:29:00Z",
		"approximateArrivalOfLastRecord":"2026-11-22T05:29:10Z","batchSize":3,"streamArn":"arn:aws:dynamodb:eu-west-1:1:table/t/stream/s"}}`
)

func TestFailures(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	text := func(value string) map[string]string {
		return map[string]string{"DataType": "String", "StringValue": value}
	}
	sent := map[string]string{"SentTimestamp": "1795325401000"}
	q := &queues{given: map[string]int{}, messages: map[string][]message{
		"http://queues/runs": {
			{"m1", "h1", failedRun, nil, sent}, {"m2", "h2", failedRun, nil, sent}, {"m3", "h3", failedRun, nil, sent},
			{"m4", "h4", `{"detail":{}}`, map[string]map[string]string{"ERROR_CODE": text("TooManyRequestsException"), "ERROR_MESSAGE": text("Rate exceeded")}, sent},
		},
		"http://queues/batches": {{"m5", "h5", failedBatch, nil, sent}},
	}}
	o.serve(q)
	shown := o.does("notices", "failures")
	for _, line := range []string{
		`m3  2026-11-22T05:30Z  the run run-1 +RetriesExhausted 2026-11-22 Task timed out after 55 seconds`,
		`m4  2026-11-22T05:30Z  a run that Lambda did not take +TooManyRequestsException Rate exceeded`,
		`m5  2026-11-22T05:30Z  3 records of the stream, from 2026-11-22T05:29:00Z on +RetryAttemptsExhausted`,
	} {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(shown.out) {
			t.Errorf("no line is %s:\n%s", line, shown.out)
		}
	}
	for _, advice := range []string{"admin: 4 runs of the schedule failed", "admin: 1 batches of the stream failed", "--function-name keydesk-Deliver-1"} {
		if !strings.Contains(shown.err, advice) {
			t.Errorf("nothing says %q: %s", advice, shown.err)
		}
	}
	if left := o.does("notices", "failures", "--drop", "m2,m5"); left.failed || strings.Count(left.out, "\n") != 1+3 || strings.Contains(left.err, "batches") {
		t.Errorf("two are dropped: %+v", left)
	}
	if len(q.messages["http://queues/runs"]) != 3 || len(q.messages["http://queues/batches"]) != 0 {
		t.Errorf("what is left: %+v", q.messages)
	}
}

// The records of a batch that failed are read again: those from its first to its last.
func TestRecordsOfAFailedBatch(t *testing.T) {
	t.Parallel()
	o := operator{t: t, desk: tabletest.NewWithStream(t)}
	for range 4 {
		o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	}
	arn, shard, all := o.stream()
	if len(all) != 4 {
		t.Fatalf("the stream has %d records", len(all))
	}
	batch := func(first string) string {
		return fmt.Sprintf(`{"requestContext":{"condition":"RetryAttemptsExhausted"},"DDBStreamBatchInfo":{"shardId":%q,"startSequenceNumber":%q,"endSequenceNumber":%q,
			"batchSize":2,"streamArn":%q}}`, shard, first, all[2], arn)
	}
	q := &queues{given: map[string]int{}, messages: map[string][]message{
		"http://queues/batches": {{"m1", "h1", batch(all[1]), nil, nil}, {"m2", "h2", strings.Replace(batch(all[1]), shard, shard[:len(shard)-1]+"x", 1), nil, nil}},
	}}
	o.serve(q)
	said := o.does("notices", "records", "m1")
	var event events.DynamoDBEvent
	if err := json.Unmarshal([]byte(said.out), &event); said.failed || err != nil {
		t.Fatalf("%+v: %v", said, err)
	}
	var got []string
	for _, r := range event.Records {
		got = append(got, r.Change.SequenceNumber)
		if name := r.Change.NewImage["name"]; name.DataType() != events.DataTypeString || name.String() != "Orchard Bank" {
			t.Errorf("the record is not what was written: %+v", r)
		}
	}
	if !slices.Equal(got, all[1:3]) {
		t.Errorf("the records are %v, want %v", got, all[1:3])
	}
	o.refuses([]string{"notices", "records", "m2"}, "the stream has these records no longer")
	o.refuses([]string{"notices", "records", "m3"}, "<id>: there is no such batch")
}

// stream is the sequence numbers of what was written to the operator's table, and where they stand.
func (o operator) stream() (arn, shard string, all []string) {
	o.t.Helper()
	cfg := tabletest.Config(o.t)
	cfg.BaseEndpoint = awsenv.Endpoint(doubles.DynamoDBVariable) // DynamoDB Local serves both
	made, err := dynamodb.NewFromConfig(cfg).DescribeTable(o.t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String(o.desk.Name())})
	if err != nil {
		o.t.Fatal(err)
	}
	arn = *made.Table.LatestStreamArn
	client := dynamodbstreams.NewFromConfig(cfg)
	told, err := client.DescribeStream(o.t.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: &arn})
	if err != nil {
		o.t.Fatal(err)
	}
	shard = *told.StreamDescription.Shards[0].ShardId
	begin, err := client.GetShardIterator(o.t.Context(), &dynamodbstreams.GetShardIteratorInput{
		StreamArn: &arn, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		o.t.Fatal(err)
	}
	out, err := client.GetRecords(o.t.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: begin.ShardIterator})
	if err != nil {
		o.t.Fatal(err)
	}
	for _, r := range out.Records {
		all = append(all, *r.Dynamodb.SequenceNumber)
	}
	return arn, shard, all
}

// A desk of `make run` has no such queues, and a stack of an older version neither.
func TestNoQueues(t *testing.T) {
	t.Parallel()
	newOperator(t).refuses([]string{"notices", "failures"}, "nothing says what the desk's "+runFailures+" is: name the stack")
}
