package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// many is how many calls come in the same moment, each to a process of its own.
const many = 50

// said is what a create was answered.
type said struct {
	status  int
	Message string
}

// ask is a developer's wish for a key, as a portal sends it.
type ask struct {
	desk           *trial.Desk
	portal         trial.Person
	developer      string
	policy         string
	version        string
	idempotencyKey string
}

func (a ask) body() string {
	return fmt.Sprintf(`{"by_user": %q, "apply_policies": [%q], "version": %q}`, a.developer, a.policy, a.version)
}

// create has a fresh process answer.
func (a ask) create(t testing.TB) said {
	t.Helper()
	headers := map[string]string{}
	if a.idempotencyKey != "" {
		headers["idempotency-key"] = a.idempotencyKey
	}
	books := a.desk.Issuer().Table
	response, err := rest.Handle(books, operation(books, a.desk.Signers()))(a.desk.Invocation(t.Context()), a.portal.Call(http.MethodPost, "/api/portal/requests", a.body(), headers))
	if err != nil {
		t.Error(err)
	}
	answer := said{status: response.StatusCode}
	if err := json.Unmarshal([]byte(response.Body), &answer); err != nil {
		t.Errorf("%v: %s", err, response.Body)
	}
	return answer
}

// atOnce has all of them answer in the same moment: they have read the books before anybody writes. Real DynamoDB would raise
// conflicts then.
func atOnce(t *testing.T, all []ask) []said {
	d := all[0].desk
	d.Gate("BatchGetItem", len(all))
	d.Gate("TransactWriteItems", len(all))
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: len(all) / 5, Times: len(all)})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.ThrottleItem, Times: len(all) / 2})
	d.Add(faults.Rule{Operation: "BatchGetItem", Fault: faults.Throttle, Times: 5})
	answers := make([]said, len(all))
	var racing sync.WaitGroup
	for n, a := range all {
		racing.Go(func() { answers[n] = a.create(t) })
	}
	racing.Wait()
	return answers
}

const (
	clientsFull = "The developer has or has asked for 2 OAuth clients of the plan " + fixture.Photos + ", and oauth_usage_limit allows no more; revoke one, or delete a request, first."
	planWaits   = "A request for the plan " + fixture.Payments + " is waiting for a decision. Change that request, or wait for the decision."
	anotherBody = "Idempotency-Key was used before with another body; use a new one for another request."
)

