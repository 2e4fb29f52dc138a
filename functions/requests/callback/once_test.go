package main

import (
	"fmt"
	"net/http"
	"reflect"
	"sync"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// TestOnce holds that a message decides once: sent again it is answered the same, and whatever comes after it decides nothing.
func TestOnce(t *testing.T) {
	t.Parallel()
	for _, first := range []bool{true, false} {
		t.Run(fmt.Sprint(first), func(t *testing.T) {
			t.Parallel()
			w := waits(t)
			said, opposite := w.yes("one"), w.no("one")
			if !first {
				said, opposite = opposite, said
			}
			w.wants("a message", said, http.StatusOK, w.request.ID)
			w.Unchanged("after the decision", func() {
				later := said
				later.at = later.at.Add(time.Second)
				w.wants("the same again", said, http.StatusOK, w.request.ID)
				w.wants("the same, signed anew", later, http.StatusOK, w.request.ID)
				w.wants("another answer under the same id", opposite, http.StatusConflict, "Key request has already been processed.")
				for what, m := range map[string]message{"another that says the same": said, "another that says otherwise": opposite} {
					m.id = "another"
					w.wants(what, m, http.StatusConflict, "Key request has already been processed.")
				}
			})
			w.isDecided(first)
		})
	}
}

// isDecided wants the request approved, its key waiting for its developer; or declined, with nothing left of it.
func (w *waiting) isDecided(yes bool) {
	w.t.Helper()
	r, keys := w.read(), len(w.Issued(w.request.ID))
	if r.DecidedBy != "third party" || r.Reason != "paid" || r.Delivery != nil {
		w.t.Errorf("decided: %+v", r)
	}
	if yes && (r.State != portal.Approved || keys != 1 || len(w.Boxes()) != 2) {
		w.t.Errorf("a yes leaves it %s, with %d keys and the boxes %v", r.State, keys, w.Boxes())
	}
	if !yes && (r.State != portal.Declined || keys != 0 || w.Holder(fixture.Chen, fixture.Petstore) == r.ID) {
		w.t.Errorf("a no leaves it %s, with %d keys", r.State, keys)
	}
}

// TestTooLate has the third party answer after the default has come in its place.
func TestTooLate(t *testing.T) {
	t.Parallel()
	for fallback, words := range map[string]string{
		"ask":     "The request does not wait for a third party (any more); a reviewer decides it.",
		"decline": "Key request has already been processed.",
	} {
		t.Run(fallback, func(t *testing.T) {
			t.Parallel()
			w := waitsWith(t, byMail+`, "callback_default": "`+fallback+`"`)
			yes := w.yes("late")
			done, err := w.Issuer.Due(t.Context(), w.request, time.Now().Add(25*time.Hour), "a day later")
			if want := map[string]approval.Done{"ask": approval.Asked, "decline": approval.Declined}[fallback]; err != nil || done != want {
				t.Fatalf("the schedule has %s, %v", done, err)
			}
			w.Unchanged("too late", func() {
				w.wants("a yes", yes, http.StatusConflict, words)
				w.wants("a no", w.no("late, too"), http.StatusConflict, words)
				w.wants("to the revision that is", yes.with("revision", w.read().Revision), http.StatusConflict, words)
			})
		})
	}
}

// TestEditedMeanwhile holds that an answer to what was asked does not decide what is asked now.
func TestEditedMeanwhile(t *testing.T) {
	t.Parallel()
	w := waits(t)
	yes, no := w.yes("a message"), w.no("a message")
	act := approval.Act{Name: "updated", By: fixture.Clerk(), At: time.Now(), RequestID: "test"}
	edit := func(r table.Request) (table.Request, error) { r.Fields = `{"usecase": "another"}`; return r, nil }
	if err := approval.Change(t.Context(), w.Table, w.request, act, edit); err != nil {
		t.Fatal(err)
	}
	w.Unchanged("an answer to the revision before", func() {
		for what, m := range map[string]message{"yes": yes, "no": no} {
			if said := w.says(m); said.Status != http.StatusPreconditionFailed {
				t.Errorf("%s: %d %s", what, said.Status, said.Text)
			}
		}
	})
	w.read()
	w.wants("an answer to what is asked now", w.yes("a message"), http.StatusOK, w.request.ID)
}

// TestSaidTwiceAtOnce has one message come ten times in the same moment. It is answered the same each time.
func TestSaidTwiceAtOnce(t *testing.T) {
	t.Parallel()
	for _, yes := range []bool{true, false} {
		w := waits(t)
		event := w.event(w.yes("a message").with("approved", yes))
		handle := function(w.Desk)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if answer, err := handle(t.Context(), event); err != nil || answer.StatusCode != http.StatusOK {
					t.Errorf("%t: %d %s (%v)", yes, answer.StatusCode, answer.Body, err)
				}
			})
		}
		all.Wait()
		w.isDecided(yes)
	}
}

// TestYesThatCannotBeFollowed leaves the request to a person: the third party has done what it was asked, and is not told to do it again.
func TestYesThatCannotBeFollowed(t *testing.T) {
	t.Parallel()
	for what, settings := range map[string]string{
		"a rule declines":     byMail + `, "rules": [{"name": "block list", "when": {"email_domain": ["example.com"]}, "outcome": "decline"}]`,
		"a rule asks":         byMail + `, "rules": [{"name": "first key", "when": {}, "outcome": "ask"}]`,
		"no link can be sent": "",
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := waitsWith(t, settings)
			yes := w.yes("a message")
			w.wants("yes", yes, http.StatusOK, w.request.ID)
			if r := w.read(); r.State != portal.Pending || r.Task == table.Decide || len(w.Issued(r.ID)) != 0 {
				t.Errorf("it is %s, and %q is due", r.State, r.Task)
			}
			if history := w.History(w.request.ID); !reflect.DeepEqual(history, []string{"created by portal", "asked by third party"}) {
				t.Errorf("history %v", history)
			}
			w.Unchanged("said again", func() { w.wants("yes", yes, http.StatusOK, w.request.ID) })
		})
	}
}
