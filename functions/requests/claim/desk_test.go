package main

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// desk is one at which keys are claimed.
type desk struct {
	*desktest.Desk
	t *testing.T
}

func open(t *testing.T, options ...func(*aws.Config)) *desk {
	t.Helper()
	return &desk{desktest.New(t, fixture.Desk, options...), t}
}

// restarted is the same desk, served by a process that nothing befalls.
func (d *desk) restarted() *desk {
	d.t.Helper()
	fresh, issuer := *d.Desk, *d.Issuer
	fresh.Table = table.New(tabletest.Config(d.t), d.Table.Name())
	issuer.Table, issuer.Vault = fresh.Table, vault.New(tabletest.Config(d.t), d.BoxPrefix(), "")
	fresh.Issuer = &issuer
	return &desk{&fresh, d.t}
}

var reviewer = caller.Caller{Org: fixture.Org, Name: "reviewer", Role: caller.Reviewer, Credential: caller.Hash(fixture.ReviewerCredential)}

// read reads a request as it stands.
func (d *desk) read(id string) table.Request {
	d.t.Helper()
	r, err := d.Table.Request(d.t.Context(), fixture.Org, id)
	if err != nil {
		d.t.Fatal(err)
	}
	return r
}

// approves has a reviewer approve a request at a time. Its developer is to claim the key.
func (d *desk) approves(id string, at time.Time) {
	d.t.Helper()
	act := approval.Act{Name: "approved", By: reviewer, At: at, ByClaim: true, RequestID: "test"}
	if _, err := d.Issuer.Issue(d.t.Context(), d.read(id), act, ""); err != nil {
		d.t.Fatal(err)
	}
}

// schedule does what is due of a request by a time.
func (d *desk) schedule(id string, at time.Time) {
	d.t.Helper()
	for r := d.read(id); r.DueAt != "" && r.DueAt <= portal.Timestamp(at); r = d.read(id) {
		if _, err := d.Issuer.Due(d.t.Context(), r, at, "test"); err != nil {
			d.t.Fatal(err)
		}
	}
}

// endsSecrets has the schedule delete the delivery secrets that are due by a time.
func (d *desk) endsSecrets(at time.Time) {
	d.t.Helper()
	for n := range table.DuePartitions {
		items, _, err := d.Table.Due(d.t.Context(), n, at, 100, "")
		for _, item := range items {
			if item.Secret && err == nil {
				_, err = d.Issuer.DueSecret(d.t.Context(), item, at)
			}
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
}

// Two pages' proofs.
var (
	mine    = strings.Repeat("m", 32)
	another = strings.Repeat("a", 128)
)

// claims is what a page says with the token of the first link.
func (d *desk) claims(id, proof string) map[string]any { return d.claimsBy(id, proof, 1) }

// claimsBy is what a page says with the token of a link.
func (d *desk) claimsBy(id, proof string, link int) map[string]any {
	return map[string]any{"token": d.ClaimKey.Token(fixture.Org, id, link), "proof": proof}
}

// saved is what the page of Claimable says when its reader has the key.
func (d *desk) saved(proof string) map[string]any {
	body := d.claims(fixture.Claimable, proof)
	body["saved"] = true
	return body
}

// event is the call of a page.
func (d *desk) event(id string, body any) desktest.Event {
	d.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		d.t.Fatal(err)
	}
	event := desktest.Call("", http.MethodPost, "/api/portal/requests/"+id+"/claim", string(text))
	event.Headers = nil
	return event
}

// says is what a page is answered.
func (d *desk) says(id string, body any) desktest.Said {
	d.t.Helper()
	return d.Say(function, d.event(id, body))
}

// wants complains of another answer.
func (d *desk) wants(what, id string, body any, status int, words string) {
	d.t.Helper()
	if said := d.says(id, body); said.Status != status || !strings.HasPrefix(said.Message, words) {
		d.t.Errorf("%s: %d %s, want %d %s", what, said.Status, said.Text, status, words)
	}
}
