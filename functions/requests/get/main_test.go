package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler { return rest.Handle(d.Table, operation(d.Table)) }

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "GetRequest", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../../events/requests/get", function, map[string][][]string{
		"pending":       {{"GetItem", "GetItem"}, {"BatchGetItem", "Query"}},
		"unknown-id":    {{"GetItem", "GetItem"}},
		"malformed-id":  {{"GetItem"}},
		"no-credential": nil,
	})
}
