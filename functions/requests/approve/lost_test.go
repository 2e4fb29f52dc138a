package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// ways are all ways through Issue to a key: what has happened before the call, and what happens while it runs.
var ways = map[string]func(g *grant){
	"nobody was here before": func(*grant) {},
	"somebody filled the box and died": func(g *grant) {
		g.desk.Add(faults.Rule{Operation: "CreateSecret", Fault: faults.CrashAfter})
		g.approve(g.other)
	},
	"it was granted and the answer lost": func(g *grant) { g.approve(g.winner) },
	"it asks for something else meanwhile": func(g *grant) {
		g.desk.Meanwhile("TransactWriteItems", func() {
			revise := func(r table.Request) (table.Request, error) {
				r.ApplyPolicies, r.ForPlan, r.Holds = []string{fixture.Weather}, fixture.Weather, []string{fixture.Weather}
				return r, nil
			}
			if err := approval.Change(g.t.Context(), g.desk.Books, g.request, g.other.Act("updated"), revise); err != nil {
				g.t.Error(err)
			}
		})
	},
	"the same call is granted meanwhile": func(g *grant) {
		g.desk.Meanwhile("TransactWriteItems", func() { g.sees(g.approveAt(g.desk.Unharmed(), g.winner).key(g.t)) })
	},
}

// onlyWithKey are the ways that a call goes by its Idempotency-Key.
var onlyWithKey = []string{"it was granted and the answer lost", "the same call is granted meanwhile"}

// site is a place in a way where AWS is called: the n-th of the calls that do the same.
type site struct {
	call string
	nth  int
}

// name is what a call does: its operation, and of a GetItem what it gets.
func name(operation string, input any) string {
	if get, is := input.(*dynamodb.GetItemInput); is {
		return operation + " " + get.Key["SK"].(*types.AttributeValueMemberS).Value
	}
	return operation
}

// sites are those that a call passes on the way.
func sites(t *testing.T, first *grant, way func(*grant)) []site {
	g := first.anew(t, "the key")
	way(g)
	var mu sync.Mutex
	count := map[string]int{}
	record := middleware.InitializeMiddlewareFunc("record", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error,
	) {
		mu.Lock()
		count[name(middleware.GetOperationName(ctx), in.Parameters)]++
		mu.Unlock()
		return next.HandleInitialize(ctx, in)
	})
	answer := g.approve(g.winner, func(cfg *aws.Config) {
		cfg.APIOptions = append(slices.Clip(cfg.APIOptions), func(stack *middleware.Stack) error {
			return stack.Initialize.Add(record, middleware.After)
		})
	})
	answer.key(t)
	var all []site
	for _, call := range slices.Sorted(maps.Keys(count)) {
		for n := range count[call] {
			all = append(all, site{call, n + 1})
		}
	}
	return all
}

// outlast is as many failures as end the patience of every call but the transaction's.
const outlast = 6

// failure is how the call at a site fails, and who comes next.
type failure struct {
	fault faults.Fault
	times int
	next  follower
}

func (f failure) String() string { return fmt.Sprintf("%s x%d, then %s", f.fault, f.times, f.next) }

// follower is who calls after the one whose call failed.
type follower string

const (
	sameCall        follower = "the same call again"
	anotherApprover follower = "another approver"
	withoutKey      follower = "the same approver, without an Idempotency-Key"
)

var failures = []failure{
	{faults.AnswerLost, 1, sameCall},
	{faults.AnswerLost, outlast, anotherApprover},
	{faults.CrashBefore, 1, anotherApprover},
	{faults.CrashAfter, 1, sameCall},
	{faults.CrashAfter, 1, withoutKey},
	{faults.NeverSent, 1, sameCall},
	{faults.NeverSent, outlast, sameCall},
	{faults.CrashBefore, 1, sameCall},
	{faults.CrashBefore, 1, withoutKey},
	{faults.CrashAfter, 1, anotherApprover},
}

// apart is how many of them tell the ways apart. The others leave behind what another way begins with, and are tried on the plain one.
const apart = 5

// TestLostAnswers has each call that an approve makes fail, before its effect and after, on every way to a key. Whoever comes
// next, there is one key, always the same; the winner gets it, and nobody else does.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup
	for way, prepare := range ways {
		all.Go(func() { // t.Parallel would run as many as there are processors, and most of the time is waiting
			t.Run(way, func(t *testing.T) {
				d := trial.Open(t)
				first := &grant{desk: d, winner: d.Person(caller.Reviewer), other: d.Person(caller.Reviewer)}
				for _, s := range sites(t, first, prepare) {
					some := failures
					if way != "nobody was here before" {
						some = failures[:apart]
					}
					for _, f := range some {
						key := "the key"
						if f.next == withoutKey {
							key = ""
						}
						if key == "" && slices.Contains(onlyWithKey, way) {
							continue
						}
						t.Run(fmt.Sprintf("%s %d %s", s.call, s.nth, f), func(t *testing.T) {
							g := first.anew(t, key)
							prepare(g)
							g.fail(s, f)
						})
					}
				}
			})
		})
	}
	all.Wait()
}

// fail says the winner's call, which fails at the site, and has somebody follow.
func (g *grant) fail(s site, f failure) {
	operation, _, _ := strings.Cut(s.call, " ")
	g.desk.Add(faults.Rule{
		Operation: operation, If: func(input any) bool { return name(operation, input) == s.call },
		Nth: s.nth, Fault: f.fault, Times: f.times,
	})
	first := g.approve(g.winner)
	crashed := f.fault == faults.CrashBefore || f.fault == faults.CrashAfter
	switch {
	case !crashed && (f.times == 1 || operation == "TransactWriteItems"):
		g.sees(first.key(g.t))
	case first.status != http.StatusInternalServerError:
		g.t.Errorf("a call that could not be made: answer %d %q", first.status, first.Message)
	case crashed && g.desk.Box(g.request.ID).Digest() != "":
		g.sees(g.desk.Box(g.request.ID))
	}
	g.follow(f.next)
	after := g.desk.Audit(g.request.ID)
	if len(after.Keys) != 1 {
		g.t.Errorf("%d keys", len(after.Keys))
	}
	for _, key := range g.seen {
		if key.Digest() != after.Box.Digest() {
			g.t.Error("a key was given, or lay in the box, that is not the one")
		}
	}
}

// follow has the follower call, and holds that they get what is theirs: the key, when they are who was granted it.
func (g *grant) follow(next follower) {
	g.t.Helper()
	before := g.desk.Read(g.request.ID)
	if next == sameCall {
		g.sees(g.approve(g.winner).key(g.t))
		return
	}
	who := g.winner
	if next == anotherApprover {
		who = g.other
	}
	answer := g.approve(who)
	after := g.desk.Read(g.request.ID)
	if before.State == portal.Approved && after.DecidedBy != g.winner.Name {
		g.t.Errorf("granted by %s, and then by %s", before.DecidedBy, after.DecidedBy)
	}
	switch {
	case before.State != portal.Approved && after.DecidedBy == who.Name:
		g.sees(answer.key(g.t))
	default:
		answer.isTooLate(g.t)
	}
	if next == anotherApprover && after.DecidedBy == g.winner.Name {
		g.sees(g.approve(g.winner).key(g.t))
	}
}
