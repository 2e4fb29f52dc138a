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

// isDecided wants the request approved, its key to be claimed by its developer; or declined, with nothing left of it.
func (w *waiting) isDecided(yes bool) {
	w.t.Helper()
	r, keys := w.read(), len(w.Issued(w.request.ID))
	if r.DecidedBy != "third party" || r.Reason != "paid" || r.Delivery != nil {
		w.t.Errorf("decided: %+v", r)
	}
	if yes && (r.State != portal.Approved || keys != 0 || len(w.Boxes()) != 1) {
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
	old := yes.with("asked", nil).with("revision", 1)
	w.Unchanged("an answer to what was asked before", func() {
		for what, m := range map[string]message{"yes": yes, "no": no, "by its revision": old, "with the revision that is now": yes.with("revision", 2)} {
			if said := w.says(m); said.Status != http.StatusPreconditionFailed {
				t.Errorf("%s: %d %s", what, said.Status, said.Text)
			}
		}
	})
	w.read()
	w.wants("an answer to what is asked now", w.yes("a message"), http.StatusOK, w.request.ID)
}

// TestRevisedMeanwhile holds that an answer is good for as long as the request asks for the same, whatever its revision is by then.
func TestRevisedMeanwhile(t *testing.T) {
	t.Parallel()
	for what, answer := range map[string]func(*waiting) message{
		"by what is asked": func(w *waiting) message { return w.yes("a message") },
		"by the revision":  func(w *waiting) message { return w.yes("a message").with("asked", nil).with("revision", 1) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			w := waits(t)
			yes := answer(w)
			act := approval.Act{Name: "reminded", By: fixture.Clerk(), At: time.Now(), RequestID: "test"}
			for _, noted := range []string{"looked at", "looked at again"} {
				err := approval.Change(t.Context(), w.Table, w.read(), act, func(r table.Request) (table.Request, error) { r.Why = noted; return r, nil })
				if err != nil {
					t.Fatal(err)
				}
			}
			if r := w.read(); r.Revision != 3 {
				t.Fatalf("it is at revision %d", r.Revision)
			}
			w.wants("an answer to what is asked", yes, http.StatusOK, w.request.ID)
			w.isDecided(true)
		})
	}
}

// TestAskedForAgain holds that a yes is for what it was signed for, though the request asked for something else in between.
func TestAskedForAgain(t *testing.T) {
	t.Parallel()
	w := waits(t)
	yes, first := w.yes("a message"), w.request.Fields
	old := yes.with("asked", nil).with("revision", 1)
	for _, fields := range []portal.Object{`{"usecase": "another"}`, first} {
		act := approval.Act{Name: "updated", By: fixture.Clerk(), At: time.Now(), RequestID: "test"}
		err := approval.Change(t.Context(), w.Table, w.read(), act, func(r table.Request) (table.Request, error) { r.Fields = fields; return r, nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Unchanged("an answer to a revision alone", func() {
		if said := w.says(old); said.Status != http.StatusPreconditionFailed {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
	w.wants("an answer to what is asked", yes, http.StatusOK, w.request.ID)
	w.isDecided(true)
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
