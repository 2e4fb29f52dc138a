package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// wishes are for keys of every kind that there is a secret of.
func wishes() map[string]fixture.Wish {
	publicKey := portal.SentKey{Value: secret.New(`-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECF9egqUh+2WxjvargNUbfixJH/XH
1MnqzLteKWeA9FrXjk8OiE4RIvgrmyK78ALmKVr580G9zIcwRa+JFa0n3w==
-----END PUBLIC KEY-----
`)}
	client := portal.OAuthInfo{RedirectURI: "https://app.example.org/callback"}
	return map[string]fixture.Wish{
		portal.AuthToken: {Policy: fixture.Petstore},
		portal.Basic:     {Policy: fixture.Ledger},
		portal.OAuth:     {Policy: fixture.Photos, More: portal.RequestInput{OAuthInfo: &client}},
		portal.JWT:       {Policy: fixture.Parcels, More: portal.RequestInput{JWTSecret: &publicKey}},
	}
}

// TestEachKind claims a key of each kind: it is the one in the box, in the words in which approve would have given it, and some for the page.
func TestEachKind(t *testing.T) {
	t.Parallel()
	for kind, w := range wishes() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			d := open(t)
			w.Developer = fixture.Ada
			w.ID = d.Wish(w)
			d.approves(w.ID, time.Now())
			answer := d.says(w.ID, d.claims(w.ID, mine))
			if answer.Status != http.StatusOK || answer.Headers["Cache-Control"] != "no-store" {
				t.Fatalf("%d, cached %q", answer.Status, answer.Headers["Cache-Control"])
			}
			d.isShown(w, kind, answer.Text)
			if r := d.read(w.ID); r.Delivery == nil || r.Delivery.To != "the developer" || r.Task != "" {
				t.Errorf("delivered: %+v, and then %q", r.Delivery, r.Task)
			}
			if issued := d.Issued(w.ID); len(issued) != 1 || issued[0]["id"] != d.read(w.ID).KeyID {
				t.Errorf("issued %v", issued)
			}
		})
	}
}

// isShown wants an answer to show the key that lies in the box.
func (d *desk) isShown(w fixture.Wish, kind, answer string) {
	d.t.Helper()
	key, err := d.Issuer.Vault.Open(d.t.Context(), fixture.Org, w.ID, kind)
	if err != nil {
		d.t.Fatal(err)
	}
	want := map[string]any{"auth_type": kind, "RawKey": key.Raw().Reveal(), "Password": ""}
	switch kind {
	case portal.Basic:
		want["RawKey"], want["Password"] = key.Name(), key.Raw().Reveal()
	case portal.OAuth:
		want = map[string]any{"auth_type": kind, "client_id": key.Name(), "secret": key.Raw().Reveal(), "policy_id": w.Policy, "redirect_uri": w.More.OAuthInfo.RedirectURI}
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(answer), &got); err != nil {
		d.t.Fatal(err)
	}
	until, err := time.Parse(time.RFC3339, got["again_until"].(string))
	if left := time.Until(until); err != nil || left > approval.Again || left < approval.Again-time.Minute {
		d.t.Errorf("it is given again until %s, %v", until, err)
	}
	if delete(got, "again_until"); !reflect.DeepEqual(got, want) {
		d.t.Errorf("what is shown is not the key of the kind %s in its box", kind)
	}
}

// TestOnce gives the key to one page: again, and with a line of history each time, but to no other, which the reviewer sees.
func TestOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	first := d.says(fixture.Claimable, d.claims(fixture.Claimable, mine))
	if first.Status != http.StatusOK {
		t.Fatalf("%d %s", first.Status, first.Message)
	}
	if r := d.read(fixture.Claimable); r.Proof == mine || r.Delivery.RefusedAt != "" {
		t.Errorf("proof %q, delivery %+v", r.Proof, r.Delivery)
	}
	refused := d.says(fixture.Claimable, d.claims(fixture.Claimable, another))
	r := d.read(fixture.Claimable)
	if want := `{"claimed_at":"` + r.Delivery.At + `","claimed_by":"the developer"}`; refused.Status != http.StatusConflict || string(refused.Meta) != want {
		t.Errorf("another page: %d %s", refused.Status, refused.Text)
	}
	if at, err := time.Parse(time.RFC3339, r.Delivery.RefusedAt); err != nil || time.Since(at) > time.Minute {
		t.Errorf("the reviewer sees %+v", r.Delivery)
	}
	again := d.says(fixture.Claimable, d.claims(fixture.Claimable, mine))
	if again.Status != http.StatusOK || again.Text != first.Text {
		t.Errorf("the same page again: %d, the same: %t", again.Status, again.Text == first.Text)
	}
	want := []string{"created by portal", "approved by reviewer", "delivered by the developer", "delivered again by the developer"}
	if history := d.History(fixture.Claimable); !reflect.DeepEqual(history, want) {
		t.Errorf("history %v", history)
	}
}

