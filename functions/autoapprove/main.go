// AutoApprove is the schedule: once a minute it does what has fallen due. A request that nobody needs to be asked about is decided,
// reviewers and developers are reminded, what nobody decided expires, a key that nobody took lapses, boxes past their time are
// emptied, a notice that did not arrive is sent again, and a deletion that stopped half-way goes on. Runs may overlap, be repeated or be cut off: what each of these does is
// decided in the table, once.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"keydesk/shared/approval"
)

func main() {
	s := schedule{issuer: approval.FromEnv(), log: slog.New(slog.NewJSONHandler(os.Stdout, nil)), now: time.Now, page: atATime}
	lambda.Start(s.Invoke)
}

// schedule is what Lambda calls.
type schedule struct {
	issuer *approval.Issuer
	log    *slog.Logger
	now    func() time.Time
	page   int // items of a partition that a run reads at a time
}

// Invoke does what is due, and reports. It reads nothing of its event. An error carries the report in its words, since of a run that
// fails nothing else reaches the queue of failures.
func (s *schedule) Invoke(ctx context.Context) (report, error) {
	started := s.now()
	r := s.newRun(ctx)
	r.all(ctx, started)
	done, level := r.report, slog.LevelInfo
	err := r.failure()
	if err != nil {
		level = slog.LevelError
	}
	s.log.Log(ctx, level, "schedule", "report", done, "ms", s.now().Sub(started).Milliseconds(), "request_id", r.id)
	if err != nil {
		return done, fmt.Errorf("%w: %s", err, done.text())
	}
	return done, nil
}

func (s *schedule) newRun(ctx context.Context) *run {
	r := &run{issuer: s.issuer, log: s.log, now: s.now, page: s.page, slots: make(chan struct{}, aside)}
	r.report.Why = []why{}
	if invocation, is := lambdacontext.FromContext(ctx); is {
		r.id = invocation.AwsRequestID
	}
	return r
}
