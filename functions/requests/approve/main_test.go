package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operations(d.Issuer)...) }

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "ApproveRequest", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../../events/requests/approve", function, map[string][][]string{
		"as-reviewer":   {{"GetItem", "GetItem"}, {"BatchGetItem"}, {"PutItem"}, {"CreateSecret"}, {"TransactWriteItems"}},
		"as-portal":     {{"GetItem", "GetItem"}, {"BatchGetItem"}},
		"approved":      {{"GetItem", "GetItem"}},
		"no-credential": nil,
	})
}
