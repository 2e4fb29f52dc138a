package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operations(d.Table)...) }

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "DeclineRequest", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../../events/requests/decline", function, map[string][][]string{
		"with-reason":   {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}},
		"approved":      {{"BatchGetItem", "GetItem"}},
		"no-credential": nil,
	})
}
