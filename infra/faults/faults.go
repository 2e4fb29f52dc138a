// Package faults makes AWS fail on purpose, since the local doubles never do: they answer every call, know no throttle and no
// conflict, and read what was just written. A Plan is SDK middleware. It sits under the SDK's retries, next to the wire, so
// that each attempt meets it alone; its refusals are answers as AWS writes them, which the SDK itself turns into typed errors.
//
// A Plan does three things for a test:
//
//	plan := faults.New(t)
//	books := tabletest.New(t, plan.Install)                    // or on any aws.Config
//	plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost}) // it fails calls
//	plan.Gate("CreateSecret", 2)                               // it makes calls meet, to force a race
//	plan.Rounds()                                              // it tells which calls were made, and which side by side
//
// A test whose rules never struck fails: it has not tested what it says.
package faults

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

// Plan watches and fails the calls of the clients that it is installed in. It may be used by many goroutines.
type Plan struct {
	t    testing.TB
	life *life // of the calls that belong to no Invocation

	mu       sync.Mutex
	events   int // begins and ends of attempts so far: the recorder's clock
	attempts []*attempt
	hold     time.Duration
	rules    []*rule
	gates    []*gate
	storm    *storm
}

// New gives a plan under which nothing fails yet. When the test fails, it logs the calls made, and a storm's seed.
func New(t testing.TB) *Plan {
	p := &Plan{t: t, life: newLife(func(error) {})}
	t.Cleanup(p.report)
	return p
}

// Install puts the plan into every client made from the configuration.
func (p *Plan) Install(cfg *aws.Config) {
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), p.instrument)
}

// Add makes the rule strike from now on.
func (p *Plan) Add(r Rule) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, &rule{Rule: r})
}

type inputKey struct{}

// instrument adds the plan to one operation's stack: innermost of the Deserialize steps is nearest the wire, and run once an
// attempt.
func (p *Plan) instrument(stack *middleware.Stack) error {
	keep := middleware.InitializeMiddlewareFunc("faults.Input", func(ctx context.Context, in middleware.InitializeInput,
		next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		return next.HandleInitialize(middleware.WithStackValue(ctx, inputKey{}, in.Parameters), in)
	})
	if err := stack.Initialize.Add(keep, middleware.After); err != nil {
		return err
	}
	return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("faults.Attempt", p.attempt), middleware.After)
}

// attempt is one try of one call.
func (p *Plan) attempt(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
) {
	life := p.lifeOf(ctx)
	input := middleware.GetStackValue(ctx, inputKey{})
	if key := twice(input); key != "" {
		p.t.Errorf("faults: a transaction has %s twice, which AWS refuses", key)
	}
	a, gates, hold := p.begin(awsmiddleware.GetServiceID(ctx), awsmiddleware.GetOperationName(ctx), input)
	defer p.end(a)
	p.detain(ctx, gates, hold)
	if a.fault == CrashBefore {
		life.end()
	}
	switch {
	case life.over():
		return out, metadata, crashed()
	case ctx.Err() != nil:
		return out, metadata, &smithy.CanceledError{Err: ctx.Err()}
	case a.fault == NeverSent:
		return out, metadata, refused()
	}
	if response := a.fault.answer(a.call); response != nil {
		out.RawResponse = response
		return out, metadata, nil
	}
	out, metadata, err = next.HandleDeserialize(ctx, in)
	if a.fault == CrashAfter {
		life.end()
	}
	switch {
	case life.over():
		discard(out)
		return middleware.DeserializeOutput{}, metadata, crashed()
	case a.fault == AnswerLost && err == nil:
		discard(out)
		return middleware.DeserializeOutput{}, metadata, reset()
	}
	return out, metadata, err
}

// begin records the attempt and decides what befalls it: the first rule that matches, else the storm.
func (p *Plan) begin(service, operation string, input any) (*attempt, []*gate, time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events++
	a := &attempt{call: call{service, operation, input}, began: p.events}
	for _, r := range p.rules { // all of them count, so that Nth means the same beside other rules
		if r.strikes(a.call, a.fault != none) {
			a.fault = r.Fault
		}
	}
	if a.fault == none && p.storm != nil {
		a.fault = p.storm.draw(a.call)
	}
	p.attempts = append(p.attempts, a)
	return a, p.arrive(operation), p.hold
}

func (p *Plan) end(a *attempt) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events++
	a.ended = p.events
}

// detain keeps the attempt from the wire for the hold's time and until its gates are open.
func (p *Plan) detain(ctx context.Context, gates []*gate, hold time.Duration) {
	if hold > 0 {
		select {
		case <-time.After(hold):
		case <-ctx.Done():
		}
	}
	for _, g := range gates {
		p.waitAt(ctx, g)
	}
}

// report ends the test: what never struck is a fault of the test, and what happened helps to understand its failure.
func (p *Plan) report() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rules {
		if r.struck == 0 {
			p.t.Errorf("faults: %s never struck (%d attempts matched): the test did not test it", r.Rule, r.matched)
		}
	}
	if p.storm != nil && p.storm.struck == 0 {
		p.t.Errorf("faults: the storm never struck: raise its rate, or make more calls")
	}
	if !p.t.Failed() {
		return
	}
	if p.storm != nil {
		p.t.Logf("faults: %s", p.storm)
	}
	for i, round := range rounds(p.attempts) {
		p.t.Logf("faults: round %d: %v", i+1, round)
	}
}
