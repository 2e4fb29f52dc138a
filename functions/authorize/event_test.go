package main

import (
	"crypto/rand"
	"strings"
	"testing"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Each way of writing a key in a header that is one, and those that are none.
func TestHeaderForms(t *testing.T) {
	d := open(t)
	token, _ := d.token()
	older, err := apikey.Mint(rand.Reader, org, portal.AuthToken, apikey.OrgID)
	d.must(err)
	d.grant(d.issued(older))
	basic, k := d.mint(portal.Basic)
	d.grant(k)
	oauth, k := d.mint(portal.OAuth)
	d.grant(k)
	pair := strings.TrimPrefix(sent(basic), "Basic ")
	for name, c := range map[string]struct {
		header string
		want   reason
	}{
		"raw":                       {token, good},
		"the older form":            {sent(older), good},
		"bearer":                    {"Bearer " + token, good},
		"bearer, small":             {"bearer " + token, good},
		"bearer, large":             {"BEARER " + token, good},
		"white space":               {"  Bearer  \t" + token + " ", good},
		"basic":                     {sent(basic), good},
		"basic, small":              {"basic " + pair, good},
		"an OAuth client":           {sent(oauth), good},
		"another scheme":            {"Token " + token, malformed},
		"the token after Basic":     {"Basic " + token, malformed},
		"the pair after Bearer":     {"Bearer " + pair, malformed},
		"the pair alone":            {pair, malformed},
		"a pair that is not base64": {"Basic " + basic.Name() + ":" + basic.Raw().Reveal(), malformed},
		"a scheme alone":            {"Bearer ", malformed},
		"white space alone":         {"   ", malformed},
		"two headers":               {token + "," + token, malformed},
		"two headers, spaced":       {token + ", Bearer " + token, malformed},
		"a line end":                {token[:40] + "\n" + token[40:], malformed},
		"cut off":                   {token[:len(token)-4], malformed},
		"a digit too many":          {sent(older) + "0", malformed},
		"too long for any key":      {strings.Repeat("A", 9<<10), malformed},
		"no header":                 {"", missing},
	} {
		t.Run(name, func(t *testing.T) {
			d := d.in(t)
			d.memory = newMemory(1)
			d.want(c.want, d.ask(event(c.header)))
		})
	}
}

func TestHeaderNames(t *testing.T) {
	d := open(t)
	token, _ := d.token()
	for name, c := range map[string]struct {
		setting string
		headers map[string]string
		want    reason
	}{
		"as API Gateway writes it": {"Authorization", map[string]string{"authorization": token}, good},
		"as SAM writes it":         {"Authorization", map[string]string{"Authorization": token}, good},
		"another":                  {"X-Api-Key", map[string]string{"x-api-key": token, "authorization": "Bearer of news"}, good},
		"not that one":             {"X-Api-Key", map[string]string{"authorization": token}, missing},
		"empty":                    {"Authorization", map[string]string{"authorization": ""}, missing},
		"two of the name":          {"Authorization", map[string]string{"authorization": token, "Authorization": token}, malformed},
		"two, one of them empty":   {"Authorization", map[string]string{"authorization": token, "Authorization": ""}, good},
		"none at all":              {"Authorization", nil, missing},
	} {
		t.Run(name, func(t *testing.T) {
			d := d.in(t)
			d.header = c.setting
			e := event("")
			e.Headers = c.headers
			d.want(c.want, d.ask(e))
		})
	}
}

// Whose keys open an API: what its stage says, else the setting; and a key is good at its own organisation's APIs only.
func TestOrganisations(t *testing.T) {
	d := open(t)
	token, _ := d.token()
	basic, k := d.mint(portal.Basic)
	d.grant(k)
	for name, c := range map[string]struct {
		setting, stage string
		want           reason
	}{
		"the setting's":              {org, "", good},
		"the stage's":                {"", org, good},
		"the stage's before all":     {otherOrg, org, good},
		"another's by the setting":   {otherOrg, "", wrongOrganisation},
		"another's by the stage":     {org, otherOrg, wrongOrganisation},
		"nobody's":                   {"", "", noOrganisation},
		"nobody's, by a slip":        {"", "acme", noOrganisation},
		"a slip before a good one":   {org, strings.ToUpper(org), noOrganisation},
		"nobody's, without any key":  {"", "", noOrganisation},
		"again, now it's remembered": {org, otherOrg, wrongOrganisation},
	} {
		t.Run(name, func(t *testing.T) {
			d := d.in(t)
			d.org = c.setting
			for _, header := range []string{token, sent(basic)} {
				e := event(header)
				e.StageVariables = map[string]string{"keydesk_org": c.stage, "other": "variable"}
				if strings.Contains(name, "without any key") {
					e.Headers = nil
				}
				d.want(c.want, d.ask(e))
			}
		})
	}
}

func TestOrganisationsOfPlainQuestions(t *testing.T) {
	d := open(t)
	d.org = otherOrg // is of no account to them
	token, _ := d.token()
	basic, k := d.mint(portal.Basic)
	d.grant(k)
	for name, c := range map[string]struct {
		org  any
		want reason
	}{
		"its own": {org, good}, "another's": {otherOrg, wrongOrganisation},
		"empty": {"", noOrganisation}, "null": {nil, noOrganisation}, "nobody's": {"acme", noOrganisation},
	} {
		t.Run(name, func(t *testing.T) {
			d := d.in(t)
			for _, key := range []string{token, sent(basic)} {
				d.want(c.want, d.plainly(map[string]any{"key": key, "org": c.org}))
			}
		})
	}
	d.want(good, d.plainly(map[string]string{"key": token})) // left open
	d.want(missing, d.plainly(map[string]string{}))
	d.want(missing, d.plainly(map[string]string{"org": org}))
	d.want(missing, d.plainly(map[string]string{"raw_key": token, "org": org}))
	d.want(malformed, d.plainly(map[string]string{"key": "open sesame"}))
}

// A refusal tells nothing of another organisation's key.
func TestNothingOfAnothersKey(t *testing.T) {
	d := open(t)
	basic, k := d.mint(portal.Basic)
	k.State = table.Revoked
	d.grant(k)
	e := event(sent(basic))
	e.StageVariables = map[string]string{"keydesk_org": otherOrg}
	for range 2 {
		d.want(wrongOrganisation, d.ask(e))
		if got := d.plainly(map[string]string{"key": sent(basic), "org": otherOrg}); got.Reason != "wrong_organisation" || got.Context != nil {
			t.Errorf("it says %+v", got)
		}
	}
}
