package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// sold are settings under which a third party decides on the Petstore, and under which requests expire.
const sold = `{
	"redirect_on_key_request": true, "redirect_to": "https://pay.example/keys", "redirect_origins": ["https://pay.example"], "callback_within": 3600, "expire_after": 86400
}`

// way holds that an answer sends the developer to the third party for a revision of the request.
func way(t *testing.T, d *desktest.Desk, said desktest.Said, revision int) {
	t.Helper()
	var w approval.Redirected
	if err := json.Unmarshal(said.Meta, &w); err != nil || said.Status != http.StatusOK || w.Revision != revision || w.RequestID != said.Message {
		t.Fatalf("%d %s, want the way for revision %d (%v)", said.Status, said.Text, revision, err)
	}
	r := read(t, d, said.Message)
	leads := "https://pay.example/keys?asked=" + w.Asked + "&request_id=" + said.Message + "&revision=" + strconv.Itoa(revision) + "&"
	if w.Asked != approval.Digest(&r) || !strings.HasPrefix(w.RedirectTo, leads) {
		t.Errorf("it leads to %s, for %s", w.RedirectTo, w.Asked)
	}
	signing, err := d.Signers.Of(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	hook, err := webhooks.NewWebhook(signing.Secrets()[0].Reveal())
	if err != nil {
		t.Fatal(err)
	}
	headers := http.Header{}
	headers.Set("webhook-id", w.RequestID)
	headers.Set("webhook-timestamp", strconv.FormatInt(w.Timestamp, 10))
	headers.Set("webhook-signature", w.Signature)
	if err := hook.Verify([]byte(w.RequestID+"."+w.Asked), headers); err != nil {
		t.Errorf("its signature is not the desk's: %v", err)
	}
}

// TestRedirect has a request that waits for a third party ask for something else: the developer comes there anew, with what the
// third party is to answer to; and no longer where a person decides.
func TestRedirect(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(sold)
	id := wish(t, d, fixture.Ledger, portal.RequestInput{})
	first := read(t, d, id)
	if first.State != portal.Waiting || first.Revision != 1 {
		t.Fatalf("it is %s, revision %d", first.State, first.Revision)
	}
	said, r := put(t, d, id, map[string]any{"fields": map[string]any{"usecase": "demo"}})
	way(t, d, said, 2)
	if r.State != portal.Waiting || r.DueAt != first.DueAt || r.Since != first.Since || r.Task != table.AnswerInstead {
		t.Errorf("the answers alone have changed, and the third party has until %s and not %s: %+v", r.DueAt, first.DueAt, r)
	}
	id = wish(t, d, fixture.Weather, portal.RequestInput{})
	for _, step := range []struct {
		policy string
		state  portal.State
		task   table.Task
		within time.Duration
	}{
		{fixture.Identity, portal.Pending, "", 0}, // whose entry overrides the organisation's settings
		{fixture.Petstore, "", "", 0},             // it is Ben's already
		{fixture.Weather, portal.Pending, table.Expire, 24 * time.Hour},
	} {
		before := read(t, d, id)
		said, r := put(t, d, id, map[string]any{"apply_policies": []string{step.policy}})
		if step.state == "" {
			if said.Status != http.StatusConflict || !reflect.DeepEqual(r, before) {
				t.Errorf("%s: %d %s", step.policy, said.Status, said.Text)
			}
			continue
		}
		if string(said.Meta) != "null" || r.State != step.state || r.RedirectTo != "" {
			t.Errorf("%s: %s, %s to %q", step.policy, said.Text, r.State, r.RedirectTo)
		}
		expects(t, r, step.task, step.within)
	}
}

func read(t *testing.T, d *desktest.Desk, id string) table.Request {
	t.Helper()
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// expects holds what the schedule is to do with a request, and when, from now.
func expects(t *testing.T, r table.Request, task table.Task, within time.Duration) {
	t.Helper()
	if r.Task != task || (r.DueAt == "") != (task == "") {
		t.Errorf("the schedule is to %q at %q, want %q", r.Task, r.DueAt, task)
		return
	}
	due, err := time.Parse(time.RFC3339, r.DueAt)
	if wait := time.Until(due); task != "" && (err != nil || wait > within || wait < within-time.Minute) {
		t.Errorf("it falls due in %s, want %s (%v)", wait, within, err)
	}
}

// TestToAndFro has a request go from a person to a third party and back, as it asks for one plan and for another. Each turn begins anew, and
// the plans follow.
func TestToAndFro(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(sold)
	id := fixture.Pending // Ada's for Payments, whose entry overrides
	before := read(t, d, id).Since
	for n, step := range []struct {
		policy string
		state  portal.State
		task   table.Task
		within time.Duration
	}{
		{fixture.Petstore, portal.Waiting, table.AnswerInstead, time.Hour},
		{fixture.Weather, portal.Pending, table.Expire, 24 * time.Hour},
		{fixture.Petstore, portal.Waiting, table.AnswerInstead, time.Hour},
		{fixture.Payments, portal.Pending, "", 0},
	} {
		said, r := put(t, d, id, map[string]any{"apply_policies": []string{step.policy}})
		if r.State != step.state || r.Since <= before || !reflect.DeepEqual(r.Holds, []string{step.policy}) || d.Holder(fixture.Ada, step.policy) != id {
			t.Errorf("%s: %s, since %s, before that %s; it holds %v", step.policy, r.State, r.Since, before, r.Holds)
		}
		before = r.Since
		expects(t, r, step.task, step.within)
		if step.state == portal.Waiting {
			way(t, d, said, n+2)
		} else if string(said.Meta) != "null" || said.Status != http.StatusOK {
			t.Errorf("%s: %d %s", step.policy, said.Status, said.Text)
		}
	}
}

// Nobody is sent where they may not be sent by a change, either; nor to a third party with what another decides.
func TestRedirectRefused(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(sold)
	d.Unchanged("with another's", func() {
		said, _ := put(t, d, fixture.Pending, map[string]any{"apply_policies": []string{fixture.Petstore, fixture.Weather}})
		if said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "apply_policies: a third party decides on the plan "+fixture.Petstore) {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
	stored, err := d.Table.Configuration(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(stored)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(strings.Replace(string(text), `["https://pay.example"]`, `["https://pay.example.evil.example"]`, 1)), &stored); err != nil {
		t.Fatal(err)
	}
	if err := d.Table.PutConfiguration(t.Context(), fixture.Org, stored); err != nil {
		t.Fatal(err)
	}
	d.Unchanged("not allowed any more", func() {
		said, _ := put(t, d, fixture.Pending, map[string]any{"apply_policies": []string{fixture.Petstore}})
		if said.Status != http.StatusBadRequest || !strings.HasPrefix(said.Message, "The catalogue entry of "+fixture.Petstore+": redirect_to: https://pay.example is not one of") {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
}
