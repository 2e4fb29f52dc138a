package main

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// editOf has the portal ask for other policies of Ben's key, and gives the request's id.
func editOf(t *testing.T, d *desktest.Desk, add, remove []string) string {
	t.Helper()
	ben, key := fixture.Ben, fixture.BensKey
	asked, err := portal.NewRequest(fixture.Org, &portal.RequestInput{ByUser: &ben, Key: &key, ApplyPolicies: add, RemovePolicies: remove}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	books, err := d.Table.Books(t.Context(), fixture.Org, ben, add)
	if err != nil {
		t.Fatal(err)
	}
	r, err := approval.Ask(t.Context(), d.Table, &books, approval.Wish{Request: asked}, act("created", fixture.Clerk()))
	if err != nil {
		t.Fatal(err)
	}
	return r.ID
}

func act(name string, by caller.Caller) approval.Act {
	return approval.Act{Name: name, By: by, At: time.Now(), RequestID: "desktest"}
}

func bens(t *testing.T, d *desktest.Desk) table.IssuedKey {
	t.Helper()
	k, err := d.Table.KeyNamed(t.Context(), fixture.Org, fixture.Ben, fixture.BensKey)
	if err != nil {
		t.Fatal(err)
	}
	return *k
}

// An approved edit changes the key's policies and nothing else of it, and the plans follow. Nobody is given a key, and nothing is
// asked of the vault, said once or again.
func TestApprovedEdit(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install)
	id := editOf(t, d, []string{fixture.Payments, fixture.Weather}, []string{fixture.Petstore})
	before := bens(t, d)
	plan.Reset()
	plan.Hold(50 * time.Millisecond)
	said := approve(d, fixture.ReviewerCredential, id, "again")
	if want := [][]string{{"GetItem", "GetItem"}, {"BatchGetItem"}, {"GetItem"}, {"TransactWriteItems"}}; !reflect.DeepEqual(plan.Rounds(), want) {
		t.Errorf("calls in rounds: %v, want %v", plan.Rounds(), want)
	}
	want := fmt.Sprintf(`{"RawKey":"","Password":"","key":"%s","apply_policies":["%s","%s"]}`, fixture.BensKey, fixture.Payments, fixture.Weather)
	if said.Status != http.StatusOK || said.Text != want {
		t.Errorf("%d %s, want %s", said.Status, said.Text, want)
	}
	plan.Reset()
	if again := approve(d, fixture.ReviewerCredential, id, "again"); again.Text != want || slices.Contains(plan.Calls(), "GetSecretValue") {
		t.Errorf("again: %s, after %v", again.Text, plan.Calls())
	}
	after := bens(t, d)
	expected := before
	expected.Policies, expected.Revision, expected.Attempt = []string{fixture.Payments, fixture.Weather}, before.Revision+1, after.Attempt
	expected.Holds = map[string]string{fixture.Payments: id, fixture.Weather: id}
	if !reflect.DeepEqual(after, expected) {
		t.Errorf("the key is %+v\nwant %+v", after, expected)
	}
	plans(t, d, map[string]string{fixture.Petstore: "", fixture.Payments: id, fixture.Weather: id})
	if got := d.History(id); !reflect.DeepEqual(got, []string{"created by portal", "approved by reviewer"}) {
		t.Errorf("the request's history is %v", got)
	}
	if got := d.History(after.Digest); !reflect.DeepEqual(got, []string{"edited by reviewer"}) {
		t.Errorf("the key's history is %v", got)
	}
	if keys := d.KeysOf(fixture.Ben); len(keys) != 1 || len(d.Issued(id)) != 0 || !reflect.DeepEqual(keys[0]["policies"], []any{fixture.Payments, fixture.Weather}) {
		t.Errorf("beside the developer: %v", keys)
	}
	processed := approve(d, fixture.ReviewerCredential, id, "")
	if processed.Status != http.StatusConflict || processed.Message != "Key request has already been processed." {
		t.Errorf("once more: %d %s", processed.Status, processed.Text)
	}
}

