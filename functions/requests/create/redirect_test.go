package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// sold are settings under which a third party decides on the Petstore, whose entry leaves that to the organisation.
const sold = `{
	"redirect_on_key_request": true, "redirect_to": "https://pay.example/keys?shop=7&request_id=none", "redirect_origins": ["https://pay.example"], "callback_within": 3600,
	"enable_multi_selection": true
}`

// posts has the portal ask for the Petstore on behalf of Ada.
func posts(d *desktest.Desk, idempotencyKey string) desktest.Said {
	event := desktest.Call(fixture.PortalCredential, http.MethodPost, "/api/portal/requests", fmt.Sprintf(`{"by_user": %q, "apply_policies": [%q]}`, fixture.Ada, fixture.Petstore))
	event.Headers["idempotency-key"] = idempotencyKey
	return d.Say(function, event)
}

// way holds that an answer sends the developer to the third party for a revision of the request, as only the desk can have written it.
func way(t *testing.T, signers *vault.Signers, said desktest.Said, revision int) approval.Redirected {
	t.Helper()
	var w approval.Redirected
	if err := json.Unmarshal(said.Meta, &w); err != nil || said.Status != http.StatusOK || !portal.ValidID(said.Message) {
		t.Fatalf("%d %s, %v", said.Status, said.Text, err)
	}
	there, err := url.Parse(w.RedirectTo)
	if err != nil || !strings.HasPrefix(w.RedirectTo, "https://pay.example/keys?") {
		t.Fatalf("it leads to %s, %v", w.RedirectTo, err)
	}
	want := url.Values{
		"asked": {w.Asked},
		"shop":  {"7"}, "request_id": {said.Message}, "revision": {strconv.Itoa(revision)}, "timestamp": {strconv.FormatInt(w.Timestamp, 10)}, "signature": {w.Signature},
	}
	if got := there.Query(); !reflect.DeepEqual(got, want) || w.RequestID != said.Message || len(w.Asked) != 64 || w.Revision != revision {
		t.Errorf("it leads there with %v, want %v", got, want)
	}
	signing, err := signers.Of(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	hook, err := webhooks.NewWebhook(signing.Secrets()[0].Reveal())
	if err != nil {
		t.Fatal(err)
	}
	headers := http.Header{}
	headers.Set("webhook-id", there.Query().Get("request_id"))
	headers.Set("webhook-timestamp", there.Query().Get("timestamp"))
	headers.Set("webhook-signature", there.Query().Get("signature"))
	if err := hook.Verify([]byte(said.Message+"."+w.Asked), headers); err != nil { // which looks at the time, too
		t.Errorf("its signature is not the desk's: %v", err)
	}
	return w
}

func read(t *testing.T, d *desktest.Desk, id string) table.Request {
	t.Helper()
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRedirect has the portal told where to send the developer, as often as it asks again with its Idempotency-Key, for as long as the
// third party is to decide.
func TestRedirect(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(sold)
	said := posts(d, "a")
	first := way(t, d.Signers, said, 1)
	r := read(t, d, said.Message)
	due, err := time.Parse(time.RFC3339, r.DueAt)
	if wait := time.Until(due); err != nil || r.State != portal.Waiting || r.Task != table.AnswerInstead || wait > time.Hour || wait < 59*time.Minute {
		t.Errorf("it is %s, and the schedule is to %q in %s", r.State, r.Task, wait)
	}
	if next := approval.NextActor(&r); next != "third party" || first.Timestamp < time.Now().Unix()-60 {
		t.Errorf("next is %q, by a link of %d", next, first.Timestamp)
	}
	d.Unchanged("asked again", func() {
		if again := posts(d, "a"); again.Message != said.Message {
			t.Errorf("another request: %s", again.Text)
		} else {
			way(t, d.Signers, again, 1)
		}
	})
	act := approval.Act{Name: "updated", By: fixture.Clerk(), At: time.Now(), RequestID: "test"}
	if err := approval.Change(t.Context(), d.Table, r, act, func(r table.Request) (table.Request, error) { r.Fields = `{"a": 1}`; return r, nil }); err != nil {
		t.Fatal(err)
	}
	way(t, d.Signers, posts(d, "a"), 2)
	rotated := desktest.Call(d.Rotate(fixture.PortalCredential), http.MethodPost, "/api/portal/requests", fmt.Sprintf(`{"by_user": %q, "apply_policies": [%q]}`, fixture.Ada, fixture.Petstore))
	rotated.Headers["idempotency-key"] = "a"
	if again := d.Say(function, rotated); again.Message != said.Message { // which the write alone can know
		t.Errorf("after a rotation another request: %s", again.Text)
	} else {
		way(t, d.Signers, again, 2)
	}
	if err := approval.Change(t.Context(), d.Table, read(t, d, said.Message), act, approval.Close(act, portal.Declined)); err != nil {
		t.Fatal(err)
	}
	rotated.Headers["authorization"] = fixture.PortalCredential
	if again := d.Say(function, rotated); again.Text != `{"Status":"OK","Message":"`+said.Message+`","Meta":null}` {
		t.Errorf("once it is decided: %d %s", again.Status, again.Text)
	}
}

// While the organisation's secret is rotated, what the desk signs is good by the one and by the other.
func TestRedirectWhileRotating(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(sold)
	before, err := d.Signers.Of(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	after, err := d.Signers.Rotate(t.Context(), fixture.Org, time.Hour, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	said := posts(d, "")
	w := way(t, d.Signers, said, 1)
	for which, secret := range []string{before.Secrets()[0].Reveal(), after.Secrets()[0].Reveal()} {
		hook, err := webhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := hook.Sign(w.RequestID, time.Unix(w.Timestamp, 0), []byte(w.RequestID+"."+w.Asked))
		if err != nil || !strings.Contains(w.Signature, alone) {
			t.Errorf("it is not signed by secret %d (%v)", which, err)
		}
	}
}

// TestRedirectRefused asks for what nobody may be sent away for any more: the settings have changed since, or were never seen.
func TestRedirectRefused(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(sold)
	stored, err := d.Table.Configuration(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	const where = "The catalogue entry of " + fixture.Petstore + ": redirect_to"
	for name, c := range map[string]struct{ before, after, words string }{
		"the origin is gone":       {`["https://pay.example"]`, `[]`, where + ": https://pay.example is not one of the organisation's redirect_origins; add it there first"},
		"another is allowed":       {`["https://pay.example"]`, `["https://evil.example"]`, where + ": https://pay.example is not one of"},
		"it leads anywhere":        {`"redirect_to":"https://pay.example`, `"redirect_to":"//evil.example`, where + " is not an address that begins with https://."},
		"it leads to a look-alike": {`"redirect_to":"https://pay.example`, `"redirect_to":"https://pay.example@evil.example`, where + ": an address with a user's name in it is not taken."},
	} {
		var changed portal.Configuration
		text, err := json.Marshal(stored)
		if err != nil || !strings.Contains(string(text), c.before) {
			t.Fatalf("%s, %v", text, err)
		}
		if err := json.Unmarshal([]byte(strings.Replace(string(text), c.before, c.after, 1)), &changed); err != nil { // past the look that a handler takes
			t.Fatal(err)
		}
		if err := d.Table.PutConfiguration(t.Context(), fixture.Org, changed); err != nil {
			t.Fatal(err)
		}
		d.Unchanged(name, func() {
			if said := posts(d, "a"); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, c.words) {
				t.Errorf("%s: %d %s; want %s", name, said.Status, said.Text, c.words)
			}
		})
	}
}

// A third party's yes is for what it was asked about: nobody is sent there with what another decides.
func TestRedirectOfSeveral(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(sold)
	ask := func(policies ...string) desktest.Said {
		return d.Say(function, desktest.Call(fixture.PortalCredential, http.MethodPost, "/api/portal/requests",
			fmt.Sprintf(`{"by_user": %q, "apply_policies": ["%s"]}`, fixture.Ada, strings.Join(policies, `", "`))))
	}
	for _, policies := range [][]string{{fixture.Petstore, fixture.Identity}, {fixture.Identity, fixture.Petstore}, {fixture.Petstore, fixture.Weather}} {
		d.Unchanged(fmt.Sprint(policies), func() {
			if said := ask(policies...); said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "apply_policies: a third party decides on the plan "+fixture.Petstore) {
				t.Errorf("%v: %d %s", policies, said.Status, said.Text)
			}
		})
	}
	if said := ask(fixture.Identity); said.Status != http.StatusOK || string(said.Meta) != "null" {
		t.Errorf("what a reviewer decides: %d %s", said.Status, said.Text)
	}
}

// TestRedirectCalls counts what it costs: the secret is read once, before anything is written, so that nothing is written that cannot be
// signed. Who is sent nowhere does not pay for it.
func TestRedirectCalls(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install)
	rounds := func(want ...[]string) {
		t.Helper()
		plan.Reset()
		plan.Hold(50 * time.Millisecond)
		if said := posts(d, strconv.Itoa(len(plan.Calls()))+time.Now().String()); said.Status != http.StatusOK {
			t.Errorf("%d %s", said.Status, said.Text)
		}
		if got := plan.Rounds(); !reflect.DeepEqual(got, want) {
			t.Errorf("calls in rounds: %v, want %v", got, want)
		}
	}
	d.Settings(`{"enable_multi_selection": true}`)
	rounds([]string{"BatchGetItem", "GetItem"}, []string{"TransactWriteItems"})
	d.Settings(sold)
	if _, err := d.Signers.Of(t.Context(), fixture.Org); err != nil { // which makes it
		t.Fatal(err)
	}
	rounds([]string{"BatchGetItem", "GetItem"}, []string{"GetSecretValue"}, []string{"TransactWriteItems"})
	rounds([]string{"BatchGetItem", "GetItem"}, []string{"TransactWriteItems"}) // kept
}

// TestRedirectThatCannotBeSigned writes nothing: whoever asks again is not told that there is a request already.
func TestRedirectThatCannotBeSigned(t *testing.T) {
	t.Parallel()
	for fault, times := range map[faults.Fault]int{faults.Throttle: 6, faults.Deleting: 1} {
		plan := faults.New(t)
		d := desktest.New(t, fixture.Desk, plan.Install)
		d.Settings(sold)
		plan.Add(faults.Rule{Operation: "GetSecretValue", Fault: fault, Times: times})
		d.Unchanged("unsigned", func() {
			if said := posts(d, ""); said.Status != http.StatusTooManyRequests || !strings.HasSuffix(said.Message, "Try again in a moment.") {
				t.Errorf("%s: %d %s", fault, said.Status, said.Text)
			}
		})
		way(t, d.Signers, posts(d, ""), 1)
	}
}
