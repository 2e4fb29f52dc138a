package main

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
)

// A key that nobody took in time opens nothing, as soon as nobody remembers that it did, and the log says why.
func TestKeyThatLapsed(t *testing.T) {
	office := desktest.New(t, fixture.ToClaim)
	d := &desk{t: t, table: office.Table, clock: time.Now(), logged: &bytes.Buffer{}}
	d.authorizer = &authorizer{
		settings: settings{header: "Authorization", org: fixture.Org},
		check:    newCheck(d.table, slog.New(slog.NewJSONHandler(d.logged, nil))),
	}
	d.now = func() time.Time { return d.clock }
	key, err := office.Issuer.Vault.Open(t.Context(), fixture.Org, fixture.Due, portal.AuthToken)
	d.must(err)
	d.want(good, d.ask(event(key.Raw().Reveal())))
	for _, want := range []approval.Done{approval.Reminded, approval.Lapsed} {
		r, err := d.table.Request(t.Context(), fixture.Org, fixture.Due)
		d.must(err)
		due, err := time.Parse(time.RFC3339, r.DueAt)
		d.must(err)
		if done, err := office.Issuer.Due(t.Context(), r, due, "the schedule's"); err != nil || done != want {
			t.Fatalf("%s, %v; want %s", done, err, want)
		}
	}
	d.clock = d.clock.Add(longest)
	d.want(lapsed, d.ask(event(key.Raw().Reveal())))
	d.want(lapsed, d.plainly(map[string]string{"key": key.Raw().Reveal(), "org": fixture.Org}))
}
