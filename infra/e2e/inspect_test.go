package e2e

import (
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

// leaks names the places of an answer that show a secret, and does not repeat it.
func leaks(a answer) []string {
	var handed []string
	if approve := "PUT " + collection + "/approve/"; a.status == 200 && strings.HasPrefix(a.call, approve) {
		handed = []string{"RawKey"} // the one answer that hands a key over
	}
	found := canary.InAnswer(a.header, a.text, handed...)
	if strings.Contains(a.text, passwordMark) {
		found = append(found, "a password")
	}
	return found
}

func TestInspectorFindsSecrets(t *testing.T) {
	const key = "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6ImQ0NzIzOWUxMjg3NTRjMGM5MTQ4MzYzMjg2YjhlZDQ2IiwiaCI6Im11cm11cjY0In0="
	for call, handsOver := range map[string]bool{"GET " + collection: false, "PUT " + collection + "/approve/1": true} {
		a := answer{call: call, status: 200, text: `{"RawKey": "` + key + `", "Password": ""}`}
		if found := leaks(a); (len(found) == 0) != handsOver {
			t.Errorf("%s: found %v", call, found)
		}
	}
	if found := leaks(answer{text: `{"Message": "` + password() + ` is too short."}`}); len(found) == 0 {
		t.Error("found no password")
	}
}
