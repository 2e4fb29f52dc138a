package main

import (
	"encoding/json"
	"fmt"
	"net/http"
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

// said is what a call was answered.
type said struct {
	status  int
	Message string
	given
}

// send has a fresh process answer a person's call.
func send(t testing.TB, d *trial.Desk, who trial.Person, method, path, body, idempotencyKey string) said {
	t.Helper()
	headers := map[string]string{}
	if idempotencyKey != "" {
		headers["idempotency-key"] = idempotencyKey
	}
	issuer := d.Issuer()
	response, err := rest.Handle(issuer.Table, operations(issuer, d.Signers(), paging)...)(d.Invocation(t.Context()), who.Call(method, path, body, headers))
	if err != nil {
		t.Error(err)
	}
	answer := said{status: response.StatusCode}
	if err := json.Unmarshal([]byte(response.Body), &answer); err != nil {
		t.Errorf("%v: %d", err, response.StatusCode)
	}
	return answer
}

// holding is a new developer's key for the Petstore.
func holding(t testing.TB, d *trial.Desk, who trial.Person) table.IssuedKey {
	t.Helper()
	r := d.Ask(who, fixture.Petstore)
	if _, err := d.Unharmed().Issue(t.Context(), r, who.Act("approved"), ""); err != nil {
		t.Fatal(err)
	}
	keys, _, err := d.Books.KeysOf(t.Context(), fixture.Org, r.ByUser, "", 1)
	if err != nil || len(keys) != 1 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	return keys[0]
}

// rough is weather in which DynamoDB conflicts and throttles, and answers are lost.
func rough(d *trial.Desk) {
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: many / 5, Times: many})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Times: many / 5})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.ThrottleItem, Times: many / 2})
}

// atOnce makes so many calls in the same moment: all have looked the key up before anybody writes.
func atOnce(d *trial.Desk, one func(n int) said) []said {
	d.Gate("TransactWriteItems", many)
	rough(d)
	answers := make([]said, many)
	var racing sync.WaitGroup
	for n := range many {
		racing.Go(func() { answers[n] = one(n) })
	}
	racing.Wait()
	return answers
}

// Fifty rotate one key: it has one successor, and one of them is given it; where they are one who repeats the call, each time.
func TestFiftyRotations(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	who := desk.Person(caller.Portal)
	for idempotencyKey, want := range map[string]int{"": 1, "again": many} {
		t.Run("key "+idempotencyKey, func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			k := holding(t, d, who)
			d.Gate("CreateSecret", many)
			answers := atOnce(d, func(int) said {
				return send(t, d, who, http.MethodPost, path(k.Developer, k.Shown, "rotate"), "", idempotencyKey)
			})
			keys := audit(t, d, k.Developer)
			if len(keys) != 2 {
				t.Fatalf("%d keys", len(keys))
			}
			given := 0
			for _, a := range answers {
				switch {
				case a.status == http.StatusOK && a.RawKey != "" && a.Key == keys[0].Shown:
					given++
				case a.status != http.StatusConflict || a.Message != "The key has been rotated already." || a.RawKey != "":
					t.Errorf("%d %s", a.status, a.Message)
				}
			}
			if given != want {
				t.Errorf("%d were given the successor, want %d", given, want)
			}
		})
	}
}

// Fifty revoke one key: one has done it, the others find nothing.
func TestFiftyRevocations(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	k := holding(t, d, who)
	counts := map[string]int{}
	for _, a := range atOnce(d, func(int) said { return send(t, d, who, http.MethodDelete, path(k.Developer, k.Shown), "", "") }) {
		counts[fmt.Sprint(a.status, " ", a.Message)]++
	}
	if counts["200 Data deleted"] != 1 || counts["404 Could not retrieve object for deletion"] != many-1 {
		t.Errorf("answers %v", counts)
	}
	if keys := audit(t, d, k.Developer); len(keys) != 1 || keys[0].State != table.Revoked {
		t.Errorf("left are %+v", keys)
	}
}

