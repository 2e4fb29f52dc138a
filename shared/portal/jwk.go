package portal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"math"
	"math/big"
	"slices"
	"strings"
)

// What is wrong with a JWK. No message quotes it.
var (
	errJWK     = Refuse(Invalid, "jwt_secret: the JWK cannot be read"+keptByNobody+sendPublicKey)
	errNoKey   = Refuse(Invalid, "jwt_secret: the JWKS has no public key for signatures that is taken"+keptByNobody+sendPublicKey)
	errUse     = Refuse(Invalid, "jwt_secret: the JWK is not for signatures, by its use, key_ops or alg"+keptByNobody+sendPublicKey)
	errJWKKind = Refuse(Invalid, "jwt_secret: JWKs of this kind are not taken"+keptByNobody+sendPublicKey)
	errPoint   = Refuse(Invalid, "jwt_secret: the JWK's x and y are no point of its curve"+keptByNobody+sendPublicKey)
)

// jwk is a JSON Web Key (RFC 7517, 7518 and 8037). What is here only to be refused is of any type.
type jwk struct {
	Kty string   `json:"kty"`
	Use string   `json:"use"`
	Ops []string `json:"key_ops"`
	Alg string   `json:"alg"`
	Crv string   `json:"crv"`
	N   string   `json:"n"`
	E   string   `json:"e"`
	X   string   `json:"x"`
	Y   string   `json:"y"`
	D   any      `json:"d"`
	P   any      `json:"p"`
	Q   any      `json:"q"`
	DP  any      `json:"dp"`
	DQ  any      `json:"dq"`
	QI  any      `json:"qi"`
	Oth any      `json:"oth"`
	K   any      `json:"k"`
}

// readJWK reads the public key of a JWK, or of a JWKS that has exactly one for signatures. One private key or shared secret in it refuses
// the whole: it is a secret that left its place, and its sender should know.
func readJWK(text string) (crypto.PublicKey, error) {
	var set struct {
		Keys *[]jwk `json:"keys"`
	}
	var one jwk
	if Unmarshal([]byte(text), &set) != nil || Unmarshal([]byte(text), &one) != nil { // whose words may quote a secret
		return nil, errJWK
	}
	all := []jwk{one}
	if set.Keys != nil {
		all = append(all, *set.Keys...)
	}
	for _, key := range all {
		if err := key.secret(); err != nil {
			return nil, err
		}
	}
	switch {
	case set.Keys == nil:
		return one.public()
	case one.Kty != "": // a key and a set at once: two programs would read two keys
		return nil, errJWK
	}
	usable := slices.DeleteFunc(all[1:], func(key jwk) bool { return key.unusable() != nil })
	switch len(usable) {
	case 0:
		return nil, errNoKey
	case 1:
		return usable[0].public()
	}
	return nil, Refuse(Invalid, "jwt_secret: the JWKS has %d keys for signatures"+keptByNobody+
		"send the one that this developer's tokens are signed with, alone.", len(usable))
}

// secret refuses a key that is a secret, or has one in it.
func (k *jwk) secret() error {
	private := []any{k.D, k.P, k.Q, k.DP, k.DQ, k.QI, k.Oth}
	switch {
	case slices.ContainsFunc(private, func(member any) bool { return member != nil }):
		return errPrivateKey
	case k.K != nil || k.Kty == "oct":
		return errSharedSecret
	}
	return nil
}

// curves are those of EC keys, with the one alg of each.
var curves = map[string]struct {
	alg   string
	curve func() elliptic.Curve
}{"P-256": {"ES256", elliptic.P256}, "P-384": {"ES384", elliptic.P384}, "P-521": {"ES512", elliptic.P521}}

// unusable says why no token is checked by the key: it is of another kind, or says that it is for something else.
func (k *jwk) unusable() error {
	var algs []string
	curve, known := curves[k.Crv]
	switch {
	case k.Kty == "RSA":
		algs = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"}
	case k.Kty == "EC" && known:
		algs = []string{curve.alg}
	case k.Kty == "OKP" && k.Crv == "Ed25519":
		algs = []string{"EdDSA", "Ed25519"} // by RFC 8037 and by RFC 9864
	case k.Kty == "":
		return errJWK
	default:
		return errJWKKind
	}
	if k.Use != "" && k.Use != "sig" || k.Ops != nil && !slices.Contains(k.Ops, "verify") || k.Alg != "" && !slices.Contains(algs, k.Alg) {
		return errUse
	}
	return nil
}

// public is the public key that the JWK writes out. How strong it has to be is for strong to say.
func (k *jwk) public() (crypto.PublicKey, error) {
	if err := k.unusable(); err != nil {
		return nil, err
	}
	switch k.Kty {
	case "RSA":
		return k.rsa()
	case "EC":
		return k.ec()
	}
	x, err := octets(k.X)
	if err != nil || len(x) != ed25519.PublicKeySize {
		return nil, errJWK
	}
	return ed25519.PublicKey(x), nil
}

func (k *jwk) rsa() (crypto.PublicKey, error) {
	n, nErr := octets(k.N)
	e, eErr := octets(k.E)
	exponent := new(big.Int).SetBytes(e)
	if nErr != nil || eErr != nil || len(n) == 0 || exponent.Cmp(big.NewInt(math.MaxInt32)) > 0 { // crypto/rsa takes no greater one
		return nil, errJWK
	}
	return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, nil
}

func (k *jwk) ec() (crypto.PublicKey, error) {
	curve := curves[k.Crv].curve()
	x, xErr := octets(k.X)
	y, yErr := octets(k.Y)
	length := (curve.Params().BitSize + 7) / 8 // RFC 7518, 6.2.1.2: leading zeros stay
	if xErr != nil || yErr != nil || len(x) != length || len(y) != length {
		return nil, errJWK
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, errPoint
	}
	return key, nil
}

// octets reads base64url; padding, which it should not have, is passed over.
func octets(text string) ([]byte, error) {
	return base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
}
