package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operation(d.Table)) }

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "DeclineRequest", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../../events/requests/decline", function, map[string][][]string{
		"with-reason":   {{"GetItem", "GetItem"}, {"TransactWriteItems"}},
		"approved":      {{"GetItem", "GetItem"}},
		"no-credential": nil,
	})
}
