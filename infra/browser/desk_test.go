//go:build browser

package browser

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/shared/claim"
)

// client calls the desk with a credential.
type client struct{ credential string }

// call makes a call that has to succeed, and gives what it answers. A test that is over cleans up by it, too.
func (c client) call(t *testing.T, method, path, body string) map[string]any {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, base+"/api/portal"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", c.credential)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var said map[string]any
	if err := json.Unmarshal(text, &said); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, response.StatusCode, text)
	}
	return said
}

// object writes JSON.
func object(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// wish is what a developer asks for.
type wish struct {
	developer, plan, request string
	pair                     *ecdsa.PrivateKey // of who asks for a key of the kind jwt
}

// asks has a new developer ask for a key of a kind. Its plan is in the catalogue until the test ends; the developer is to claim it.
func asks(t *testing.T, kind string) wish {
	t.Helper()
	mark := fmt.Sprintf("browser-%s-%d", kind, time.Now().UnixNano())
	w := wish{plan: mark}
	admin.call(t, http.MethodPost, "/policies", object(t, map[string]any{"_id": w.plan, "name": mark, "rate": 1, "per": 1, "quota_max": -1, "quota_renewal_rate": 60}))
	entry := map[string]any{
		"name": mark, "policy_id": w.plan, "version": "v2", "show": true, "auth_type": kind,
		"config": map[string]any{"override": true, "require_key_approval": true, "secure_key_approval": true},
	}
	catalogue(t, func(entries []any) []any { return append(entries, entry) })
	t.Cleanup(func() {
		catalogue(t, func(entries []any) []any { return entries[:len(entries)-1] })
		admin.call(t, http.MethodDelete, "/policies/"+w.plan, "")
	})
	w.developer, _ = portal.call(t, http.MethodPost, "/developers", object(t, map[string]any{"email": mark + "@browser.example"}))["Message"].(string)
	body := map[string]any{"by_user": w.developer, "apply_policies": []string{w.plan}}
	switch kind {
	case "oauth":
		body["oauth_info"] = map[string]any{"redirect_uri": "https://app.example.org/callback"}
	case "jwt":
		w.pair, body["jwt_secret"] = pair(t)
	}
	w.request, _ = portal.call(t, http.MethodPost, "/requests", object(t, body))["Message"].(string)
	return w
}

// granted is asks, and a reviewer approves.
func granted(t *testing.T, kind string) wish {
	t.Helper()
	w := asks(t, kind)
	reviewer.call(t, http.MethodPut, "/requests/approve/"+w.request, "")
	return w
}

// catalogue changes the list of entries. Tests here run one after another, and nobody else writes it.
func catalogue(t *testing.T, change func([]any) []any) {
	t.Helper()
	whole := admin.call(t, http.MethodGet, "/catalogue", "")
	entries, _ := whole["apis"].([]any)
	whole["apis"] = change(entries)
	admin.call(t, http.MethodPut, "/catalogue", object(t, whole))
}

// link is what the developer's mail would lead to.
func (w wish) link() string { return claim.Link(base, w.request, links.Token(org, w.request, 1)) }

// delivery is what the request says of the key's delivery; nil where it has not been delivered.
func (w wish) delivery(t *testing.T) map[string]any {
	t.Helper()
	delivery, _ := reviewer.call(t, http.MethodGet, "/requests/"+w.request, "")["delivery"].(map[string]any)
	return delivery
}

// pair is a developer's key pair, and its public half as the desk takes it.
func pair(t *testing.T) (*ecdsa.PrivateKey, string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return private, string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))
}
