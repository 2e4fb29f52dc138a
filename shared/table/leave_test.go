package table_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// revokeAll revokes all keys of a developer who leaves.
func revokeAll(t testing.TB, books *table.Table, developer string) {
	t.Helper()
	for done := false; !done; {
		grants, over, err := books.RevokeSome(t.Context(), fixture.Org, developer, time.Now())
		if err != nil || len(grants) > 0 { // no grant waits for a claim here; package approval cancels those
			t.Errorf("grants to be claimed: %v, error %v", grants, err)
			return
		}
		done = over
	}
}

// TestLeave has Finn go, who has keys of every age and kind: tokens, clients, a certificate; good, rotated, suspended, expired. All are
// revoked, and nothing is left that leads to them.
func TestLeave(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Keys)
	before, _, err := desk.Table.KeysOf(t.Context(), fixture.Org, fixture.Finn, "", 100)
	if err != nil || len(before) != 6 {
		t.Fatalf("%d keys, %v", len(before), err)
	}
	if err := desk.Table.Leave(t.Context(), fixture.Org, fixture.Finn, time.Now()); err != nil {
		t.Fatal(err)
	}
	revokeAll(t, desk.Table, fixture.Finn)
	for _, k := range before {
		isRevoked(t, desk, k)
	}
	if revoked, err := desk.Table.Left(t.Context(), fixture.Org, fixture.Finn); err != nil || revoked != 6 {
		t.Errorf("%d keys were revoked, %v", revoked, err)
	}
	for _, it := range tabletest.Items(t, desk.Table) {
		if pk := fmt.Sprint(it["PK"]); strings.Contains(pk, "#DEVELOPER#"+fixture.Finn) || strings.Contains(pk, "#SHOWN#") && it["developer"] == fixture.Finn {
			t.Errorf("%s %s is left", pk, it["SK"])
		}
	}
}

// A request of a developer's that ends after they have gone leaves nothing of theirs: a call that deleted them did not see it in the index,
// which is a moment late, or two calls deleted them at once.
func TestEndsAfterItsDeveloper(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	before, err := desk.Table.Request(t.Context(), fixture.Org, fixture.Pending)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Table.Leave(t.Context(), fixture.Org, before.ByUser, time.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Table.Left(t.Context(), fixture.Org, before.ByUser); err != nil {
		t.Fatal(err)
	}
	after := before
	after.State, after.Revision, after.Attempt, after.Holds = portal.Cancelled, before.Revision+1, portal.NewID(time.Now()), nil
	if err := desk.Table.Write(t.Context(), table.Change{Before: before, After: after}); err != nil {
		t.Fatal(err)
	}
	for _, it := range tabletest.Items(t, desk.Table) {
		if pk := fmt.Sprint(it["PK"]); strings.HasSuffix(pk, "#DEVELOPER#"+before.ByUser) && it["SK"] == "COUNT" {
			t.Errorf("a count of %v is left", it["held"])
		}
	}
}

// isRevoked holds that a key is over.
func isRevoked(t *testing.T, desk *desktest.Desk, k table.IssuedKey) {
	t.Helper()
	now, err := desk.Table.IssuedKey(t.Context(), k.Digest)
	if err != nil || now.State != table.Revoked || now.RevokedAt == "" || now.Revision != k.Revision+1 {
		t.Errorf("%s %s: %+v, %v", k.AuthType, k.Shown, now, err)
	}
}

// A transaction takes a hundred items, so that many keys go in several; each is counted once, however many delete the developer at once.
func TestManyKeysLeave(t *testing.T) {
	t.Parallel()
	const keys, deleting = 70, 4
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	var standing sync.WaitGroup
	for range keys {
		standing.Go(func() { stand(t, desk, table.IssuedKey{Shown: "s", Developer: fixture.Ben}) })
	}
	standing.Wait()
	if err := desk.Table.Leave(t.Context(), fixture.Org, fixture.Ben, time.Now()); err != nil {
		t.Fatal(err)
	}
	plan.Gate("TransactWriteItems", deleting)
	plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Times: 3})
	plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Nth: 5})
	var racing sync.WaitGroup
	for range deleting {
		racing.Go(func() { revokeAll(t, desk.Table, fixture.Ben) })
	}
	racing.Wait()
	if revoked, err := desk.Table.Left(t.Context(), fixture.Org, fixture.Ben); err != nil || revoked != keys+1 { // and that of the fixture's
		t.Errorf("%d keys were revoked, %v", revoked, err)
	}
}

// Whoever had read a key before its developer left finds another revision: nothing of a key that is revoked comes back.
func TestLeavingEndsWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(k, successor *table.IssuedKey){
		"edited":    func(k, _ *table.IssuedKey) { k.Policies = []string{fixture.Weather} },
		"suspended": func(k, _ *table.IssuedKey) { k.State = table.Suspended },
		"rotated": func(k, successor *table.IssuedKey) {
			successor.Digest, successor.ID = "successor", portal.NewID(time.Now())
			k.Rotation = &table.Rotation{Successor: successor.Digest, Ends: 9}
		},
		"given a plan": func(k, _ *table.IssuedKey) { k.Holds = map[string]string{fixture.Weather: k.ID} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			desk := desktest.New(t, fixture.Desk)
			k := stand(t, desk, table.IssuedKey{Shown: "s"})
			successor := k
			c := changed(k, func(k *table.IssuedKey) { change(k, &successor) })
			if c.After.Rotation != nil {
				c.Successor = &successor
			}
			if err := desk.Table.Leave(t.Context(), fixture.Org, fixture.Ada, time.Now()); err != nil {
				t.Fatal(err)
			}
			revokeAll(t, desk.Table, fixture.Ada)
			var now *table.ChangedKey
			if err := desk.Table.WriteKey(t.Context(), c); !errors.As(err, &now) || now.Now.State != table.Revoked {
				t.Errorf("error %v", err)
			}
			if _, done, err := desk.Table.RevokeSome(t.Context(), fixture.Org, fixture.Ada, time.Now()); err != nil || !done {
				t.Errorf("there is something to revoke again: %v", err)
			}
		})
	}
}

// Who leaves is given no successor of a key, even while keys are left.
func TestWhoLeavesIsGivenNoSuccessor(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	k := stand(t, desk, table.IssuedKey{Shown: "s"})
	if err := desk.Table.Leave(t.Context(), fixture.Org, fixture.Ada, time.Now()); err != nil {
		t.Fatal(err)
	}
	successor := k
	successor.Digest, successor.ID = "successor", portal.NewID(time.Now())
	c := changed(k, func(k *table.IssuedKey) { k.Rotation = &table.Rotation{Successor: "successor", Ends: 9} })
	c.Successor = &successor
	if err := desk.Table.WriteKey(t.Context(), c); kindOf(err) != portal.Invalid || !strings.Contains(err.Error(), "there is no developer") {
		t.Errorf("rotated: %v", err)
	}
	keys, _, err := desk.Table.KeysOf(t.Context(), fixture.Org, fixture.Ada, "", 10)
	if err != nil || !slices.Equal(keyIDs(keys), []string{k.ID}) || keys[0].Revision != 1 {
		t.Errorf("there is %v, %v", keys, err)
	}
}
