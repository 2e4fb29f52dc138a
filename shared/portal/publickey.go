package portal

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"

	"keydesk/shared/secret"
)

// Bounds of an RSA key: shorter ones are too weak for RS256 (RFC 7518, 3.3), longer ones cost more to check than they are worth.
const (
	shortestRSA = 2048
	longestRSA  = 8192
)

// Words for what is sent as jwt_secret. They never quote it: it may be a secret after all.
const (
	sendPublicKey = "send the developer's public key in PEM, RSA of 2048 bits or more, or EC"
	keptByNobody  = "it was not stored"
)

// PublicKey reads the public key by which a developer's tokens are checked, PEM or base64 of PEM, and writes it anew, as PKIX in PEM.
// A shared secret is refused, as is a private key: whoever can read the table could sign with it.
func PublicKey(sent secret.Value) (string, error) {
	text := strings.TrimSpace(sent.Reveal())
	if len(text) > maxText {
		return "", Refuse(Invalid, "jwt_secret is longer than %d bytes; "+sendPublicKey+".", maxText)
	}
	if inner, err := base64.StdEncoding.DecodeString(text); err == nil {
		text = string(inner)
	}
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil:
		return "", Refuse(Invalid, "jwt_secret: a shared secret is not taken, and "+keptByNobody+"; "+sendPublicKey+".")
	case strings.Contains(block.Type, "PRIVATE"):
		return "", Refuse(Invalid, "jwt_secret: this is a private key, and "+keptByNobody+"; keep it to the developer, and "+sendPublicKey+".")
	case strings.TrimSpace(string(rest)) != "":
		return "", Refuse(Invalid, "jwt_secret: there is more than one key in it; "+sendPublicKey+".")
	}
	key, err := parsePublic(block)
	if err != nil {
		return "", Refuse(Invalid, "jwt_secret: the PEM holds no public key; "+sendPublicKey+".")
	}
	switch key := key.(type) {
	case *rsa.PublicKey:
		if bits := key.N.BitLen(); bits < shortestRSA || bits > longestRSA {
			return "", Refuse(Invalid, "jwt_secret: the RSA key has %d bits; %d to %d are taken.", bits, shortestRSA, longestRSA)
		}
		if key.E < 3 || key.E&1 == 0 {
			return "", Refuse(Invalid, "jwt_secret: the RSA key's exponent is no good one; make a new key pair.")
		}
	case *ecdsa.PublicKey:
		if bits := key.Params().BitSize; bits < 256 {
			return "", Refuse(Invalid, "jwt_secret: the EC key's curve has %d bits; P-256, P-384 and P-521 are taken.", bits)
		}
	default:
		return "", Refuse(Invalid, "jwt_secret: keys of this kind are not taken; "+sendPublicKey+".")
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return "", Refuse(Invalid, "jwt_secret: the key cannot be written; "+sendPublicKey+".")
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), nil
}

func parsePublic(block *pem.Block) (any, error) {
	switch block.Type {
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return certificate.PublicKey, nil
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}
