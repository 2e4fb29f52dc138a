package portal_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

const notStored = ", and it was not stored; "

// privateKeys are those that people send for public ones, alone and together with these.
func privateKeys(t *testing.T) map[string]string {
	t.Helper()
	rsaKey := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 2048))
	p256 := ecOf(t, elliptic.P256())
	pkcs8 := func(key any) string { return inPEM("PRIVATE KEY", must[[]byte](t)(x509.MarshalPKCS8PrivateKey(key))) }
	ec := inPEM("EC PRIVATE KEY", must[[]byte](t)(x509.MarshalECPrivateKey(p256)))
	public := pkix(t, p256.Public())
	certificate, _ := certificateOf(t, p256)
	edwards := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	return map[string]string{
		"PKCS1":                         inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)),
		"PKCS8":                         pkcs8(rsaKey),
		"EC":                            ec,
		"EC PKCS8":                      pkcs8(p256),
		"Ed25519":                       pkcs8(edwards),
		"in base64 of PEM":              base64.StdEncoding.EncodeToString([]byte(ec)),
		"with a password":               inPEM("ENCRYPTED PRIVATE KEY", []byte("correct horse battery staple")),
		"of OpenSSH":                    inPEM("OPENSSH PRIVATE KEY", []byte("correct horse battery staple")),
		"by another name":               strings.ReplaceAll(ec, "EC PRIVATE KEY", "PUBLIC KEY"),
		"after its public":              public + ec,
		"before its public":             ec + public,
		"PKCS1 without PEM":             bare(inPEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))),
		"PKCS8 without PEM":             bare(pkcs8(p256)),
		"SEC1 without PEM":              bare(ec),
		"with its curve":                inPEM("EC PARAMETERS", []byte{6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}) + ec,
		"after its certificate":         certificate + ec,
		"on one line":                   strings.ReplaceAll(ec, "\n", ""),
		"with \\n in it":                strings.ReplaceAll(ec, "\n", `\n`),
		"half of one before its public": ec[:60] + "\n" + public,
		"of PuTTY":                      "PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 1\nAAAA",
		"in a JWK":                      aJWK + `, "d" : "AA"}`,
	}
}

// aJWK is the beginning of one.
const aJWK = `{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"`

func TestPrivateKey(t *testing.T) {
	for name, text := range privateKeys(t) {
		refusesKey(t, name, text, "there is a private key in it"+notStored+"keep it to the developer, and send the developer's public key in PEM or as a JWK")
	}
}

// secp256k1 is a public key on a curve that Go does not know: P-256's, with the name of the other in its place.
func secp256k1(t *testing.T) string {
	t.Helper()
	der := bytes.Replace(must[[]byte](t)(x509.MarshalPKIXPublicKey(ecOf(t, elliptic.P256()).Public())),
		[]byte{0x30, 0x13, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7},
		[]byte{0x30, 0x10, 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x0a}, 1)
	der[1] -= 3
	return inPEM("PUBLIC KEY", der)
}

