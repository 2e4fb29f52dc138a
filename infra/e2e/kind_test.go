package e2e

import (
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// TestKinds has a developer ask for a key of each kind and call an API with it.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range allKinds {
		t.Run(kind, func(t *testing.T) {
			presentable(t, kind)
			t.Parallel()
			plan := offers(t, offered{kind: kind, asks: true})[0]
			h := arrives(t, kind)
			g := h.receives(t, plan)
			a := g.calls(t)
			wantMembers(t, a, map[string]any{"org": org, "developer": h.id, "rate": "10", "per": "1", "quota_max": "500", "quota_renewal_rate": "3600"})
			if fields, _ := a.body["fields"].(map[string]any); !reflect.DeepEqual(texts(a.body["policies"]), []string{plan}) || fields["usecase"] != "weather" {
				t.Errorf("%s does not say for what the key is good: %s", a.call, a.text)
			}
			g.isListed(t, a.string("key"), plan)
			g.isShown(t, plan)
			wantReason(t, wantForbidden(t, g.callsWith(t, "")), "missing")
			for _, p := range g.pieces(t) {
				places := []int{0, p.size / 2, p.size - 1}
				if front.slow > 2 {
					places = places[2:] // one tells whether it is looked at: the rest is the functions' doing
				}
				for _, at := range places {
					t.Run(fmt.Sprintf("%s changed at %d", p.name, at), func(t *testing.T) {
						wantReason(t, wantForbidden(t, g.callsWith(t, p.changed(at))), p.reasons...)
					})
				}
			}
			g.opens(t, plan)
		})
	}
}

// isListed wants the key in the list of its developer's keys, as the very one that the check has named.
func (g grant) isListed(t *testing.T, id, plan string) {
	t.Helper()
	row := g.row(t)
	want := map[string]any{
		"id": id, "developer": g.id, "auth_type": g.kind, "apply_policies": []any{plan}, "state": "active", "expires": "", "request": g.request,
		"key": row["key"], "date_created": row["date_created"], "last_used": row["last_used"],
	}
	if g.kind == mutualTLS {
		want["certificate"] = g.key
	}
	if g.kind == oauth {
		want["key"], want["client_id"], want["redirect_uri"] = g.name, g.name, "https://app.example.org/callback"
		want["app_description"], want["use_case"] = "An app", "log in"
	}
	if !reflect.DeepEqual(row, want) {
		t.Errorf("the key is listed as %v, want %v", row, want)
	}
	for _, name := range []string{id, fmt.Sprint(row["key"])} {
		one := reviewer.call(t, http.MethodGet, keysOfDeveloper(g.id)+"/"+name, "")
		row["last_used"] = one.body["last_used"] // which may have been noted meanwhile
		if !reflect.DeepEqual(one.body, row) {
			t.Errorf("%s: %s, want %v", one.call, one.text, row)
		}
	}
}

// isShown wants the developer's own document to have the key where Tyk has it.
func (g grant) isShown(t *testing.T, plan string) {
	t.Helper()
	shown := portal.call(t, http.MethodGet, developerOf(g.id), "")
	hash, _ := g.row(t)["key"].(string)
	keys, subscriptions, clients := map[string]any{hash: []any{plan}}, map[string]any{plan: hash}, any(nil)
	if g.kind == oauth {
		keys, subscriptions = map[string]any{}, map[string]any{}
		clients = map[string]any{plan: []any{map[string]any{
			"client_id": g.name, "secret": "", "redirect_uri": "https://app.example.org/callback", "app_description": "An app", "use_case": "log in",
			"date_created": g.row(t)["date_created"],
		}}}
	}
	if !reflect.DeepEqual(shown.body["keys"], keys) || !reflect.DeepEqual(shown.body["subscriptions"], subscriptions) || !reflect.DeepEqual(shown.body["oauth_clients"], clients) {
		t.Errorf("%s: want keys %v, subscriptions %v, oauth_clients %v: %s", shown.call, keys, subscriptions, clients, shown.text)
	}
}

// TestSchemes presents one token in each way that is one, and in some that are none.
func TestSchemes(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	g := arrives(t, authToken).receives(t, offers(t, offered{kind: authToken})...)
	for _, value := range []string{g.key, "Bearer " + g.key, "bearer " + g.key, "BEARER  " + g.key} {
		hello(t, value).want(t, http.StatusOK, "")
	}
	for name, c := range map[string]struct{ value, reason string }{
		"another scheme":        {"Basic " + g.key, "malformed"},
		"a name before it":      {pairOf("token", g.key), "malformed"},
		"twice":                 {g.key + g.key, "malformed"},
		"cut short":             {g.key[:len(g.key)-4], "malformed"},
		"with a letter more":    {g.key + "A", "malformed"},
		"a scheme alone":        {"Bearer", "malformed"},
		"a credential":          {portal.credential, "malformed"},
		"of another house":      {strings.ReplaceAll(tokenOf(t, g.key), org, nobodys), ""},
		"in upper case":         {strings.ToUpper(g.key), ""},
		"longer than any":       {strings.Repeat("eyJv", 2000), "malformed"},
		"its hash":              {g.path(t)[strings.LastIndex(g.path(t), "/")+1:], "malformed"},
		"the hash of something": {strings.Repeat("0", 64), "malformed"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.value, c.reason) })
	}
	other := "eyJvcmciOiIwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAiLCJpZCI6IjJiNmU3OTU0YTY5MTQ3ZGI5YzZkZjQ0ZjQwYzEwMWE0IiwiaCI6Im11cm11cjY0In0="
	refused(t, other, "wrong_organisation")
}

// tokenOf is what a base64 token says, or the token where it is of the older form.
func tokenOf(t *testing.T, token string) string {
	t.Helper()
	if len(token) == 56 {
		return token
	}
	return inside(t, token, len(`{"org":"`))
}

// TestKindsThatAreNotGranted asks for what is none of the desk's to give.
func TestKindsThatAreNotGranted(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	none := []string{"hmac", "multiAuth", "keyless", "openid", "custom", "other"}
	var all []offered
	for _, kind := range none {
		all = append(all, offered{kind: kind})
	}
	h := arrives(t, authToken)
	for i, plan := range offers(t, all...) {
		for _, a := range []answer{
			portal.call(t, http.MethodPost, collection, h.asking(t, plan)),
			portal.call(t, http.MethodPost, keysOfDeveloper(h.id), object(t, h.wish(plan))),
		} {
			a.wantRefusal(t, http.StatusBadRequest, "")
			if !strings.Contains(a.message(), none[i]) {
				t.Errorf("%s for a key of the kind %s: %s", a.call, none[i], a.message())
			}
		}
	}
}
