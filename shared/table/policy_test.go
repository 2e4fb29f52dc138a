package table_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

func policyOf(t *testing.T, document string) portal.Policy {
	t.Helper()
	p, err := portal.NewPolicy(fixture.Org, portal.Object(document), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func kindOf(err error) portal.Kind {
	var refusal *portal.Error
	if errors.As(err, &refusal) {
		return refusal.Kind
	}
	return 0
}

func TestPolicies(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	books := tabletest.New(t, plan.Install)
	var ids []string
	for n := range 25 {
		p := policyOf(t, fmt.Sprintf(`{"_id": "%02d", "name": "Plan %d", "x": %q}`, n, n, strings.Repeat("x", 100<<10))) // ten fill an answer
		if err := books.CreatePolicy(t.Context(), fixture.Org, p); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	slices.Reverse(ids)
	idsOf := func(policies []portal.Policy, err error) []string {
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, p := range policies {
			ids = append(ids, p.ID)
		}
		return ids
	}
	for want, shown := range map[int]int{1: 1, 10: 10, 25: 25, 1000: 25} {
		if got := idsOf(books.Policies(t.Context(), fixture.Org, want, nil)); !slices.Equal(got, ids[:shown]) {
			t.Errorf("the newest %d: %v", want, got)
		}
	}
	even := func(p *portal.Policy) bool { return p.ID[1]%2 == 0 }
	if got := idsOf(books.Policies(t.Context(), fixture.Org, 3, even)); !slices.Equal(got, []string{"24", "22", "20"}) {
		t.Errorf("three even ones: %v", got)
	}
	if got := idsOf(books.Policies(t.Context(), fixture.OtherOrg, 10, nil)); len(got) != 0 {
		t.Errorf("another organisation's: %v", got)
	}
	plan.Reset()
	if total, err := books.CountPolicies(t.Context(), fixture.Org); err != nil || total != 25 || len(plan.Calls()) < 3 {
		t.Errorf("counted %d in %v, %v", total, plan.Calls(), err)
	}
}

// However many policies there are, and however long: a call reads so much of them and no more.
func TestManyLongPolicies(t *testing.T) {
	t.Parallel()
	const many = 92 // ten Queries find eighty
	plan := faults.New(t)
	books := tabletest.New(t, plan.Install)
	for n := range many {
		p := policyOf(t, fmt.Sprintf(`{"_id": "%02d", "name": "Plan %d", "x": %q}`, n, n, strings.Repeat("x", 127<<10)))
		if err := books.CreatePolicy(t.Context(), fixture.Org, p); err != nil {
			t.Fatal(err)
		}
	}
	none := func(*portal.Policy) bool { return false }
	for name, read := range map[string]func() error{
		"list":   func() error { _, err := books.Policies(t.Context(), fixture.Org, 1000, nil); return err },
		"search": func() error { _, err := books.Policies(t.Context(), fixture.Org, 1000, none); return err },
	} {
		plan.Reset()
		err := read()
		if kindOf(err) != portal.TooLarge || !strings.HasPrefix(err.Error(), "This takes more than the 10 MB of policies that one call reads;") || len(plan.Calls()) != 10 {
			t.Errorf("%s: %v, after %d calls", name, err, len(plan.Calls()))
		}
	}
	plan.Reset()
	if total, err := books.CountPolicies(t.Context(), fixture.Org); err != nil || total < 80 || total >= many || len(plan.Calls()) != 10 {
		t.Errorf("counted %d, %v, after %d calls", total, err, len(plan.Calls()))
	}
	if shown, err := books.Policies(t.Context(), fixture.Org, 71, nil); err != nil || len(shown) != 71 || shown[70].ID != "21" {
		t.Errorf("the newest: %d, %v", len(shown), err)
	}
}

func TestPolicyComesAndGoes(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	first, second := policyOf(t, `{"_id": "p", "name": "first"}`), policyOf(t, `{"_id": "p", "name": "second"}`)
	if err := books.ReplacePolicy(t.Context(), fixture.Org, first); !errors.Is(err, portal.ErrNotFound) {
		t.Errorf("replaced before it was there: %v", err)
	}
	if err := books.CreatePolicy(t.Context(), fixture.Org, first); err != nil {
		t.Fatal(err)
	}
	if err := books.CreatePolicy(t.Context(), fixture.Org, second); kindOf(err) != portal.Conflict || !strings.HasPrefix(err.Error(), "_id: there is a policy p already;") {
		t.Errorf("created again: %v", err)
	}
	if got, err := books.Policy(t.Context(), fixture.Org, "p"); err != nil || got != first {
		t.Errorf("there is %+v, %v", got, err)
	}
	if err := books.ReplacePolicy(t.Context(), fixture.Org, second); err != nil {
		t.Fatal(err)
	}
	if got, err := books.Policy(t.Context(), fixture.Org, "p"); err != nil || got != second {
		t.Errorf("there is %+v, %v", got, err)
	}
	if _, err := books.Policy(t.Context(), fixture.OtherOrg, "p"); !errors.Is(err, portal.ErrNotFound) {
		t.Errorf("in another organisation: %v", err)
	}
	for range 2 { // a delete may be said again
		if err := books.DeletePolicy(t.Context(), fixture.Org, "p"); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := books.Policy(t.Context(), fixture.Org, "p"); !errors.Is(err, portal.ErrNotFound) {
		t.Errorf("after it was deleted: %v", err)
	}
}

// Whatever becomes of the answer, a document that was written is not said to be another's.
func TestLostCreates(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]faults.Rule{
		"lost":                        {{Fault: faults.AnswerLost}},
		"lost, and met by a conflict": {{Fault: faults.AnswerLost}, {Fault: faults.Conflict, Nth: 2}},
	} {
		for what, create := range map[string]func(*testing.T, *table.Table) error{
			"policy": func(t *testing.T, books *table.Table) error {
				return books.CreatePolicy(t.Context(), fixture.Org, policyOf(t, `{"_id": "p", "name": "a"}`))
			},
			"configuration": func(t *testing.T, books *table.Table) error {
				return books.CreateConfiguration(t.Context(), fixture.Org, configurationOf(t, "c", `{}`))
			},
		} {
			t.Run(what+" "+name, func(t *testing.T) {
				t.Parallel()
				plan := faults.New(t)
				books := tabletest.New(t, plan.Install)
				for _, r := range rules {
					r.Operation = "TransactWriteItems"
					plan.Add(r)
				}
				if err := create(t, books); err != nil {
					t.Errorf("the first: %v", err)
				}
				if err := create(t, books); err == nil {
					t.Error("the second was not refused")
				}
			})
		}
	}
}
