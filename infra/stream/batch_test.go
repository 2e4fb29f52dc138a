package stream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"

	"keydesk/infra/template"
)

var somewhere = origin{arn: "arn:aws:dynamodb:ddblocal:000000000000:table/t/stream/s", region: "eu-west-1", shard: "shard-1"}

// some are the records 1 to n of a stream, written now.
func some(n int) []types.Record {
	var all []types.Record
	for i := range n {
		name := fmt.Sprintf("%03d", i+1)
		all = append(all, types.Record{
			EventID: aws.String("e" + name), EventName: types.OperationTypeInsert, EventSource: aws.String("aws:dynamodb"), EventVersion: aws.String("1.1"),
			Dynamodb: &types.StreamRecord{
				ApproximateCreationDateTime: aws.Time(time.Now()), SequenceNumber: aws.String(name), SizeBytes: aws.Int64(9),
				StreamViewType: types.StreamViewTypeNewAndOldImages,
				Keys:           map[string]types.AttributeValue{"SK": &types.AttributeValueMemberS{Value: name}},
			},
		})
	}
	return all
}

// played is a follower with a function that a test plays.
type played struct {
	*Follower
	batches []string // that were handed over, as "1 2 3"
	said    bytes.Buffer
}

// play makes a follower whose function answers the nth batch, which it is given as "1 2 3", so.
func play(t *testing.T, answer func(n int, batch string) (string, error)) *played {
	t.Helper()
	p := &played{}
	p.Follower = &Follower{
		Mapping: template.Stream{
			Function: "Deliver", BatchSize: 4, MaximumRetryAttempts: 2, MaximumRecordAge: time.Hour, Bisect: true, ReportFailures: true,
		},
		Failures: filepath.Join(t.TempDir(), "failures"), Log: &p.said,
		Invoke: func(_ context.Context, function string, event []byte) ([]byte, error) {
			var e events.DynamoDBEvent
			if err := json.Unmarshal(event, &e); err != nil || function != "Deliver" {
				t.Errorf("%s is handed %s: %v", function, event, err)
			}
			var batch []string
			for _, r := range e.Records {
				batch = append(batch, strings.TrimLeft(r.Change.SequenceNumber, "0"))
			}
			p.batches = append(p.batches, strings.Join(batch, " "))
			said, err := answer(len(p.batches), strings.Join(batch, " "))
			return []byte(said), err
		},
	}
	return p
}

func (p *played) want(t *testing.T, batches ...string) {
	t.Helper()
	if !slices.Equal(p.batches, batches) {
		t.Errorf("the function was handed\n%q, want\n%q", p.batches, batches)
	}
}

