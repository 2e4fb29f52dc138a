package main

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

// left is what an act leaves in the table: the key, its line of history, its places, and the plans that it holds.
type left struct {
	event   string
	key     string
	is      table.IssuedKey // what of it the act is about
	history []string
	stands  []string
	holders map[string]string // of the developer's places in plans
}

const (
	beside = "beside the developer for [%s]"
	shown  = "shown"
	photos = "5ca9eab4c8f4a10001a1a104" // the request that took the place in the plan
)

var acts = map[string]left{
	"revoked": {
		"revoke/token", fixture.BensKey, table.IssuedKey{State: table.Revoked, Revision: 2, Policies: []string{fixture.Petstore}},
		[]string{"revoked by portal"}, nil, map[string]string{fixture.Petstore: ""},
	},
	"revoked by the client's id": {
		"revoke_client/as-reviewer", fixture.FinnsSuspended, table.IssuedKey{State: table.Revoked, Revision: 3, Policies: []string{fixture.Photos}},
		[]string{"suspended by reviewer", "revoked by reviewer"}, nil, map[string]string{"its own": ""},
	},
	"revoked with its successor": {
		"revoke/successor", fixture.FinnsRotated, table.IssuedKey{State: table.Revoked, Revision: 3, Policies: []string{fixture.Petstore}},
		[]string{"rotated by portal", "revoked by portal"}, nil, map[string]string{fixture.Petstore: ""},
	},
	"suspended": {
		"suspend/as-reviewer", fixture.BensKey, table.IssuedKey{State: table.Suspended, Revision: 2, Policies: []string{fixture.Petstore}},
		[]string{"suspended by reviewer"}, []string{fmt.Sprintf(beside, fixture.Petstore), shown}, map[string]string{fixture.Petstore: fixture.Approved},
	},
	"resumed": {
		"resume/as-admin", fixture.FinnsSuspended, table.IssuedKey{State: table.Active, Revision: 3, Policies: []string{fixture.Photos}},
		[]string{"suspended by reviewer", "resumed by owner"}, []string{fmt.Sprintf(beside, fixture.Photos), shown}, map[string]string{"its own": photos},
	},
	"given one policy more": {
		"update/one-more", fixture.BensKey, table.IssuedKey{State: table.Active, Revision: 2, Policies: []string{fixture.Petstore, fixture.Payments}},
		[]string{"edited by owner"}, []string{fmt.Sprintf(beside, fixture.Petstore+" "+fixture.Payments), shown},
		map[string]string{fixture.Petstore: fixture.Approved, fixture.Payments: "the key"},
	},
	"given another policy": {
		"update/another", fixture.BensKey, table.IssuedKey{State: table.Active, Revision: 2, Policies: []string{fixture.Weather}},
		[]string{"edited by owner"}, []string{fmt.Sprintf(beside, fixture.Weather), shown}, map[string]string{fixture.Petstore: "", fixture.Weather: "the key"},
	},
	"rotated": {
		"rotate/token", fixture.BensKey, table.IssuedKey{State: table.Active, Revision: 2, Policies: []string{fixture.Petstore}},
		[]string{"rotated by portal"}, []string{fmt.Sprintf(beside, fixture.Petstore), shown}, map[string]string{fixture.Petstore: fixture.Approved},
	},
}

func TestWhatStandsAfter(t *testing.T) {
	t.Parallel()
	for name, want := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Keys)
			before := stored(t, d, want.key)
			if answer := d.Answer(function, desktest.Read(t, "../../events/keys/"+want.event+".json")); answer.StatusCode != http.StatusOK {
				t.Fatalf("%d %s", answer.StatusCode, answer.Body)
			}
			k := stored(t, d, want.key)
			if got := (table.IssuedKey{State: k.State, Revision: k.Revision, Policies: k.Policies}); !reflect.DeepEqual(got, want.is) {
				t.Errorf("it is %+v, want %+v", got, want.is)
			}
			if (k.RevokedAt != "") != (k.State == table.Revoked) || k.Attempt == before.Attempt {
				t.Errorf("revoked at %q, by the attempt %s, before by %s", k.RevokedAt, k.Attempt, before.Attempt)
			}
			want.beside(t, d, before, k)
		})
	}
}

// beside holds that what stands beside the key is as it should be.
func (want left) beside(t *testing.T, d *desktest.Desk, before, k table.IssuedKey) {
	t.Helper()
	if history := d.History(k.Digest); !reflect.DeepEqual(history, want.history) {
		t.Errorf("history %v, want %v", history, want.history)
	}
	if got := stands(t, d, k); !reflect.DeepEqual(got, want.stands) {
		t.Errorf("it stands %q, want %q", got, want.stands)
	}
	taken := places(t, d, k.Developer)
	for place, holder := range want.holders {
		if holder == "the key" {
			holder = k.ID
		}
		if place == "its own" { // by chance one of two
			place = slices.Collect(maps.Keys(before.Holds))[0]
		}
		if taken[place] != holder {
			t.Errorf("the place %s is held by %q, want %q", place, taken[place], holder)
		}
	}
}

