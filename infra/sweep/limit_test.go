package sweep

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/table"
)

// atLimit has each function that makes something of which the organisation may have only so many count what there is: the last count has
// reached the limit, and is an old one.
func (d *desk) atLimit(t *testing.T) {
	t.Helper()
	limited := strings.Replace(settings, `"rules": [`, `"max_open_requests": 1, "max_developers": 1, "rules": [`, 1)
	for _, s := range []struct {
		sample
		what table.Limited
	}{
		{sample{method: "POST", path: requests, body: `{"by_user": "` + fixture.Ben + `", "apply_policies": ["` + fixture.Photos + `"]}`}, table.OpenRequests},
		{sample{method: "POST", path: keys, means: "POST " + keys, object: fixture.Finn, body: `{"apply_policies": ["` + fixture.Weather + `"]}`}, table.OpenRequests},
		{sample{method: "POST", path: developers, body: `{"email": "more@example.com"}`}, table.Developers},
	} {
		d.tell(t, admin, "PUT", configuration, limited)
		if _, err := d.Table.CountUsage(t.Context(), fixture.Org, s.what, 1, time.Now().Add(-time.Minute)); err != nil {
			t.Fatal(err)
		}
		if a := d.call(t, admin, s.sample); a.status != http.StatusConflict || !strings.Contains(a.text, "when they were last counted") {
			t.Errorf("%s %s: %d %s", s.method, s.target(), a.status, a.text)
		}
		d.reset(t)
	}
}
