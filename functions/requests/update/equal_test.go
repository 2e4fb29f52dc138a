package main

import (
	"net/http"
	"reflect"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
)

// A PUT that asks for what is asked for already is answered as any other, and writes nothing: no revision, no history, no mail.
func TestEqualIsNoRevision(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	id := wish(t, d, fixture.Weather, portal.RequestInput{OAuthInfo: &portal.OAuthInfo{RedirectURI: "https://app.example/back"}})
	put(t, d, id, map[string]any{"fields": map[string]any{"usecase": "demo", "seats": map[string]any{"a": 1, "b": []int{1, 2}}}})
	before := read(t, d, id)
	for what, body := range map[string]string{
		"nothing":        `{}`,
		"all of it":      `{"by_user": "` + before.ByUser + `", "for_plan": "` + fixture.Weather + `", "apply_policies": ["` + fixture.Weather + `"], "version": "v2"}`,
		"other spaces":   `{"fields":{"usecase":"demo","seats":{"a":1,"b":[1,2]}}}`,
		"another order":  `{"fields": {"seats": {"b": [1, 2], "a": 1}, "usecase": "d\u0065mo"}}`,
		"the date alone": `{"date_created": "2026-01-31T12:00:00Z"}`,
		"its address":    `{"oauth_info": {"redirect_uri": "https://app.example/back"}}`,
		"no key":         `{"key": "", "jwt_secret": "", "certificate": "", "for_api": "", "remove_policies": []}`,
		"what it shows":  `{"id": "` + id + `", "approved": true, "state": "approved", "revision": 7}`,
	} {
		d.Unchanged(what, func() {
			said := d.Say(function, desktest.Call(fixture.AdminCredential, http.MethodPut, "/api/portal/requests/"+id, body))
			if said.Status != http.StatusOK || said.Message != id {
				t.Errorf("%s: %d %s", what, said.Status, said.Text)
			}
		})
	}
	d.Unchanged("a stale If-Match", func() {
		stale := desktest.Call(fixture.AdminCredential, http.MethodPut, "/api/portal/requests/"+id, `{}`)
		stale.Headers["if-match"] = `"7"`
		if said := d.Say(function, stale); said.Status != http.StatusPreconditionFailed {
			t.Errorf("%d %s", said.Status, said.Text)
		}
	})
	for what, body := range map[string]map[string]any{
		"another answer":  {"fields": map[string]any{"usecase": "demo", "seats": map[string]any{"a": 1, "b": []int{2, 1}}}},
		"another version": {"version": "v1"},
		"another address": {"oauth_info": map[string]any{"redirect_uri": "https://app.example/there"}},
		"another api":     {"for_api": "an-api"},
	} {
		revision := read(t, d, id).Revision
		if said, r := put(t, d, id, body); said.Status != http.StatusOK || r.Revision != revision+1 {
			t.Errorf("%s: %d %s, revision %d after %d", what, said.Status, said.Text, r.Revision, revision)
		}
	}
	if after := read(t, d, id); reflect.DeepEqual(after.Request, before.Request) {
		t.Error("nothing has changed")
	}
}

// A developer who was sent to a third party is sent there again by a PUT that changes nothing, for the same revision.
func TestEqualIsTheSameWay(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(sold)
	id := wish(t, d, fixture.Ledger, portal.RequestInput{})
	d.Unchanged("nothing", func() {
		said, r := put(t, d, id, map[string]any{})
		way(t, d, said, 1)
		if r.State != portal.Waiting {
			t.Errorf("it is %s", r.State)
		}
	})
}
