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

// Each kind of key in each form opens its organisation's APIs, and says which kind it is.
func TestKinds(t *testing.T) {
	d := open(t)
	for _, kind := range kinds {
		for _, form := range []apikey.Form{apikey.Base64, apikey.Base64Murmur128, apikey.Base64SHA256, apikey.OrgID} {
			t.Run(kind+" "+string(form), func(t *testing.T) {
				d := d.in(t)
				p := d.make(kind, form)
				k := d.grant(p.key)
				got := d.ask(p.event())
				d.want(good, got)
				if got.Context["auth_type"] != kind || got.Context["key"] != k.ID {
					t.Errorf("it says %v", got.Context)
				}
				d.want(good, d.plainly(p.question(org)))
			})
		}
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
func certificate(t testing.TB) string {
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
	for _, remembered := range []bool{false, true} {
		d.want(malformed, d.ask(through("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "")))
		if line := d.line(); line["remembered"] != remembered {
			t.Errorf("the log says %v", line)
		}
	}
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

// odd is a certificate whose serial number is below zero, with its fingerprint as OpenSSL has it: Go's own parser would not take it.
const (
	odd = `-----BEGIN CERTIFICATE-----
MIIBZzCCAQygAwIBAgIB+zAKBggqhkjOPQQDAjARMQ8wDQYDVQQDDAZjbGllbnQw
IBcNMjYxMTIyMTgzMDE5WhgPMjEyNjEwMjkxODMwMTlaMBExDzANBgNVBAMMBmNs
aWVudDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJk447hwC+ee2Ygv9CSlQx+m
6dvbBabm457zEYMXAZlLKAacrTSr+gFH0ZRg6uJ6+P1S1rGqmIg3ZCoIM/FQ75Kj
UzBRMB0GA1UdDgQWBBRx4ZDVaeZVTorfSbYrJ2jHrGf+6TAfBgNVHSMEGDAWgBRx
4ZDVaeZVTorfSbYrJ2jHrGf+6TAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMC
A0kAMEYCIQD6NX/cAVJoRn57LLCNw1xieft4yyTcblm4Ina6vPiVSAIhAJfqWf8r
aVNNPVtSLt8haTA0aqMxV38YNy4KdcXUFuIz
-----END CERTIFICATE-----
`
	oddsFingerprint = "285ce1187eb6a8760f28c137cb2a51df88e7a59a1a0eea91114d138fabe41be3"
)

func TestCertificateThatGoDoesNotParse(t *testing.T) {
	d := open(t)
	if block, _ := pem.Decode([]byte(odd)); block != nil {
		if _, err := x509.ParseCertificate(block.Bytes); err == nil {
			t.Error("it does by now")
		}
	}
	d.grant(d.issued(apikey.OfCertificate(org, oddsFingerprint, apikey.Base64)))
	d.want(good, d.ask(through(odd, "")))
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
