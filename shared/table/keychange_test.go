package table_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// itemOf is the key's item as it stands.
func itemOf(t testing.TB, desk *desktest.Desk, k table.IssuedKey) tabletest.Item {
	t.Helper()
	return itemAt(t, desk, "KEY#"+k.Digest, "KEY")
}

// itemAt is what stands under a key of the table; nil for nothing.
func itemAt(t testing.TB, desk *desktest.Desk, pk, sk string) tabletest.Item {
	t.Helper()
	for _, it := range tabletest.Items(t, desk.Table) {
		if it["PK"] == pk && it["SK"] == sk {
			return it
		}
	}
	return nil
}

// TestKeyIsWrittenAsItWasRead holds that a change is made of the revision that was read, and of no other.
func TestKeyIsWrittenAsItWasRead(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	k := stand(t, desk, table.IssuedKey{Shown: "s", Policies: []string{fixture.Identity}})
	suspend := changed(k, func(k *table.IssuedKey) { k.State = table.Suspended })
	if err := desk.Table.WriteKey(t.Context(), suspend); err != nil {
		t.Fatal(err)
	}
	before := tabletest.Items(t, desk.Table)
	stale := changed(k, func(k *table.IssuedKey) { k.State = table.Revoked })
	err := desk.Table.WriteKey(t.Context(), stale)
	var now *table.ChangedKey
	if !errors.As(err, &now) || now.Now.Revision != 2 || now.Now.State != table.Suspended || !strings.Contains(err.Error(), "is suspended, revision 2") {
		t.Errorf("of an older revision: %v", err)
	}
	nobodys := k
	nobodys.Digest = "none"
	if err := desk.Table.WriteKey(t.Context(), changed(nobodys, func(k *table.IssuedKey) { k.State = table.Revoked })); !errors.Is(err, portal.ErrNotFound) {
		t.Errorf("of none: %v", err)
	}
	if after := tabletest.Items(t, desk.Table); !reflect.DeepEqual(before, after) {
		t.Error("what was refused has changed something")
	}
	history := itemAt(t, desk, "KEY#"+k.Digest, "HISTORY#0000000002")
	if history["state"] != "suspended" || history["act"] != "changed" || fmt.Sprint(history["policies"]) != "["+fixture.Identity+"]" {
		t.Errorf("the line of history is %v", history)
	}
}

// A write that was done, its answer lost, is known again by its attempt: it is not done twice, and not said to be somebody else's.
func TestLostKeyChanges(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]faults.Rule{
		"lost":                             {{Fault: faults.AnswerLost, Times: 2}},
		"lost, and met by a conflict":      {{Fault: faults.AnswerLost}, {Fault: faults.Conflict, Nth: 2}},
		"a conflict, then lost":            {{Fault: faults.Conflict}, {Fault: faults.AnswerLost, Nth: 2}},
		"lost, throttled, met by conflict": {{Fault: faults.AnswerLost}, {Fault: faults.Throttle, Nth: 2}, {Fault: faults.Conflict, Nth: 3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(t)
			desk := desktest.New(t, fixture.Desk, plan.Install)
			k := stand(t, desk, table.IssuedKey{Shown: "s"})
			for _, rule := range rules {
				rule.Operation = "TransactWriteItems"
				plan.Add(rule)
			}
			if err := desk.Table.WriteKey(t.Context(), changed(k, func(k *table.IssuedKey) { k.State = table.Suspended })); err != nil {
				t.Errorf("error %v", err)
			}
			if it := itemOf(t, desk, k); it["revision"] != 2.0 || it["state"] != "suspended" {
				t.Errorf("it is %v at revision %v", it["state"], it["revision"])
			}
		})
	}
}

