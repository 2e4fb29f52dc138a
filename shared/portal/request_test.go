package portal_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
)

const (
	org       = "5e9d9544a1dcd60001d0ed20"
	developer = "5efdbdb749960c000137f589"
	another   = "554c733a30c55e4b16000002"
)

var now = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func input(t *testing.T, text string) *portal.RequestInput {
	t.Helper()
	var in portal.RequestInput
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	return &in
}

func TestNewRequest(t *testing.T) {
	r, err := portal.NewRequest(org, input(t, `{
		"by_user": "`+developer+`", "apply_policies": ["a", "b"], "fields": {"x": 1}, "version": "v2", "certificate": "`+fingerprint+`",
		"oauth_info": {"redirect_uri": "http://localhost"}, "for_api": "", "date_created": "2015-05-08T04:49:20.992-04:00"
	}`), now)
	if err != nil {
		t.Fatal(err)
	}
	want := portal.Request{
		ID: r.ID, OrgID: org, ForPlan: "a", ApplyPolicies: []string{"a", "b"}, RemovePolicies: []string{}, ByUser: developer,
		Fields: `{"x": 1}`, DateCreated: "2015-05-08T08:49:20.992Z", Version: "v2", Certificate: fingerprint,
		OAuthInfo: &portal.OAuthInfo{RedirectURI: "http://localhost"}, State: portal.Pending, Revision: 1,
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("made %+v\nwant %+v", r, want)
	}
	if !strings.HasPrefix(r.ID, "6b0284e0") {
		t.Errorf("id %s is not of that second", r.ID)
	}
}

// What the events of a client refuse is in events/; here are the bounds that no event reaches.
func TestInputRefused(t *testing.T) {
	long := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	for asked, want := range map[string]string{
		`"for_plan": "p", "certificate": ` + long(16<<10+1):                                           "certificate is longer than 16384 bytes; send its SHA-256 fingerprint.",
		`"for_plan": "p", "version": ` + long(201):                                                    "version is longer than 200 bytes;",
		`"for_plan": "p", "for_api": ` + long(201):                                                    "for_api is longer than 200 bytes;",
		`"for_plan": "p", "fields": {"a": ` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`: "fields is nested more than 32 deep;",
		`"for_plan": "p", "fields": {"a": [1, 1e999]}`:                                                "fields: the number 1e999 is too large;",
		`"for_plan": "p", "date_created": ` + long(201):                                               "date_created: ",
		`"for_plan": "p", "fields": {"a":` + long(16<<10) + `}`:                                       "fields is 16392 bytes long; at most 16384 are kept. Send shorter answers",
		`"for_plan": "p", "remove_policies": ["q"]`:                                                   "remove_policies takes policies from a key; name it in key, by the hash it is shown by.",
		`"for_plan": "a#b"`:                     `for_plan: "a#b" cannot be a policy's id; send 1 to 200 bytes`,
		`"apply_policies": ["a#b"]`:             `apply_policies: "a#b" cannot be a policy's id; send 1 to 200 bytes`,
		`"apply_policies": ["a\u0000b"]`:        `apply_policies: "a\x00b" cannot be a policy's id; send 1 to 200 bytes`,
		`"apply_policies": [` + long(201) + `]`: `apply_policies: "` + strings.Repeat("x", 40) + `..." cannot`,
	} {
		_, err := portal.NewRequest(org, input(t, `{"by_user": "`+developer+`", `+asked+`}`), now)
		var refusal *portal.Error
		if !errors.As(err, &refusal) || refusal.Kind != portal.Invalid || !strings.HasPrefix(refusal.Message, want) {
			t.Errorf("%.40s: %v, want %s", asked, err, want)
		}
	}
}

func TestBoundsAreReached(t *testing.T) {
	text := `{"by_user": "` + developer + `", "apply_policies": ["` + strings.Repeat("p", 200) + `"`
	for n := range 19 {
		text += `, "` + string(rune('a'+n)) + `"`
	}
	text += `], "fields": {"a":"` + strings.Repeat("x", 16<<10-8) + `"}, "certificate": "` + strings.Repeat(" ", 16<<10-64) + fingerprint + `", ` +
		`"oauth_info": {"redirect_uri": "` + strings.Repeat("https://a.example/"+strings.Repeat("x", 390)+",", 20) + `"}}`
	r, err := portal.NewRequest(org, input(t, text), now)
	if err != nil || len(r.ApplyPolicies) != 20 {
		t.Fatalf("%d policies, %v", len(r.ApplyPolicies), err)
	}
	if whole, err := json.Marshal(r); err != nil || len(whole) > 40<<10 { //nolint:gosec // a public key
		t.Errorf("the largest request has %d bytes, %v: a page of ten must stay short", len(whole), err)
	}
}

func TestRevise(t *testing.T) {
	before, err := portal.NewRequest(org, input(t, `{
		"by_user": "`+developer+`", "apply_policies": ["a"], "fields": {"x": 1}, "version": "v2", "certificate": "`+fingerprint+`",
		"oauth_info": {"redirect_uri": "http://localhost"}
	}`), now)
	if err != nil {
		t.Fatal(err)
	}
	for text, change := range map[string]func(*portal.Request){
		`{}`:                  func(*portal.Request) {},
		`{"fields": {}}`:      func(r *portal.Request) { r.Fields = "{}" },
		`{"fields": null}`:    func(*portal.Request) {},
		`{"version": ""}`:     func(r *portal.Request) { r.Version = "" },
		`{"certificate": ""}`: func(r *portal.Request) { r.Certificate = "" },
		`{"certificate": "` + fingerprint[2:] + `00"}`: func(r *portal.Request) { r.Certificate = fingerprint[2:] + "00" },
		`{"oauth_info": {"redirect_uri": ""}}`:         func(r *portal.Request) { r.OAuthInfo = &portal.OAuthInfo{} },
		`{"apply_policies": ["b", "c"]}`:               func(r *portal.Request) { r.ApplyPolicies, r.ForPlan = []string{"b", "c"}, "b" },
		`{"apply_policies": []}`:                       func(*portal.Request) {},
		`{"for_plan": "b"}`:                            func(r *portal.Request) { r.ApplyPolicies, r.ForPlan = []string{"b"}, "b" },
		`{"by_user": "` + developer + `", "date_created": "2015-05-08T04:49:20Z", "approved": true}`: func(*portal.Request) {},
	} {
		want := before
		change(&want)
		if got, err := before.Revise(input(t, text)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", text, got, err, want)
		}
	}
	for _, text := range []string{`{"by_user": "` + another + `"}`, `{"apply_policies": ["a", "a"]}`, `{"jwt_secret": "s"}`, `{"key": "k"}`} {
		if got, err := before.Revise(input(t, text)); err == nil {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

func TestOpen(t *testing.T) {
	for state, want := range map[portal.State]bool{
		portal.Pending: true, portal.Waiting: true, portal.Approved: false, portal.Declined: false, portal.Cancelled: false,
		portal.Expired: false, portal.Lapsed: false,
	} {
		if r := (portal.Request{State: state}); r.Open() != want {
			t.Errorf("a request that is %s is open: %v", state, r.Open())
		}
	}
}
