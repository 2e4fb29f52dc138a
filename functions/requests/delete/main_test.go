package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operation(d.Table)) }

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "DeleteRequest", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../../events/requests/delete", function, map[string][][]string{
		"pending":       {{"GetItem", "GetItem"}, {"TransactWriteItems"}},
		"approved":      {{"GetItem", "GetItem"}, {"TransactWriteItems"}},
		"no-credential": nil,
	})
}
