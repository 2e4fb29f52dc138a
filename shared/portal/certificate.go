package portal

import (
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"strings"
)

// fingerprintLength is that of a SHA-256 in hexadecimal.
const fingerprintLength = 2 * sha256.Size

// opensslPrints is what OpenSSL prints before a fingerprint.
const opensslPrints = "sha256 Fingerprint="

// longestFingerprint is that of one in colons, with an organisation's id or OpenSSL's words before it.
const longestFingerprint = 3*sha256.Size + idLength

// Fingerprint is the SHA-256 of a client certificate, lower-case hexadecimal: given as such, as OpenSSL prints it, after the
// organisation's id as Tyk names certificates, or by the certificate itself in PEM.
func Fingerprint(org, text string) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > maxText:
		return "", Refuse(Invalid, "certificate is longer than %d bytes; send its SHA-256 fingerprint.", maxText)
	case strings.Contains(text, "PRIVATE KEY"): // people send the whole file
		return "", Refuse(Invalid, "certificate: there is a private key in it"+keptByNobody+"keep it to the developer, and send the certificate alone.")
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		if block.Type != "CERTIFICATE" || !isCertificate(block.Bytes) {
			return "", Refuse(Invalid, "certificate: the PEM holds no certificate; send the certificate, or its SHA-256 fingerprint.")
		}
		sum := sha256.Sum256(block.Bytes)
		return hex.EncodeToString(sum[:]), nil
	}
	if len(text) > len(opensslPrints) && strings.EqualFold(text[:len(opensslPrints)], opensslPrints) {
		text = text[len(opensslPrints):]
	}
	digits := strings.ToLower(strings.ReplaceAll(text, ":", ""))
	if len(digits) == len(org)+fingerprintLength {
		digits = strings.TrimPrefix(digits, org)
	}
	if _, err := hex.DecodeString(digits); err != nil || len(digits) != fingerprintLength {
		return "", Refuse(Invalid, "certificate: send the SHA-256 fingerprint of the client certificate, 64 hexadecimal digits, or the certificate in PEM.")
	}
	return digits, nil
}

// isCertificate tells whether DER has the shape of one. What it says is not for here: whoever speaks TLS with its holder reads it, and
// takes some that Go does not.
func isCertificate(der []byte) bool {
	var certificate struct {
		Signed, Algorithm asn1.RawValue
		Signature         asn1.BitString
	}
	rest, err := asn1.Unmarshal(der, &certificate)
	return err == nil && len(rest) == 0
}
