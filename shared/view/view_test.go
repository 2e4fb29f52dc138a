package view_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

func request(id, developer string, policies ...string) table.Request {
	return table.Request{Request: portal.Request{
		ID: id, OrgID: fixture.Org, ByUser: developer, ApplyPolicies: policies, ForPlan: policies[0], RemovePolicies: []string{},
	}}
}

var admin = caller.Caller{Role: caller.Admin}

func TestJoin(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	views, err := view.Join(t.Context(), desk.Table, admin, []table.Request{
		request("1", fixture.Ada, fixture.Payments, fixture.Petstore),
		request("2", fixture.Ben, fixture.Weather, fixture.Petstore),
		request("3", fixture.Ada, fixture.Weather),
	}, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct {
		id, email, entry string
		catalogues       []string
	}{
		{"1", "ada@example.com", "Payments", []string{"Payments", "Swagger Petstore"}},
		{"2", "ben@example.com", "", []string{"Swagger Petstore"}}, // the first policy has no entry, the second has one
		{"3", "ada@example.com", "", nil},
	} {
		got := wire(t, views[i])
		var names []string
		for _, entry := range got.Catalogues {
			names = append(names, entry.Name)
		}
		if got.ID != want.id || got.Developer.Email != want.email || got.Entry.Name != want.entry {
			t.Errorf("%+v, want %+v", got, want)
		}
		if len(names) != len(want.catalogues) || len(names) > 0 && (names[0] != want.catalogues[0] || names[len(names)-1] != want.catalogues[len(names)-1]) {
			t.Errorf("request %s: catalogues %v, want %v", want.id, names, want.catalogues)
		}
	}
}

// shown is what a client sees of a view.
type shown struct {
	ID        string
	Developer struct{ Email string } `json:"portal_developer"`
	Entry     struct{ Name string }  `json:"catalogue_entry"`

	Catalogues []struct{ Name string }
}

func wire(t *testing.T, v view.Request) (s shown) {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// A developer who was deleted leaves requests behind. Clients walk through a developer's keys without asking whether there
// are any, so that even nobody's are {} and not null.
func TestJoinWithoutDeveloper(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	const nobody = "5efdbdb749960c000137ffff"
	views, err := view.Join(t.Context(), desk.Table, admin, []table.Request{request("1", nobody, fixture.Weather)}, 10)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(views[0])
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Developer map[string]any `json:"portal_developer"`
		Entry     map[string]any `json:"catalogue_entry"`
		All       []any          `json:"catalogues"`
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	for _, member := range []string{"keys", "subscriptions", "fields"} {
		if object, ok := got.Developer[member].(map[string]any); !ok || len(object) != 0 {
			t.Errorf("%s is %v, want {}", member, got.Developer[member])
		}
	}
	if history, ok := got.Developer["PWHistory"].([]any); !ok || len(history) != 0 {
		t.Errorf("PWHistory is %v, want []", got.Developer["PWHistory"])
	}
	if got.Entry == nil || len(got.Entry) != 0 || got.All == nil || len(got.All) != 0 {
		t.Errorf("catalogue_entry %v, catalogues %v; want {} and []", got.Entry, got.All)
	}
}

// However many requests there are, a developer is read once, and all entries in one call.
func TestJoinReadsEachOnce(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	plan.Reset()
	plan.Hold(50 * time.Millisecond)
	var requests []table.Request
	for range 40 {
		requests = append(requests, request("1", fixture.Ada, fixture.Payments), request("2", fixture.Ben, fixture.Petstore))
	}
	if _, err := view.Join(t.Context(), desk.Table, admin, requests, 10); err != nil {
		t.Fatal(err)
	}
	if rounds := plan.Rounds(); len(rounds) != 1 || len(rounds[0]) != 3 {
		t.Errorf("calls %v, want one round of two developers and the books", rounds)
	}
	plan.Reset()
	if views, err := view.Join(t.Context(), desk.Table, admin, nil, 10); err != nil || views == nil || len(views) != 0 || len(plan.Calls()) != 0 {
		t.Errorf("of no requests: %v, %v, after %v", views, err, plan.Calls())
	}
}

func TestJoinFails(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"Query", "BatchGetItem"} {
		plan := faults.New(t)
		desk := desktest.New(t, fixture.Desk, plan.Install)
		plan.Add(faults.Rule{Operation: operation, Fault: faults.NeverSent, Times: faults.Always})
		if views, err := view.Join(t.Context(), desk.Table, admin, []table.Request{request("1", fixture.Ada, fixture.Payments)}, 10); err == nil {
			t.Errorf("%s fails, and there is an answer: %v", operation, views)
		}
	}
}

// The token that logs in to somebody's identity provider is shown to those alone who may write it.
func TestJoinHidesTokens(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	before, err := desk.Table.Catalogue(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	after, err := portal.NewCatalogue(fixture.Org, before.ID,
		`{"apis": [{"policy_id": "`+fixture.Payments+`", "config": {"dcr_options": {"access_token": "text-of-a-token"}}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Table.WriteCatalogue(t.Context(), fixture.Org, before, after.Catalogue); err != nil {
		t.Fatal(err)
	}
	for _, role := range caller.Roles {
		views, err := view.Join(t.Context(), desk.Table, caller.Caller{Role: role}, []table.Request{request("1", fixture.Ada, fixture.Payments)}, 10)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(views[0])
		if err != nil {
			t.Fatal(err)
		}
		if shown, want := strings.Count(string(text), "text-of-a-token"), map[caller.Role]int{caller.Admin: 2}[role]; shown != want {
			t.Errorf("%s reads the token %d times, want %d: %s", role, shown, want, text)
		}
	}
}
