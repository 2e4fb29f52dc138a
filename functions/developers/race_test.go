package main

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

// atOnce makes so many calls in the same moment, each to a process of its own: all have read before anybody writes. Real
// DynamoDB would raise conflicts then, and lose answers; so does this one.
func atOnce(t *testing.T, d *trial.Desk, many int, one func(n int) said) []said {
	t.Helper()
	d.Gate("TransactWriteItems", many)
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: many / 5, Times: many})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Times: many / 5})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.ThrottleItem, Times: many / 2})
	answers := make([]said, many)
	var racing sync.WaitGroup
	for n := range many {
		racing.Go(func() { answers[n] = one(n) })
	}
	racing.Wait()
	return answers
}

// count sorts answers by what they said.
func count(answers []said) map[string]int {
	counts := map[string]int{}
	for _, answer := range answers {
		what := answer.Message
		if portal.ValidID(what) {
			what = "an id"
		}
		counts[fmt.Sprintf("%d %s", answer.status, what)]++
	}
	return counts
}

// A hundred sign up with one e-mail, in whatever letters: there is one developer, and ninety-nine are told whose it is.
func TestHundredCreatesOfOneEmail(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	before := len(tabletest.Items(t, d.Books))
	who := d.Person(caller.Portal)
	answers := atOnce(t, d, 100, func(n int) said {
		email := []string{"Zoe@example.com", "zoe@example.com", "ZOE@EXAMPLE.COM"}[n%3]
		return call(t, d, d.Issuer().Table, who, http.MethodPost, collection, fmt.Sprintf(`{"email": %q}`, email))
	})
	zoe, err := d.Books.DeveloperByEmail(t.Context(), fixture.Org, "zoe@example.com")
	if err != nil {
		t.Fatal(err)
	}
	refused := 0
	for _, answer := range answers {
		switch {
		case answer.status == http.StatusOK && answer.Message == zoe:
		case answer.status == http.StatusConflict && answer.Meta.ID == zoe:
			refused++
		default:
			t.Errorf("%d %s", answer.status, answer.text)
		}
	}
	if refused != 99 {
		t.Errorf("%d were refused: %v", refused, count(answers))
	}
	if now := len(tabletest.Items(t, d.Books)); now != before+3 { // the credential, the developer, the e-mail
		t.Errorf("%d new items", now-before)
	}
}

// Fifty developers want the same new e-mail: one has it, and everybody else keeps their own.
func TestFiftyChangesToOneEmail(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	const many = 50
	ids := make([]string, many)
	for n := range ids {
		ids[n] = d.Developer()
	}
	answers := atOnce(t, d, many, func(n int) said {
		return call(t, d, d.Issuer().Table, who, http.MethodPut, collection+"/"+ids[n], `{"email": "wanted@example.com"}`)
	})
	if got := count(answers); got["200 Data updated"] != 1 || got["409 email: wanted@example.com is taken by another developer."] != many-1 {
		t.Errorf("answers %v", got)
	}
	for n, id := range ids {
		account, err := d.Books.Account(t.Context(), fixture.Org, id)
		if err != nil {
			t.Fatal(err)
		}
		if answers[n].status == http.StatusConflict && (answers[n].Meta.ID == "" || answers[n].Meta.ID == id) {
			t.Errorf("%s is not told whose the address is: %s", id, answers[n].text)
		}
		if has := account.Email == "wanted@example.com"; has != (answers[n].status == http.StatusOK) {
			t.Errorf("%s was answered %d and is %s", id, answers[n].status, account.Email)
		}
		if found, err := d.Books.DeveloperByEmail(t.Context(), fixture.Org, account.Email); found != id {
			t.Errorf("%s leads to %s: %v", account.Email, found, err)
		}
	}
}

// Twenty change one developer, one this and another that: nothing is lost.
func TestTwentyChangesOfOneDeveloper(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who, id := d.Person(caller.Admin), d.Developer()
	bodies := []string{
		`{"email": "new@example.com"}`, `{"fields": {"a": 1}}`, `{"inactive": true}`, `{"password_max_days": 90}`, `{"password": "correct horse"}`,
	}
	answers := atOnce(t, d, 20, func(n int) said {
		return call(t, d, d.Issuer().Table, who, http.MethodPut, collection+"/"+id, bodies[n%len(bodies)])
	})
	if got := count(answers); got["200 Data updated"] != 20 {
		t.Errorf("answers %v", got)
	}
	account, err := d.Books.Account(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	if account.Email != "new@example.com" || account.Fields != `{"a": 1}` || !account.Inactive || account.PasswordMaxDays != 90 || account.Password == "" {
		t.Errorf("it became %+v", account.Developer)
	}
	if len(account.History) != 0 {
		t.Errorf("one password, given four times, left %d in the history", len(account.History))
	}
}

// While some approve and create for a developer, others delete them, in bad weather. When all is over no key of theirs is good.
func TestNoKeyOutlivesItsDeveloper(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	who := desk.Person(caller.Admin)
	for seed := range uint64(20) {
		t.Run(fmt.Sprint("storm ", seed), func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			r := d.Ask(who, fixture.Identity)
			path := collection + "/" + r.ByUser
			d.Storm(seed, 0.2)
			var racing sync.WaitGroup
			for range 3 {
				racing.Go(func() { _, _ = d.Issuer().Issue(d.Invocation(t.Context()), r, who.Act("approved"), "") })
				racing.Go(func() { call(t, d, d.Issuer().Table, who, http.MethodDelete, path, "") })
				racing.Go(func() { _ = d.Issuer().Table.Write(d.Invocation(t.Context()), another(t, r.ByUser, who)) })
				racing.Go(func() {
					call(t, d, d.Issuer().Table, who, http.MethodPut, path, `{"email": "late-`+r.ByUser+`@example.com"}`)
				})
			}
			racing.Wait()
			d.Calm()
			if last := call(t, d, d.Issuer().Table, who, http.MethodDelete, path, ""); last.status != 200 && last.status != 404 {
				t.Errorf("%d %s", last.status, last.text)
			}
			granted := 0
			if d.Read(r.ID).State == portal.Approved {
				granted = 1
			}
			if revoked := left(t, d, r.ByUser); revoked != granted {
				t.Errorf("%d keys granted, %d revoked", granted, revoked)
			}
		})
	}
}
