package e2e

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// pair is a key pair of a developer's, who signs tokens with one half of it and hands the other in.
type pair struct {
	algorithm string
	private   crypto.Signer
	public    string // PEM
}

func newPair(t *testing.T, algorithm string) *pair {
	t.Helper()
	var private crypto.Signer
	var err error
	switch algorithm {
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	default:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &pair{algorithm, private, publicPEM(t, private.Public())}
}

func publicPEM(t *testing.T, key crypto.PublicKey) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// token is a good one, for the key of the id.
func (p *pair) token(t *testing.T, kid string) string {
	t.Helper()
	return p.sign(t, map[string]any{"alg": p.algorithm, "kid": kid}, lasting(time.Hour))
}

// lasting are the claims of a token that is good for so long.
func lasting(life time.Duration) map[string]any {
	return map[string]any{"sub": "app", "exp": time.Now().Add(life).Unix()}
}

// sign makes a token of a header and claims, whatever they say.
func (p *pair) sign(t *testing.T, header, claims map[string]any) string {
	t.Helper()
	text := part(t, header) + "." + part(t, claims)
	var signature []byte
	var err error
	switch key := p.private.(type) {
	case *ecdsa.PrivateKey:
		signature, err = signEC(key, text)
	case *rsa.PrivateKey:
		sum := sha256.Sum256([]byte(text))
		signature, err = rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	}
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// signEC signs as JSON Web Tokens have it: both numbers at their full length (RFC 7518, 3.4).
func signEC(key *ecdsa.PrivateKey, text string) ([]byte, error) {
	size := (key.Params().BitSize + 7) / 8
	sum := sha256.Sum256([]byte(text))
	hash := sum[:]
	if size == 48 {
		long := sha512.Sum384([]byte(text))
		hash = long[:]
	}
	r, s, err := ecdsa.Sign(rand.Reader, key, hash)
	if err != nil {
		return nil, err
	}
	both := make([]byte, 2*size)
	r.FillBytes(both[:size])
	s.FillBytes(both[size:])
	return both, nil
}

func part(t *testing.T, value map[string]any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// TestTokens presents tokens that are not the developer's own, or no longer good.
func TestTokens(t *testing.T) {
	t.Parallel()
	plan := offers(t, offered{kind: jwt})[0]
	g, other := arrives(t, jwt).receives(t, plan), arrives(t, jwt).receives(t, plan)
	p := g.pair
	g.opens(t, plan)
	refused(t, g.key, "unknown")
	refused(t, "Bearer "+g.key, "unknown")
	header := map[string]any{"alg": "ES256", "kid": g.key}
	good := p.sign(t, header, lasting(time.Hour))
	cut := strings.Split(good, ".")
	symmetric := part(t, map[string]any{"alg": "HS256", "kid": g.key}) + "." + part(t, lasting(time.Hour))
	mac := hmac.New(sha256.New, []byte(p.public))
	mac.Write([]byte(symmetric))
	for name, c := range map[string]struct{ token, reason string }{
		"expired":                          {p.sign(t, header, lasting(-time.Hour)), "token_expired"},
		"not signed at all":                {part(t, map[string]any{"alg": "none", "kid": g.key}) + "." + cut[1] + ".", ""},
		"none, and yet signed":             {part(t, map[string]any{"alg": "none", "kid": g.key}) + "." + cut[1] + "." + cut[2], "token_invalid"},
		"signed with the public key":       {symmetric + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), "token_invalid"},
		"another's signature":              {other.pair.token(t, g.key), "token_invalid"},
		"another's key id":                 {p.token(t, other.key), "token_invalid"},
		"of a key id that nobody has":      {p.token(t, inside(t, g.key, len(g.key)/4*3-20)), ""},
		"without a key id":                 {p.sign(t, map[string]any{"alg": "ES256"}, lasting(time.Hour)), ""},
		"with other claims than signed":    {cut[0] + "." + part(t, lasting(2*time.Hour)) + "." + cut[2], "token_invalid"},
		"with another algorithm's name":    {p.sign(t, map[string]any{"alg": "RS256", "kid": g.key}, lasting(time.Hour)), "token_invalid"},
		"good from tomorrow on":            {p.sign(t, header, map[string]any{"nbf": time.Now().Add(24 * time.Hour).Unix()}), ""},
		"with an end that is not a number": {p.sign(t, header, map[string]any{"exp": "tomorrow"}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, c.token, c.reason)
			refused(t, "Bearer "+c.token, c.reason)
		})
	}
	hello(t, good).want(t, http.StatusOK, "")
	short := p.sign(t, header, lasting(2*time.Second)) // no verdict outlives the token
	hello(t, short).want(t, http.StatusOK, "")
	for begin := time.Now(); hello(t, short).status == http.StatusOK; time.Sleep(every) {
		if time.Since(begin) > 4*time.Second {
			t.Fatal("a token is good after its end")
		}
	}
	refused(t, short, "token_expired")
}

// TestPublicKeys hands in what may and may not stand in jwt_secret. What is refused is not repeated.
func TestPublicKeys(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plan := offers(t, offered{kind: jwt})[0]
	h := arrives(t, jwt)
	for _, algorithm := range []string{"RS256", "ES384"} {
		h.pair = newPair(t, algorithm)
		h.receives(t, plan).opens(t, plan)
	}
	ec := newPair(t, "ES256")
	h.pair = &pair{ec.algorithm, ec.private, base64.StdEncoding.EncodeToString([]byte(ec.public))}
	h.receives(t, plan).opens(t, plan)
	private, err := x509.MarshalPKCS8PrivateKey(ec.private)
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024) //nolint:gosec // to be refused
	if err != nil {
		t.Fatal(err)
	}
	exchange, err := ecdh.X25519().GenerateKey(rand.Reader) // which signs nothing
	if err != nil {
		t.Fatal(err)
	}
	for name, sent := range map[string]string{
		"nothing": "", "a shared secret": passwordMark + " shared", "the same in base64": base64.StdEncoding.EncodeToString([]byte(passwordMark + " shared")),
		"a private key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})),
		"a short one":   publicPEM(t, &weak.PublicKey), "one of another kind": publicPEM(t, exchange.PublicKey()), "two": ec.public + ec.public,
		"a PEM of nothing": "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n",
	} {
		t.Run(name, func(t *testing.T) {
			body := fmt.Sprintf(`{"by_user": %q, "apply_policies": [%q], "jwt_secret": %q}`, h.id, plan, sent)
			a := portal.call(t, http.MethodPost, collection, body)
			a.wantRefusal(t, http.StatusBadRequest, "")
			if !strings.HasPrefix(a.message(), "jwt_secret") || sent != "" && strings.Contains(a.text, strings.TrimSpace(sent)) {
				t.Errorf("%s: it does not say what is wrong with jwt_secret, or quotes it", a.call)
			}
		})
	}
}
