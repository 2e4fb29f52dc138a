package e2e

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// The kinds of key.
const (
	authToken = "authToken"
	basic     = "basic"
	oauth     = "oauth"
	jwt       = "jwt"
	mutualTLS = "mutualTLS"
)

// kinds are those that a developer presents in a header, and all of them. A certificate comes with the connection: see connects.
var (
	kinds    = []string{authToken, basic, oauth, jwt}
	allKinds = append(slices.Clone(kinds), mutualTLS)
)

// someKinds are all kinds, or one where calls are slow: what differs between kinds is the functions' doing.
func someKinds() []string {
	if front.slow > 2 {
		return kinds[:1]
	}
	return kinds
}

// holder is a developer with keys of one kind, and what makes them theirs.
type holder struct {
	kind, org, id string
	pair          *pair  // of a holder of jwt keys
	certificate   string // in PEM, of one of mutualTLS keys: see readied
}

// arrives signs a developer up who will have keys of the kind.
func arrives(t *testing.T, kind string) holder {
	t.Helper()
	h := holder{kind: kind, org: org, id: portal.signUp(t, fmt.Sprintf(`{"email": "%s@portal.example"}`, mark()))}
	return h.readied(t)
}

// readied is the holder with what makes the next key theirs: their key pair, or a certificate, which is good for one key alone.
func (h holder) readied(t *testing.T) holder {
	t.Helper()
	switch {
	case h.kind == jwt && h.pair == nil:
		h.pair = newPair(t, "ES256")
	case h.kind == mutualTLS:
		h.certificate, _ = newCertificate(t)
	}
	return h
}

// asksItself is arrives for who asks at their own path, where requests come to be of which the test is not told: they are deleted, too.
func asksItself(t *testing.T, kind string) holder {
	t.Helper()
	h := arrives(t, kind)
	t.Cleanup(func() {
		ids := admin.list(t, "?p=-1&by_user="+h.id)
		for len(ids) > 0 {
			some := ids[:min(len(ids), front.approvers)]
			atOnce(len(some), func(i int) answer { return remove(t, some[i]) })
			ids = ids[len(some):]
		}
	})
	return h
}

// asking is a request of the holder's for one key of the plans.
func (h holder) asking(t *testing.T, plans ...string) string {
	t.Helper()
	return object(t, h.wish(plans...), map[string]any{"by_user": h.id})
}

// wish is the same, but for who asks.
func (h holder) wish(plans ...string) map[string]any {
	wish := map[string]any{"apply_policies": plans, "fields": map[string]any{"usecase": "weather", "oauth_app_description": "An app", "oauth_use_case": "log in"}}
	switch h.kind {
	case oauth:
		wish["oauth_info"] = map[string]any{"redirect_uri": "https://app.example.org/callback"}
	case jwt:
		wish["jwt_secret"] = h.pair.public
	case mutualTLS:
		wish["certificate"] = h.certificate
	}
	return wish
}

// object writes the members of all the maps as one JSON object.
func object(t *testing.T, all ...map[string]any) string {
	t.Helper()
	members := map[string]any{}
	for _, some := range all {
		for name, value := range some {
			members[name] = value
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// grant is a key that was granted, by a request or a rotation.
type grant struct {
	holder
	request   string
	name, key string // what was handed over: of the two, a token and a jwt's key id have the latter only
}

// receives asks for a key, which a reviewer approves.
func (h holder) receives(t *testing.T, plans ...string) grant {
	t.Helper()
	h = h.readied(t)
	id := portal.create(t, h.asking(t, plans...))
	a := reviewer.call(t, http.MethodPut, approve(id), "")
	if a.status == http.StatusConflict { // the schedule was faster, and keeps the key for who has asked
		a = portal.call(t, http.MethodPut, approve(id), "")
	}
	g := h.taking(t, a)
	g.request = id
	return g
}

// taking reads the key in an answer that hands one over, in the words of its kind.
func (h holder) taking(t *testing.T, a answer) grant {
	t.Helper()
	a.want(t, http.StatusOK, "")
	g := grant{holder: h}
	switch h.kind {
	case oauth:
		g.name, g.key = a.string("client_id"), a.string("secret")
		if !isKeysID.MatchString(g.name) || len(g.key) != 48 || a.string("policy_id") == "" || a.string("redirect_uri") != "https://app.example.org/callback" {
			t.Fatalf("%s: this is no OAuth client as Tyk makes them", a.call)
		}
	case basic:
		g.name, g.key = a.string("RawKey"), a.string("Password")
		if len(g.name) != 10 || len(g.key) < 12 {
			t.Fatalf("%s: this is no user name and password as Tyk makes them", a.call)
		}
	case mutualTLS:
		if g.key = a.string("RawKey"); g.key != fingerprintOf(t, h.certificate) {
			t.Fatalf("%s: this is not the certificate's fingerprint", a.call)
		}
	default:
		g.key = grantedIn(t, a, h.org)
	}
	return g
}

// credential is what presents the key: the value of Authorization, or the certificate of a connection.
func (g grant) credential(t *testing.T) string {
	t.Helper()
	switch g.kind {
	case basic, oauth:
		return pairOf(g.name, g.key)
	case jwt:
		return "Bearer " + g.pair.token(t, g.key)
	case mutualTLS:
		return g.certificate
	}
	return g.key
}

func pairOf(name, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
}
