package stream

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// failure is what Lambda tells an OnFailure destination of records that it has given up, as far as it is known here. As to a destination
// in S3, the records themselves come with it.
type failure struct {
	Request struct {
		Function  string `json:"functionArn"`
		Condition string `json:"condition"` // why they were given up
		Tries     int    `json:"approximateInvokeCount"`
	} `json:"requestContext"`
	Version   string          `json:"version"`
	Timestamp time.Time       `json:"timestamp"`
	Batch     Stretch         `json:"DDBStreamBatchInfo"`
	Payload   json.RawMessage `json:"payload"`
}

// giveUp keeps the records in a file, and goes on without them.
func (f *Follower) giveUp(from origin, batch []record, condition string, tries int) {
	first, last := batch[0], batch[len(batch)-1]
	told := failure{
		Version: "1.0", Timestamp: time.Now().UTC(), Payload: event(batch),
		Batch: Stretch{from.arn, from.shard, first.sequence, last.sequence, len(batch), first.created.UTC().Format(time.RFC3339)},
	}
	told.Request.Function, told.Request.Condition, told.Request.Tries = f.Mapping.Function, condition, tries
	where, err := f.keep(told)
	if err != nil {
		where = err.Error()
	}
	f.printf("%s: %d records of the table's stream given up after %d tries (%s), %d since the start: %s",
		f.Mapping.Function, len(batch), tries, condition, f.dropped.Add(int64(len(batch))), where)
}

func (f *Follower) keep(told failure) (string, error) {
	text, err := json.MarshalIndent(told, "", "  ")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(f.Failures, 0o750); err != nil {
		return "", err
	}
	file := filepath.Join(f.Failures, fmt.Sprintf("%s-%s.json", told.Timestamp.Format("2006-01-02T150405.000"), told.Batch.First))
	return file, os.WriteFile(file, append(text, '\n'), 0o600)
}
