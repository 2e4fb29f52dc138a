package e2e

import (
	"regexp"
	"strings"
	"testing"

	"keydesk/infra/canary"
	"keydesk/infra/openapi/answers"
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
	method, path, _ := strings.Cut(a.call, " ")
	if err := answers.Check(method, path, a.status, a.header, []byte(a.text)); err != nil {
		t.Errorf("not as the contract has it: %v", err)
	}
}

// handsOver are the calls whose answers hand a key over, and no others do.
var handsOver = regexp.MustCompile(`^(PUT ` + collection + `/approve/|POST ` + collection + `/[0-9a-f]{24}/claim$|POST ` + developers + `/[0-9a-f]{24}/(keys|subscriptions)/?$|POST ` + developers + `/[0-9a-f]{24}/keys/[0-9a-f]+/rotate/?$)`)

// leaks names the places of an answer that show a secret, and does not repeat it.
func leaks(a answer) []string {
	var handed []string
	if a.status == 200 && handsOver.MatchString(a.call) {
		handed = []string{"RawKey", "Password", "secret"}
	}
	found := canary.InAnswer(a.header, a.text, handed...)
	if strings.Contains(a.text, passwordMark) {
		found = append(found, "a password")
	}
	return found
}

func TestInspectorFindsSecrets(t *testing.T) {
	const key = "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6ImQ0NzIzOWUxMjg3NTRjMGM5MTQ4MzYzMjg2YjhlZDQ2IiwiaCI6Im11cm11cjY0In0="
	const client = `{"client_id": "00a3d6916da6448381ea6c254937eda9", "secret": "ZGU4OWRlZjUtMzA0NS00Njk0LTljYTYtNDJmODY0ZWI1NWUz"}`
	for call, handsOver := range map[string]bool{
		"GET " + collection: false, "PUT " + collection + "/approve/1": true, "POST " + keysOfDeveloper(nobodys): true, "GET " + keysOfDeveloper(nobodys): false,
		"POST " + item(nobodys) + "/claim": true, "POST " + item(nobodys) + "/claim-link": false, "POST " + item(nobodys) + "/callback": false,
		"POST " + developerOf(nobodys) + "/subscriptions": true, "POST " + keysOfDeveloper(nobodys) + "/90568dfa/rotate": true, "POST " + keysOfDeveloper(nobodys) + "/90568dfa/suspend": false,
	} {
		for _, text := range []string{`{"RawKey": "` + key + `", "Password": ""}`, `{"RawKey": "ffeLySpZR5", "Password": "XJSm3gZIeDdk"}`, client} {
			if found := leaks(answer{call: call, status: 200, text: text}); (len(found) == 0) != handsOver {
				t.Errorf("%s: found %v", call, found)
			}
		}
	}
	if found := leaks(answer{text: `{"Message": "` + password() + ` is too short."}`}); len(found) == 0 {
		t.Error("found no password")
	}
}
