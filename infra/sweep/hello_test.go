package sweep

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
)

// A key of another organisation's opens nothing of ours, of whatever kind it is, and the log says why and not which.
func TestForeignKeys(t *testing.T) {
	t.Parallel()
	d := open(t)
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	d.tell(t, stranger, "POST", policies, `{"_id": "tin", "name": "Tin"}`)
	d.tell(t, stranger, "PUT", catalogue, `{"apis": [`+one("tin", "jwt")+`], "revision": 1}`)
	id := d.tell(t, stranger, "POST", requests, `{"by_user": "`+d.fred+`", "apply_policies": ["tin"], "jwt_secret": `+publicOf(t, signer)+`}`)
	kid := d.approve(t, stranger, id).RawKey

	basic := func(name, secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+secret))
	}
	for kind, key := range map[string]string{
		"authToken": d.theirs[fixture.Foreign].RawKey,
		"basic":     basic(d.theirs["silver"].RawKey, d.theirs["silver"].Password),
		"oauth":     basic(d.theirs["gold"].ClientID, d.theirs["gold"].Secret),
		"jwt":       "Bearer " + signed(t, signer, kid),
	} {
		t.Run(kind, func(t *testing.T) {
			for range 2 { // the second time it is remembered
				a := d.call(t, who{name: "Fred", credential: key}, sample{method: "GET", path: "/hello"})
				if a.status != http.StatusForbidden || strings.Contains(a.text, fixture.OtherOrg) {
					t.Errorf("it is answered %d %s", a.status, a.text)
				}
				if reason := d.log.reason(a.header.Get("Apigw-Requestid")); reason != "wrong_organisation" {
					t.Errorf("the log says %q", reason)
				}
			}
			if strings.Contains(d.log.all(), strings.TrimPrefix(strings.TrimPrefix(key, "Basic "), "Bearer ")) {
				t.Error("the log holds the key")
			}
		})
	}
	mine := d.approve(t, reviewer, fixture.Automatic).RawKey
	if a := d.call(t, who{name: "Chen", credential: mine}, sample{method: "GET", path: "/hello"}); a.status != http.StatusOK {
		t.Errorf("our own key is answered %d %s: the others show nothing", a.status, a.text)
	}
}

// reason is why the check refused a call, as the log has it: its line may come just after the answer.
func (j *journal) reason(id string) string {
	for range 100 {
		if said := j.said(id); said != "" {
			return said
		}
		time.Sleep(20 * time.Millisecond)
	}
	return ""
}

func (j *journal) said(id string) string {
	for line := range strings.Lines(j.all()) {
		var said struct {
			Msg, Reason string
			RequestID   string `json:"request_id"`
		}
		begin := strings.IndexByte(line, '{')
		if begin >= 0 && json.Unmarshal([]byte(line[begin:]), &said) == nil && said.Msg == "deny" && said.RequestID == id {
			return said.Reason
		}
	}
	return ""
}

// publicOf is the public half of a key pair, as JSON.
func publicOf(t *testing.T, key *ecdsa.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// signed is a token of the key pair's, for an hour.
func signed(t *testing.T, key *ecdsa.PrivateKey, kid string) string {
	t.Helper()
	encode := base64.RawURLEncoding.EncodeToString
	text := encode(fmt.Appendf(nil, `{"alg":"ES256","kid":%q}`, kid)) + "." + encode(fmt.Appendf(nil, `{"exp":%d}`, time.Now().Add(time.Hour).Unix()))
	sum := sha256.Sum256([]byte(text))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	half := make([]byte, sha256.Size)
	return text + "." + encode(append(r.FillBytes(half), s.FillBytes(make([]byte, sha256.Size))...))
}
