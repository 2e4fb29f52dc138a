package table_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

func TestEmailIsTakenOnceInAnOrganisation(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	create := func(org, id, email string) error {
		return books.CreateDeveloper(t.Context(), table.Account{Developer: portal.Developer{ID: id, OrgID: org, Email: email, Fields: `{"a":1}`}})
	}
	if err := create(fixture.Org, fixture.Ada, "Ada@Bücher.Example"); err != nil {
		t.Fatal(err)
	}
	items := len(tabletest.Items(t, books))
	for what, err := range map[string]error{
		"the same e-mail":     create(fixture.Org, fixture.Ben, "Ada@Bücher.Example"),
		"it in other letters": create(fixture.Org, fixture.Chen, "ADA@BÜCHER.example"),
		"it as DNS has it":    create(fixture.Org, fixture.Chen, "ada@xn--bcher-kva.example"),
		"it taken apart":      create(fixture.Org, fixture.Chen, "ada@bu\u0308cher.example"),
	} {
		var refusal *portal.Error
		if !errors.As(err, &refusal) || refusal.Kind != portal.Conflict || !strings.HasPrefix(refusal.Message, "email: ") ||
			!reflect.DeepEqual(refusal.Meta, map[string]string{"id": fixture.Ada}) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, written := range []string{"ADA@bücher.example", "ada@XN--BCHER-KVA.example", "ada@bu\u0308cher.example"} {
		if id, err := books.DeveloperByEmail(t.Context(), fixture.Org, written); id != fixture.Ada {
			t.Errorf("%q leads to %q: %v", written, id, err)
		}
	}
	if now := len(tabletest.Items(t, books)); now != items {
		t.Errorf("what was refused has left %d items", now-items)
	}
	if err := create(fixture.OtherOrg, fixture.Eve, "ada@bücher.example"); err != nil {
		t.Errorf("in another organisation: %v", err)
	}
	ada, _, err := books.Developer(t.Context(), fixture.Org, fixture.Ada, 10, "")
	if err != nil || ada.Email != "Ada@Bücher.Example" || ada.Fields != `{"a":1}` {
		t.Errorf("read %+v, %v", ada, err)
	}
}

// A developer with more keys than a view shows is shown the newest, in one call, and that there are more.
func TestNewestKeysComeFirst(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	const keys = 4
	for n := range keys {
		grant(t, desk, n)
	}
	for limit, want := range map[int][]string{
		1: {"shown-3"}, 3: {"shown-1", "shown-2", "shown-3"}, 4: {"shown-0", "shown-1", "shown-2", "shown-3"},
		5: {"shown-0", "shown-1", "shown-2", "shown-3"},
	} {
		ada, _, err := desk.Table.Developer(t.Context(), fixture.Org, fixture.Ada, limit, "")
		if err != nil {
			t.Fatal(err)
		}
		all := map[string][]string{}
		for _, shown := range want {
			all[shown] = []string{fixture.Identity}
		}
		if !reflect.DeepEqual(ada.Keys, all) || ada.KeysTruncated != (limit < keys) {
			t.Errorf("of %d keys, %d at the most: %v, truncated %v", keys, limit, ada.Keys, ada.KeysTruncated)
		}
		if newest := ada.Subscriptions[fixture.Identity]; newest != "shown-3" {
			t.Errorf("of %d keys, %d at the most: the newest is %s", keys, limit, newest)
		}
	}
}

// grant writes an approved request of Ada's and a key that came of it, as Issue would.
func grant(t *testing.T, desk *desktest.Desk, n int) {
	t.Helper()
	stand(t, desk, table.IssuedKey{Digest: fmt.Sprintf("digest-%d", n), Shown: fmt.Sprintf("shown-%d", n)})
}

// stand writes a key as one that was granted just now: Ada's, for Identity checks, where it does not say otherwise.
func stand(t testing.TB, desk *desktest.Desk, k table.IssuedKey) table.IssuedKey {
	t.Helper()
	k.Developer = cmp.Or(k.Developer, fixture.Ada)
	id := desk.Ask(k.Developer, fixture.Identity)
	before, err := desk.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	k.ID, k.OrgID, k.Request, k.State, k.Created, k.Revision = portal.NewID(now), fixture.Org, id, table.Active, portal.Timestamp(now), 1
	k.Digest, k.AuthType = cmp.Or(k.Digest, "digest-of-"+k.ID), cmp.Or(k.AuthType, portal.AuthToken)
	if k.Policies == nil {
		k.Policies = []string{fixture.Identity}
	}
	after := before
	after.State, after.Revision = portal.Approved, 2
	after.KeyID, after.Delivery = k.ID, &portal.Delivery{To: "reviewer", At: k.Created}
	if err := desk.Table.Write(t.Context(), table.Change{Before: before, After: after, Key: &k}); err != nil {
		t.Fatal(err)
	}
	return k
}

// Who has keys of every kind and age is shown those that open something: OAuth clients among themselves, and nothing that is over.
func TestDevelopersKeys(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Keys)
	finn, _, err := desk.Table.Developer(t.Context(), fixture.Org, fixture.Finn, 100, "")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		fixture.FinnsKey: {fixture.Petstore}, fixture.FinnsRotated: {fixture.Petstore}, fixture.FinnsBank: {fixture.Clearing},
	}
	if !reflect.DeepEqual(finn.Keys, want) {
		t.Errorf("keys %v, want %v", finn.Keys, want)
	}
	if want := map[string]string{fixture.Petstore: fixture.FinnsKey, fixture.Clearing: fixture.FinnsBank}; !reflect.DeepEqual(finn.Subscriptions, want) {
		t.Errorf("subscriptions %v, want %v", finn.Subscriptions, want)
	}
	clients := finn.OAuthClients[fixture.Photos]
	if len(finn.OAuthClients) != 1 || len(clients) != 2 || clients[0].ClientID != fixture.FinnsSuspended || clients[1].ClientID != fixture.FinnsClient {
		t.Fatalf("clients %+v", finn.OAuthClients)
	}
	client := portal.Client{
		ClientID: fixture.FinnsClient, RedirectURI: "https://app.example.org/callback", Description: "Prints albums", UseCase: "Albums of holidays",
		DateCreated: "2019-03-07T12:20:00.000Z",
	}
	if clients[1] != client {
		t.Errorf("the client is %+v, want %+v", clients[1], client)
	}
	ada, _, err := desk.Table.Developer(t.Context(), fixture.Org, fixture.Ada, 100, "")
	if text, encoded := json.Marshal(ada); err != nil || encoded != nil || strings.Contains(string(text), "oauth_clients") {
		t.Errorf("who has no client is %s, %v", text, err)
	}
}

