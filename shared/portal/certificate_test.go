package portal_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"testing"

	"keydesk/shared/portal"
)

// fingerprint is a certificate's, as it is kept.
const fingerprint = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// x5tS256 is it as JOSE writes it.
func x5tS256() string {
	sum, _ := hex.DecodeString(fingerprint)
	return base64.RawURLEncoding.EncodeToString(sum)
}

// withColons is it as OpenSSL prints it.
func withColons() string {
	var pairs []string
	for at := 0; at < len(fingerprint); at += 2 {
		pairs = append(pairs, fingerprint[at:at+2])
	}
	return strings.ToUpper(strings.Join(pairs, ":"))
}

func fingerprintOf(der []byte) string {
	digest := sha256.Sum256(der)
	return hex.EncodeToString(digest[:])
}

func TestFingerprint(t *testing.T) {
	text, der := certificateOf(t, ecOf(t, elliptic.P256()))
	of := fingerprintOf(der)
	unreadable := bytes.Replace(der, []byte{2, 1, 1}, []byte{2, 1, 0xff}, 1) // its serial number is -1, which OpenSSL takes and Go does not
	if _, err := x509.ParseCertificate(unreadable); err == nil {
		t.Error("Go reads the certificate that it was not to read")
	}
	for sent, want := range map[string]string{
		fingerprint:                                     fingerprint,
		strings.ToUpper(fingerprint):                    fingerprint,
		withColons():                                    fingerprint,
		"\n " + withColons():                            fingerprint,
		org + fingerprint:                               fingerprint,
		org + withColons():                              fingerprint,
		strings.ToUpper(org + fingerprint):              fingerprint,
		"sha256 Fingerprint=" + withColons():            fingerprint,
		"SHA256 Fingerprint=" + withColons() + "\n":     fingerprint,
		inPEM("CERTIFICATE", unreadable):                fingerprintOf(unreadable),
		text:                                            of,
		"\n\n" + text + "\n":                            of,
		"Bag Attributes\n" + text:                       of,
		text + text:                                     of,
		strings.ReplaceAll(text, "\n", ""):              of, // forms and settings lose the line ends
		strings.ReplaceAll(text, "\n", " "):             of,
		strings.ReplaceAll(text, "\n", `\n`):            of,
		strings.ReplaceAll(text, "\n", `\r\n`):          of,
		"  " + strings.ReplaceAll(text, "\n", "\n\t"):   of,
		bare(text):                                      of,
		byLines(bare(text)):                             of,
		base64.StdEncoding.EncodeToString([]byte(text)): of,
		strings.ToLower(strings.ReplaceAll(withColons(), ":", " ")):        fingerprint, // Windows
		"\u200e" + strings.ReplaceAll(withColons(), ":", " "):              fingerprint, // copied from its dialogue
		"\u200e" + fingerprint + "\u200f":                                  fingerprint,
		"\ufeff" + withColons():                                            fingerprint,
		"Cert Hash(sha256): " + fingerprint:                                fingerprint, // certutil
		"Cert Hash(sha256): " + strings.ReplaceAll(withColons(), ":", " "): fingerprint,
		"SHA256: " + withColons():                                          fingerprint, // keytool
		"SHA-256 Fingerprint: " + withColons():                             fingerprint,
		x5tS256():                                                          fingerprint,
		x5tS256() + "=":                                                    fingerprint,
		" " + x5tS256() + "\n":                                             fingerprint,
	} {
		if got, err := portal.Fingerprint(org, sent); err != nil || got != want {
			t.Errorf("%.90q: %s, %v; want %s", sent, got, err, want)
		}
	}
}

func TestNoFingerprint(t *testing.T) {
	const private = "certificate: there is a private key in it, and it was not stored;"
	const send, none = "certificate: send the SHA-256 fingerprint of the client certificate,", "certificate: the PEM holds no certificate;"
	text, der := certificateOf(t, ecOf(t, elliptic.P256()))
	for sent, words := range map[string]string{
		"":                     send,
		" ":                    send,
		fingerprint[1:]:        send,
		fingerprint + "0":      send,
		fingerprint[:40]:       send, // of SHA-1
		fingerprint[:63] + "g": send,
		strings.Replace(fingerprint, "0", " ", 1):                      send,
		strings.Replace(fingerprint, "0", "٠", 1):                      send,
		"5e9d9544a1dcd60001d0ed21" + fingerprint:                       send, // another organisation's
		org[:23] + fingerprint:                                         send,
		fingerprint + org:                                              send,
		org + org + fingerprint:                                        send,
		text[:len(text)-30]:                                            send,
		inPEM("CERTIFICATE", []byte("none")):                           none,
		strings.ReplaceAll(text, "CERTIFICATE", "PUBLIC KEY"):          none,
		strings.ReplaceAll(text, "CERTIFICATE", "CERTIFICATE REQUEST"): none,
		inPEM("EC PRIVATE KEY", []byte("none")) + text:                 "certificate: there is a private key in it, and it was not stored;",
		text + inPEM("PRIVATE KEY", []byte("none")):                    "certificate: there is a private key in it, and it was not stored;",
		strings.ReplaceAll(pkix(t, ecOf(t, elliptic.P256()).Public()), "PUBLIC KEY", "CERTIFICATE"): none,
		inPEM("CERTIFICATE", append(der, 0)):    none,
		inPEM("CERTIFICATE", der[:len(der)-1]):  none,
		"sha1 Fingerprint=" + withColons():      send,
		"sha256 Fingerprint=":                   send,
		"sha256 Fingerprint=" + fingerprint[1:]: send,
		"SHA256:" + x5tS256():                   send, // of an SSH key
		x5tS256()[:42]:                          send,
		x5tS256()[:42] + "_":                    send, // bits that are no part of it
		x5tS256() + "A":                         send,
		bare(inPEM("", must[[]byte](t)(x509.MarshalECPrivateKey(ecOf(t, elliptic.P256()))))):                                    private,
		strings.ReplaceAll(inPEM("CERTIFICATE", must[[]byte](t)(x509.MarshalECPrivateKey(ecOf(t, elliptic.P256())))), "\n", ""): private,
		base64.StdEncoding.EncodeToString([]byte(text + inPEM("PRIVATE KEY", []byte("none")))):                                  private,
		text + text[:len(text)-30]: send,
		"-----BEGIN CERTIFICATE-----" + bare(text) + "-----END PUBLIC KEY-----": none,
	} {
		got, err := portal.Fingerprint(org, sent)
		refused(t, sent[:min(len(sent), 90)], err, portal.Invalid, words)
		if got != "" {
			t.Errorf("%.90q: refused, and yet it is %s", sent, got)
		}
	}
}
