package main

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
)

// A call that is said again makes one request, and gives its key again; under the same Idempotency-Key nothing else is asked for.
func TestAddSaidAgain(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	body := text(t, map[string]any{"apply_policies": []string{fixture.Petstore}})
	first := gives(t, d, fixture.PortalCredential, path(fixture.Ada), body, "at once")
	if again := gives(t, d, fixture.PortalCredential, path(fixture.Ada), body, "at once"); again != first {
		t.Error("said again, the call is answered another key")
	}
	key := listed(t, d, fixture.Ada)
	if want := []string{"created by portal", "approved by portal", "delivered again by portal"}; len(key) != 1 || !reflect.DeepEqual(d.History(key[0].Request), want) {
		t.Errorf("%d keys, history %v", len(key), d.History(key[0].Request))
	}
	waits := text(t, map[string]any{"apply_policies": []string{fixture.Weather}})
	pending := d.Say(function, keyed(fixture.PortalCredential, path(fixture.Ada), waits, "pending"))
	if again := d.Say(function, keyed(fixture.PortalCredential, path(fixture.Ada), waits, "pending")); pending.Status != http.StatusOK || again.Text != pending.Text {
		t.Errorf("%s, and then %s", pending.Text, again.Text)
	}
	for _, c := range []struct{ developer, body, key string }{{fixture.Ada, waits, "at once"}, {fixture.Chen, body, "at once"}, {fixture.Chen, waits, "pending"}} {
		if said := d.Say(function, keyed(fixture.PortalCredential, path(c.developer), c.body, c.key)); said.Status != http.StatusConflict || !strings.HasPrefix(said.Message, "Idempotency-Key was used before") {
			t.Errorf("%d %s", said.Status, said.Message)
		}
	}
}

// Where Secrets Manager gives way the request stands. The same call again gives the key, unless somebody has to decide by then.
func TestVaultIsBusy(t *testing.T) {
	t.Parallel()
	const tries = 6 // of the vault's client
	for fault, times := range map[faults.Fault]int{faults.Throttle: tries, faults.Deleting: 1} {
		t.Run(fault.String(), func(t *testing.T) { vaultIsBusy(t, fault, times) })
	}
}

func vaultIsBusy(t *testing.T, fault faults.Fault, times int) {
	t.Helper()
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install)
	plan.Add(faults.Rule{Operation: "CreateSecret", Fault: fault, Times: times})
	body := text(t, map[string]any{"apply_policies": []string{fixture.Petstore}})
	first := d.Say(function, keyed(fixture.PortalCredential, path(fixture.Ada), body, "busy"))
	if first.Status != http.StatusOK || string(first.Meta) != `{"state":"pending"}` || len(listed(t, d, fixture.Ada)) != 0 {
		t.Fatalf("%d %s", first.Status, first.Text)
	}
	decides(t, d, true)
	if again := d.Say(function, keyed(fixture.PortalCredential, path(fixture.Ada), body, "busy")); again.Text != first.Text {
		t.Errorf("when somebody has to decide: %d %s", again.Status, again.Message)
	}
	decides(t, d, false)
	gives(t, d, fixture.PortalCredential, path(fixture.Ada), body, "busy")
	if keys := listed(t, d, fixture.Ada); len(keys) != 1 || keys[0].Request != first.Message {
		t.Errorf("keys %+v, of the request %s", keys, first.Message)
	}
}

// decides has somebody decide about the Petstore, or nobody.
func decides(t *testing.T, d *desktest.Desk, somebody bool) {
	t.Helper()
	required := map[bool]string{true: "true", false: "false"}[somebody]
	offers(t, d, `{"policy_id": "`+fixture.Petstore+`", "config": {"override": true, "require_key_approval": `+required+`}}`)
}

// offers has the organisation offer other entries in its catalogue.
func offers(t *testing.T, d *desktest.Desk, entries string) {
	t.Helper()
	before, err := d.Table.Catalogue(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	after, err := portal.NewCatalogue(fixture.Org, before.ID, portal.Object(`{"apis": [`+entries+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Table.WriteCatalogue(t.Context(), fixture.Org, before, after.Catalogue); err != nil {
		t.Fatal(err)
	}
}