// A revoked key has no name any more, at any path; what it held is free, and the next key is another.
func TestRevocationIsFinal(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	id := listed(t, d, fixture.Ben)[0].ID
	call(t, d, fixture.PortalCredential, http.MethodDelete, path(fixture.Ben, id), "", http.StatusOK)
	dead := stored(t, d, fixture.BensKey)
	for _, name := range []string{id, fixture.BensKey} {
		for _, act := range []struct{ method, below, body string }{
			{http.MethodGet, "", ""}, {http.MethodPut, "", `{"apply_policies": ["` + fixture.Petstore + `"]}`},
			{http.MethodPost, "/rotate", ""}, {http.MethodPost, "/suspend", ""}, {http.MethodPost, "/resume", ""}, {http.MethodDelete, "", ""},
		} {
			call(t, d, fixture.AdminCredential, act.method, path(fixture.Ben, name)+act.below, act.body, http.StatusNotFound)
		}
	}
	if keys := listed(t, d, fixture.Ben); len(keys) != 0 {
		t.Errorf("it is listed: %+v", keys)
	}
	next := gives(t, d, fixture.PortalCredential, path(fixture.Ben), `{"apply_policies": ["`+fixture.Petstore+`"]}`, "")
	if keys := listed(t, d, fixture.Ben); len(keys) != 1 || keys[0].Key == fixture.BensKey || keys[0].Request == fixture.Approved || next.RawKey == "" {
		t.Errorf("after another grant: %+v", keys)
	}
	if after := stored(t, d, fixture.BensKey); !reflect.DeepEqual(after, dead) {
		t.Errorf("the dead key has become %+v", after)
	}
}

// Each act takes a key's own id as well as its shown hash.
func TestKeysByTheirIDs(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	at := path(fixture.Ben, listed(t, d, fixture.Ben)[0].ID)
	call(t, d, fixture.PortalCredential, http.MethodGet, at, "", http.StatusOK)
	call(t, d, fixture.AdminCredential, http.MethodPut, at, `{"apply_policies": ["`+fixture.Weather+`"]}`, http.StatusOK)
	call(t, d, fixture.ReviewerCredential, http.MethodPost, at+"/suspend", "", http.StatusOK)
	call(t, d, fixture.ReviewerCredential, http.MethodPost, at+"/resume", "", http.StatusOK)
	call(t, d, fixture.PortalCredential, http.MethodPost, at+"/rotate", "", http.StatusOK)
	call(t, d, fixture.PortalCredential, http.MethodDelete, at, "", http.StatusOK)
	k := stored(t, d, fixture.BensKey)
	if want := []string{"edited by owner", "suspended by reviewer", "resumed by reviewer", "rotated by portal", "revoked by portal"}; !reflect.DeepEqual(d.History(k.Digest), want) {
		t.Errorf("history %v, want %v", d.History(k.Digest), want)
	}
	if keys := listed(t, d, fixture.Ben); len(keys) != 1 || keys[0].State != "active" {
		t.Errorf("the successor of the revoked key: %+v", keys)
	}
}

// Where Tyk's short hashes meet, the hash names two keys: the refusal tells their ids, and each id names one.
func TestTwoKeysOfOneHash(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	twin(t, d)
	var ids []string
	for _, k := range listed(t, d, fixture.Ben) {
		if ids = append(ids, k.ID); k.Key != fixture.BensKey {
			t.Errorf("%s is no twin", k.Key)
		}
	}
	for _, act := range []struct{ method, path string }{
		{http.MethodGet, path(fixture.Ben, fixture.BensKey)}, {http.MethodDelete, path(fixture.Ben, fixture.BensKey)},
		{http.MethodDelete, "/api/portal/developers/oauth/" + fixture.BensKey}, {http.MethodPost, path(fixture.Ben, fixture.BensKey, "rotate")},
	} {
		said := call(t, d, fixture.AdminCredential, act.method, act.path, "", http.StatusConflict)
		if !strings.HasPrefix(said.Message, "2 keys are shown as "+fixture.BensKey+"; name the one you mean by its id") ||
			!strings.Contains(string(said.Meta), ids[0]) || !strings.Contains(string(said.Meta), ids[1]) {
			t.Errorf("%s %s: %s", act.method, act.path, said.Text)
		}
	}
	call(t, d, fixture.AdminCredential, http.MethodDelete, path(fixture.Ben, ids[1]), "", http.StatusOK)
	if keys := listed(t, d, fixture.Ben); len(keys) != 1 || keys[0].ID != ids[0] {
		t.Errorf("left are %+v, of %v", keys, ids)
	}
	call(t, d, fixture.AdminCredential, http.MethodGet, path(fixture.Ben, fixture.BensKey), "", http.StatusOK)
}

// A place in a plan that another request has taken keeps the policy from a key, and nothing changes.
func TestPlanOfAnotherRequest(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	waiting := d.Ask(fixture.Ben, fixture.Payments)
	before := tabletest.Items(t, d.Table)
	said := call(t, d, fixture.AdminCredential, http.MethodPut, path(fixture.Ben, fixture.BensKey),
		`{"apply_policies": ["`+fixture.Petstore+`", "`+fixture.Payments+`"]}`, http.StatusConflict)
	if !strings.HasPrefix(said.Message, "A request for the plan "+fixture.Payments+" is waiting for a decision.") || string(said.Meta) != `{"request":"`+waiting+`"}` {
		t.Error(said.Text)
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
}
