package portal_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"keydesk/shared/portal"
)

func policy(t *testing.T, document string) portal.Policy {
	t.Helper()
	p, err := portal.NewPolicy("org", portal.Object(document), now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPolicyIsUsable(t *testing.T) {
	for _, p := range []portal.Policy{
		{}, {IsInactive: true}, {Active: true, IsInactive: true}, {State: "active"}, {State: "active", Active: true, IsInactive: true},
		policy(t, `{"name": "a", "state": "deny"}`), policy(t, `{"name": "a", "state": "draft", "active": true}`),
		policy(t, `{"name": "a", "state": "Draft"}`), policy(t, `{"name": "a", "state": "retired"}`),
	} {
		if p.Usable() {
			t.Errorf("%+v is usable", p)
		}
	}
	for _, p := range []portal.Policy{
		{Active: true}, policy(t, `{"name": "a", "state": "active"}`), policy(t, `{"name": "a", "state": ""}`),
	} {
		if !p.Usable() {
			t.Errorf("%+v is not usable", p)
		}
	}
	_, err := portal.NewPolicy("org", `{"name": "a", "state": true}`, now)
	refused(t, "a state that is no text", err, portal.Invalid, "state: a string is expected, not true or false.")
	for _, name := range []string{"state", "auth_type"} {
		_, err := portal.NewPolicy("org", portal.Object(`{"name": "a", "`+name+`": null}`), now)
		refused(t, name+" null", err, portal.Invalid, name+": a string is expected, not null;")
	}
}

// TestPolicyKind reads the kind of key that a policy names, by Tyk's names and by those of catalogue entries.
func TestPolicyKind(t *testing.T) {
	for sent, want := range map[string]string{
		`""`: "", `" "`: "", `"oauth"`: portal.OAuth, `"jwt"`: portal.JWT, `"ba"`: portal.Basic, `"basic"`: portal.Basic, `"BA"`: portal.Basic,
		`"keyless"`: "keyless", `"authToken"`: portal.AuthToken, `"authtoken"`: portal.AuthToken, `"token"`: portal.AuthToken,
		`"mutualTLS"`: portal.MutualTLS, `"mtls"`: portal.MutualTLS, `"hmac"`: "hmac", `"magic"`: "magic",
	} {
		p := policy(t, `{"name": "a", "auth_type": `+sent+`}`)
		if p.AuthType != want {
			t.Errorf("%s: %q, want %q", sent, p.AuthType, want)
		}
	}
	if p := policy(t, `{"name": "a"}`); p.AuthType != "" || strings.Contains(written(t, p), "auth_type") {
		t.Errorf("none: %q, %s", p.AuthType, written(t, p))
	}
	_, err := portal.NewPolicy("org", `{"name": "a", "auth_type": ["jwt"]}`, now)
	refused(t, "a list", err, portal.Invalid, "auth_type: a string is expected, not a list.")
}

// A policy is kept as it came but for the form of its times, under the id that its owner gave it.
func TestPolicyKeepsItsDocument(t *testing.T) {
	const document = `{"name":"Gold","_id":"gold plan","org_id":"another","rate":1.50,"tags":["allow_registration"],"x":{"b":1,"a":[]},"date_created":"2019-06-04T07:21:35+02:00","id":"own"}`
	p := policy(t, document)
	if p.ID != "gold plan" || p.Name != "Gold" || !p.Active || p.IsInactive || p.KeyExpiresIn != 0 || p.DateCreated != "2019-06-04T05:21:35.000Z" {
		t.Errorf("read %+v", p)
	}
	text := written(t, p)
	kept := strings.NewReplacer("another", "org", "2019-06-04T07:21:35+02:00", "2019-06-04T05:21:35.000Z")
	if begin := kept.Replace(strings.TrimSuffix(document, "}")); !strings.HasPrefix(text, begin+",") {
		t.Errorf("written as %s", text)
	}
	for path, want := range map[string]any{
		"active": true, "is_inactive": false, "quota_max": 0.0, "access_rights": map[string]any{}, "meta_data": map[string]any{},
		"partitions.per_api": false, "last_updated": "", "hmac_enabled": false,
	} {
		if got := at(t, text, path); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	var again portal.Policy
	if err := json.Unmarshal([]byte(text), &again); err != nil || again != p {
		t.Errorf("read again: %+v, %v", again, err)
	}
}

// Tyk has a second id, which clients that choose their own send alone.
func TestPolicyWithAnExplicitID(t *testing.T) {
	for document, want := range map[string]string{
		`{"name": "a", "id": "gold"}`:                 "gold",
		`{"name": "a", "_id": "", "id": "gold"}`:      "gold",
		`{"name": "a", "_id": "first", "id": "gold"}`: "first",
	} {
		p := policy(t, document)
		if text := written(t, p); p.ID != want || at(t, text, "_id") != want || at(t, text, "id") != "gold" {
			t.Errorf("%s: %s", document, text)
		}
	}
	for _, id := range []string{"a#b", "a/b", "search", ".."} {
		_, err := portal.NewPolicy("org", portal.Object(fmt.Sprintf(`{"name": "a", "id": %q}`, id)), now)
		refused(t, id, err, portal.Invalid, "id: ")
	}
}

func TestPolicyWithoutAnID(t *testing.T) {
	for _, document := range []string{`{"name": "a"}`, `{"name": "a", "_id": ""}`, `{"name": "a", "_id": "", "date_created": "0001-01-01T00:00:00Z"}`} {
		p := policy(t, document)
		if text := written(t, p); !portal.ValidID(p.ID) || at(t, text, "_id") != p.ID || at(t, text, "date_created") != portal.Timestamp(now) {
			t.Errorf("%s is %s", document, text)
		}
	}
}

func TestPolicyIsReplaced(t *testing.T) {
	p := policy(t, `{"_id": "p", "name": "old", "tags": ["gone"], "date_created": "2019-06-04T07:21:35Z"}`)
	next, err := p.Replaced("org", `{"_id": "another", "name": "new", "key_expires_in": 60, "is_inactive": true}`)
	if err != nil {
		t.Fatal(err)
	}
	text := written(t, next)
	if next.ID != "p" || next.KeyExpiresIn != 60 || next.Usable() || at(t, text, "date_created") != "2019-06-04T07:21:35.000Z" || at(t, text, "_id") != "p" {
		t.Errorf("it is %s", text)
	}
	if tags := at(t, text, "tags"); !reflect.DeepEqual(tags, []any{}) {
		t.Errorf("tags %v were not replaced", tags)
	}
	if next, err = p.Replaced("org", `{"name": "new", "date_created": "2020-01-01T00:00:00Z"}`); err != nil || next.DateCreated != "2020-01-01T00:00:00.000Z" {
		t.Errorf("a date that is sent: %+v, %v", next, err)
	}
}

func TestPolicyRefuses(t *testing.T) {
	const whole = "key_expires_in: a whole number is expected, not "
	for sent, want := range map[string]string{
		`{}`:            "name is missing; say what developers shall read of the policy.",
		`{"name": " "}`: "name is missing;",
		`{"name": "` + strings.Repeat("x", 201) + `"}`: "name is longer than 200 bytes.",
		`{"name": 5}`:                                                "name: a string is expected, not a number.",
		`{"name": "a", "active": 1}`:                                 "active: true or false is expected, not a number.",
		`{"name": "a", "partitions": {"acl": 1}}`:                    "partitions.acl: true or false is expected, not a number.",
		`{"name": "a", "access_rights": []}`:                         "access_rights: an object is expected, not a list.",
		`{"name": "a", "key_expires_in": 1.5}`:                       whole + "1.5.",
		`{"name": "a", "key_expires_in": 1e99}`:                      whole + "1e99.",
		`{"name": "a", "key_expires_in": 99999999999999999999}`:      whole + "99999999999999999999.",
		`{"name": "a", "_id": 5}`:                                    "_id: a string is expected, not a number.",
		`{"name": "a", "_id": "a#b"}`:                                `_id: "a#b" cannot be a policy's id; send 1 to 200 bytes without`,
		`{"name": "a", "_id": "search"}`:                             `_id: "search" is reserved, a path of its own; choose another id.`,
		`{"name": "a", "_id": ".."}`:                                 `_id: ".." is reserved,`,
		`{"name": "a", "quota_max": 0.5}`:                            "quota_max: a whole number is expected, not 0.5.",
		`{"name": "a", "key_expires_in": 9223372036854775807}`:       "key_expires_in: at most 3153600000 seconds are taken, a hundred years; send 0 for keys that never end.",
		`{"name": "a", "key_expires_in": 3153600001}`:                "key_expires_in: at most 3153600000 seconds",
		`{"name": "a", "x": "` + strings.Repeat("x", 128<<10) + `"}`: "The policy is 131",
	} {
		_, err := portal.NewPolicy("org", portal.Object(sent), now)
		refused(t, sent[:min(len(sent), 60)], err, portal.Invalid, want)
	}
	p := policy(t, `{"name": "a"}`)
	_, err := p.Replaced("org", `{"name": ""}`)
	refused(t, "replaced by one without a name", err, portal.Invalid, "name is missing;")
}

func TestPolicyThatEnds(t *testing.T) {
	for _, seconds := range []int64{math.MinInt64, -1, 0, 1, 3_153_600_000} {
		if p := policy(t, fmt.Sprintf(`{"name": "a", "key_expires_in": %d, "rate": 1.5, "quota_max": -1}`, seconds)); p.KeyExpiresIn != seconds {
			t.Errorf("%d seconds became %d", seconds, p.KeyExpiresIn)
		}
	}
}

// What a key of the policy may use is told as its owner wrote it: a rate of 1.50 stays one.
func TestLimits(t *testing.T) {
	for sent, want := range map[string]portal.Limits{
		`{"name": "a"}`: {Rate: "0", Per: "0", QuotaMax: "0", QuotaRenewalRate: "0"},
		`{"name": "a", "rate": 1.50, "per": 60, "quota_max": -1, "quota_renewal_rate": 3600}`: {Rate: "1.50", Per: "60", QuotaMax: "-1", QuotaRenewalRate: "3600"},
		`{"name": "a", "rate": 1e3, "quota_max": 9007199254740993}`:                           {Rate: "1e3", Per: "0", QuotaMax: "9007199254740993", QuotaRenewalRate: "0"},
	} {
		p := policy(t, sent)
		if p.Limits != want {
			t.Errorf("%s: %+v, want %+v", sent, p.Limits, want)
		}
		var again portal.Policy
		if err := json.Unmarshal([]byte(written(t, p)), &again); err != nil || again.Limits != want {
			t.Errorf("%s, read again: %+v, %v", sent, again.Limits, err)
		}
	}
	for _, sent := range []string{`{"name": "a", "rate": "10"}`, `{"name": "a", "per": true}`, `{"name": "a", "quota_max": 1.5}`, `{"name": "a", "quota_renewal_rate": {}}`} {
		_, err := portal.NewPolicy("org", portal.Object(sent), now)
		refused(t, sent, err, portal.Invalid, "")
	}
	for _, name := range []string{"rate", "per"} { // the others are whole numbers, and no machine takes longer ones
		digits := strings.Repeat("9", 32)
		policy(t, `{"name": "a", "`+name+`": `+digits+`}`)
		_, err := portal.NewPolicy("org", portal.Object(`{"name": "a", "`+name+`": `+digits+`9}`), now)
		refused(t, name, err, portal.Invalid, "rate, per, quota_max, quota_renewal_rate: one is longer than 32 digits;")
	}
}

// The id is spelt as it was sent.
func TestPolicyIDIsKept(t *testing.T) {
	text, err := policy(t, `{"_id": "a<b>&c", "name": "a"}`).MarshalJSON()
	if err != nil || !strings.HasPrefix(string(text), `{"_id":"a<b>&c",`) {
		t.Errorf("written as %s", text)
	}
}

func TestValidPolicyID(t *testing.T) {
	for id, want := range map[string]bool{
		"5ead7120575961000181867e": true, "gold plan": true, "é": true, "a.b-c_d~e%20": true, strings.Repeat("x", 200): true,
		"": false, strings.Repeat("x", 201): false, "a#b": false, "a/b": false, "a?b": false, "a\x00b": false, "a\nb": false, "a\u0085b": false,
		"a\xffb": false, "search": false, ".": false, "..": false,
	} {
		if got := portal.ValidPolicyID(id); got != want {
			t.Errorf("ValidPolicyID(%q) = %v", id, got)
		}
	}
}