// kept is what was given up.
func (p *played) kept(t *testing.T) []failure {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(p.Failures, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all []failure
	for _, file := range files {
		text, err := os.ReadFile(file)
		var one failure
		if err = errors.Join(err, json.Unmarshal(text, &one)); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all
}

func naming(records ...string) string {
	var named []string
	for _, r := range records {
		named = append(named, `{"itemIdentifier": "`+r+`"}`)
	}
	return `{"batchItemFailures": [` + strings.Join(named, ",") + `]}`
}

func TestBatches(t *testing.T) {
	for _, fine := range []string{"", "null", "{}", `{"batchItemFailures": null}`, `{"batchItemFailures": []}`} {
		p := play(t, func(int, string) (string, error) { return fine, nil })
		p.handOver(t.Context(), somewhere, some(9))
		p.want(t, "1 2 3 4", "5 6 7 8", "9")
	}
}

func TestFilters(t *testing.T) {
	p := play(t, func(int, string) (string, error) { return "", nil })
	p.Mapping.Filters = []template.Filter{
		{{Path: "dynamodb.Keys.SK.S", Prefixes: []string{"00"}}, {Path: "eventName", Equals: []string{"REMOVE"}}},
		{{Path: "dynamodb.Keys.SK.S", Prefixes: []string{"01"}}},
	}
	p.handOver(t.Context(), somewhere, some(21))
	p.want(t, "10 11 12 13", "14 15 16 17", "18 19")
}

func TestWhatFailedIsTriedAgain(t *testing.T) {
	p := play(t, func(n int, _ string) (string, error) {
		return []string{naming("003", "004"), naming("003"), "", ""}[n-1], nil
	})
	p.handOver(t.Context(), somewhere, some(5))
	p.want(t, "1 2 3 4", "3 4", "3 4", "5")

	p = play(t, func(int, string) (string, error) { return naming("001"), nil })
	p.Mapping.ReportFailures = false
	p.handOver(t.Context(), somewhere, some(5))
	p.want(t, "1 2 3 4", "5")
}

// TestOneBadRecord has the function fail, in each of the ways in which that can be, whenever a record is in the batch.
func TestOneBadRecord(t *testing.T) {
	for name, fails := range map[string]struct {
		answer string
		err    error
	}{
		"by an error":           {"", errors.New("it panicked")},
		"by a stranger's name":  {naming("099"), nil},
		"by no name":            {`{"batchItemFailures": [{"itemIdentifier": ""}]}`, nil},
		"by another word":       {`{"batchItemFailures": [{"sequence": "003"}]}`, nil},
		"by an answer not JSON": {"OK", nil},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, func(_ int, batch string) (string, error) {
				if slices.Contains(strings.Fields(batch), "3") {
					return fails.answer, fails.err
				}
				return "", nil
			})
			p.handOver(t.Context(), somewhere, some(5))
			p.want(t, "1 2 3 4", "1 2", "3 4", "3", "3", "3", "4", "5")
			kept := p.kept(t)
			if len(kept) != 1 || kept[0].Request.Condition != "RetryAttemptsExhausted" || kept[0].Request.Tries != 3 {
				t.Fatalf("given up: %+v", kept)
			}
			want := Stretch{Stream: somewhere.arn, Shard: "shard-1", First: "003", Last: "003", Size: 1, From: kept[0].Batch.From}
			if !reflect.DeepEqual(kept[0].Batch, want) || !bytes.Contains(kept[0].Payload, []byte(`"003"`)) {
				t.Errorf("what was given up is told as %+v", kept[0])
			}
			if said := p.said.String(); !strings.Contains(said, "Deliver: 1 records") || !strings.Contains(said, "1 since the start") || !strings.Contains(said, p.Failures) {
				t.Errorf("the log says %q", said)
			}
		})
	}
}

func TestWithoutBisect(t *testing.T) {
	p := play(t, func(_ int, batch string) (string, error) {
		if batch == "5" {
			return "", nil
		}
		return "", errors.New("it panicked")
	})
	p.Mapping.Bisect = false
	p.handOver(t.Context(), somewhere, some(5))
	p.want(t, "1 2 3 4", "1 2 3 4", "1 2 3 4", "5")
	if kept := p.kept(t); len(kept) != 1 || kept[0].Batch.Size != 4 || p.dropped.Load() != 4 {
		t.Errorf("given up: %+v", kept)
	}
}

// TestAlwaysTheSame has a record fail each time that it is handed over, and be named. Those behind it are given up with it, as on AWS.
func TestAlwaysTheSame(t *testing.T) {
	p := play(t, func(_ int, batch string) (string, error) {
		if slices.Contains(strings.Fields(batch), "2") {
			return naming("002"), nil
		}
		return "", nil
	})
	p.handOver(t.Context(), somewhere, some(5))
	p.want(t, "1 2 3 4", "2 3 4", "2 3 4", "2 3 4", "5")
	if kept := p.kept(t); len(kept) != 1 || kept[0].Batch.Size != 3 {
		t.Errorf("given up: %+v", kept)
	}
}

func TestOldRecords(t *testing.T) {
	p := play(t, func(int, string) (string, error) { return "", nil })
	records := some(6)
	for i, old := range []bool{true, true, false, false, true, true} {
		if old {
			records[i].Dynamodb.ApproximateCreationDateTime = aws.Time(time.Now().Add(-2 * time.Hour))
		}
	}
	p.handOver(t.Context(), somewhere, records)
	p.want(t, "3 4")
	kept := p.kept(t)
	if len(kept) != 2 || kept[0].Request.Condition != "RecordAgeExceeded" || kept[0].Batch.Size != 2 || kept[1].Batch.First != "005" {
		t.Errorf("given up: %+v", kept)
	}
}

// TestEndWhileItFails ends the follower while a batch is tried again and again.
func TestEndWhileItFails(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	p := play(t, func(n int, _ string) (string, error) {
		if n == 2 {
			cancel()
		}
		return "", errors.New("it panicked")
	})
	p.Mapping.Bisect, p.Mapping.MaximumRetryAttempts = false, 1000
	p.handOver(ctx, somewhere, some(9))
	p.want(t, "1 2 3 4", "1 2 3 4")
	if kept := p.kept(t); len(kept) != 0 {
		t.Errorf("given up at the end: %+v", kept)
	}
}
