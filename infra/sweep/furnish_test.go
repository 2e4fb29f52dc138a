package sweep

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
)

// What nobody is ever told, but whoever sent it.
const (
	plainEmail  = "plain@example.com"
	plainText   = "plain-text-of-a-password"
	oldText     = "old-text-of-a-password"
	newText     = "new-text-of-a-password"
	hash        = "$2a$04$GQ8sA7mRuwnXbHzLTmSpe.6Gd4T0V6FJ0mCvlQJ2Y7cHWsxd9zS0u"
	nonce       = "text-of-a-nonce"
	ourAccess   = "text-of-an-access-token"
	theirEmail  = "fred@example.org"
	theirText   = "their-text-of-a-password"
	theirAccess = "their-text-of-an-access-token"
)

// What a third party decides on, and somebody has asked for; and what Ada may claim.
const (
	travel    = "travel"
	waiting   = "5f2b8c0d00000000000000a1"
	unclaimed = fixture.Claimable
)

// furnish adds to both organisations' desks, through the API, what the fixture lacks: secrets of each kind.
func (d *desk) furnish(t *testing.T) {
	t.Helper()
	d.secrets.texts = []string{plainText, oldText, newText, hash, nonce, theirText, theirAccess}
	d.secrets.tokens = []string{ourAccess}

	d.tell(t, admin, "POST", developers, `{"email": "`+plainEmail+`", "password": "`+plainText+`"}`)
	d.tell(t, admin, "POST", developers, `{"email": "hashed@example.com", "password": "`+hash+`", "sso_key": "hashed@sso"}`)
	changed := d.tell(t, admin, "POST", developers, `{"email": "changed@example.com", "password": "`+oldText+`"}`)
	d.tell(t, admin, "POST", developers+"/password/"+changed, `{"password": "`+newText+`"}`)
	d.tell(t, admin, "PUT", developers+"/"+changed, `{"nonce": "`+nonce+`", "sso_key": "changed@sso", "PWHistory": ["`+hash+`"]}`)
	d.tell(t, admin, "PUT", configuration, settings)
	d.tell(t, admin, "POST", policies, `{"_id": "`+travel+`", "name": "Travel"}`)
	d.tell(t, admin, "PUT", catalogue, strings.Replace(d.withToken(t), `"apis":[`, `"apis":[`+redirecting+`,`, 1))
	d.approve(t, reviewer, fixture.ByAdmin)
	d.tell(t, reviewer, "PUT", requests+"/approve/"+unclaimed, `{"delivery": "claim"}`)
	wish := fixture.Wish{ID: waiting, Developer: fixture.Chen, Policy: travel, By: fixture.Clerk(), At: time.Now()}
	if err := fixture.Ask(t.Context(), d.Table, wish); err != nil {
		t.Fatal(err)
	}

	d.tell(t, stranger, "PUT", configuration, `{"enable_dcr": true, "dcr_options": {"access_token": "`+theirAccess+`"}}`)
	d.tell(t, stranger, "PUT", catalogue, `{"apis": [`+one(fixture.Foreign, "authToken")+`, `+one("gold", "oauth")+`, `+one("silver", "basic")+`, `+one("bronze", "jwt")+`]}`)
	for _, id := range []string{"gold", "silver", "bronze"} {
		d.tell(t, stranger, "POST", policies, `{"_id": "`+id+`", "name": "`+id+`"}`)
	}
	d.fred = d.tell(t, stranger, "POST", developers, `{"email": "`+theirEmail+`", "password": "`+theirText+`"}`)
	for n, id := range []string{d.fred, fixture.Eve} {
		d.tell(t, stranger, "PUT", developers+"/"+id, fmt.Sprintf(`{"sso_key": "theirs-%d@sso"}`, n))
	}
	d.theirs = map[string]grant{}
	for _, policy := range []string{fixture.Foreign, "gold", "gold", "silver", "bronze"} {
		wish := `{"by_user": "` + d.fred + `", "apply_policies": ["` + policy + `"]}`
		if policy == "bronze" {
			wish = strings.Replace(wish, "}", `, "jwt_secret": `+publicKey+`}`, 1)
		}
		d.theirs[policy] = d.approve(t, stranger, d.tell(t, stranger, "POST", requests, wish))
	}
}

const (
	sender   = "desk@example.com"
	settings = `{"auto_approve": true, "enable_dcr": true, "dcr_options": {"access_token": "` + ourAccess + `"},
		"redirect_origins": ["https://pay.example"], "mail_options": {"mail_from_email": "` + sender + `"},
		"rules": [{"name": "many keys", "when": {"keys_held": {"at_least": 50}}, "outcome": "ask"}]}`

	redirecting = `{"name": "Travel", "policy_id": "` + travel + `", "version": "v2", "show": true, "auth_type": "authToken",
		"config": {"override": true, "redirect_on_key_request": true, "redirect_to": "https://pay.example/keys"}}`
)

// publicKey is somebody's, as JSON.
const publicKey = `"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n` +
	`q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n-----END PUBLIC KEY-----\n"`

// tell makes a call that succeeds, and gives the answer's Message: the new object's id.
func (d *desk) tell(t *testing.T, as who, method, path, body string) string {
	t.Helper()
	a := d.call(t, as, sample{method: method, path: path, body: body})
	var said struct{ Message string }
	if err := json.Unmarshal([]byte(a.text), &said); err != nil || a.status != http.StatusOK {
		t.Fatalf("%s %s by %s: %d %s", method, path, as.name, a.status, a.text)
	}
	return said.Message
}

// grant is what an approval hands over, whatever the kind of key.
type grant struct {
	RawKey, Password string
	ClientID         string `json:"client_id"`
	Secret           string `json:"secret"`
}

// approve approves a request, whose key is a secret from then on.
func (d *desk) approve(t *testing.T, as who, request string) grant {
	t.Helper()
	a := d.call(t, as, sample{method: "PUT", path: requests + "/approve/{id}", means: "PUT " + requests + "/approve/{id}", object: request})
	var told grant
	if err := json.Unmarshal([]byte(a.text), &told); err != nil || told.RawKey+told.Secret == "" {
		t.Fatalf("approve %s: %d, and no key", request, a.status)
	}
	for _, secret := range []string{told.Secret, told.Password} {
		if secret != "" {
			d.secrets.texts = append(d.secrets.texts, secret)
			return told
		}
	}
	d.secrets.texts = append(d.secrets.texts, told.RawKey) // of basic it is the user's name
	return told
}

// withToken is our catalogue with an access token in each entry.
func (d *desk) withToken(t *testing.T) string {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal([]byte(d.call(t, admin, sample{method: "GET", path: catalogue}).text), &document); err != nil {
		t.Fatal(err)
	}
	entries, _ := document["apis"].([]any)
	for _, entry := range entries {
		config, _ := entry.(map[string]any)["config"].(map[string]any)
		config["dcr_options"] = map[string]any{"access_token": ourAccess}
	}
	if len(entries) == 0 {
		t.Fatal("our catalogue is empty")
	}
	text, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
