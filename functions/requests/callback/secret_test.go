package main

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/vault"
)

// TestWhileRotating takes what either secret has signed, until the grace is over.
func TestWhileRotating(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		grace         time.Duration
		before, after int // the status of what is signed by the secret before, and by the one after
	}{
		"with a grace":    {time.Hour, http.StatusOK, http.StatusOK},
		"without a grace": {0, http.StatusUnauthorized, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for signed, want := range map[string]int{"before": c.before, "after": c.after} {
				w := waits(t)
				event := w.event(w.yes("a message"))
				if _, err := w.Signers.Rotate(t.Context(), fixture.Org, c.grace, time.Now()); err != nil {
					t.Fatal(err)
				}
				w.Signers = vault.NewSigners(tabletest.Config(t), w.WebhookPrefix(), "") // the one before remembers for a minute
				if signed == "after" {
					event = w.event(w.yes("a message"))
					event.Headers["webhook-signature"], _, _ = strings.Cut(event.Headers["webhook-signature"], " ") // the newest secret's
				}
				if said := w.Say(function, event); said.Status != want {
					t.Errorf("signed by the secret %s: %d %s", signed, said.Status, said.Text)
				}
			}
		})
	}
}

// TestCalls counts what an answer costs, and what a forged one does. The signing secret is remembered for a minute.
func TestCalls(t *testing.T) {
	t.Parallel()
	forged := func(w *waiting) desktest.Event {
		event := w.event(w.yes("a message"))
		event.Headers["webhook-id"] = "another"
		return event
	}
	unsigned := func(w *waiting) desktest.Event {
		event := w.event(w.yes("a message"))
		delete(event.Headers, "webhook-signature")
		return event
	}
	ofLongAgo := func(w *waiting) desktest.Event {
		m := w.yes("a message")
		m.at = m.at.Add(-time.Hour)
		return w.event(m)
	}
	for name, c := range map[string]struct {
		event func(*waiting) desktest.Event
		want  [][]string
	}{
		"yes":         {func(w *waiting) desktest.Event { return w.event(w.yes("a message")) }, [][]string{{"GetItem"}, {"GetSecretValue"}, {"BatchGetItem"}, {"TransactWriteItems"}}},
		"no":          {func(w *waiting) desktest.Event { return w.event(w.no("a message")) }, [][]string{{"GetItem"}, {"GetSecretValue"}, {"TransactWriteItems"}}},
		"forged":      {forged, [][]string{{"GetItem"}, {"GetSecretValue"}}},
		"unsigned":    {unsigned, [][]string{{"GetItem"}}},
		"of long ago": {ofLongAgo, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(t)
			w := waits(t, plan.Install)
			event := c.event(w)
			w.Signers = vault.NewSigners(tabletest.Config(t, plan.Install), w.WebhookPrefix(), "") // of a process that has just begun
			for again := range 2 {
				plan.Reset()
				plan.Hold(50 * time.Millisecond)
				w.Answer(function, event)
				if got := plan.Rounds(); again == 0 && !reflect.DeepEqual(got, c.want) {
					t.Errorf("calls in rounds: %v, want %v", got, c.want)
				}
			}
			if slices.Contains(plan.Calls(), "GetSecretValue") {
				t.Error("the signing secret is read for each answer")
			}
		})
	}
}
