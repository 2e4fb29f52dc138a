package portal_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"keydesk/shared/portal"
)

// written is a document as it goes on the wire.
func written(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// at is the value that a path of members leads to in a document; nil where it leads nowhere.
func at(t *testing.T, document, path string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(document), &value); err != nil {
		t.Fatal(err)
	}
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

// refused holds that an error is a refusal of the kind that begins with these words.
func refused(t *testing.T, what string, err error, kind portal.Kind, words string) {
	t.Helper()
	var refusal *portal.Error
	if !errors.As(err, &refusal) || refusal.Kind != kind || !strings.HasPrefix(refusal.Message, words) {
		t.Errorf("%s: %v; want %s", what, err, words)
	}
}

func entry(t *testing.T, document string) portal.Entry {
	t.Helper()
	var e portal.Entry
	if err := json.Unmarshal([]byte(document), &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestEntryKeepsItsDocument(t *testing.T) {
	const document = `{"policy_id":"p","name":"Pets","hasDocumentation":true,"config":{"override":true,"require_key_approval":true,"mail":{}},"x":[1]}`
	e := entry(t, document)
	if e.PolicyID != "p" || e.AuthType != portal.AuthToken || !e.Config.Override || !e.Config.RequireKeyApproval {
		t.Errorf("read %+v", e)
	}
	text := written(t, e)
	if begin := `{"policy_id":"p","name":"Pets","hasDocumentation":true,"config":{"override":true,"require_key_approval":true,"mail":{},`; !strings.HasPrefix(text, begin) {
		t.Errorf("written as %s, which does not begin as it came", text)
	}
	if !strings.Contains(text, `},"x":[1],"short_description":""`) {
		t.Errorf("written as %s, where what was missing is not at the end", text)
	}
	var wrong portal.Entry
	if err := json.Unmarshal([]byte(`{"policy_id":5}`), &wrong); err == nil {
		t.Error("an entry whose policy is a number is read")
	}
}

// What a client leaves out, or says null of, is as Tyk would have it.
func TestEntryIsComplete(t *testing.T) {
	text := written(t, entry(t, `{"auth_type": "", "config": {"key_request_fields": null}}`))
	for path, want := range map[string]any{
		"auth_type": "authToken", "version": "v2", "show": true, "is_keyless": false, "fields": map[string]any{}, "policy_id": "",
		"config.key_request_fields": []any{}, "config.signup_fields": []any{}, "config.oauth_usage_limit": -1.0, "config.override": false,
		"config.mail_options.email_copy.key_email.hide_token_data": false, "config.enable_dcr": false, "config.dcr_options.grant_types": []any{},
	} {
		if got := at(t, text, path); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

// An entry that wants no key gives none, and its document stays as it came.
func TestKeylessEntry(t *testing.T) {
	for _, said := range []string{`"is_keyless": true`, `"is_keyless": true, "auth_type": "basic"`, `"auth_type": "keyless"`} {
		e := entry(t, `{"policy_id": "p", `+said+`}`)
		if e.AuthType != "keyless" || portal.Granted(e.AuthType) {
			t.Errorf("%s: it gives keys of the kind %s", said, e.AuthType)
		}
		if again := entry(t, written(t, e)); again.AuthType != "keyless" {
			t.Errorf("%s, read again: it gives keys of the kind %s", said, again.AuthType)
		}
	}
	if text := written(t, entry(t, `{"is_keyless": true, "auth_type": "basic"}`)); at(t, text, "auth_type") != "basic" || at(t, text, "is_keyless") != true {
		t.Errorf("written as %s", text)
	}
	if e := entry(t, `{"is_keyless": false}`); e.AuthType != portal.AuthToken {
		t.Errorf("it gives keys of the kind %s", e.AuthType)
	}
	_, err := portal.NewCatalogue(org, another, `{"apis": [{"is_keyless": true, "auth_type": "magic"}]}`)
	refused(t, "an unknown kind", err, portal.Invalid, `apis[0].auth_type: "magic" is none;`)
}

// A member counts under its own name only: encoding/json would take Override for override.
func TestMembersCountByTheirExactNames(t *testing.T) {
	e := entry(t, `{"policy_id": "p", "Policy_ID": "q", "config": {"override": false, "Override": true}}`)
	if e.PolicyID != "p" || e.Config.Override {
		t.Errorf("read %+v", e)
	}
}

func TestEntryCountsWhereItOverrides(t *testing.T) {
	own, organisations := portal.Config{SecureKeyApproval: true}, portal.Config{RequireKeyApproval: true}
	c := portal.Configuration{Config: organisations}
	e := portal.Entry{Config: own}
	if got := e.Effective(&c); !reflect.DeepEqual(got, organisations) {
		t.Errorf("without override: %+v", got)
	}
	e.Config.Override = true
	if got := e.Effective(&c); got.RequireKeyApproval || !got.SecureKeyApproval {
		t.Errorf("with override: %+v", got)
	}
}

// How many OAuth clients a developer may have is a whole number; Tyk's -1, for any number, is what counts where none is given.
func TestOAuthUsageLimit(t *testing.T) {
	for config, want := range map[string]int{
		`{"oauth_usage_limit": 5}`: 5, `{"oauth_usage_limit": 1}`: 1, `{"oauth_usage_limit": 0}`: 0, `{"oauth_usage_limit": -1}`: -1,
		`{"oauth_usage_limit": -7}`: -7, `{"oauth_usage_limit": 2.0}`: 2, `{"oauth_usage_limit": 1e3}`: 1000, `{}`: -1, `{"OAuth_Usage_Limit": 5}`: -1,
	} {
		e := entry(t, `{"policy_id": "p", "config": `+config+`}`)
		if e.Config.OAuthUsageLimit != want {
			t.Errorf("%s: %d, want %d", config, e.Config.OAuthUsageLimit, want)
		}
		if again := entry(t, written(t, e)); again.Config.OAuthUsageLimit != want {
			t.Errorf("%s, read again: %d, want %d", config, again.Config.OAuthUsageLimit, want)
		}
	}
	c, err := portal.NewConfiguration(org, another, `{"oauth_usage_limit": 3}`)
	if e := entry(t, `{"config": {"oauth_usage_limit": 5}}`); err != nil || e.Effective(&c).OAuthUsageLimit != 3 {
		t.Errorf("without override it is %d, %v; want the organisation's 3", e.Effective(&c).OAuthUsageLimit, err)
	}
	for _, limit := range []string{"1.5", "null", "1e99", "99999999999999999999", `"5"`, "true"} { // none of which may come to mean: any number
		_, err := portal.NewConfiguration(org, another, portal.Object(`{"oauth_usage_limit": `+limit+`}`))
		refused(t, limit, err, portal.Invalid, "oauth_usage_limit: ")
	}
}

func TestTokenIsBlank(t *testing.T) {
	const options = `"dcr_options": {"provider": "okta", "access_token": "hidden", "access_token": "s\u0065cret"}`
	var c portal.Configuration
	if err := json.Unmarshal([]byte(`{`+options+`}`), &c); err != nil {
		t.Fatal(err)
	}
	for path, documents := range map[string][2]any{
		"config.dcr_options": func() [2]any { e := entry(t, `{"config": {`+options+`}}`); return [2]any{e, e.WithoutToken()} }(),
		"dcr_options":        {c, c.WithoutToken()},
	} {
		whole, shown := written(t, documents[0]), written(t, documents[1])
		if got := at(t, whole, path+".access_token"); got != "secret" {
			t.Errorf("its owner reads %v", got)
		}
		if got := at(t, shown, path+".access_token"); got != "" || strings.Contains(shown, "hidden") {
			t.Errorf("others read %v: %s", got, shown)
		}
		if got := at(t, shown, path+".provider"); got != "okta" {
			t.Errorf("others read the provider %v", got)
		}
	}
	if text := written(t, portal.Entry{}.WithoutToken()); text != "{}" {
		t.Errorf("no entry is written as %s", text)
	}
}
