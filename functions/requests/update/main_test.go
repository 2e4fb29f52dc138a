package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operation(d.Table, d.Signers))
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "UpdateRequest", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../../events/requests/update", function, map[string][][]string{
		"policies":      {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}},
		"approved":      {{"BatchGetItem", "GetItem"}},
		"no-credential": nil,
	})
}
