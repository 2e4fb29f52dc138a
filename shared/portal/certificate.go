package portal

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// longestFingerprint is that of one in colons, with an organisation's id or OpenSSL's words before it.
const longestFingerprint = 3*sha256.Size + idLength

// Refusals of what is sent as certificate.
var (
	errPrivateCertificate = Refuse(Invalid, "certificate: there is a private key in it"+keptByNobody+"keep it to the developer, and send the certificate alone.")
	errNoFingerprint      = Refuse(Invalid, "certificate: send the SHA-256 fingerprint of the client certificate, 64 hexadecimal digits, or the certificate in PEM.")
	errNoCertificate      = Refuse(Invalid, "certificate: the PEM holds no certificate; send the certificate, or its SHA-256 fingerprint.")
)

// Fingerprint is the SHA-256 of the client certificate that is to be registered, lower-case hexadecimal. A client sends it in one of
// the forms in which tools print it, or sends the certificate, alone or with the chain of those who signed it.
func Fingerprint(org, text string) (string, error) {
	return fingerprint(org, text, leafOf)
}

// PresentedFingerprint is the SHA-256 of the certificate that a client has shown in a TLS handshake. The client's own comes first there
// (RFC 8446, 4.4.2), and who let it in knows whether it may be a CA's.
func PresentedFingerprint(org, text string) (string, error) {
	return fingerprint(org, text, func(chain [][]byte) ([]byte, error) { return chain[0], nil })
}

func fingerprint(org, text string, choose func(chain [][]byte) ([]byte, error)) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case len(text) > maxText:
		return "", Refuse(Invalid, "certificate is longer than %d bytes; send its SHA-256 fingerprint.", maxText)
	case namesPrivate().MatchString(text): // people send the whole file
		return "", errPrivateCertificate
	}
	if sum, is := readFingerprint(org, text); is {
		return sum, nil
	}
	chain, err := certificatesIn(text)
	if err != nil {
		return "", err
	}
	der, err := choose(chain)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:]), nil
}

// Compiled when one is needed: the data plane check starts without them.
var (
	// fingerprintLabel is what OpenSSL, certutil and keytool print before a fingerprint.
	fingerprintLabel = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\A(?:sha-?256(?: fingerprint)?|cert hash\(sha256\))\s*[=:]\s*`)
	})
	// pemBlock is a PEM block, in whatever lines.
	pemBlock = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END ([A-Z0-9 ]+)-----`)
	})
)

// readFingerprint reads a fingerprint as OpenSSL prints it, with colons, as Windows shows it, with spaces and a mark of direction, after
// the organisation's id as Tyk names certificates, and as the thumbprint x5t#S256 of RFC 8705.
func readFingerprint(org, text string) (string, bool) {
	const longest = 512
	if len(text) > longest {
		return "", false
	}
	text = strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Cf, c) {
			return -1
		}
		return c
	}, text))
	if sum, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimSuffix(text, "=")); err == nil && len(sum) == sha256.Size {
		return hex.EncodeToString(sum), true
	}
	text = text[len(fingerprintLabel().FindString(text)):]
	digits := strings.ToLower(strings.Join(strings.FieldsFunc(text, func(c rune) bool { return c == ':' || unicode.IsSpace(c) }), ""))
	if len(digits) == len(org)+hex.EncodedLen(sha256.Size) {
		digits = strings.TrimPrefix(digits, org)
	}
	_, err := hex.DecodeString(digits)
	return digits, err == nil && len(digits) == hex.EncodedLen(sha256.Size)
}

// certificatesIn are the certificates in PEM, of which forms and settings lose the line ends, or in base64 of PEM or DER. What stands
// between them does not count: OpenSSL prints more there.
func certificatesIn(text string) ([][]byte, error) {
	if inner, is := fromBase64(text); is {
		switch {
		case isPrivate(inner):
			return nil, errPrivateCertificate
		case isCertificate(inner):
			return [][]byte{inner}, nil
		}
		text = string(inner)
		if namesPrivate().MatchString(text) {
			return nil, errPrivateCertificate
		}
	}
	var chain [][]byte
	for _, block := range blocksIn(lineEnds.Replace(text)) {
		if isPrivate(block.Bytes) {
			return nil, errPrivateCertificate
		}
		if block.Type != "CERTIFICATE" || !isCertificate(block.Bytes) {
			return nil, errNoCertificate
		}
		chain = append(chain, block.Bytes)
	}
	if len(chain) == 0 {
		return nil, errNoFingerprint
	}
	return chain, nil
}

// blocksIn reads all PEM blocks of a text; none where one of them is not whole.
func blocksIn(text string) []*pem.Block {
	var blocks []*pem.Block
	for _, found := range pemBlock().FindAllStringSubmatch(text, -1) {
		der, is := fromBase64(found[2])
		if !is || found[1] != found[3] {
			der = nil // which is nothing that is taken
		}
		blocks = append(blocks, &pem.Block{Type: found[1], Bytes: der})
	}
	if len(blocks) != strings.Count(text, beginsPEM) {
		return nil
	}
	return blocks
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(c rune) bool { return c > unicode.MaxASCII })
}
