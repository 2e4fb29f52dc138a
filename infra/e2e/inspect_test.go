package e2e

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// inspect judges what holds of every answer of the desk, whichever it is.
func inspect(t *testing.T, a answer) {
	t.Helper()
	if a.status == 0 {
		return // send has said why
	}
	if got := a.header.Get("Content-Type"); got != "application/json" {
		t.Errorf("%s: Content-Type is %q", a.call, got)
	}
	if got := a.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("%s: Cache-Control is %q", a.call, got)
	}
	if a.body == nil {
		t.Errorf("%s: the answer is not a JSON object: %s", a.call, a.text)
	}
	for _, found := range leaks(a) {
		t.Errorf("%s: shows a secret: %s", a.call, found)
	}
}

// secretMembers hold a secret in Tyk. Clients expect some of them, so that they stay, and stay empty.
var secretMembers = []string{"password", "secret", "jwt_secret", "nonce", "sso_key", "pwhistory", "rawkey", "raw_key", "proof"}

// secretTexts are what no answer holds wherever it stands: a key in either form, a credential, a bcrypt hash.
var secretTexts = regexp.MustCompile(`eyJvcmciOiI[0-9A-Za-z+/=]{40}|\b[0-9a-f]{56}\b|\bkd_[0-9a-f]{24}_|\$2[aby]\$`)

// leaks names the places of an answer that show a secret, and does not repeat it.
func leaks(a answer) []string {
	text := a.text
	document := a.body
	if approve := "PUT " + collection + "/approve/"; a.status == 200 && strings.HasPrefix(a.call, approve) {
		key := a.string("RawKey") // the one answer that hands a key over
		text = strings.ReplaceAll(text, key, "")
		document = map[string]any{"Password": a.body["Password"]}
	}
	found := secretsIn("", document)
	headers, _ := json.Marshal(a.header)
	for _, where := range []struct{ name, text string }{{"body", text}, {"headers", string(headers)}} {
		if secretTexts.MatchString(where.text) {
			found = append(found, "the "+where.name)
		}
	}
	return found
}

func secretsIn(path string, value any) []string {
	var found []string
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			if slices.Contains(secretMembers, strings.ToLower(name)) && !empty(member) {
				found = append(found, path+"."+name)
			}
			found = append(found, secretsIn(path+"."+name, member)...)
		}
	case []any:
		for _, member := range v {
			found = append(found, secretsIn(path+"[]", member)...)
		}
	}
	return found
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	}
	return false
}

func TestInspectorFindsSecrets(t *testing.T) {
	key := "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6ImQ0NzIzOWUxMjg3NTRjMGM5MTQ4MzYzMjg2YjhlZDQ2IiwiaCI6Im11cm11cjY0In0="
	for _, text := range []string{
		`{"a": [{"Password": "x"}]}`,
		`{"portal_developer": {"PWHistory": ["x"]}}`,
		`{"Message": "` + key + `"}`,
		`{"Message": "53ac07777cbb8c2d5300000215811f02c21540dd5257eb68d3d73f35"}`,
		`{"Meta": {"to": "kd_53ac07777cbb8c2d53000002_aaaa"}}`,
		`{"fields": {"old": "$2a$10$fjJxMm0uCVypgrLlJtWeN"}}`,
	} {
		a := answer{call: "GET " + collection, status: 200, text: text}
		if err := json.Unmarshal([]byte(text), &a.body); err != nil {
			t.Fatal(err)
		}
		if len(leaks(a)) == 0 {
			t.Errorf("found nothing in %s", text)
		}
	}
}