// The day of the last use is written beside all revisions: no change of the key takes it back, whenever it read the key.
func TestLastUseOutlivesChanges(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	k := stand(t, desk, table.IssuedKey{Shown: "s"})
	for n, day := range []string{"2026-11-22", "2026-11-23"} {
		if err := desk.Table.Used(t.Context(), k.Digest, day); err != nil { // after the key was read
			t.Fatal(err)
		}
		change := changed(k, func(k *table.IssuedKey) { k.State = []table.KeyState{table.Suspended, table.Active}[n] })
		if err := desk.Table.WriteKey(t.Context(), change); err != nil {
			t.Fatal(err)
		}
		now, err := desk.Table.IssuedKey(t.Context(), k.Digest)
		if err != nil || now.LastUsed != day {
			t.Errorf("last used on %q, want %s; %v", now.LastUsed, day, err)
		}
		k = *now
		k.LastUsed = "" // as who had read it before
	}
	k.LastUsed = "2026-11-30" // nor does one bring in a day
	if err := desk.Table.WriteKey(t.Context(), changed(k, func(k *table.IssuedKey) { k.LastUsed = "2026-12-24" })); err != nil {
		t.Fatal(err)
	}
	now, err := desk.Table.IssuedKey(t.Context(), k.Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Table.WriteKey(t.Context(), changed(*now, func(k *table.IssuedKey) { k.LastUsed = "" })); err != nil { // nor takes one out
		t.Fatal(err)
	}
	if it := itemOf(t, desk, k); it["last_used"] != "2026-11-23" || it["revision"] != 5.0 {
		t.Errorf("last used on %v", it["last_used"])
	}
}

// TestKeyLoses holds that what a key has no more is gone from its item.
func TestKeyLoses(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	k := stand(t, desk, table.IssuedKey{
		Shown: "s", Fields: map[string]string{"team": "blue"}, Rotation: &table.Rotation{Successor: "next", Ends: 9},
	})
	optional := []string{"fields", "rotation"}
	there := func() []string {
		it := itemOf(t, desk, k)
		return slices.DeleteFunc(slices.Clone(optional), func(name string) bool { return it[name] == nil })
	}
	write := func(change func(*table.IssuedKey)) {
		t.Helper()
		c := changed(k, change)
		if err := desk.Table.WriteKey(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		k = c.After
	}
	for _, step := range []struct {
		change func(*table.IssuedKey)
		want   []string
	}{
		{func(*table.IssuedKey) {}, optional},
		{func(k *table.IssuedKey) { k.State = table.Suspended }, optional},
		{func(k *table.IssuedKey) { k.Fields = nil }, optional[1:]},
		{func(k *table.IssuedKey) { k.Rotation = nil }, nil},
	} {
		write(step.change)
		if got := there(); !slices.Equal(got, step.want) {
			t.Errorf("it has %v, want %v", got, step.want)
		}
		if now, err := desk.Table.IssuedKey(t.Context(), k.Digest); err != nil || !reflect.DeepEqual(*now, k) {
			t.Errorf("read %+v, %v\nwant %+v", *now, err, k)
		}
	}
}

// What a rotation hangs on beside the key: how the developer and the policies stand, and a key before that is good yet.
func TestWhatARotationHangsOn(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	now := time.Now().Unix()
	before := func(ends, expires int64, state table.KeyState) string {
		k := stand(t, desk, table.IssuedKey{Shown: "s", Expires: expires, Rotation: &table.Rotation{Ends: ends}})
		if state == table.Revoked {
			revoke(t, desk, k)
		}
		return k.Digest
	}
	good := before(now+60, 0, table.Active)
	for name, c := range map[string]struct {
		developer, before string
		active            bool
		older             string
	}{
		"none before":         {fixture.Ada, "", true, ""},
		"one that is gone":    {fixture.Ada, "nobody", true, ""},
		"one that is good":    {fixture.Ada, good, true, good},
		"one that is over":    {fixture.Ada, before(now, 0, table.Active), true, ""},
		"one that expired":    {fixture.Ada, before(now+60, now, table.Active), true, ""},
		"one that is revoked": {fixture.Ada, before(now+60, 0, table.Revoked), true, ""},
		"inactive":            {fixture.Dora, "", false, ""},
		"nobody":              {"5efdbdb749960c000137ffff", good, false, good},
	} {
		k := table.IssuedKey{OrgID: fixture.Org, Developer: c.developer, Before: c.before, Policies: []string{fixture.Petstore, fixture.Beta}}
		standing, err := desk.Table.Standing(t.Context(), &k)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		older, err := desk.Table.OlderThan(t.Context(), &k, time.Unix(now, 0))
		petstore, beta := standing.Policies[fixture.Petstore], standing.Policies[fixture.Beta]
		if err != nil || standing.DeveloperActive != c.active || (older != nil) != (c.older != "") || older != nil && older.Digest != c.older {
			t.Errorf("%s: active %t, %+v, %v", name, standing.DeveloperActive, older, err)
		}
		if !petstore.Usable() || beta.Usable() {
			t.Errorf("%s: policies %+v", name, standing.Policies)
		}
	}
}

// TestTwoKeysEndAsOne ends a key and the one before it in one act: neither is written if one of them has changed.
func TestTwoKeysEndAsOne(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	older := stand(t, desk, table.IssuedKey{Shown: "older", Rotation: &table.Rotation{Ends: time.Now().Add(time.Hour).Unix()}})
	k := stand(t, desk, table.IssuedKey{Shown: "newer", Before: older.Digest})
	end := func(k *table.IssuedKey) { k.State = table.Revoked }
	suspended := changed(older, func(k *table.IssuedKey) { k.State = table.Suspended })
	if err := desk.Table.WriteKey(t.Context(), suspended); err != nil {
		t.Fatal(err)
	}
	both, stale := changed(k, end), changed(older, end)
	both.Older = &stale
	items := tabletest.Items(t, desk.Table)
	var now *table.ChangedKey
	if err := desk.Table.WriteKey(t.Context(), both); !errors.As(err, &now) || now.Now.Digest != older.Digest {
		t.Errorf("the older one has changed: %v", err)
	}
	if after := tabletest.Items(t, desk.Table); !reflect.DeepEqual(items, after) {
		t.Error("what was refused has changed something")
	}
	current := changed(suspended.After, end)
	both.Older = &current
	if err := desk.Table.WriteKey(t.Context(), both); err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{"older", "newer"} {
		if k, err := desk.Table.KeyNamed(t.Context(), fixture.Org, fixture.Ada, shown); !errors.Is(err, portal.ErrNotFound) {
			t.Errorf("%s: %+v, %v", shown, k, err)
		}
	}
	if now, was := itemOf(t, desk, k), itemOf(t, desk, older); now["state"] != "revoked" || was["state"] != "revoked" || was["revision"] != 3.0 {
		t.Errorf("they are %v and %v", now["state"], was["state"])
	}
}
