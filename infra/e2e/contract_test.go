package e2e

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/openapi/answers"
)

// TestContract reads the contract as a newcomer would, who has no credential.
func TestContract(t *testing.T) {
	t.Parallel()
	for path, begins := range map[string]string{"/openapi.json": `{"openapi":"3.1`, "/openapi.json/": `{"openapi":"3.1`, "/docs": "<!doctype html>", "/docs/": "<!doctype html>"} {
		a := client{}.send(t, http.MethodGet, path, "")
		if err := answers.Check(http.MethodGet, path, a.status, a.header, []byte(a.text)); err != nil {
			t.Error(err)
		}
		if a.status != http.StatusOK || !strings.HasPrefix(a.text, begins) || !strings.Contains(a.text, base.String()) {
			t.Errorf("GET %s: %d, %.100s; want one that begins with %s and names %s", path, a.status, a.text, begins, base)
		}
		if again := (client{}).send(t, http.MethodGet, path, "", "If-None-Match: "+a.header.Get("ETag")); again.status != http.StatusNotModified || again.text != "" {
			t.Errorf("GET %s again: %d %.100s", path, again.status, again.text)
		}
	}
	var contract struct{ Servers []struct{ URL string } }
	if err := json.Unmarshal([]byte(client{}.send(t, http.MethodGet, "/openapi.json", "").text), &contract); err != nil {
		t.Fatal(err)
	}
	if len(contract.Servers) != 1 || contract.Servers[0].URL != base.String() {
		t.Errorf("its servers are %v, want %s", contract.Servers, base)
	}
}
