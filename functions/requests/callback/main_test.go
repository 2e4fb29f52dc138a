package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operation(d.Issuer, d.Signers))
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "RequestCallback", function) }
