package portal_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	x509names "crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
)

// authority is a CA, or a client, with what it signs by.
type authority struct {
	read    *x509.Certificate
	private *ecdsa.PrivateKey
}

func (a *authority) pem() string { return inPEM("CERTIFICATE", a.read.Raw) }

// sign makes a certificate that the authority signs; a nil one makes it sign itself.
func (a *authority) sign(t *testing.T, name string, ca bool) *authority {
	t.Helper()
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: x509names.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		BasicConstraintsValid: true, IsCA: ca,
	}
	private := ecOf(t, elliptic.P256())
	by := &authority{read: certificate, private: private}
	if a != nil {
		by = a
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, certificate, by.read, private.Public(), by.private))
	return &authority{must[*x509.Certificate](t)(x509.ParseCertificate(der)), private}
}

// A chain is registered by the client's certificate, wherever it stands, and never by the CA's.
func TestChain(t *testing.T) {
	const onlyCA, noLeaf = "certificate: this is a CA's certificate,", "certificate: more than one of the certificates may be the client's;"
	var nobody *authority
	root := nobody.sign(t, "root", true)
	middle := root.sign(t, "middle", true)
	leaf, other, selfSigned := middle.sign(t, "client", false), middle.sign(t, "another", false), nobody.sign(t, "alone", false)
	oldRoot := nobody.sign(t, "old root", false) // of version 1, in effect: it does not say that it is a CA's
	oldLeaf := oldRoot.sign(t, "old client", false)
	for name, c := range map[string]struct {
		sent  string
		want  *authority
		words string
	}{
		"the leaf first":           {leaf.pem() + middle.pem() + root.pem(), leaf, ""},
		"the root first":           {root.pem() + middle.pem() + leaf.pem(), leaf, ""},
		"the leaf between":         {root.pem() + leaf.pem() + middle.pem(), leaf, ""},
		"without the root":         {middle.pem() + leaf.pem(), leaf, ""},
		"with words between":       {"subject=root\n" + root.pem() + "subject=client\n" + leaf.pem(), leaf, ""},
		"without line ends":        {strings.ReplaceAll(root.pem()+leaf.pem(), "\n", ""), leaf, ""},
		"the leaf twice":           {leaf.pem() + root.pem() + leaf.pem(), leaf, ""},
		"the leaf alone":           {leaf.pem(), leaf, ""},
		"self-signed":              {selfSigned.pem(), selfSigned, ""},
		"a root that says no CA":   {oldRoot.pem() + oldLeaf.pem(), oldLeaf, ""},
		"a root alone":             {root.pem(), nil, onlyCA},
		"a root in DER":            {bare(root.pem()), nil, onlyCA},
		"a middle alone":           {middle.pem(), nil, onlyCA},
		"a chain without a leaf":   {middle.pem() + root.pem(), nil, onlyCA},
		"two clients":              {leaf.pem() + other.pem() + root.pem(), nil, noLeaf},
		"two that know no other":   {selfSigned.pem() + leaf.pem(), nil, noLeaf},
		"signed by a client":       {selfSigned.pem() + selfSigned.sign(t, "alone", false).pem(), nil, noLeaf},
		"a leaf that is not whole": {root.pem() + leaf.pem()[:200], nil, "certificate: send the SHA-256 fingerprint"},
	} {
		got, err := portal.Fingerprint(org, c.sent)
		switch {
		case c.want == nil:
			refused(t, name, err, portal.Invalid, c.words)
		case err != nil || got != fingerprintOf(c.want.read.Raw):
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// In a handshake the client's certificate comes first; whether it may be a CA's is for who let it in.
func TestPresentedChain(t *testing.T) {
	var nobody *authority
	root := nobody.sign(t, "root", true)
	leaf := root.sign(t, "client", false)
	for name, c := range map[string]struct {
		sent string
		want *authority
	}{
		"a chain":               {leaf.pem() + root.pem(), leaf},
		"another's behind":      {leaf.pem() + root.sign(t, "another", false).pem(), leaf},
		"a CA's, self-made":     {root.pem(), root},
		"one without line ends": {strings.ReplaceAll(leaf.pem(), "\n", " "), leaf},
	} {
		if got, err := portal.PresentedFingerprint(org, c.sent); err != nil || got != fingerprintOf(c.want.read.Raw) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}
