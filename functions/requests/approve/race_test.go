package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"keydesk/infra/faults"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
)

// crowd is how many approvers call in the same moment, each a process of its own.
const crowd = 50

// race has them all call at once. They have read the request before anybody fills the box, and the box before anybody decides.
func (g *grant) race(who func(n int) trial.Person) []said {
	g.desk.Gate("BatchGetItem", crowd)
	g.desk.Gate("CreateSecret", crowd)
	g.desk.Gate("TransactWriteItems", crowd)
	answers := make([]said, crowd)
	var all sync.WaitGroup
	for n := range crowd {
		all.Go(func() { answers[n] = g.approve(who(n)) })
	}
	all.Wait()
	return answers
}

// weathers are what AWS does meanwhile. DynamoDB Local knows neither conflict nor throttle.
var weathers = map[string][]faults.Rule{
	"fair": nil,
	"rough": {
		{Operation: "GetItem", Fault: faults.Throttle, Times: outlast - 1}, // all of them may strike one approver
		{Operation: "BatchGetItem", Fault: faults.Throttle, Times: outlast - 1},
		{Operation: "CreateSecret", Fault: faults.Throttle, Times: outlast - 1},
		{Operation: "GetSecretValue", Fault: faults.Late, Times: outlast - 1},
		{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 10, Times: crowd},
		{Operation: "TransactWriteItems", Fault: faults.ThrottleItem, Times: crowd},
		{Operation: "TransactWriteItems", Fault: faults.Throttle, Times: outlast - 1},
	},
}

func TestFiftyApprovers(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	people := make([]trial.Person, crowd)
	for n := range people {
		people[n] = d.Person(caller.Reviewer)
	}
	for name, c := range map[string]struct {
		who            func(n int) trial.Person
		idempotencyKey string
	}{
		"each for themselves":             {func(n int) trial.Person { return people[n] }, ""},
		"one, who repeats the call":       {func(int) trial.Person { return people[0] }, "the key"},
		"one who repeats it, and others":  {func(n int) trial.Person { return people[max(0, n-crowd/2)] }, "the key"},
		"one, who does not say it is one": {func(int) trial.Person { return people[0] }, ""},
	} {
		for weather, rules := range weathers {
			t.Run(fmt.Sprintf("%s, %s weather", name, weather), func(t *testing.T) {
				t.Parallel()
				g := grant{winner: people[0], desk: d}.anew(t, c.idempotencyKey)
				for _, rule := range rules {
					g.desk.Add(rule)
				}
				g.judge(g.race(c.who), c.who)
			})
		}
	}
}

// judge holds that the winner, and nobody else, has the key: once, or as often as the call was repeated with its key.
func (g *grant) judge(answers []said, who func(n int) trial.Person) {
	g.t.Helper()
	after := g.desk.Audit(g.request.ID)
	given := 0
	for n, answer := range answers {
		repeats := g.idempotencyKey != "" && who(n).Name == g.winner.Name && after.DecidedBy == g.winner.Name
		if !repeats && answer.status != http.StatusOK {
			answer.isTooLate(g.t)
			continue
		}
		given++
		if key := answer.key(g.t); key.Digest() != after.Box.Digest() || who(n).Name != after.DecidedBy {
			g.t.Errorf("%s was given a key, the one in the box: %t; %s was granted it", who(n).Name, key.Digest() == after.Box.Digest(), after.DecidedBy)
		}
	}
	if len(after.Keys) != 1 || len(after.Again) != given-1 {
		g.t.Errorf("%d keys came of it, one was given %d times, and history tells of %d more than the first", len(after.Keys), given, len(after.Again))
	}
	if after.Revision != 2 {
		g.t.Errorf("revision %d", after.Revision)
	}
}
