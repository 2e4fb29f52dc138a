package rest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/rest"
)

// The log names the developer and the key of a path, by the hash that the key is shown by. Whoever puts a whole key there, or anything else,
// does not find it in the log.
func TestTheLogNamesNoWholeKey(t *testing.T) {
	desk := desktest.New(t, fixture.Desk)
	var took, named string
	const hash, raw = "cac572e018c60de0", "53ac07777cbb8c2d5300000215811f02c21540dd5257eb68d3d73f35"
	const pasted = "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6ImQ0NzIzOWUxMjg3NTRjMGM5MTQ4MzYzMjg2YjhlZDQ2IiwiaCI6Im11cm11cjY0In0="
	for _, c := range []struct{ path, id, key string }{
		{"/api/portal/developers/" + fixture.Ada + "/keys/" + hash, fixture.Ada, hash},
		{"/api/portal/developers/key//" + hash + "/" + fixture.Ada, fixture.Ada, hash},
		{"/api/apis//keys/" + hash, "", hash},
		{"/api/portal/developers/" + fixture.Ada + "/keys/" + raw, fixture.Ada, ""},
		{"/api/apis//keys/" + raw, "", ""},
		{"/api/apis//keys/" + pasted, "", ""},
		{"/api/portal/developers/oauth/" + pasted, "", ""},
		{"/api/portal/developers/ssokey/" + raw, "", ""},
		{"/api/portal/developers/key/" + raw + "/" + hash + "/" + raw, "", hash},
	} {
		lines := logged(t, func() rest.Handler { return rest.Handle(desk.Table, everyRoute(&took, &named)...) }, func(handle rest.Handler) {
			event := call(fixture.AdminCredential)
			event.RawPath, event.RequestContext.HTTP.Method = c.path, "DELETE"
			if _, err := handle(t.Context(), event); err != nil {
				t.Fatal(err)
			}
		})
		var line map[string]any
		if err := json.Unmarshal([]byte(lines), &line); err != nil || line["id"] != c.id || line["key"] != c.key {
			t.Errorf("%s: the log says %s, %v", c.path, lines, err)
		}
		if strings.Contains(lines, raw) || strings.Contains(lines, pasted) {
			t.Errorf("%s: the log quotes a whole key: %s", c.path, lines)
		}
	}
}