// plans holds that Ben's plans have these holders.
func plans(t *testing.T, d *desktest.Desk, holders map[string]string) {
	t.Helper()
	for policy, holder := range holders {
		if got := d.Holder(fixture.Ben, policy); got != holder {
			t.Errorf("%s is held by %q, want %q", policy, got, holder)
		}
	}
}

// The portal may take policies away, which nobody decides, and add none that somebody has to.
func TestPortalEdits(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	more := editOf(t, d, []string{fixture.Payments}, nil)
	if said := approve(d, fixture.PortalCredential, more, ""); said.Status != http.StatusForbidden {
		t.Errorf("%d %s", said.Status, said.Message)
	}
	if said := approve(d, fixture.AdminCredential, more, ""); said.Status != http.StatusOK {
		t.Errorf("%d %s", said.Status, said.Message)
	}
	fewer := editOf(t, d, nil, []string{fixture.Petstore})
	if r, err := d.Table.Request(t.Context(), fixture.Org, fewer); err != nil || r.Task != table.Decide {
		t.Errorf("the schedule is to %q (%v)", r.Task, err)
	}
	if said := approve(d, fixture.PortalCredential, fewer, ""); said.Status != http.StatusOK {
		t.Errorf("%d %s", said.Status, said.Message)
	}
	if k := bens(t, d); !reflect.DeepEqual(k.Policies, []string{fixture.Payments}) || d.Holder(fixture.Ben, fixture.Petstore) != "" {
		t.Errorf("the key is for %v", k.Policies)
	}
}

// What became of the key since the edit was asked for counts when it is decided. The request stays open for another decision where there
// can be one.
func TestEditOfAKeyThatChanged(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T, d *desktest.Desk)
		says      string
		becomes   portal.State
	}{
		"revoked": {func(t *testing.T, d *desktest.Desk) {
			t.Helper()
			change(t, d, "revoked", func(a approval.Act) revision { return approval.KeyTo(a, table.Revoked) })
		}, "key: " + fixture.BensKey + " is over: it was revoked, or not taken in time. The request is declined now; ask for a new key.", portal.Declined},
		"rotated": {func(t *testing.T, d *desktest.Desk) {
			t.Helper()
			if _, err := d.Issuer.Rotate(t.Context(), bens(t, d), act("rotated", fixture.Clerk()), approval.Rotation{Grace: time.Hour}); err != nil {
				t.Fatal(err)
			}
		}, "", portal.Approved}, // it is its successor's
		"given the policy": {func(t *testing.T, d *desktest.Desk) {
			t.Helper()
			change(t, d, "edited", func(approval.Act) revision {
				return func(k table.IssuedKey) (table.IssuedKey, error) {
					k.Policies = []string{fixture.Petstore, fixture.Weather}
					return k, nil
				}
			})
		}, "apply_policies: the key has the policy " + fixture.Weather + " already.", portal.Pending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			id := editOf(t, d, []string{fixture.Weather}, nil)
			c.meanwhile(t, d)
			said := approve(d, fixture.ReviewerCredential, id, "")
			if refused := said.Status == http.StatusConflict; refused != (c.says != "") || said.Message != c.says {
				t.Errorf("%d %s, want %s", said.Status, said.Message, c.says)
			}
			holder := id
			if c.becomes == portal.Declined {
				holder = ""
			}
			if r, err := d.Table.Request(t.Context(), fixture.Org, id); err != nil || r.State != c.becomes || d.Holder(fixture.Ben, fixture.Weather) != holder {
				t.Errorf("the request is %s (%v)", r.State, err)
			}
		})
	}
}

type revision = func(table.IssuedKey) (table.IssuedKey, error)

func change(t *testing.T, d *desktest.Desk, name string, to func(approval.Act) revision) {
	t.Helper()
	a := act(name, fixture.Clerk())
	if err := approval.ChangeKey(t.Context(), d.Table, bens(t, d), a, to(a)); err != nil {
		t.Fatal(err)
	}
}
