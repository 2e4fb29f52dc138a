package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Parts of the bodies.
const (
	goldEntry = `"catalogue_entry":{"name":"The gold plan","short_description":"","long_description":"","show":true,"api_id":"",` +
		`"policy_id":"gold","documentation":"","version":"v2","is_keyless":false,"config":{},"auth_type":"authToken"}`
	personAda = `"portal_developer":{"id":"ada","email":"ada@example.com","date_created":"2020-01-01T00:00:00Z","inactive":false,"org_id":"the organisation","fields":{"Name":"Ada"}}`
	begins    = `"data":{"id":"5efde61749960c000137f590","org_id":"the organisation","for_plan":"gold","apply_policies":["gold"],"by_user":"ada","fields":{"usecase":"<b>"},`
	middle    = `"date_created":"2026-11-22T12:00:00Z","version":"v2",` + personAda + `,` + goldEntry
)

// goldNamed is the entry of gold.
var goldNamed = func() (e portal.Entry) {
	if err := e.UnmarshalJSON([]byte(`{"policy_id": "gold", "name": "The gold plan"}`)); err != nil {
		panic(err)
	}
	return e
}()

// asked is Ada's request for gold.
func asked(f *facts) {
	f.request.OrgID, f.request.ForPlan, f.request.ByUser, f.request.DateCreated = "the organisation", "gold", "ada", "2026-11-22T12:00:00Z"
	f.request.Fields, f.request.Version, f.line.Revision = `{"usecase":"<b>"}`, "v2", 1
	f.request.JWTSecret, f.request.Certificate, f.request.Key = "a public key", "a fingerprint", "a hash"
	developer := portal.NoDeveloper()
	developer.ID, developer.Email, developer.OrgID, developer.DateCreated, developer.Fields = "ada", "ada@example.com", "the organisation", "2020-01-01T00:00:00Z", `{"Name":"Ada"}`
	f.books.Developer = &developer
	f.books.Entries = map[string]portal.Entry{"gold": goldNamed}
}

// bodies are whole bodies, as they are sent: Tyk's members first and in Tyk's order, what is empty left out.
var bodies = map[string]struct {
	f    *facts
	want string
}{
	"submitted, and approved by now": {
		known(asked, meanwhile(portal.Approved)),
		`{"event":"key_request_event.submitted",` + begins + `"approved":false,` + middle + `,"state":"pending","revision":1}}`,
	},
	"approved": {known(asked, does("approved"), stands(portal.Approved), func(f *facts) {
		f.line.By, f.line.At, f.line.Rule, f.line.Reason, f.line.Revision = "the schedule", "2026-11-22T12:01:00Z", "own staff", "Welcome.", 2
	}), `{"event":"key_request_event.approved",` + begins + `"approved":true,` + middle +
		`,"state":"approved","revision":2,"decided_by":"the schedule","decided_at":"2026-11-22T12:01:00Z","rule":"own staff","reason":"Welcome."}}`},
	"revoked": {known(asked, does("revoked"), meanwhile(portal.Approved), func(f *facts) {
		f.request.DecidedBy, f.request.DecidedAt, f.request.Revision = "reviewer", "2026-11-22T12:01:00Z", 2
		f.key, f.line = &table.IssuedKey{}, table.Line{History: table.History{By: "admin", At: "2026-11-23T12:01:00Z", State: "revoked", Revision: 7}}
	}), `{"event":"key_request_event.revoked",` + begins + `"approved":true,` + middle +
		`,"state":"approved","revision":2,"decided_by":"reviewer","decided_at":"2026-11-22T12:01:00Z","revoked_by":"admin","revoked_at":"2026-11-23T12:01:00Z"}}`},
	"an older key suspended": {known(asked, meanwhile(portal.Approved), ofKey("suspended"), rotatedAt, func(f *facts) {
		f.request.Revision = 2
		f.line = table.Line{History: table.History{By: "admin", At: "2026-11-23T12:01:00Z", State: "suspended", Revision: 7}, Policies: []string{"gold", "silver"}}
	}), `{"event":"key_request_event.suspended",` + begins + `"approved":true,` + middle +
		`,"state":"approved","revision":2,"changed_by":"admin","changed_at":"2026-11-23T12:01:00Z","key_state":"suspended","key_policies":["gold","silver"],"older_key":true}}`},
	"a key changed": {known(asked, meanwhile(portal.Approved), ofKey("edited"), func(f *facts) {
		f.request.Revision = 2
		f.line = table.Line{History: table.History{By: "admin", At: "2026-11-23T12:01:00Z", State: "active", Revision: 7}, Policies: []string{"silver"}}
	}), `{"event":"key_request_event.edited",` + begins + `"approved":true,` + middle +
		`,"state":"approved","revision":2,"changed_by":"admin","changed_at":"2026-11-23T12:01:00Z","key_state":"active","key_policies":["silver"]}}`},
	"of nobody, for what is in no catalogue": {known(func(f *facts) { f.books.Developer = nil }), `{"event":"key_request_event.submitted","data":{` +
		`"id":"5efde61749960c000137f590","org_id":"","apply_policies":["gold"],"by_user":"","approved":false,"date_created":"","state":"pending","revision":0}}`},
}