// A key is shown until the very second in which it ends, or in which another's grace ends.
func TestEndedKeysAreNotShown(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	now := time.Now()
	for shown, k := range map[string]table.IssuedKey{
		"endless": {}, "living": {Expires: now.Add(time.Hour).Unix()}, "expired": {Expires: now.Unix()},
		"in grace":      {Rotation: &table.Rotation{Ends: now.Add(time.Hour).Unix()}},
		"out of grace":  {Rotation: &table.Rotation{Ends: now.Unix()}},
		"grace, ended":  {Rotation: &table.Rotation{Ends: now.Add(time.Hour).Unix()}, Expires: now.Unix()},
		"grace ends it": {Rotation: &table.Rotation{Ends: now.Unix()}, Expires: now.Add(time.Hour).Unix()},
	} {
		k.Shown = shown
		stand(t, desk, k)
	}
	ada, _, err := desk.Table.Developer(t.Context(), fixture.Org, fixture.Ada, 100, "")
	if got := slices.Sorted(maps.Keys(ada.Keys)); err != nil || !slices.Equal(got, []string{"endless", "in grace", "living"}) {
		t.Errorf("%v, %v", got, err)
	}
}

func TestNoDeveloper(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for _, c := range [][2]string{{fixture.Org, fixture.Eve}, {fixture.OtherOrg, fixture.Ada}, {fixture.Org, "5efdbdb749960c000137ffff"}} {
		if d, _, err := desk.Table.Developer(t.Context(), c[0], c[1], 10, ""); !errors.Is(err, portal.ErrNotFound) {
			t.Errorf("%s in %s: %+v, %v", c[1], c[0], d, err)
		}
	}
}

// The plan of a developer who may not have keys is not taken by a request that came at the same time.
func TestInactiveDeveloperIsRefusedInTheWriteItself(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, desk.Table)
	for developer, want := range map[string]string{
		fixture.Dora:               "by_user: the developer " + fixture.Dora + " is inactive; activate the developer first.",
		"5efdbdb749960c000137ffff": "by_user: there is no developer 5efdbdb749960c000137ffff.",
	} {
		policies := []string{fixture.Weather}
		r, err := portal.NewRequest(fixture.Org, &portal.RequestInput{ByUser: &developer, ApplyPolicies: policies}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		act := approval.Act{Name: "created", By: fixture.Clerk(), At: time.Now()}
		err = desk.Table.Write(t.Context(), approval.Create(act, table.Request{Request: r, Holds: policies}))
		if err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if after := tabletest.Items(t, desk.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
}