// Whoever acts on a key that is rotated in this very moment is told of the successor: what they mean to end would go on in it.
func TestRotatedMeanwhile(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	who := desk.Person(caller.Admin)
	for _, act := range []struct{ method, below, body string }{
		{http.MethodDelete, "", ""}, {http.MethodPost, "/suspend", ""}, {http.MethodPut, "", `{"apply_policies": ["` + fixture.Weather + `"]}`},
	} {
		d := desk.Again(t)
		k := holding(t, d, who)
		d.Meanwhile("TransactWriteItems", func() {
			turn := approval.Rotation{Grace: time.Hour}
			if _, err := d.Unharmed().Rotate(t.Context(), k, who.Act("rotated"), turn); err != nil {
				t.Error(err)
			}
		})
		got := send(t, d, who, act.method, path(k.Developer, k.Shown)+act.below, act.body, "")
		if got.status != http.StatusConflict || got.Message != "The key has been rotated already." {
			t.Errorf("%s %s: %d %s", act.method, act.below, got.status, got.Message)
		}
		if keys := audit(t, d, k.Developer); len(keys) != 2 || keys[1].State != table.Active || keys[1].Revision != 2 {
			t.Errorf("left are %+v", keys)
		}
	}
}

// Fifty ask for a key that nobody decides about, as one who repeats the call: there is one key, and each is given it.
func TestFiftyAdds(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	developer := d.Developer()
	answers := atOnce(d, func(int) said {
		return send(t, d, who, http.MethodPost, path(developer), `{"apply_policies": ["`+fixture.Petstore+`"]}`, "one")
	})
	keys := audit(t, d, developer)
	if len(keys) != 1 {
		t.Fatalf("%d keys", len(keys))
	}
	for _, a := range answers {
		if a.status != http.StatusOK || a.RawKey != answers[0].RawKey || a.RawKey == "" {
			t.Errorf("%d %s, the same key: %t", a.status, a.Message, a.RawKey == answers[0].RawKey)
		}
	}
}

// Fifty ask for a key without an Idempotency-Key: there is one request and one key, and one call is given it.
func TestFiftyAddsWithoutAKey(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	developer := d.Developer()
	answers := atOnce(d, func(int) said {
		return send(t, d, who, http.MethodPost, path(developer), `{"apply_policies": ["`+fixture.Petstore+`"]}`, "")
	})
	keys := audit(t, d, developer)
	if len(keys) != 1 {
		t.Fatalf("%d keys", len(keys))
	}
	given := 0
	for _, a := range answers {
		switch {
		case a.RawKey != "":
			given++
		case a.status == http.StatusOK && a.Message == keys[0].Request: // it says where the request stands
		case a.status != http.StatusConflict:
			t.Errorf("%d %s", a.status, a.Message)
		}
	}
	if given != 1 {
		t.Errorf("%d were given the key", given)
	}
}

// A call that asks for the same as another credential's request is told of it, and is given nothing. Its own creator's call goes on with it.
func TestRequestOfAnotherCredential(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	first, body := d.Person(caller.Portal), `{"apply_policies": ["`+fixture.Petstore+`"]}`
	r := d.Ask(first, fixture.Petstore)
	for _, role := range []caller.Role{caller.Portal, caller.Admin} {
		other := send(t, d, d.Person(role), http.MethodPost, path(r.ByUser), body, "")
		if other.status != http.StatusOK || other.Message != r.ID || other.RawKey != "" {
			t.Errorf("%s: %d %s, a key: %t", role, other.status, other.Message, other.RawKey != "")
		}
	}
	if after := d.Audit(r.ID); after.State != portal.Pending || after.Revision != 1 {
		t.Errorf("the request is %s, revision %d", after.State, after.Revision)
	}
	if own := send(t, d, first, http.MethodPost, path(r.ByUser), body, ""); own.status != http.StatusOK || own.RawKey == "" {
		t.Errorf("its creator: %d %s", own.status, own.Message)
	}
}

// The day on which a key was last used is noted while somebody changes the key: no act takes it away. A successor was not used yet.
func TestLastUseStays(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Admin)
	k := holding(t, d, who)
	at := path(k.Developer, k.ID)
	for n, act := range []struct{ method, below, body string }{
		{http.MethodPut, "", `{"apply_policies": ["` + fixture.Weather + `"]}`}, {http.MethodPost, "/suspend", ""}, {http.MethodPost, "/resume", ""},
		{http.MethodPost, "/rotate", ""}, {http.MethodDelete, "", ""},
	} {
		day := fmt.Sprintf("2026-11-%02d", n+1)
		d.Meanwhile("TransactWriteItems", func() {
			if err := d.Books.Used(t.Context(), k.Digest, day); err != nil {
				t.Error(err)
			}
		})
		if got := send(t, d, who, act.method, at+act.below, act.body, ""); got.status != http.StatusOK {
			t.Errorf("%s: %d %s", act.below, got.status, got.Message)
		}
		if keys := audit(t, d, k.Developer); keys[len(keys)-1].LastUsed != day || len(keys) == 2 && keys[0].LastUsed != "" {
			t.Errorf("after %s %s: %+v, want it used on %s", act.method, act.below, keys, day)
		}
	}
}

