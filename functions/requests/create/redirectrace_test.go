package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/vault"
)

// shop is a desk whose policy "sold" a third party decides on, and what every process signs by.
type shop struct {
	*trial.Desk
	signers *vault.Signers
	sender  trial.Person
}

func openShop(t *testing.T) *shop {
	t.Helper()
	d := trial.Open(t)
	c, err := portal.NewConfiguration(fixture.Org, fixture.Configuration, `{"redirect_origins": ["https://pay.example"]}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Books.PutConfiguration(t.Context(), fixture.Org, c); err != nil {
		t.Fatal(err)
	}
	d.Offer("sold", portal.AuthToken, `{"override": true, "redirect_on_key_request": true, "redirect_to": "https://pay.example/keys?shop=7"}`, 0)
	return &shop{d, d.Signers(), d.Person(caller.Portal)}
}

// sells has a fresh process answer a portal that asks for the policy on behalf of a developer.
func (s *shop) sells(t testing.TB, d *trial.Desk, developer, idempotencyKey string) desktest.Said {
	t.Helper()
	books := d.Issuer().Table
	event := s.sender.Call(http.MethodPost, "/api/portal/requests", fmt.Sprintf(`{"by_user": %q, "apply_policies": ["sold"]}`, developer), map[string]string{"idempotency-key": idempotencyKey})
	response, err := rest.Handle(books, operation(books, s.signers))(d.Invocation(t.Context()), event)
	if err != nil {
		t.Error(err)
	}
	said := desktest.Said{Status: response.StatusCode, Text: response.Body}
	if err := json.Unmarshal([]byte(response.Body), &said); err != nil {
		t.Errorf("%v: %s", err, response.Body)
	}
	return said
}

// TestRedirectsAtOnce has one call come many times in the same moment: each is sent to the third party for one request.
func TestRedirectsAtOnce(t *testing.T) {
	t.Parallel()
	const many = 20
	s := openShop(t)
	s.Gate("BatchGetItem", many)
	s.Gate("TransactWriteItems", many)
	s.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: many / 2, Times: many})
	developer, answers := s.Developer(), make([]desktest.Said, many)
	var racing sync.WaitGroup
	for n := range many {
		racing.Go(func() { answers[n] = s.sells(t, s.Desk, developer, "one") })
	}
	racing.Wait()
	for _, said := range answers {
		if way(t, s.signers, said, 1); said.Message != answers[0].Message {
			t.Errorf("two requests, %s and %s", said.Message, answers[0].Message)
		}
	}
	if r := s.Audit(answers[0].Message); r.State != portal.Waiting || r.Revision != 1 {
		t.Errorf("it is %s, revision %d", r.State, r.Revision)
	}
}

// TestLostRedirects loses a call, or its answer, wherever it calls the table. The same call again sends the developer there all the same.
func TestLostRedirects(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	first := s.Again(t)
	s.sells(t, first, first.Developer(), "")
	operations := first.Calls()
	slices.Sort(operations)
	for _, operation := range slices.Compact(operations) {
		for _, fault := range []faults.Fault{faults.NeverSent, faults.AnswerLost, faults.CrashBefore, faults.CrashAfter} {
			key := operation + " " + fault.String()
			t.Run(key, func(t *testing.T) {
				t.Parallel()
				d := s.Again(t)
				developer := d.Developer()
				d.Add(faults.Rule{Operation: operation, Fault: fault})
				lost := s.sells(t, d, developer, key)
				said := s.sells(t, d, developer, key)
				if way(t, s.signers, said, 1); lost.Status == http.StatusOK && lost.Message != said.Message {
					t.Errorf("two requests, %s and %s", lost.Message, said.Message)
				}
				if r := d.Audit(said.Message); r.State != portal.Waiting || r.Revision != 1 || len(r.Plans) != 1 {
					t.Errorf("it is %s, revision %d, with the plans %v", r.State, r.Revision, r.Plans)
				}
			})
		}
	}
}
