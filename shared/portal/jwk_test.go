package portal_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// The examples of RFC 7517, A.1 to A.3, and of RFC 8037, A.1 and A.2.
const (
	rfcModulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY" +
		"4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6We" +
		"Zu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
	rfcPoint   = `"kty":"EC", "crv":"P-256", "x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"`
	rfcEC      = `{` + rfcPoint + `, "use":"enc", "kid":"1"}`
	rfcRSA     = `{"kty":"RSA", "n":"` + rfcModulus + `", "e":"AQAB", "alg":"RS256", "kid":"2011-04-29"}`
	rfcPrivate = `{` + rfcPoint + `, "d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE", "use":"enc", "kid":"1"}`
	rfcOct     = `{"kty":"oct", "alg":"A128KW", "k":"GawgguFyGrWKav7AX4VKUg"}`
	rfcEdwards = `{"kty":"OKP", "crv":"Ed25519", "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
)

// setOf is a JWKS.
func setOf(keys ...string) string { return `{"keys": [` + strings.Join(keys, ", ") + `]}` }

// with is a JWK with another member.
func with(key, member string) string { return strings.TrimSuffix(key, "}") + ", " + member + "}" }

// ecJWK writes a key as a JWK.
func ecJWK(t *testing.T, key *ecdsa.PublicKey, length int) string {
	t.Helper()
	point := must[[]byte](t)(key.Bytes())[1:]
	half := len(point) / 2
	encode := base64.RawURLEncoding.EncodeToString
	return fmt.Sprintf(`{"kty": "EC", "crv": %q, "x": %q, "y": %q}`, key.Params().Name, encode(point[half-length:half]), encode(point[half:]))
}

// TestJWK sends keys as JWKs. They are kept as they are in PEM.
func TestJWK(t *testing.T) {
	modulus := must[[]byte](t)(base64.RawURLEncoding.DecodeString(rfcModulus))
	rsaKey := rsaOf(2048, 65537)
	rsaKey.N = new(big.Int).SetBytes(modulus)
	edwards := pkix(t, ed25519.PublicKey(must[[]byte](t)(hex.DecodeString("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))))
	inBase64 := base64.StdEncoding.EncodeToString
	for name, c := range map[string]struct{ sent, kept string }{
		"RFC 7517, A.1, RSA":           {rfcRSA, pkix(t, rsaKey)},
		"RFC 7517, A.1, the set":       {setOf(rfcEC, rfcRSA), pkix(t, rsaKey)},
		"RFC 8037, A.2":                {rfcEdwards, edwards},
		"a set of one":                 {setOf(rfcEdwards), edwards},
		"the set in base64":            {inBase64([]byte(setOf(rfcEC, rfcRSA))), pkix(t, rsaKey)},
		"a JWK in base64, without pad": {strings.TrimRight(inBase64([]byte(rfcEdwards)), "="), edwards},
		"with spaces around it":        {"\n " + rfcEdwards + "\t\n", edwards},
		"for signatures":               {with(rfcEdwards, `"use": "sig", "alg": "EdDSA", "key_ops": ["verify"]`), edwards},
		"by the newer name":            {with(rfcEdwards, `"alg": "Ed25519", "x5t#S256": "AA", "ext": true`), edwards},
		"PS256":                        {strings.Replace(rfcRSA, "RS256", "PS256", 1), pkix(t, rsaKey)},
		"a zero before the modulus":    {strings.Replace(rfcRSA, rfcModulus, base64.RawURLEncoding.EncodeToString(append([]byte{0}, modulus...)), 1), pkix(t, rsaKey)},
		"next to kinds not taken":      {setOf(`{"kty": "OKP", "crv": "X25519", "x": "AA"}`, `{"kty": "AKP", "alg": "ML-DSA-44"}`, rfcEdwards), edwards},
	} {
		if kept, err := portal.PublicKey(secret.New(c.sent)); err != nil || kept != c.kept {
			t.Errorf("%s: %v, kept\n%s", name, err, kept)
		}
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
		private := ecOf(t, curve)
		length := (curve.Params().BitSize + 7) / 8
		if kept, err := portal.PublicKey(secret.New(ecJWK(t, &private.PublicKey, length))); err != nil || kept != pkix(t, private.Public()) {
			t.Errorf("%s: %v", curve.Params().Name, err)
		}
		refusesKey(t, "x without its first octet", ecJWK(t, &private.PublicKey, length-1), "the JWK cannot be read"+notStored)
	}
}

// What is said of the JWKs that are not kept.
const (
	jwkUnread      = "the JWK cannot be read" + notStored
	jwkShared      = "a shared secret is not taken" + notStored
	jwksWithoutKey = "the JWKS has no public key for signatures that is taken" + notStored
	jwkPrivate     = "there is a private key in it" + notStored
	jwkUse         = "the JWK is not for signatures, by its use, key_ops or alg" + notStored
	jwkKind        = "JWKs of this kind are not taken" + notStored
	jwkAddress     = "this is an address, and the check of a key never fetches one" + notStored
)

// rfcPublic is the public key with rfcPoint.
const rfcPublic = `{` + rfcPoint + `}`

// noJWKs are what TestNoJWK sends, with what the refusal of each says.
var noJWKs = map[string]struct{ sent, says string }{
	"RFC 7517, A.1, EC for encryption": {rfcEC, jwkUse},
	"RFC 7517, A.2":                    {rfcPrivate, jwkPrivate},
	"RFC 7517, A.3":                    {rfcOct, jwkShared},
	"RFC 8037, A.1":                    {with(rfcEdwards, `"d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"`), jwkPrivate},
	"private in base64":                {base64.StdEncoding.EncodeToString([]byte(rfcPrivate)), jwkPrivate},
	"private, d in escapes":            {with(rfcPublic, `"\u0064": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"`), jwkPrivate},
	"private, d in a capital":          {with(rfcPublic, `"D": "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"`), jwkPrivate},
	"private by its primes alone":      {with(rfcRSA, `"p": "83i-7IvMGXoMXCskv73TKr8637FiO7Z27zv8oj6pbWUQyLPQBQxtPVnwD20R"`), jwkPrivate},
	"private by more primes":           {with(rfcRSA, `"oth": [{"r": "83i-7IvMGXoMXCskv73TKr8637FiO7Z2"}]`), jwkPrivate},
	"private among others":             {setOf(rfcRSA, rfcPrivate), jwkPrivate},
	"an oct among others":              {setOf(rfcRSA, rfcOct), jwkShared},
	"k in a key of another kind":       {with(rfcPublic, `"k": "GawgguFyGrWKav7AX4VKUg"`), jwkShared},
	"two keys":                         {setOf(rfcRSA, rfcEdwards), "the JWKS has 2 keys for signatures" + notStored + "send the one that"},
	"three keys":                       {setOf(rfcRSA, rfcEdwards, rfcPublic), "the JWKS has 3 keys for signatures" + notStored + "send the one that"},
	"no keys":                          {`{"keys": []}`, jwksWithoutKey},
	"keys for encryption":              {setOf(rfcEC), jwksWithoutKey},
	"a key and a set":                  {with(rfcEdwards, `"keys": []`), jwkUnread},
	"a set in a capital":               {`{"Keys": [` + rfcEdwards + `]}`, jwkUnread},
	"a set that is a key":              {`{"keys": ` + rfcEdwards + `}`, jwkUnread},
	"no kind":                          {`{"use": "sig"}`, jwkUnread},
	"x twice":                          {with(rfcEdwards, `"x": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"`), jwkUnread},
	"cut off":                          {rfcEdwards[:len(rfcEdwards)-9], jwkUnread},
	"words after it":                   {rfcEdwards + " correct horse battery staple", jwkUnread},
	"x as a number":                    {`{"kty": "OKP", "crv": "Ed25519", "x": 1234567890123}`, jwkUnread},
	"x too short":                      {`{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHUQ"}`, jwkUnread},
	"x not base64url":                  {strings.Replace(rfcEdwards, "S_7T", "S/7T", 1), jwkUnread},
	"RSA without n":                    {`{"kty": "RSA", "e": "AQAB"}`, jwkUnread},
	"RSA with e = 3":                   {strings.Replace(rfcRSA, "AQAB", "Aw", 1), "the RSA key's exponent is 3;"},
	"RSA without e":                    {strings.Replace(rfcRSA, `"e":"AQAB", `, "", 1), "the RSA key's exponent is 0;"},
	"RSA with a vast e":                {strings.Replace(rfcRSA, "AQAB", "AQABAQABAQABAQAB", 1), jwkUnread},
	"RSA, too short":                   {`{"kty": "RSA", "e": "AQAB", "n": "` + rfcModulus[:172] + `"}`, "the RSA key has 1032 bits; 2048 to 8192 are taken."},
	"no point of its curve":            {strings.Replace(rfcPublic, `"x":"MKBC`, `"x":"MKBD`, 1), "the JWK's x and y are no point of its curve" + notStored},
	"the point at infinity":            {`{"kty": "EC", "crv": "P-256", "x": "", "y": ""}`, jwkUnread},
	"secp256k1":                        {strings.Replace(rfcPublic, "P-256", "secp256k1", 1), jwkKind},
	"P-384 with a point of P-256":      {strings.Replace(rfcPublic, "P-256", "P-384", 1), jwkUnread},
	"X25519":                           {strings.Replace(rfcEdwards, "Ed25519", "X25519", 1), jwkKind},
	"ES256 by RSA":                     {strings.Replace(rfcRSA, "RS256", "ES256", 1), jwkUse},
	"HS256 by RSA":                     {strings.Replace(rfcRSA, "RS256", "HS256", 1), jwkUse},
	"ES384 on P-256":                   {with(rfcPublic, `"alg": "ES384"`), jwkUse},
	"only to sign":                     {with(rfcEdwards, `"key_ops": ["sign"]`), jwkUse},
	"its address":                      {"https://login.example.com/.well-known/jwks.json", jwkAddress},
	"its address in capitals":          {"HTTPS://LOGIN.EXAMPLE.COM/JWKS", jwkAddress},
	"its address in base64":            {base64.StdEncoding.EncodeToString([]byte("https://login.example.com/.well-known/jwks.json")), jwkAddress},
}

// TestNoJWK sends what else comes as JSON. None of it is kept, and none of it is quoted.
func TestNoJWK(t *testing.T) {
	for name, c := range noJWKs {
		refusesKey(t, name, c.sent, c.says)
	}
}
