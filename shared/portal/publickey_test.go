package portal_test

import (
	"crypto"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func inPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkix(t testing.TB, public crypto.PublicKey) string {
	t.Helper()
	return inPEM("PUBLIC KEY", must[[]byte](t)(x509.MarshalPKIXPublicKey(public)))
}

// rsaOf is a public RSA key of that length. Nobody could sign by it.
func rsaOf(bits uint, exponent int) *rsa.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), bits-1)
	return &rsa.PublicKey{N: n.Add(n, big.NewInt(15)), E: exponent}
}

func ecOf(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	return must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(curve, rand.Reader))
}

// certificateOf is a client certificate, in PEM and as it is signed.
func certificateOf(t testing.TB, private crypto.Signer) (text string, der []byte) {
	t.Helper()
	certificate := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der = must[[]byte](t)(x509.CreateCertificate(rand.Reader, certificate, certificate, private.Public(), private))
	return inPEM("CERTIFICATE", der), der
}

// TestPublicKey sends keys in every dress. They are kept in one: PKIX, in PEM.
func TestPublicKey(t *testing.T) {
	p256 := ecOf(t, elliptic.P256())
	certificate, _ := certificateOf(t, p256)
	private := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	small := pkix(t, rsaOf(2048, 65537))
	for name, c := range map[string]struct{ sent, kept string }{
		"PKIX":                              {pkix(t, &private.PublicKey), pkix(t, &private.PublicKey)},
		"PKCS1":                             {inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey)), pkix(t, &private.PublicKey)},
		"a certificate":                     {certificate, pkix(t, p256.Public())},
		"RSA, just long enough":             {small, small},
		"RSA, with exponent 3":              {pkix(t, rsaOf(2048, 3)), pkix(t, rsaOf(2048, 3))},
		"RSA, not yet too long":             {pkix(t, rsaOf(8192, 65537)), pkix(t, rsaOf(8192, 65537))},
		"P-256":                             {pkix(t, p256.Public()), pkix(t, p256.Public())},
		"in base64":                         {base64.StdEncoding.EncodeToString([]byte(small)), small},
		"in base64, by lines":               {byLines(base64.StdEncoding.EncodeToString([]byte(small))), small},
		"a certificate in base64":           {base64.StdEncoding.EncodeToString([]byte(certificate)), pkix(t, p256.Public())},
		"with spaces around it":             {"\n\t " + small + " \n", small},
		"with the ends of lines of Windows": {strings.ReplaceAll(small, "\n", "\r\n"), small},
		"with words before it":              {"The key of our client:\n" + small, small},
	} {
		kept, err := portal.PublicKey(secret.New(c.sent))
		if err != nil || kept != c.kept {
			t.Errorf("%s: %v, kept\n%s", name, err, kept)
		}
		if again, err := portal.PublicKey(secret.New(kept)); err != nil || again != kept {
			t.Errorf("%s, sent as it was kept: %v", name, err)
		}
	}
	for _, curve := range []elliptic.Curve{elliptic.P384(), elliptic.P521()} {
		public := pkix(t, ecOf(t, curve).Public())
		if kept, err := portal.PublicKey(secret.New(public)); err != nil || kept != public {
			t.Errorf("%s: %v", curve.Params().Name, err)
		}
	}
}

func byLines(text string) string {
	lines := ""
	for len(text) > 64 {
		lines, text = lines+text[:64]+"\r\n", text[64:]
	}
	return lines + text
}

// sent is what somebody sends for a public key, and a part of what they are told.
type sent struct{ text, says string }

