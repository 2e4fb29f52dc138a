package table_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/table"
)

// TestPlansOfAKey gives a key plans and takes them away. What it takes by itself must be free; what it gives back must be its own; and all
// of them end with it.
func TestPlansOfAKey(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	k := stand(t, desk, table.IssuedKey{Shown: "s"})
	plan := func(name string) string {
		it := itemAt(t, desk, "ORG#"+fixture.Org+"#DEVELOPER#"+fixture.Ada, "PLAN#"+name)
		if it == nil {
			return ""
		}
		ends, _ := it["ends"].(float64)
		return fmt.Sprintf("%v until %d", it["held_by"], int64(ends))
	}
	write := func(holds map[string]string, expires int64) error {
		c := changed(k, func(k *table.IssuedKey) { k.Holds, k.Expires = maps.Clone(holds), expires })
		err := desk.Table.WriteKey(t.Context(), c)
		if err == nil {
			k = c.After
		}
		return err
	}
	later := time.Now().Add(time.Hour).Unix()
	for _, step := range []struct {
		holds   map[string]string
		expires int64
		err     error
		want    map[string]string
	}{
		{map[string]string{"a": k.ID, "b": k.ID}, 0, nil, map[string]string{"a": k.ID + " until 0", "b": k.ID + " until 0"}},
		{map[string]string{"a": k.ID, "b": k.ID, fixture.Payments: k.ID}, 0, table.ErrPlanTaken, map[string]string{"a": k.ID + " until 0"}}, // Ada asks for it
		{map[string]string{"b": k.ID}, 0, nil, map[string]string{"a": "", "b": k.ID + " until 0"}},
		{map[string]string{"b": k.ID}, later, nil, map[string]string{"b": fmt.Sprint(k.ID, " until ", later)}},
		{map[string]string{"b": k.ID, "c": k.ID}, later, nil, map[string]string{"c": fmt.Sprint(k.ID, " until ", later)}},
		{map[string]string{"c": k.ID}, later - 60, nil, map[string]string{"b": "", "c": fmt.Sprint(k.ID, " until ", later-60)}},
		{nil, later - 60, nil, map[string]string{"b": "", "c": ""}},
	} {
		if err := write(step.holds, step.expires); !errors.Is(err, step.err) {
			t.Errorf("%v: %v, want %v", step.holds, err, step.err)
		}
		for name, want := range step.want {
			if got := plan(name); got != want {
				t.Errorf("%v: the plan %s is held by %q, want %q", step.holds, name, got, want)
			}
		}
	}
	if err := write(map[string]string{"a": k.ID}, later); err != nil {
		t.Fatal(err)
	}
	k.Holds = map[string]string{"a": "somebody else"}
	if err := write(nil, later); err == nil || plan("a") != fmt.Sprint(k.ID, " until ", later) {
		t.Errorf("another's plan: %v, it is held by %q", err, plan("a"))
	}
}

// TestPlaces counts the places that are taken in a policy: in no other, whatever it is called, and of no key that has expired.
func TestPlaces(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	hold := func(expires int64, places ...string) {
		k := stand(t, desk, table.IssuedKey{Shown: "s", Developer: fixture.Ben})
		c := changed(k, func(k *table.IssuedKey) {
			k.Expires, k.Holds = expires, map[string]string{}
			for _, place := range places {
				k.Holds[place] = k.ID
			}
		})
		if err := desk.Table.WriteKey(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().Unix()
	hold(0, "a", "a#1", "a b", "a!", "a\"#2", "ab", "a$", "A", "b#1")
	hold(now+60, "a#3", "b#4")
	hold(now-1, "a#4", "b")
	for policy, want := range map[string][]string{
		"a": {"a", "a#1", "a#3"}, "a b": {"a b"}, "a\"": {"a\"#2"}, "b": {"b#1", "b#4"}, "ab": {"ab"}, "c": nil, "": nil,
	} {
		places, err := desk.Table.Places(t.Context(), fixture.Org, fixture.Ben, policy)
		if got := slices.Sorted(maps.Keys(places)); err != nil || !slices.Equal(got, want) {
			t.Errorf("in %q: %q, %v; want %q", policy, got, err, want)
		}
	}
	if got, err := desk.Table.Places(t.Context(), fixture.Org, fixture.Ada, "a"); err != nil || len(got) != 0 {
		t.Errorf("another developer's: %q, %v", got, err)
	}
}