// TestNoPublicKey sends what else must not be kept.
func TestNoPublicKey(t *testing.T) {
	const shared, ssh = "a shared secret is not taken" + notStored, "this is an SSH key, which ssh-keygen -e -m PKCS8 writes in PEM" + notStored
	const notOne, none = "the PEM is not whole, or does not stand alone" + notStored, "the PEM holds no public key that is taken" + notStored
	p256 := ecOf(t, elliptic.P256())
	public := pkix(t, p256.Public())
	x25519 := must[*ecdh.PrivateKey](t)(ecdh.X25519().GenerateKey(rand.Reader))
	evenExponent := must[[]byte](t)(x509.MarshalPKIXPublicKey(rsaOf(2048, 65536)))
	for name, c := range map[string]struct{ sent, says string }{
		"nothing":                  {"", "it is blank; "},
		"a key of OpenAI's":        {"sk-proj-c29tZXRoaW5nIHNlY3JldA_x-y", shared},
		"a shared secret":          {"correct horse battery staple", shared},
		"one in base64":            {base64.StdEncoding.EncodeToString([]byte("correct horse battery staple")), shared},
		"one in hexadecimal":       {strings.Repeat("c0ffee", 12), shared},
		"half a PEM":               {public[:len(public)-30], notOne},
		"base64 twice":             {base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(public)))), shared},
		"one in letters before it": {bare(inPEM("", must[[]byte](t)(x509.MarshalECPrivateKey(p256)))) + "\n" + public, notOne},
		"words before it":          {"The key of our client:\n" + public, notOne},
		"no base64 in it":          {"-----BEGIN PUBLIC KEY-----\nMFkw!\n-----END PUBLIC KEY-----", none},
		"a JWK":                    {aJWK + "}", "the JWK cannot be read" + notStored},
		"a key of SSH":             {"ssh-rsa AAAAB3NzaC1yc2E ada@example.com", ssh},
		"an EC key of SSH":         {"ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTY", ssh},
		"a key of SSH, in lines":   {"---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3NzaC1yc2E\n---- END SSH2 PUBLIC KEY ----", ssh},
		"an address":               {"https://login.example.com/.well-known/jwks.json", "this is an address, and the check of a key never fetches one" + notStored},
		"secp256k1":                {secp256k1(t), none},
		"a second public key":      {public + pkix(t, rsaOf(2048, 65537)), notOne},
		"words after it":           {public + "and the secret is correct horse battery staple", notOne},
		"a request to sign":        {inPEM("CERTIFICATE REQUEST", []byte("correct horse battery staple")), none},
		"a broken certificate":     {inPEM("CERTIFICATE", []byte("correct horse battery staple")), none},
		"RSA, too short":           {pkix(t, rsaOf(1024, 65537)), "the RSA key has 1024 bits; 2048 to 8192 are taken."},
		"RSA, a bit too short":     {pkix(t, rsaOf(2047, 65537)), "the RSA key has 2047 bits;"},
		"RSA, a bit too long":      {pkix(t, rsaOf(8193, 65537)), "the RSA key has 8193 bits;"},
		"RSA, far too long":        {pkix(t, rsaOf(16384, 65537)), "the RSA key has 16384 bits;"},
		"RSA, PKCS1, too short":    {inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rsaOf(1024, 65537))), "the RSA key has 1024 bits;"},
		"RSA, with exponent 1":     {pkix(t, rsaOf(2048, 1)), "the RSA key's exponent is 1; make a new key pair"},
		"RSA, with exponent 3":     {pkix(t, rsaOf(2048, 3)), "the RSA key's exponent is 3; make a new key pair with the usual one, 65537."},
		"RSA, with exponent 17":    {pkix(t, rsaOf(2048, 17)), "the RSA key's exponent is 17; make a new key pair"},
		"RSA, with exponent 65535": {pkix(t, rsaOf(2048, 65535)), "the RSA key's exponent is 65535;"},
		"RSA, PKCS1, exponent 3":   {inPEM("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(rsaOf(2048, 3))), "the RSA key's exponent is 3;"},
		"RSA, an even exponent":    {inPEM("PUBLIC KEY", evenExponent), "the RSA key's exponent is 65536;"},
		"RSA, a greater even one":  {pkix(t, rsaOf(2048, 65538)), "the RSA key's exponent is 65538;"},
		"P-224":                    {pkix(t, ecOf(t, elliptic.P224()).Public()), "the EC key's curve has 224 bits; P-256, P-384 and P-521 are taken."},
		"X25519":                   {pkix(t, x25519.PublicKey()), "keys of this kind are not taken"},
	} {
		refusesKey(t, name, c.sent, c.says)
	}
}

// refusesKey holds that what was sent is not kept. The refusal says why, says what to send, and quotes none of it.
func refusesKey(t *testing.T, name, sent, says string) {
	t.Helper()
	kept, err := portal.PublicKey(secret.New(sent))
	refused(t, name, err, portal.Invalid, "jwt_secret: "+says)
	if kept != "" {
		t.Errorf("%s: refused, and yet there is a key", name)
	}
	if err != nil && quotes(err.Error(), sent) {
		t.Errorf("%s: the refusal quotes what was sent: %v", name, err)
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
