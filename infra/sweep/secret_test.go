package sweep

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"keydesk/infra/canary"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/caller"
)

// secrets are those of a desk.
type secrets struct {
	texts  []string // that no answer tells
	tokens []string // that those alone are told who may write the catalogue
}

// handsOver are the routes whose answers hand a key over.
var handsOver = map[string]bool{
	"PUT " + requests + "/approve/{id}": true, "POST " + requests + "/{id}/claim": true,
	"POST " + keys: true, "POST " + developers + "/{id}/subscriptions": true, "POST " + keys + "/{key}/rotate": true,
}

// in names the secrets that an answer tells.
func (s *secrets) in(as who, call sample, a answer) []string {
	var found []string
	if !call.open || call.proof.of != nil { // the contract shows such members, and examples
		var handed []string
		if handsOver[call.means] && a.status == http.StatusOK {
			handed = []string{"RawKey", "Password", "secret"} // once
		}
		found = canary.InAnswer(a.header, a.text, handed...)
	}
	texts := s.texts
	if !as.role.May(caller.WriteCatalogue) {
		texts = append(texts[:len(texts):len(texts)], s.tokens...)
	}
	all := a.text + fmt.Sprint(a.header)
	for _, text := range texts {
		if strings.Contains(all, text) {
			found = append(found, fmt.Sprintf("%.12s...", text))
		}
	}
	return found
}

// No answer tells a secret: call looks at each. So here everybody asks for everything, as it should be and as it should not.
func TestSecrets(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, route := range d.routes {
		t.Run(route.Method+" "+route.Path, func(t *testing.T) {
			s := of(t, route)
			for _, as := range ours {
				d.call(t, as, s)
				d.reset(t)
				if route.Canonical() && route.Method == http.MethodGet {
					d.readAll(t, as, s)
				}
			}
			for _, wrong := range malformed(s) {
				if route.Canonical() {
					d.call(t, admin, wrong)
				}
			}
			d.reset(t)
		})
	}
	t.Run("tokens are told to whom they may", d.tellTokens)
	all := fmt.Sprint(tabletest.Items(t, d.Table))
	for _, text := range []string{plainText, oldText, newText, theirText} {
		if strings.Contains(all, text) {
			t.Errorf("the table holds %s", text)
		}
		if strings.Contains(d.log.all(), text) {
			t.Errorf("the log holds %s", text)
		}
	}
	if found := canary.Find([]byte(d.log.all())); found != "" {
		t.Errorf("the log holds %s", found)
	}
	if hashes := strings.Count(all, "$2a$"); hashes < 4 {
		t.Errorf("the table holds %d passwords: there was nothing to tell", hashes)
	}
}

// readAll reads each of our objects, and whole lists.
func (d *desk) readAll(t *testing.T, as who, s sample) {
	t.Helper()
	for _, object := range d.objects(t, fixture.Org, s.what()) {
		d.call(t, as, s.about(object))
	}
	for _, query := range []string{"?p=-1", "?p=2", "?approved=true", "?approved=false", "?state=declined", "?q=e"} {
		s.query = query
		d.call(t, as, s)
	}
}

// malformed are calls whose body, where the route has one, is not as it should be.
func malformed(s sample) []sample {
	if s.body == "" && s.proof.of == nil {
		return nil
	}
	bodies := []string{
		"", `{"jwt_secret": "` + plainText + `"}`, `{"jwt_secret": ["` + plainText + `"]}`, `{"certificate": "` + plainText + `", "apply_policies": ["` + fixture.Clearing + `"]}`,
		`{"password": "` + plainText, `{"password": ["` + plainText + `"]}`, `{"password": {"` + plainText + `": 1}}`,
	}
	for _, member := range []string{"password", "username", "email", "fields", "by_user", "id", "_id", "apis", "name", "mail_options", "reason", "apply_policies", "jwt_secret", "certificate", "key", "grace_seconds", "ids", "revisions", "rules", "token", "proof", "org_id", "approved"} {
		bodies = append(bodies, `{"`+member+`": 5}`, `{"`+member+`": {}}`)
	}
	var all []sample
	s.proof = proof{}
	for _, body := range bodies {
		s.body = body
		all = append(all, s)
	}
	return all
}

// tellTokens shows that there was a token to tell: who may write the catalogue is told it.
func (d *desk) tellTokens(t *testing.T) {
	for _, path := range []string{catalogue, configuration, requests + "/" + fixture.Automatic} {
		for _, as := range ours {
			a := d.call(t, as, sample{method: http.MethodGet, path: path})
			if told := strings.Contains(a.text, ourAccess); told != as.role.May(caller.WriteCatalogue) || a.status != http.StatusOK {
				t.Errorf("GET %s by %s: %d; it tells the token: %t", path, as.name, a.status, told)
			}
		}
	}
}
