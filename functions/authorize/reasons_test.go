package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

var kinds = []string{portal.AuthToken, portal.Basic, portal.OAuth, portal.JWT, portal.MutualTLS}

// possession is a key of any kind, not yet granted, and what its holder presents.
type possession struct {
	key          table.IssuedKey
	scheme       string   // that stands before the parts
	parts        []string // of which what is presented is made: a token, a pair's name and secret, a JWT's three, a certificate's bytes
	certificates bool
}

func (d *desk) make(kind string, form apikey.Form) possession {
	d.t.Helper()
	if kind == portal.MutualTLS {
		text := certificate(d.t)
		block, _ := pem.Decode([]byte(text))
		fingerprint, err := portal.Fingerprint(org, text)
		d.must(err)
		k := d.issued(apikey.OfCertificate(org, fingerprint, form))
		k.Certificate = fingerprint
		return possession{key: k, parts: []string{string(block.Bytes)}, certificates: true}
	}
	key, k := d.mintOf(rand.Reader, kind, form)
	switch kind {
	case portal.JWT:
		k.PublicKey = public(d.t, "P-256")
		token := signed(d.t, "ES256", map[string]any{"kid": key.Raw().Reveal()}, claims(), pairs()["P-256"])
		return possession{key: k, scheme: "Bearer ", parts: strings.Split(token, ".")}
	case portal.AuthToken:
		return possession{key: k, parts: []string{key.Raw().Reveal()}}
	}
	return possession{key: k, scheme: "Basic ", parts: []string{key.Name(), key.Raw().Reveal()}}
}

// text is the header, or the certificate in PEM.
func (p possession) text() string {
	switch {
	case p.certificates:
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte(p.parts[0])}))
	case p.scheme == "Basic ":
		return p.scheme + base64.StdEncoding.EncodeToString([]byte(strings.Join(p.parts, ":")))
	}
	return p.scheme + strings.Join(p.parts, ".")
}

func (p possession) event() events.APIGatewayV2CustomAuthorizerV2Request {
	if p.certificates {
		return through(p.text(), "")
	}
	return event(p.text())
}

func (p possession) question(org string) map[string]string {
	if p.certificates {
		return map[string]string{"certificate": p.text(), "org": org}
	}
	return map[string]string{"key": p.text(), "org": org}
}

// changed has one byte of one part changed, into another that may stand there.
func (p possession) changed(part, at int) possession {
	changed := append([]string(nil), p.parts...)
	text := []byte(changed[part])
	if text[at]++; !p.certificates {
		text[at] = "ab"[strings.Count(changed[part][at:at+1], "a")]
	}
	changed[part] = string(text)
	p.parts = changed
	return p
}

// Whatever ends a key ends it in each kind: the same reason in the answer of both ways of asking, and in the log.
func TestReasonsOfEachKind(t *testing.T) {
	d := open(t)
	const off, gone = "554c789030c55e4ca0101009", "554c789030c55e4ca0101010"
	policy, err := portal.NewPolicy(org, `{"_id": "`+off+`", "name": "Off", "active": false}`, noon)
	d.must(err)
	d.must(d.table.CreatePolicy(t.Context(), org, policy))
	now := noon.Unix()
	for _, kind := range kinds {
		for name, c := range map[string]struct {
			change func(*table.IssuedKey)
			want   reason
		}{
			"good":            {func(*table.IssuedKey) {}, good},
			"revoked":         {func(k *table.IssuedKey) { k.State = table.Revoked }, revoked},
			"suspended":       {func(k *table.IssuedKey) { k.State = table.Suspended }, suspended},
			"expired":         {func(k *table.IssuedKey) { k.Expires = now }, expired},
			"in its grace":    {func(k *table.IssuedKey) { k.Rotation = &table.Rotation{Ends: now + 1} }, good},
			"rotated":         {func(k *table.IssuedKey) { k.Rotation = &table.Rotation{Ends: now} }, rotated},
			"policy inactive": {func(k *table.IssuedKey) { k.Policies = []string{gold, off} }, policyInactive},
			"policy gone":     {func(k *table.IssuedKey) { k.Policies = []string{gold, gone} }, policyInactive},
		} {
			t.Run(kind+" "+name, func(t *testing.T) {
				d := d.in(t)
				p := d.make(kind, apikey.Base64)
				c.change(&p.key)
				d.grant(p.key)
				d.want(c.want, d.ask(p.event()))
				if line := d.line(); line["key"] != p.key.ID {
					t.Errorf("the log names the key %q", line["key"])
				}
				d.want(c.want, d.plainly(p.question(org)))
			})
		}
	}
}

// So does whatever ends its developer's use of the API.
func TestInactiveDeveloperOfEachKind(t *testing.T) {
	d := open(t)
	all := map[string]possession{}
	for _, kind := range kinds {
		all[kind] = d.make(kind, apikey.Base64)
		d.grant(all[kind].key)
		d.want(good, d.ask(all[kind].event()))
	}
	inactive := d.developer
	inactive.Inactive = true
	d.must(d.table.UpdateDeveloper(t.Context(), d.developer, inactive))
	d.clock = d.clock.Add(longest)
	for kind, p := range all {
		t.Run(kind, func(t *testing.T) {
			d := d.in(t)
			d.want(developerInactive, d.ask(p.event()))
			d.want(developerInactive, d.plainly(p.question(org)))
		})
	}
}

// A good key of another organisation opens nothing here, and goes on opening what it should.
func TestForeignKeyOfEachKind(t *testing.T) {
	d := open(t)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			d := d.in(t)
			p, want := d.make(kind, apikey.Base64), wrongOrganisation
			if p.certificates {
				want = unknown // there it may be anybody's
			}
			d.grant(p.key)
			elsewhere := p.event()
			elsewhere.StageVariables = map[string]string{"keydesk_org": otherOrg}
			for range 2 { // read, then remembered
				d.want(want, d.ask(elsewhere))
				d.want(want, d.plainly(p.question(otherOrg)))
				d.want(good, d.ask(p.event()))
			}
		})
	}
}

// One byte changed, at the beginning, in the middle or at the end of whatever a key consists of, makes it none.
func TestChangedByteOfEachKind(t *testing.T) {
	d := open(t)
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			d := d.in(t)
			p := d.make(kind, apikey.Base64)
			d.grant(p.key)
			d.want(good, d.ask(p.event()))
			for part, text := range p.parts {
				for _, at := range []int{0, len(text) / 2, len(text) - 1} {
					if got := d.ask(p.changed(part, at).event()); got.Allowed {
						t.Errorf("part %d, changed at %d of %d, opens the API", part, at, len(text))
					}
				}
			}
		})
	}
}
