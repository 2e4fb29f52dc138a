package main

import (
	"bytes"
	"io"
	"log/slog"
	"testing"

	"keydesk/infra/canary"
	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/golden"
)

// TestEvents gives each event of events/authorize to an authorizer that remembers nothing, and compares what it returns.
func TestEvents(t *testing.T) {
	cases, err := golden.Load("../../events")
	if err != nil {
		t.Fatal(err)
	}
	desk := desktest.New(t, fixture.EveryKey)
	var log bytes.Buffer
	played := 0
	for _, c := range cases {
		if c.Function != "Authorize" {
			continue
		}
		played++
		t.Run(c.Name, func(t *testing.T) {
			if c.Given != fixture.Desk && c.Given != fixture.EveryKey {
				t.Errorf("%q is given, which is not here", c.Given)
			}
			a := &authorizer{
				settings: settings{header: "Authorization", org: fixture.Org},
				check:    newCheck(desk.Table, slog.New(slog.NewJSONHandler(io.MultiWriter(&log, t.Output()), nil))),
			}
			returned, err := a.Invoke(t.Context(), c.Event)
			if err != nil {
				t.Fatal(err)
			}
			if diff := golden.DiffReturned(c.Want, returned); diff != "" {
				t.Errorf("%s\n%s", c.Path, diff)
			}
		})
	}
	if played < 30 {
		t.Errorf("%d events were played", played)
	}
	if secret := canary.Find(log.Bytes()); secret != "" {
		t.Errorf("the log shows %s", secret)
	}
}
