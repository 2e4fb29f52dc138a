package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// path is where a developer's keys are; of one of them, its name and what is below.
func path(developer string, below ...string) string {
	return strings.Join(append([]string{"/api/portal/developers/" + developer + "/keys"}, below...), "/")
}

// given is what the function answers to whom it gives a key.
type given struct {
	RawKey    string
	Password  string
	ClientID  string `json:"client_id"`
	Secret    string
	Key       string
	GraceEnds string `json:"grace_ends"`
}

// key is the one that was given.
func (g given) key(t *testing.T, kind string) apikey.Key {
	t.Helper()
	name, raw := map[string][2]string{
		portal.AuthToken: {"", g.RawKey}, portal.JWT: {"", g.RawKey}, portal.Basic: {g.RawKey, g.Password}, portal.OAuth: {g.ClientID, g.Secret},
	}[kind][0], g.secret(kind)
	sealed, err := json.Marshal(map[string]string{"kind": kind, "name": name, "raw_key": raw, "form": string(apikey.Base64)})
	if err != nil {
		t.Fatal(err)
	}
	k, err := apikey.Unseal(fixture.Org, secret.New(string(sealed)))
	if err != nil {
		t.Fatalf("what was given is no key of the kind %s", kind)
	}
	return k
}

// secret is what of the answer nobody else may ever see.
func (g given) secret(kind string) string {
	switch kind {
	case portal.Basic:
		return g.Password
	case portal.OAuth:
		return g.Secret
	}
	return g.RawKey
}

// call makes a call, and holds that it is answered with the status.
func call(t *testing.T, d *desktest.Desk, credential, method, path, body string, status int) desktest.Said {
	t.Helper()
	said := d.Say(function, desktest.Call(credential, method, path, body))
	if said.Status != status {
		t.Fatalf("%s %s: %d %s, want %d", method, path, said.Status, said.Message, status)
	}
	return said
}

// gives makes a call that gives a key. It may be said again by its Idempotency-Key.
func gives(t *testing.T, d *desktest.Desk, credential, path, body, idempotencyKey string) (g given) {
	t.Helper()
	said := d.Say(function, keyed(credential, path, body, idempotencyKey))
	if err := json.Unmarshal([]byte(said.Text), &g); err != nil || said.Status != http.StatusOK {
		t.Fatalf("POST %s: %d %s (%v)", path, said.Status, said.Message, err)
	}
	return g
}

func keyed(credential, path, body, idempotencyKey string) desktest.Event {
	event := desktest.Call(credential, http.MethodPost, path, body)
	event.Headers["idempotency-key"] = idempotencyKey
	return event
}

// listed are a developer's keys, as the list shows them.
func listed(t *testing.T, d *desktest.Desk, developer string) []document {
	t.Helper()
	var page struct{ Data []document }
	said := call(t, d, fixture.ReviewerCredential, http.MethodGet, path(developer), "", http.StatusOK)
	if err := json.Unmarshal([]byte(said.Text), &page); err != nil {
		t.Fatal(err)
	}
	return page.Data
}

// stored is the key that is, or was, shown by the hash.
func stored(t *testing.T, d *desktest.Desk, shown string) table.IssuedKey {
	t.Helper()
	for _, item := range tabletest.Items(t, d.Table) {
		if item["SK"] == "KEY" && item["shown"] == shown {
			k, err := d.Table.IssuedKey(t.Context(), fmt.Sprint(item["digest"]))
			if err != nil {
				t.Fatal(err)
			}
			return *k
		}
	}
	t.Fatalf("no key is shown as %s", shown)
	return table.IssuedKey{}
}

// stands says where a key stands beside its own item: among the developer's keys, under its shown hash.
func stands(t *testing.T, d *desktest.Desk, k table.IssuedKey) (places []string) {
	t.Helper()
	for _, item := range tabletest.Items(t, d.Table) {
		switch pk, sk := fmt.Sprint(item["PK"]), fmt.Sprint(item["SK"]); {
		case strings.HasPrefix(sk, "KEY#") && item["digest"] == k.Digest:
			places = append(places, fmt.Sprintf("beside the developer for %v", item["policies"]))
		case strings.HasSuffix(pk, "#SHOWN#"+k.Shown) && sk == k.Digest:
			places = append(places, "shown")
		}
	}
	slices.Sort(places)
	return places
}

// places are those that a developer has in plans, and who holds them.
func places(t *testing.T, d *desktest.Desk, developer string) map[string]string {
	t.Helper()
	taken := map[string]string{}
	for _, item := range tabletest.Items(t, d.Table) {
		place, is := strings.CutPrefix(fmt.Sprint(item["SK"]), "PLAN#")
		if is && strings.HasSuffix(fmt.Sprint(item["PK"]), "#DEVELOPER#"+developer) {
			taken[place] = fmt.Sprint(item["held_by"])
		}
	}
	return taken
}

// tamper changes items of the table as no call could.
func tamper(t *testing.T, d *desktest.Desk, change func(map[string]types.AttributeValue) bool) {
	t.Helper()
	var changed []map[string]types.AttributeValue
	for _, item := range tabletest.Dump(t, d.Table) {
		if change(item) {
			changed = append(changed, item)
		}
	}
	if len(changed) == 0 {
		t.Fatal("nothing to tamper with")
	}
	tabletest.Restore(t, d.Table, changed)
}

// twin makes another key of Ben's, with the hash of the one that he has.
func twin(t *testing.T, d *desktest.Desk) {
	t.Helper()
	const another = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	digest := stored(t, d, fixture.BensKey).Digest
	const id, held = "5cf61bff0313b300010b0000", "a309e400fcec4cfffef4ffff" // the same, counted down
	tamper(t, d, func(item map[string]types.AttributeValue) bool {
		switch pk, sk := item["PK"].(*types.AttributeValueMemberS).Value, item["SK"].(*types.AttributeValueMemberS).Value; {
		case pk == "KEY#"+digest && sk == "KEY":
			item["PK"], item["digest"], item["id"] = text("KEY#"+another), text(another), text(id)
		case strings.HasSuffix(pk, "#DEVELOPER#"+fixture.Ben) && strings.HasPrefix(sk, "KEY#"):
			item["SK"], item["digest"] = text("KEY#"+held), text(another)
		case strings.HasSuffix(pk, "#SHOWN#"+fixture.BensKey):
			item["SK"] = text(another)
		default:
			return false
		}
		return true
	})
}