// noPublicKeys are what must not be kept.
func noPublicKeys(t *testing.T) map[string]sent {
	t.Helper()
	const notStored, twice, none = "and it was not stored", "more than one key", "the PEM holds no public key"
	private := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	p256 := ecOf(t, elliptic.P256())
	edwards := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	x25519 := must[*ecdh.PrivateKey](t)(ecdh.X25519().GenerateKey(rand.Reader))
	pkcs8 := func(key any) string { return inPEM("PRIVATE KEY", must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))) }
	ec := inPEM("EC PRIVATE KEY", must[[]byte](t)(x509.MarshalECPrivateKey(p256)))
	public := pkix(t, p256.Public())
	evenExponent := must[[]byte](t)(x509.MarshalPKIXPublicKey(rsaOf(2048, 65536)))
	return map[string]sent{
		"nothing":                 {"", "a shared secret is not taken, " + notStored},
		"a shared secret":         {"correct horse battery staple", "a shared secret is not taken, " + notStored},
		"one in base64":           {base64.StdEncoding.EncodeToString([]byte("correct horse battery staple")), "a shared secret is not taken, " + notStored},
		"one in hexadecimal":      {strings.Repeat("c0ffee", 12), "a shared secret is not taken, " + notStored},
		"half a PEM":              {public[:len(public)-30], "a shared secret is not taken, " + notStored},
		"base64 twice":            {base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(public)))), "a shared secret"},
		"a private key, PKCS1":    {inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(private)), "this is a private key, " + notStored},
		"a private key, PKCS8":    {pkcs8(private), "this is a private key, " + notStored},
		"a private key, EC":       {ec, "this is a private key, " + notStored},
		"a private key, EC PKCS8": {pkcs8(p256), "this is a private key, " + notStored},
		"a private key, Ed25519":  {pkcs8(edwards), "this is a private key, " + notStored},
		"one in base64 of PEM":    {base64.StdEncoding.EncodeToString([]byte(ec)), "this is a private key, " + notStored},
		"one with a password":     {inPEM("ENCRYPTED PRIVATE KEY", []byte("correct horse battery staple")), "this is a private key, " + notStored},
		"one of OpenSSH":          {inPEM("OPENSSH PRIVATE KEY", []byte("correct horse battery staple")), "this is a private key, " + notStored},
		"one by another name":     {strings.ReplaceAll(ec, "EC PRIVATE KEY", "PUBLIC KEY"), none},
		"one after its public":    {public + ec, twice},
		"one before its public":   {ec + public, "this is a private key, " + notStored},
		"a second public key":     {public + pkix(t, rsaOf(2048, 65537)), twice},
		"words after it":          {public + "and the secret is correct horse battery staple", twice},
		"a request to sign":       {inPEM("CERTIFICATE REQUEST", []byte("correct horse battery staple")), none},
		"a broken certificate":    {inPEM("CERTIFICATE", []byte("correct horse battery staple")), none},
		"RSA, too short":          {pkix(t, rsaOf(1024, 65537)), "the RSA key has 1024 bits; 2048 to 8192 are taken."},
		"RSA, a bit too short":    {pkix(t, rsaOf(2047, 65537)), "the RSA key has 2047 bits;"},
		"RSA, a bit too long":     {pkix(t, rsaOf(8193, 65537)), "the RSA key has 8193 bits;"},
		"RSA, far too long":       {pkix(t, rsaOf(16384, 65537)), "the RSA key has 16384 bits;"},
		"RSA, PKCS1, too short":   {inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rsaOf(1024, 65537))), "the RSA key has 1024 bits;"},
		"RSA, with exponent 1":    {pkix(t, rsaOf(2048, 1)), "exponent is no good one"},
		"RSA, an even exponent":   {inPEM("PUBLIC KEY", evenExponent), "exponent is no good one"},
		"P-224":                   {pkix(t, ecOf(t, elliptic.P224()).Public()), "the EC key's curve has 224 bits; P-256, P-384 and P-521 are taken."},
		"Ed25519":                 {pkix(t, edwards.Public()), "keys of this kind are not taken"},
		"X25519":                  {pkix(t, x25519.PublicKey()), "keys of this kind are not taken"},
	}
}

// TestNoPublicKey sends what must not be kept. The refusal says so, says what to send, and quotes none of it.
func TestNoPublicKey(t *testing.T) {
	for name, c := range noPublicKeys(t) {
		kept, err := portal.PublicKey(secret.New(c.text))
		var refusal *portal.Error
		if !errors.As(err, &refusal) || refusal.Kind != portal.Invalid || !strings.HasPrefix(refusal.Message, "jwt_secret: ") || !strings.Contains(refusal.Message, c.says) {
			t.Errorf("%s: %v, want one that says %s", name, err, c.says)
		}
		if kept != "" {
			t.Errorf("%s: refused, and yet there is a key", name)
		}
		if err != nil && quotes(refusal.Message, c.text) {
			t.Errorf("%s: the refusal quotes what was sent: %v", name, err)
		}
	}
}

// quotes tells whether a message has eight letters or digits in a row of what was sent, but for PEM's own words.
func quotes(message, sent string) bool {
	const enough = 8
	for line := range strings.Lines(sent) {
		for at := 0; !strings.Contains(line, "-----") && at+enough <= len(line); at++ {
			if strings.Contains(message, line[at:at+enough]) {
				return true
			}
		}
	}
	return false
}
