package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

// Between one try of a batch and the next.
const (
	firstPause   = 50 * time.Millisecond
	longestPause = time.Second
)

// handOver hands the function those of the records that pass the filters. It returns when it is done with all of them, or ctx is.
func (f *Follower) handOver(ctx context.Context, from origin, records []types.Record) {
	var wanted []record
	for _, r := range records {
		one := newRecord(from, r)
		wants, err := f.Mapping.Wants(one.json)
		if err != nil {
			panic(err) // it has just been written
		}
		if wants {
			wanted = append(wanted, one)
		}
	}
	for batch := range slices.Chunk(wanted, f.Mapping.BatchSize) {
		f.try(ctx, from, batch)
	}
}

// try hands the batch over, and what failed of it again, until that has failed too often or is too old. Where the invocation failed as a
// whole the batch is halved, so that one bad record comes to stand alone; that does not count as a try (so AWS's documentation).
func (f *Follower) try(ctx context.Context, from origin, batch []record) {
	wait, tries := firstPause, 0
	for ctx.Err() == nil {
		young := slices.IndexFunc(batch, func(r record) bool { return time.Since(r.created) < f.Mapping.MaximumRecordAge })
		if young != 0 {
			old := batch
			if young > 0 {
				old = batch[:young]
			}
			f.giveUp(from, old, "RecordAgeExceeded", tries)
			batch = batch[len(old):]
		}
		if len(batch) == 0 {
			return
		}
		done, err := f.invoke(ctx, batch)
		tries++
		switch {
		case ctx.Err() != nil, err == nil && done == len(batch):
			return
		case err == nil && done > 0:
			batch, tries, wait = batch[done:], 0, firstPause
		case err != nil && f.Mapping.Bisect && len(batch) > 1:
			half := len(batch) / 2
			f.try(ctx, from, batch[:half])
			batch, tries, wait = batch[half:], 0, firstPause
			continue
		case tries > f.Mapping.MaximumRetryAttempts:
			f.giveUp(from, batch, "RetryAttemptsExhausted", tries)
			return
		}
		pause(ctx, wait)
		wait = min(2*wait, longestPause)
	}
}

// invoke says how many records from the first on are done with. An error says that the invocation failed as a whole.
func (f *Follower) invoke(ctx context.Context, batch []record) (done int, err error) {
	answer, err := f.Invoke(ctx, f.Mapping.Function, event(batch))
	if err != nil || !f.Mapping.ReportFailures || len(answer) == 0 {
		return len(batch), err
	}
	var said struct {
		BatchItemFailures []struct {
			ItemIdentifier string `json:"itemIdentifier"`
		} `json:"batchItemFailures"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		return 0, errors.New("the answer does not say which records failed")
	}
	done = len(batch)
	for _, failure := range said.BatchItemFailures {
		first := slices.IndexFunc(batch, func(r record) bool { return r.sequence == failure.ItemIdentifier })
		if first < 0 {
			return 0, fmt.Errorf("the answer names a record that is not in the batch: %q", failure.ItemIdentifier)
		}
		done = min(done, first)
	}
	return done, nil
}