func TestBodies(t *testing.T) {
	t.Parallel()
	for name, c := range bodies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := bodyOf(c.f)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(body)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Of an entry's settings a webhook has those that say something, and no token.
func TestConfigOfAnEntry(t *testing.T) {
	t.Parallel()
	var e portal.Entry
	document := `{"policy_id": "gold", "config": {"override": true, "require_key_approval": true, "redirect_to": "", "key_request_fields": ["usecase"],
		"dcr_options": {"access_token": "a-token-of-theirs", "provider": "keycloak"}, "else": {"nothing": null, "some": 1}}}`
	if err := json.Unmarshal([]byte(document), &e); err != nil {
		t.Fatal(err)
	}
	f := known(func(f *facts) {
		f.request.ForPlan = "gold"
		f.books.Entries = map[string]portal.Entry{"gold": e}
	})
	body, err := bodyOf(f)
	if err != nil {
		t.Fatal(err)
	}
	const want = `"config":{"dcr_options":{"provider":"keycloak"},"else":{"some":1},"key_request_fields":["usecase"],"override":true,"require_key_approval":true}`
	if !strings.Contains(string(body), want) {
		t.Errorf("%s has not %s", body, want)
	}
}

// What is sent, noted and logged of a key that its developer claims holds neither the key nor what it is known by; and the claim link
// stands in the developer's mail alone.
func TestNoKeyIsTold(t *testing.T) {
	t.Parallel()
	o := open(t)
	var id string
	o.told(func() {
		id = o.waiting()
		o.approve(id, true)
	})
	link := publicURL + "/console/claim#" + id + "." + o.ClaimKey.Token(fixture.Org, id, 1)
	claim := act("claimed")
	claim.By = approval.Developer(fixture.Org)
	grant, err := o.Issuer.Claim(t.Context(), o.request(id), claim, approval.Proof("claim", "a text of the page's own", 0, nil), 1)
	o.must(err)
	raw, k := grant.Key, o.key(id)
	var texts []string
	for _, h := range o.hooks.all() {
		texts = append(texts, h.text)
	}
	withLink := 0
	for _, m := range o.post.all() {
		text := *m.Content.Simple.Body.Text.Data
		if strings.Contains(text, link) {
			withLink++
			if to := m.Destination.ToAddresses[0]; to != "ben@example.com" {
				t.Errorf("the link was sent to %s", to)
			}
			text = strings.ReplaceAll(text, link, "")
		}
		texts = append(texts, *m.Content.Simple.Subject.Data, text)
	}
	ledger, err := json.Marshal(o.ledger())
	o.must(err)
	texts = append(texts, string(ledger), o.log.String())
	if withLink != 1 {
		t.Errorf("%d mails have the link", withLink)
	}
	for _, text := range texts {
		for what, secret := range map[string]string{
			"the key": raw.Raw().Reveal(), "its hash": k.Shown, "its digest": k.Digest, "the token": o.ClaimKey.Token(fixture.Org, id, 1), "the address": o.hooks.URL,
		} {
			if strings.Contains(text, secret) {
				t.Errorf("%s is in %s", what, text)
			}
		}
	}
}
