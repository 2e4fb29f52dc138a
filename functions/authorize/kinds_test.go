package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
)

// Each kind of key opens its organisation's APIs, and says which kind it is.
func TestKinds(t *testing.T) {
	d := open(t)
	for _, kind := range []string{portal.AuthToken, portal.Basic, portal.OAuth} {
		t.Run(kind, func(t *testing.T) {
			d := d.in(t)
			key, k := d.mint(kind)
			k = d.grant(k)
			got := d.ask(event(sent(key)))
			d.want(good, got)
			if got.Context["auth_type"] != kind || got.Context["key"] != k.ID {
				t.Errorf("it says %v", got.Context)
			}
			d.want(good, d.plainly(map[string]string{"key": sent(key), "org": org}))
			if !strings.HasPrefix(sent(key), "Basic ") {
				return
			}
			name, password := key.Name(), key.Raw().Reveal()
			for _, wrong := range [][2]string{{name, swapped(password)}, {swapped(name), password}, {password, name}} {
				if s := d.ask(event(pair(wrong[0], wrong[1]))); s.Allowed {
					t.Error("a wrong pair opens the API")
				}
			}
		})
	}
}

// A JWT key's id stands in the header of every token: it must not be a key itself.
func TestKeyIDIsNoKey(t *testing.T) {
	d := open(t)
	key, k := d.mint(portal.JWT)
	d.grant(k)
	d.want(unknown, d.ask(event(key.Raw().Reveal())))
}

// certificate makes a client certificate, PEM.
func certificate(t *testing.T) string {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "client"}, NotAfter: noon.AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// through is an event over a connection with a client certificate.
func through(certificate, key string) events.APIGatewayV2CustomAuthorizerV2Request {
	e := event(key)
	e.RequestContext.Authentication.ClientCert = events.APIGatewayV2HTTPRequestContextAuthenticationClientCert{ClientCertPem: certificate}
	return e
}

func TestCertificates(t *testing.T) {
	d := open(t)
	mine, other := certificate(t), certificate(t)
	fingerprint, err := portal.Fingerprint(org, mine)
	d.must(err)
	k := d.issued(apikey.OfCertificate(org, fingerprint, apikey.Base64))
	k.Certificate = fingerprint
	k = d.grant(k)
	token, _ := d.token()

	got := d.ask(through(mine, ""))
	d.want(good, got)
	if got.Context["auth_type"] != "mutualTLS" || got.Context["key"] != k.ID {
		t.Errorf("it says %v", got.Context)
	}
	d.want(unknown, d.ask(through(other, "")))
	d.want(malformed, d.ask(through("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "")))
	d.want(malformed, d.ask(through(mine, "a header that is no key"))) // a header is what counts where there is one
	d.want(good, d.ask(through(other, token)))
	d.want(missing, d.ask(through("", "")))
	elsewhere := through(mine, "")
	elsewhere.StageVariables = map[string]string{"keydesk_org": otherOrg}
	d.want(unknown, d.ask(elsewhere))            // in another organisation it may be anybody's
	d.want(malformed, d.ask(event(fingerprint))) // what anybody may know, as if it were a key
	d.org = ""
	d.want(noOrganisation, d.ask(through(mine, "")))

	colons := strings.TrimSuffix(strings.ToUpper(insert(fingerprint, ":", 2)), ":")
	for text, elsewhere := range map[string]reason{fingerprint: unknown, colons: unknown, mine: unknown, org + fingerprint: malformed} {
		d.want(good, d.plainly(map[string]string{"certificate": text, "org": org}))
		d.want(elsewhere, d.plainly(map[string]string{"certificate": text, "org": otherOrg}))
		d.want(noOrganisation, d.plainly(map[string]string{"certificate": text}))
		d.want(noOrganisation, d.plainly(map[string]string{"certificate": text, "org": org + ":" + fingerprint}))
	}
	d.want(malformed, d.plainly(map[string]string{"certificate": fingerprint[1:], "org": org}))
}

// A certificate's verdict is remembered for the text, so that it is parsed once in a while and not each time.
func TestCertificateIsRemembered(t *testing.T) {
	d := open(t)
	mine := certificate(t)
	fingerprint, err := portal.Fingerprint(org, mine)
	d.must(err)
	d.grant(d.issued(apikey.OfCertificate(org, fingerprint, apikey.Base64)))
	d.Hold(15 * time.Millisecond)
	d.ask(through(mine, ""))
	d.wantCalls([]string{"GetItem"}, []string{"BatchGetItem"})
	d.ask(through(mine, ""))
	d.wantCalls()
}

func insert(text, between string, each int) string {
	var all strings.Builder
	for i := 0; i < len(text); i += each {
		all.WriteString(text[i:i+each] + between)
	}
	return all.String()
}