// While some rotate a key, others suspend and resume it, change its policies and, every other time, revoke it, in bad weather.
// Whatever comes of it adds up; and when whatever is left is revoked, nothing is held any more.
func TestStormOverAKey(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	who := desk.Person(caller.Admin)
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("storm ", seed), func(t *testing.T) {
			t.Parallel()
			d := desk.Again(t)
			k := holding(t, d, who)
			at := path(k.Developer, k.ID)
			d.Storm(seed, 0.3)
			var racing sync.WaitGroup
			for n := range 3 {
				for _, c := range []struct{ method, below, body string }{
					{http.MethodPost, "/rotate", ""}, {http.MethodPost, "/suspend", ""}, {http.MethodPost, "/resume", ""},
					{http.MethodPut, "", `{"apply_policies": ["` + []string{fixture.Payments, fixture.Weather, fixture.Petstore}[n] + `"]}`},
				} {
					racing.Go(func() { send(t, d, who, c.method, at+c.below, c.body, "") })
				}
			}
			if seed%2 == 1 {
				racing.Go(func() { send(t, d, who, http.MethodDelete, at, "", "") })
			}
			racing.Wait()
			d.Calm()
			for _, k := range audit(t, d, k.Developer) {
				if k.State != table.Revoked {
					act := who.Act("revoked")
					if err := approval.ChangeKey(t.Context(), d.Books, k, act, approval.KeyTo(act, table.Revoked)); err != nil {
						t.Error(err)
					}
				}
			}
			for _, k := range audit(t, d, k.Developer) {
				if k.State != table.Revoked || k.RevokedAt == "" {
					t.Errorf("a key is %s", k.State)
				}
			}
		})
	}
}

// A rotation that dies anywhere is finished by the same call: whatever lies in the box is the successor, and it is given once.
func TestLostRotations(t *testing.T) {
	t.Parallel()
	desk := trial.Open(t)
	who, other := desk.Person(caller.Portal), desk.Person(caller.Admin)
	for _, operation := range []string{"GetItem", "Query", "BatchGetItem", "CreateSecret", "TransactWriteItems"} {
		for _, fault := range []faults.Fault{faults.NeverSent, faults.AnswerLost, faults.CrashBefore, faults.CrashAfter} {
			for _, next := range []trial.Person{who, other} {
				if next.Name == other.Name && operation != "CreateSecret" && operation != "TransactWriteItems" {
					continue // nothing was done
				}
				t.Run(fmt.Sprintf("%s %s, then %s", operation, fault, next.Role), func(t *testing.T) {
					t.Parallel()
					d := desk.Again(t)
					k := holding(t, d, who)
					d.Add(faults.Rule{Operation: operation, Fault: fault})
					crashed := fault == faults.CrashBefore || fault == faults.CrashAfter
					done := !crashed || operation == "TransactWriteItems" && fault == faults.CrashAfter
					lose(t, d, k, who, next, crashed, done)
				})
			}
		}
	}
}

// lose has somebody rotate a key, whose answer may be lost, and then somebody, perhaps the same.
func lose(t *testing.T, d *trial.Desk, k table.IssuedKey, who, next trial.Person, lost, done bool) {
	t.Helper()
	at := path(k.Developer, k.Shown, "rotate")
	first := send(t, d, who, http.MethodPost, at, "", "again")
	if has := first.status == http.StatusOK && first.RawKey != ""; has == lost {
		t.Errorf("%d %s", first.status, first.Message)
	}
	second := send(t, d, next, http.MethodPost, at, "", "again")
	mayHave := next.Name == who.Name || !done
	if has := second.status == http.StatusOK && second.RawKey != ""; has != mayHave || !has && second.status != http.StatusConflict {
		t.Errorf("then %d %s", second.status, second.Message)
	}
	if mayHave && !lost && second.given != first.given {
		t.Error("the same call is given another key")
	}
	keys := audit(t, d, k.Developer)
	box, err := d.Unharmed().Vault.Open(t.Context(), fixture.Org, k.ID, portal.AuthToken)
	if err != nil || len(keys) != 2 || keys[0].Digest != box.Digest() || keys[1].Rotation.Successor != box.Digest() {
		t.Errorf("%d keys, the successor in the box: %v", len(keys), err)
	}
}
