package portal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"keydesk/shared/secret"
)

// Bounds of an RSA key: shorter ones are too weak for RS256 (RFC 7518, 3.3), longer ones cost more to check than they are worth.
const (
	shortestRSA = 2048
	longestRSA  = 8192
	// smallestExponent is the usual one, and the least of FIPS 186-5: faulty checks of signatures were broken with smaller ones.
	smallestExponent = 65537
)

// Words for what is sent as jwt_secret. They never quote it: it may be a secret after all.
const (
	sendPublicKey = "send the developer's public key in PEM or as a JWK, RSA of 2048 bits or more, EC on P-256, P-384 or P-521, or Ed25519."
	keptByNobody  = ", and it was not stored; "
)

// What is no public key is refused by what it is instead.
var (
	errPrivateKey   = Refuse(Invalid, "jwt_secret: there is a private key in it"+keptByNobody+"keep it to the developer, and "+sendPublicKey)
	errSharedSecret = Refuse(Invalid, "jwt_secret: a shared secret is not taken"+keptByNobody+sendPublicKey)
	errNotOnePEM    = Refuse(Invalid, "jwt_secret: the PEM is not whole, or does not stand alone"+keptByNobody+sendPublicKey)
	errEmptyPEM     = Refuse(Invalid, "jwt_secret: the PEM holds no public key that is taken"+keptByNobody+sendPublicKey)
	errAddress      = Refuse(Invalid, "jwt_secret: this is an address, and the check of a key never fetches one"+keptByNobody+sendPublicKey)
	errSSH          = Refuse(Invalid, "jwt_secret: this is an SSH key, which ssh-keygen -e -m PKCS8 writes in PEM"+keptByNobody+sendPublicKey)
)

// SentKey is what a client sends as a public key: a text, or a JWK or JWKS as the JSON object that it is. An object is read as its text is.
// It is secret, since people send their secrets there.
type SentKey struct{ secret.Value }

// UnmarshalJSON takes a text or an object in.
func (k *SentKey) UnmarshalJSON(sent []byte) error {
	switch sent[0] {
	case '{':
		k.Value = secret.New(string(sent))
		return nil
	case '"':
		return json.Unmarshal(sent, &k.Value)
	}
	return &json.UnmarshalTypeError{Value: kind(sent[0]), Type: reflect.TypeFor[SentKey]()} // encoding/json adds the field
}

// PublicKey reads the public key by which a developer's tokens are checked, and writes it anew, as PKIX in PEM. It may come in PEM, of
// which forms and settings lose the line ends, in base64 of PEM or DER, or as a JWK or a JWKS of one key, or base64 of that. A shared secret is refused, as is a private key: whoever can read
// the table could sign with it.
func PublicKey(sent secret.Value) (string, error) {
	text := strings.TrimSpace(sent.Reveal())
	switch {
	case text == "":
		return "", Refuse(Invalid, "jwt_secret: it is blank; "+sendPublicKey)
	case len(text) > maxText:
		return "", Refuse(Invalid, "jwt_secret is longer than %d bytes; "+sendPublicKey, maxText)
	}
	key, err := readPublic(text)
	if err != nil {
		return "", err
	}
	if err := strong(key); err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", errEmptyPEM
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

const beginsPEM = "-----BEGIN"

// Compiled when a public key comes: most functions never see one, and all of them start.
var (
	// onePEM is one PEM with nothing around it, and base64 in it, in whatever lines.
	onePEM = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\A-----BEGIN [A-Z0-9 ]+-----([^-]*)-----END [A-Z0-9 ]+-----\z`)
	})
	// lineEnds puts those right that stand as a programmer writes them.
	lineEnds = strings.NewReplacer(`\r`, "", `\n`, "\n")
	// namesPrivate finds a private key's name as OpenSSL, OpenSSH and PuTTY write it, and the private member of a JWK.
	namesPrivate = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)private[- ](key|lines)|"d"\s*:`) })
)

func readPublic(text string) (crypto.PublicKey, error) {
	if inner, is := fromBase64(text); is {
		if said := strings.TrimSpace(string(inner)); !strings.Contains(said, beginsPEM) && !isJSON(said) && !isAddress(said) {
			return parsePublic(inner, errSharedSecret)
		}
		text = strings.TrimSpace(string(inner))
	}
	if isJSON(text) {
		if namesPrivate().MatchString(text) {
			return nil, errPrivateKey
		}
		return readJWK(text)
	}
	text = strings.TrimSpace(lineEnds.Replace(text))
	if namesPrivate().MatchString(text) {
		return nil, errPrivateKey
	}
	body := onePEM().FindStringSubmatch(text)
	if body == nil {
		return nil, noPEM(text)
	}
	der, _ := fromBase64(body[1])
	return parsePublic(der, errEmptyPEM)
}

// fromBase64 reads base64 with or without padding, in whatever lines.
func fromBase64(text string) ([]byte, bool) {
	raw, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.Join(strings.Fields(text), ""), "="))
	return raw, err == nil
}

func isJSON(text string) bool { return strings.HasPrefix(text, "{") }

func isAddress(text string) bool {
	scheme, _, is := strings.Cut(text, "://")
	return is && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// noPEM refuses what is not one PEM, and says what it has the look of.
func noPEM(text string) error {
	begins := func(with string) bool { return strings.HasPrefix(text, with) }
	switch {
	case strings.Contains(text, beginsPEM):
		return errNotOnePEM
	case isAddress(text):
		return errAddress
	case begins("ssh-") || begins("ecdsa-sha2-") || begins("sk-ssh-") || begins("sk-ecdsa-") || begins("---- BEGIN SSH2"):
		return errSSH
	}
	return errSharedSecret
}

// parsePublic reads a public key in any of its forms, whatever it is called: PKCS #1, a certificate, PKIX. Of what is none it says what
// the caller has to say.
func parsePublic(der []byte, none error) (crypto.PublicKey, error) {
	if isPrivate(der) {
		return nil, errPrivateKey
	}
	if key, err := x509.ParsePKCS1PublicKey(der); err == nil {
		return key, nil
	}
	if certificate, err := x509.ParseCertificate(der); err == nil {
		return certificate.PublicKey, nil
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, none
	}
	return key, nil
}

// isPrivate tells whether DER is a private key: in each of their forms these begin with a small number, a version, and nothing public does.
func isPrivate(der []byte) bool {
	var private struct{ Version int }
	_, err := asn1.Unmarshal(der, &private)
	return err == nil
}

// strong refuses a public key of a kind or a strength that is not taken.
func strong(key crypto.PublicKey) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < shortestRSA || bits > longestRSA {
			return Refuse(Invalid, "jwt_secret: the RSA key has %d bits; %d to %d are taken.", bits, shortestRSA, longestRSA)
		}
		if key.E < smallestExponent || key.E&1 == 0 {
			return Refuse(Invalid, "jwt_secret: the RSA key's exponent is %d; make a new key pair with the usual one, %d.", key.E, smallestExponent)
		}
	case *ecdsa.PublicKey:
		if bits := key.Params().BitSize; bits < 256 {
			return Refuse(Invalid, "jwt_secret: the EC key's curve has %d bits; P-256, P-384 and P-521 are taken.", bits)
		}
	case ed25519.PublicKey:
	default:
		return Refuse(Invalid, "jwt_secret: keys of this kind are not taken; "+sendPublicKey)
	}
	return nil
}
