package main

import (
	"net/http"
	"reflect"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

const requests = "../../../events/requests/update/"

// update has the function answer an event of Ada's request and gives the request as it is then.
func update(t *testing.T, d *desktest.Desk, name string) table.Request {
	t.Helper()
	if answer := d.Answer(function, desktest.Read(t, requests+name+".json")); answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", name, answer.StatusCode, answer.Body)
	}
	r, err := d.Table.Request(t.Context(), fixture.Org, fixture.Pending)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// What an update does not name stays as it was.
func TestOnlyWhatIsNamedChanges(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*portal.Request){
		"fields":   func(r *portal.Request) { r.Fields = `{"usecase": "invoices"}` },
		"policies": func(r *portal.Request) { r.ForPlan, r.ApplyPolicies = fixture.Weather, []string{fixture.Weather} },
		"for-plan": func(r *portal.Request) { r.ForPlan, r.ApplyPolicies = fixture.Weather, []string{fixture.Weather} },
		"seed-001": func(r *portal.Request) { // which says that it is approved, and has another date
			r.ForPlan, r.ApplyPolicies, r.Fields = fixture.Petstore, []string{fixture.Petstore}, "{}"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			before, err := d.Table.Request(t.Context(), fixture.Org, fixture.Pending)
			if err != nil {
				t.Fatal(err)
			}
			want := before.Request
			change(&want)
			want.Revision = 2
			if got := update(t, d, name); !reflect.DeepEqual(got.Request, want) {
				t.Errorf("stored %+v\nwant %+v", got.Request, want)
			}
			if history := d.History(fixture.Pending); !reflect.DeepEqual(history, []string{"created by portal", "updated by portal"}) {
				t.Errorf("history %v", history)
			}
		})
	}
}

// Another plan frees the one before. What nobody has to decide falls due, and falls due no more when somebody has to.
func TestPlansFollow(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	for _, step := range []struct {
		event, held string
		task        table.Task
	}{
		{"fields", fixture.Payments, ""},
		{"to-automatic", fixture.Petstore, table.Decide},
		{"fields", fixture.Petstore, table.Decide},
		{"policies", fixture.Weather, ""},
	} {
		r := update(t, d, step.event)
		if r.Task != step.task || (r.DueAt != "") != (step.task != "") {
			t.Errorf("after %s: task %q, due %q; want %q", step.event, r.Task, r.DueAt, step.task)
		}
		for _, policy := range []string{fixture.Payments, fixture.Petstore, fixture.Weather} {
			want := ""
			if policy == step.held {
				want = fixture.Pending
			}
			if holder := d.Holder(fixture.Ada, policy); holder != want {
				t.Errorf("after %s: %s is held by %q, want %q", step.event, policy, holder, want)
			}
		}
	}
}
