package portal

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"
)

// fingerprintLength is that of a SHA-256 in hexadecimal.
const fingerprintLength = 2 * sha256.Size

// longestFingerprint is that of one in colons, with an organisation's id before it.
const longestFingerprint = 3*sha256.Size + idLength

// Fingerprint is the SHA-256 of a client certificate, lower-case hexadecimal: given as such, with colons as OpenSSL prints it, after
// the organisation's id as Tyk names certificates, or by the certificate itself in PEM.
func Fingerprint(org, text string) (string, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxText {
		return "", Refuse(Invalid, "certificate is longer than %d bytes.", maxText)
	}
	if block, _ := pem.Decode([]byte(text)); block != nil {
		certificate, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return "", Refuse(Invalid, "certificate: the PEM holds no certificate; send the certificate, or its SHA-256 fingerprint.")
		}
		sum := sha256.Sum256(certificate.Raw)
		return hex.EncodeToString(sum[:]), nil
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
