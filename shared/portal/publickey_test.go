package portal_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
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

// bare is what stands in a PEM.
func bare(text string) string {
	block, _ := pem.Decode([]byte(text))
	return base64.StdEncoding.EncodeToString(block.Bytes)
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
	edwards := pkix(t, ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)).Public())
	if !strings.HasSuffix(base64.StdEncoding.EncodeToString([]byte(small)), "=") {
		t.Fatal("the sample in base64 has no padding to leave out")
	}
	for name, c := range map[string]struct{ sent, kept string }{
		"PKIX":                              {pkix(t, &private.PublicKey), pkix(t, &private.PublicKey)},
		"PKCS1":                             {inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey)), pkix(t, &private.PublicKey)},
		"a certificate":                     {certificate, pkix(t, p256.Public())},
		"RSA, just long enough":             {small, small},
		"RSA, with a greater exponent":      {pkix(t, rsaOf(2048, 65539)), pkix(t, rsaOf(2048, 65539))},
		"Ed25519":                           {edwards, edwards},
		"Ed25519 without PEM":               {bare(edwards), edwards},
		"RSA, not yet too long":             {pkix(t, rsaOf(8192, 65537)), pkix(t, rsaOf(8192, 65537))},
		"P-256":                             {pkix(t, p256.Public()), pkix(t, p256.Public())},
		"in base64":                         {base64.StdEncoding.EncodeToString([]byte(small)), small},
		"in base64, by lines":               {byLines(base64.StdEncoding.EncodeToString([]byte(small))), small},
		"a certificate in base64":           {base64.StdEncoding.EncodeToString([]byte(certificate)), pkix(t, p256.Public())},
		"with spaces around it":             {"\n\t " + small + " \n", small},
		"with the ends of lines of Windows": {strings.ReplaceAll(small, "\n", "\r\n"), small},
		"with \\n for ends of lines":        {strings.ReplaceAll(small, "\n", `\n`), small},
		"with \\r\\n for them":              {strings.ReplaceAll(small, "\n", `\r\n`), small},
		"on one line":                       {strings.ReplaceAll(small, "\n", " "), small},
		"without any lines":                 {strings.ReplaceAll(small, "\n", ""), small},
		"with its lines set in":             {"  " + strings.ReplaceAll(small, "\n", "\n\t"), small},
		"in base64 without its padding":     {strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(small)), "="), small},
		"PKIX without PEM":                  {bare(small), small},
		"PKCS1 without PEM":                 {bare(inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&private.PublicKey))), pkix(t, &private.PublicKey)},
		"a certificate without PEM":         {byLines(bare(certificate)), pkix(t, p256.Public())},
		"by another name":                   {strings.ReplaceAll(small, "PUBLIC KEY", "RSA PUBLIC KEY"), small},
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
