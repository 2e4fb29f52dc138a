package e2e

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"
)

// newCertificate makes a client certificate, and its fingerprint.
func newCertificate(t *testing.T) (text, fingerprint string) {
	t.Helper()
	p := newPair(t, "ES256")
	like := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, like, like, p.private.Public(), p.private)
	if err != nil {
		t.Fatal(err)
	}
	text = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return text, fingerprintOf(t, text)
}

func fingerprintOf(t *testing.T, certificate string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(certificate))
	if block == nil {
		t.Fatal("this is no PEM")
	}
	sum := sha256.Sum256(block.Bytes)
	return hex.EncodeToString(sum[:])
}

// presentable leaves a test out where keys of the kind cannot be presented.
func presentable(t *testing.T, kind string) {
	t.Helper()
	if kind == mutualTLS {
		byInvocation(t)
	}
}

// connects calls the sample API over a connection with a client certificate, or without one where that is empty. No front end here asks
// its clients for one: so this does what API Gateway does for a domain with mutual TLS. It asks the authorizer, and the API if it may.
func connects(t *testing.T, certificate string) answer {
	t.Helper()
	a := answer{call: "GET " + sampleAPI, header: http.Header{"Apigw-Requestid": {mark()}}, status: http.StatusForbidden}
	call := map[string]any{"requestId": a.header.Get("Apigw-Requestid"), "http": map[string]any{"method": http.MethodGet, "path": sampleAPI}}
	if certificate != "" {
		call["authentication"] = map[string]any{"clientCert": map[string]any{"clientCertPem": certificate}}
	}
	event := map[string]any{"version": "2.0", "routeKey": "GET " + sampleAPI, "rawPath": sampleAPI, "headers": map[string]any{}, "requestContext": call}
	var said struct {
		IsAuthorized bool
		Context      map[string]any
	}
	unmarshal(t, invoke(t, "Authorize", object(t, event, map[string]any{"type": "REQUEST"})), &said)
	if !said.IsAuthorized {
		a.text, a.body = `{"message":"Forbidden"}`, map[string]any{"message": "Forbidden"}
		return a
	}
	call["authorizer"] = map[string]any{"lambda": said.Context}
	var hello struct {
		StatusCode int
		Headers    map[string]string
		Body       string
	}
	unmarshal(t, invoke(t, "Hello", object(t, event)), &hello)
	for name, value := range hello.Headers {
		a.header.Set(name, value)
	}
	a.status, a.text = hello.StatusCode, hello.Body
	unmarshal(t, []byte(a.text), &a.body)
	inspect(t, a)
	return a
}

func unmarshal(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// spaced is a fingerprint as OpenSSL prints it.
func spaced(fingerprint string) string {
	var pairs []string
	for i := 0; i < len(fingerprint); i += 2 {
		pairs = append(pairs, strings.ToUpper(fingerprint[i:i+2]))
	}
	return strings.Join(pairs, ":")
}

// TestCertificates grants keys for certificates, of which each has one.
func TestCertificates(t *testing.T) {
	t.Parallel()
	plan := offers(t, offered{kind: mutualTLS, asks: true})[0]
	h, other := arrives(t, mutualTLS), arrives(t, mutualTLS)
	ask := func(h holder, certificate string) answer {
		return portal.call(t, http.MethodPost, collection, object(t, h.wish(plan), map[string]any{"by_user": h.id, "certificate": certificate}))
	}
	text, fingerprint := newCertificate(t)
	id := created(t, ask(h, spaced(fingerprint)))
	handed := reviewer.call(t, http.MethodPut, approve(id), "")
	wantMembers(t, handed, map[string]any{"RawKey": fingerprint, "Password": ""})
	for name, again := range map[string]answer{"its holder": ask(h, fingerprint), "another": ask(other, text)} {
		if again.status != http.StatusConflict {
			t.Errorf("a second key of one certificate for %s: %d %s", name, again.status, again.text)
		}
	}
	row := grant{holder: h, request: id}.row(t)
	if row["certificate"] != fingerprint || row["auth_type"] != mutualTLS || row["key"] == fingerprint {
		t.Errorf("the key is listed as %v", row)
	}
	second, secondPrint := newCertificate(t)
	handed = reviewer.call(t, http.MethodPut, approve(created(t, ask(other, second))), "")
	wantMembers(t, handed, map[string]any{"RawKey": secondPrint})

	for name, sent := range map[string]string{"none": "", "one that is none": "aa:bb", "too long": fingerprint + "aa", "no hexadecimal": strings.Repeat("g", 64), "a public key": h.publicPart(t)} {
		a := ask(h, sent)
		if a.wantRefusal(t, http.StatusBadRequest, ""); !strings.HasPrefix(a.message(), "certificate") {
			t.Errorf("a key for %s: %s", name, a.message())
		}
	}
	h.renew(t, grant{holder: h, request: id}.path(t))
}

func (h holder) publicPart(t *testing.T) string {
	t.Helper()
	return newPair(t, "ES256").public
}

// renew rotates a key by another certificate, and by none.
func (h holder) renew(t *testing.T, path string) {
	t.Helper()
	portal.call(t, http.MethodPost, path+"/rotate", "{}").wantRefusal(t, http.StatusBadRequest, "")
	_, next := newCertificate(t)
	turned := portal.call(t, http.MethodPost, path+"/rotate", fmt.Sprintf(`{"certificate": %q, "grace_seconds": 60}`, spaced(next)))
	wantMembers(t, turned, map[string]any{"RawKey": next, "Password": ""})
	one := portal.call(t, http.MethodGet, keysOfDeveloper(h.id)+"/"+turned.string("key"), "")
	wantMembers(t, one, map[string]any{"certificate": next, "state": "active"})
}

// Both of two who ask for one certificate wait for the reviewer; one is granted it.
func TestRaceForACertificate(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plan := offers(t, offered{kind: mutualTLS, asks: true})[0]
	_, fingerprint := newCertificate(t)
	ids := make([]string, 4)
	for i := range ids {
		h := arrives(t, mutualTLS)
		ids[i] = portal.create(t, object(t, h.wish(plan), map[string]any{"by_user": h.id, "certificate": fingerprint}))
	}
	granted := 0
	for _, a := range atOnce(len(ids), func(i int) answer { return reviewer.call(t, http.MethodPut, approve(ids[i]), "") }) {
		switch {
		case a.status == http.StatusOK:
			granted++
		case a.status != http.StatusConflict || !strings.Contains(a.message(), "certificate"):
			t.Errorf("%s: %d %s", a.call, a.status, a.text)
		}
	}
	if granted != 1 {
		t.Errorf("%d of %d have a key for one certificate", granted, len(ids))
	}
}
