package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"keydesk/infra/template"
	"keydesk/shared/awsenv"
)

// keepTime fires a schedule by the clock, for the first time after one period, until ctx is done. As on AWS a run that lasts longer than
// that does not keep the next one waiting. What comes of a run stands in the log.
func keepTime(ctx context.Context, schedule template.Schedule, invoke func(context.Context, string, []byte) ([]byte, error)) {
	ticker := time.NewTicker(schedule.Rate)
	defer ticker.Stop()
	var runs sync.WaitGroup
	defer runs.Wait()
	for {
		select {
		case now := <-ticker.C:
			runs.Go(func() { _, _ = invoke(ctx, schedule.Function, scheduledEvent(schedule.Function, now)) })
		case <-ctx.Done():
			return
		}
	}
}

// scheduledEvent is what EventBridge Scheduler sends to a function where its target has no Input: to it detail is a text, and not the
// object that it is in events of EventBridge's rules (github.com/aws/aws-lambda-go/issues/563).
func scheduledEvent(function string, now time.Time) []byte {
	const account = "123456789012"
	region, id := awsenv.Config().Region, make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	text, err := json.Marshal(map[string]any{
		"version": "0", "id": fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]),
		"detail-type": "Scheduled Event", "source": "aws.scheduler", "account": account,
		"time": now.UTC().Format(time.RFC3339), "region": region, "detail": "{}",
		"resources": []string{fmt.Sprintf("arn:aws:scheduler:%s:%s:schedule/default/%sSchedule", region, account, function)},
	})
	if err != nil {
		panic(err) // of texts
	}
	return text
}