// created are the ids that so many answers give, each once; the other answers must be refusals in these words.
func created(t testing.TB, answers []said, count int, refusal string) []string {
	t.Helper()
	var ids []string
	for _, answer := range answers {
		switch {
		case answer.status == http.StatusOK && portal.ValidID(answer.Message):
			ids = append(ids, answer.Message)
		case answer.status != http.StatusConflict || answer.Message != refusal || refusal == "":
			t.Errorf("answer %d %q", answer.status, answer.Message)
		}
	}
	if len(ids) != count {
		t.Errorf("%d of %d were answered an id, want %d", len(ids), len(answers), count)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func TestFiftyCreates(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	sender, another := desk.Person(caller.Portal), desk.Person(caller.Portal)
	for name, c := range map[string]struct {
		policy   string
		differ   func(a *ask, n int)
		answers  int // that give an id
		refusal  string
		requests int
	}{
		"one call, repeated": {fixture.Payments, func(a *ask, _ int) { a.idempotencyKey = "one" }, many, "", 1},
		"one key, two bodies": {fixture.Identity, func(a *ask, n int) {
			a.idempotencyKey, a.policy = "two", []string{fixture.Identity, fixture.Weather}[n%2]
		}, many / 2, anotherBody, 1},
		"one plan, no key":             {fixture.Payments, func(*ask, int) {}, many, "", 1},
		"one plan, a key each":         {fixture.Payments, func(a *ask, n int) { a.idempotencyKey = fmt.Sprint("each ", n) }, many, "", 1},
		"one plan, two credentials":    {fixture.Payments, func(a *ask, n int) { a.portal = []trial.Person{sender, another}[n%2] }, many, "", 1},
		"one plan, two bodies":         {fixture.Payments, func(a *ask, n int) { a.version = fmt.Sprint("v", n%2) }, many / 2, planWaits, 1},
		"one key, two credentials":     {fixture.Identity, func(a *ask, n int) { a.idempotencyKey, a.portal = "shared", []trial.Person{sender, another}[n%2] }, many, "", 2},
		"a plan that may be had twice": {fixture.Identity, func(*ask, int) {}, many, "", many},
		"a plan of two OAuth clients":  {fixture.Photos, func(*ask, int) {}, 2, clientsFull, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			all := make([]ask, many)
			developer := d.Developer()
			for n := range all {
				all[n] = ask{desk: d, portal: sender, developer: developer, policy: c.policy}
				c.differ(&all[n], n)
			}
			ids := created(t, atOnce(t, all), c.answers, c.refusal)
			if len(ids) != c.requests {
				t.Fatalf("%d requests, want %d", len(ids), c.requests)
			}
			for _, id := range ids[:min(3, len(ids))] {
				if r := d.Audit(id); r.State != portal.Pending || r.Revision != 1 || r.ByUser != developer {
					t.Errorf("request %s is %s, revision %d, of %s", id, r.State, r.Revision, r.ByUser)
				}
			}
		})
	}
}

// TestLostCreates loses the answer to a create, or the create, wherever it calls AWS. The same call again gives the one id;
// without an Idempotency-Key, the plan leads to the request that has it.
func TestLostCreates(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	sender := desk.Person(caller.Portal)
	d := desk.Again(t)
	ask{desk: d, portal: sender, developer: d.Developer(), policy: fixture.Payments}.create(t)
	operations := d.Calls()
	slices.Sort(operations)
	for _, operation := range slices.Compact(operations) {
		for _, fault := range []faults.Fault{faults.NeverSent, faults.AnswerLost, faults.CrashBefore, faults.CrashAfter} {
			for _, key := range []string{"", "the key of " + operation + fault.String()} {
				t.Run(fmt.Sprintf("%s %s, %s", operation, fault, key), func(t *testing.T) {
					t.Parallel()
					d := desk.Again(t)
					a := ask{desk: d, portal: sender, developer: d.Developer(), policy: fixture.Payments, idempotencyKey: key}
					a.lose(t, operation, fault)
				})
			}
		}
	}
}

// lose has the fault strike the first of two calls.
func (a ask) lose(t *testing.T, operation string, fault faults.Fault) {
	a.desk.Add(faults.Rule{Operation: operation, Fault: fault})
	first, second := a.create(t), a.create(t)
	crashed := fault == faults.CrashBefore || fault == faults.CrashAfter
	if crashed == (first.status == http.StatusOK) {
		t.Errorf("answer %d %q", first.status, first.Message)
	}
	if second.status != http.StatusOK || !crashed && second.Message != first.Message {
		t.Fatalf("again: answer %d %q, first %q", second.status, second.Message, first.Message)
	}
	if r := a.desk.Audit(second.Message); r.Revision != 1 || len(r.Plans) != 1 {
		t.Errorf("revision %d, plans %v", r.Revision, r.Plans)
	}
}

// A call that is said again is answered as it was, whatever has become of the developer.
func TestSaidAgainLater(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	a := ask{desk: d, portal: d.Person(caller.Portal), developer: d.Developer(), policy: fixture.Payments, idempotencyKey: "the key"}
	first := a.create(t)
	d.ChangeDeveloper(a.developer, "SET inactive = :yes")
	if again := a.create(t); again != first || first.status != http.StatusOK {
		t.Errorf("answer %+v, and again %+v", first, again)
	}
}

// An Idempotency-Key is remembered for a day. DynamoDB forgets it days later, so that the desk has to.
func TestKeyIsForgottenAfterADay(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	sender := d.Person(caller.Portal)
	for hours, remembered := range map[int]bool{23: true, 25: false} {
		a := ask{desk: d, portal: sender, developer: d.Developer(), policy: fixture.Identity, idempotencyKey: fmt.Sprint(hours)}
		asked := portal.RequestInput{ByUser: &a.developer, ApplyPolicies: []string{a.policy}}
		then := time.Now().Add(-time.Duration(hours) * time.Hour)
		old, err := portal.NewRequest(fixture.Org, &asked, then)
		if err != nil {
			t.Fatal(err)
		}
		change := approval.Create(sender.Act("created"), table.Request{Request: old})
		change.Replay = table.NewReplay(sender.Credential, a.idempotencyKey, []byte(a.body()), then)
		if err := d.Books.Write(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		if answer := a.create(t); answer.status != http.StatusOK || (answer.Message == old.ID) != remembered {
			t.Errorf("after %d hours: answer %d %q, the old one was %s", hours, answer.status, answer.Message, old.ID)
		}
		second := a
		second.policy = fixture.Weather
		if answer := second.create(t); answer.status != http.StatusConflict || answer.Message != anotherBody {
			t.Errorf("after %d hours, with another body: answer %d %q", hours, answer.status, answer.Message)
		}
	}
}

// A developer who is deactivated or deleted between the reading and the writing gets no request.
func TestDeveloperGoesMeanwhile(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	sender := desk.Person(caller.Portal)
	for expression, words := range map[string]string{
		"SET inactive = :yes": "is inactive", "SET deleting = :yes": "there is no developer", "": "there is no developer",
	} {
		t.Run(strings.TrimSuffix(expression, " = :yes"), func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			a := ask{desk: d, portal: sender, developer: d.Developer(), policy: fixture.Payments}
			d.Meanwhile("TransactWriteItems", func() { d.ChangeDeveloper(a.developer, expression) })
			if answer := a.create(t); answer.status != http.StatusBadRequest || !strings.Contains(answer.Message, words) {
				t.Errorf("answer %d %q", answer.status, answer.Message)
			}
		})
	}
}
