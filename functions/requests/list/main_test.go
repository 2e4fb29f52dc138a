package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operation(d.Table, defaults))
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "ListRequests", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../../events/requests/list", function, map[string][][]string{
		"plain":           {{"GetItem"}, {"Query", "Query"}, {"BatchGetItem", "Query", "Query", "Query"}}, // of three developers
		"approved-true":   {{"GetItem"}, {"Query", "Query"}, {"BatchGetItem", "Query"}},
		"p-minus-2":       {{"GetItem"}, {"Query"}, {"BatchGetItem", "Query", "Query", "Query"}},
		"by-user-unknown": {{"GetItem"}, {"Query", "Query"}},
		"no-credential":   nil,
	})
}

// defaults are the template's.
var defaults = settings{rest.Paging{Size: 10, MaxUnpaged: 1000}, keysShown}