// TestManyAtOnce has twenty pages claim one key in the same moment. One is given it.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now())
	handle := function(d.Desk)
	statuses := make([]int, 20)
	var all sync.WaitGroup
	for n := range statuses {
		event := d.event(fixture.Claimable, d.claims(fixture.Claimable, mine+string(rune('a'+n))))
		all.Go(func() {
			answer, err := handle(t.Context(), event)
			if err != nil {
				t.Error(err)
			}
			statuses[n] = answer.StatusCode
		})
	}
	all.Wait()
	count := map[int]int{}
	for _, status := range statuses {
		count[status]++
	}
	if !reflect.DeepEqual(count, map[int]int{http.StatusOK: 1, http.StatusConflict: 19}) {
		t.Errorf("answers by status: %v", count)
	}
}

// TestLostAnswer has the function die once the delivery is written. The page that asked is given the key when it asks again; no other is.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	for _, fault := range []faults.Fault{faults.AnswerLost, faults.CrashAfter, faults.CrashBefore} {
		plan := faults.New(t)
		d := open(t, plan.Install)
		d.approves(fixture.Claimable, time.Now())
		plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: fault})
		first := d.says(fixture.Claimable, d.claims(fixture.Claimable, mine))
		d = d.restarted()
		if first.Status != http.StatusOK && fault == faults.AnswerLost || first.Status == http.StatusOK && fault != faults.AnswerLost {
			t.Errorf("%s: %d %s", fault, first.Status, first.Message)
		}
		if fault == faults.CrashAfter {
			d.wants("another page", fixture.Claimable, d.claims(fixture.Claimable, another), http.StatusConflict, "The key was already claimed")
		}
		d.wants(fault.String(), fixture.Claimable, d.claims(fixture.Claimable, mine), http.StatusOK, "")
		d.wants("another page", fixture.Claimable, d.claims(fixture.Claimable, another), http.StatusConflict, "The key was already claimed")
	}
}

// TestSaved has the desk forget a key: nobody is given it again, and its box goes with the next run of the schedule.
func TestSaved(t *testing.T) {
	t.Parallel()
	d := open(t)
	d.approves(fixture.Claimable, time.Now().Add(-time.Hour))
	d.Unchanged("before it was claimed", func() {
		d.wants("saved", fixture.Claimable, d.saved(mine), http.StatusConflict, "There is no key here")
	})
	d.wants("claimed", fixture.Claimable, d.claims(fixture.Claimable, mine), http.StatusOK, "")
	d.Unchanged("by another page", func() {
		d.wants("saved", fixture.Claimable, d.saved(another), http.StatusConflict, "There is no key here")
	})
	d.wants("saved", fixture.Claimable, d.saved(mine), http.StatusOK, fixture.Claimable)
	d.wants("claimed again", fixture.Claimable, d.claims(fixture.Claimable, mine), http.StatusConflict, "The key was already claimed")
	if len(d.Boxes()) != 2 {
		t.Fatalf("boxes %v", d.Boxes())
	}
	d.endsSecrets(time.Now())
	if len(d.Boxes()) != 0 { // that of the fixture is long due
		t.Errorf("boxes %v", d.Boxes())
	}
	d.Unchanged("saved twice", func() { d.wants("saved", fixture.Claimable, d.saved(mine), http.StatusOK, fixture.Claimable) })
}

// TestAfterTenMinutes gives the key to nobody, not to who had it.
func TestAfterTenMinutes(t *testing.T) {
	t.Parallel()
	for ago, want := range map[time.Duration]int{approval.Again - time.Minute: http.StatusOK, approval.Again + time.Second: http.StatusConflict} {
		d := open(t)
		then := time.Now().Add(-ago)
		d.approves(fixture.Claimable, then.Add(-time.Hour))
		act := approval.Act{By: approval.Developer(fixture.Org), At: then, RequestID: "test"}
		if _, err := d.Issuer.Claim(t.Context(), d.read(fixture.Claimable), act, approval.Proof("claim", mine, 0, nil), 1); err != nil {
			t.Fatal(err)
		}
		d.wants("claimed "+ago.String()+" ago", fixture.Claimable, d.claims(fixture.Claimable, mine), want, "")
	}
}
