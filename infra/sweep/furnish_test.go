package sweep

import (
	"encoding/json"
	"net/http"
	"testing"

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

// furnish adds to both organisations' desks, through the API, what the fixture lacks: secrets of each kind.
func (d *desk) furnish(t *testing.T) {
	t.Helper()
	d.secrets.texts = []string{plainText, oldText, newText, hash, nonce, theirText, theirAccess}
	d.secrets.tokens = []string{ourAccess}

	d.tell(t, admin, "POST", developers, `{"email": "`+plainEmail+`", "password": "`+plainText+`"}`)
	d.tell(t, admin, "POST", developers, `{"email": "hashed@example.com", "password": "`+hash+`"}`)
	changed := d.tell(t, admin, "POST", developers, `{"email": "changed@example.com", "password": "`+oldText+`"}`)
	d.tell(t, admin, "POST", developers+"/password/"+changed, `{"password": "`+newText+`"}`)
	d.tell(t, admin, "PUT", developers+"/"+changed, `{"nonce": "`+nonce+`", "sso_key": "`+nonce+`", "PWHistory": ["`+hash+`"]}`)
	d.tell(t, admin, "PUT", configuration, `{"auto_approve": true, "enable_dcr": true, "dcr_options": {"access_token": "`+ourAccess+`"}}`)
	d.tell(t, admin, "PUT", catalogue, d.withToken(t))
	d.approve(t, reviewer, fixture.ByAdmin)

	d.tell(t, stranger, "PUT", configuration, `{"enable_dcr": true, "dcr_options": {"access_token": "`+theirAccess+`"}}`)
	d.tell(t, stranger, "PUT", catalogue, entry(fixture.Foreign))
	d.tell(t, stranger, "POST", policies, `{"_id": "gold", "name": "Gold"}`)
	fred := d.tell(t, stranger, "POST", developers, `{"email": "`+theirEmail+`", "password": "`+theirText+`"}`)
	d.approve(t, stranger, d.tell(t, stranger, "POST", requests,
		`{"by_user": "`+fred+`", "apply_policies": ["`+fixture.Foreign+`"], "version": "v2"}`))
}

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

// approve approves a request, whose key is a secret from then on.
func (d *desk) approve(t *testing.T, as who, request string) {
	t.Helper()
	a := d.call(t, as, sample{method: "PUT", path: requests + "/approve/{id}", object: request, status: http.StatusOK})
	var told struct{ RawKey string }
	if err := json.Unmarshal([]byte(a.text), &told); err != nil || told.RawKey == "" {
		t.Fatalf("approve %s: %d, and no key", request, a.status)
	}
	d.secrets.texts = append(d.secrets.texts, told.RawKey)
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
