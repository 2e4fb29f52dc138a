package sweep

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
	"keydesk/infra/template"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Each role can do what caller's matrix says, and nothing else.
func TestRoles(t *testing.T) {
	t.Parallel()
	d := open(t)
	for _, route := range d.routes {
		t.Run(route.Method+" "+route.Path, func(t *testing.T) {
			s := of(t, route)
			needs, inMatrix := caller.Needs(s.means)
			if inMatrix == s.open {
				t.Fatalf("%s stands in caller's matrix: %t; it is there for whoever asks: %t", s.means, inMatrix, s.open)
			}
			for _, as := range ours {
				a, changed := d.call(t, as, s), d.reset(t)
				if s.open || as.role.May(needs) {
					if a.status != s.status {
						t.Errorf("%s by %s: %d %s, want %d", s.means, as.name, a.status, a.text, s.status)
					}
					continue
				}
				if a.status != http.StatusForbidden || !strings.Contains(a.text, string(needs)) {
					t.Errorf("%s by %s, who lacks %s: %d %s", s.means, as.name, needs, a.status, a.text)
				}
				if len(changed) > 0 {
					t.Errorf("%s by %s, who lacks %s, changed %v", s.means, as.name, needs, changed)
				}
			}
		})
	}
}

// Whoever brings no credential that is good learns that, in the same words everywhere, and costs no call of AWS where it cannot
// be one, and next to none where it might. What is open answers them as it does everybody.
func TestNobody(t *testing.T) {
	t.Parallel()
	d := open(t)
	malformed, others := nobodies(t, d)
	for _, path := range []string{requests, policies} {
		if a := d.call(t, admin, sample{method: "GET", path: path}); !slices.ContainsFunc(a.calls, call.wide) {
			t.Errorf("GET %s reads a list, and the meter takes none of its calls for one: %v", path, counted(a.calls))
		}
	}
	for _, route := range d.routes {
		s := of(t, route)
		if s.proof.of != nil {
			continue // see TestForgedProofs
		}
		t.Run(route.Method+" "+route.Path, func(t *testing.T) {
			for _, as := range slices.Concat(malformed, others) {
				if a := d.refuses(t, as, s); slices.Contains(malformed, as) && len(a.calls) > 0 {
					t.Errorf("%s: it took the calls %v", as.name, counted(a.calls))
				}
			}
			if changed := d.reset(t); len(changed) > 0 {
				t.Errorf("nobodies changed %v", changed)
			}
		})
	}
}

// refuses holds that a nobody is refused, at next to no cost, unless the call is open to all.
func (d *desk) refuses(t *testing.T, as who, s sample) answer {
	t.Helper()
	const refused = `{"Status":"Error","Message":"Not authorised","Meta":null}` + "\n"
	a := d.call(t, as, s)
	if s.open && a.status != s.status {
		t.Errorf("%s: %d %s, want %d", as.name, a.status, a.text, s.status)
	}
	if !s.open && (a.status != http.StatusUnauthorized || a.text != refused) {
		t.Errorf("%s: %d %s, want 401 %s", as.name, a.status, a.text, refused)
	}
	if !cheap(a) && !cheap(d.call(t, as, s)) { // on a busy machine a call of AWS may have been tried twice
		t.Errorf("%s: it took the calls %v: two at the most, and no list, may go out before the caller is known", as.name, counted(a.calls))
	}
	return a
}

// cheap tells whether an answer cost no more than a nobody's may: the credential and one thing beside it.
func cheap(a answer) bool { return len(a.calls) <= 2 && !slices.ContainsFunc(a.calls, call.wide) }

// nobodies are those whose credential opens nothing: what cannot be one, and what is none or no longer one.
func nobodies(t *testing.T, d *desk) (malformed, others []who) {
	t.Helper()
	malformed = []who{
		{name: "no credential"},
		{name: "rubbish", credential: "kd_rubbish"},
		{name: "another scheme", credential: "Basic YTpi"},
		{name: "half a credential", credential: fixture.AdminCredential[:40]},
	}
	unknown, _ := caller.Mint(fixture.Org)
	others = []who{
		{name: "an unknown credential", credential: unknown.Reveal()},
		{name: "a credential of another organisation than it says", credential: strings.Replace(fixture.OtherCredential, fixture.OtherOrg, fixture.Org, 1)},
	}
	now := time.Now()
	for name, c := range map[string]table.Credential{
		"an expired credential": {Caller: caller.Caller{Expires: now.Add(-time.Minute).Unix()}},
		"a revoked credential":  {Revoked: now.Add(-time.Minute).Unix()},
	} {
		credential, hash := caller.Mint(fixture.Org)
		c.Org, c.Name, c.Role, c.Credential, c.ID = fixture.Org, "former admin", caller.Admin, hash, portal.NewID(now)
		if err := d.Table.CreateCredential(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		others = append(others, who{name: name, credential: credential.Reveal()})
	}
	d.remember(t)
	return malformed, others
}

// The matrix has the template's routes, and no others.
func TestMatrix(t *testing.T) {
	api, err := template.Load(root+"/template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, r := range api.Routes {
		if r.Canonical() && !of(t, r).open {
			want = append(want, r.Method+" "+r.Path)
		}
	}
	if slices.Sort(want); !slices.Equal(caller.Routes(), want) {
		t.Errorf("the matrix has the routes %v, template.yaml %v", caller.Routes(), want)
	}
}
