package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operations(d.Issuer, d.Links)...)
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "RequestClaim", function) }
