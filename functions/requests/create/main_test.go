package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operation(d.Table, d.Signers))
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../../events", "CreateRequest", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../../events/requests/create", function, map[string][][]string{
		"for-plan":         {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}},
		"two-policies":     {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}},
		"kind-oauth":       {{"BatchGetItem", "GetItem"}, {"Query"}, {"TransactWriteItems"}}, // whether there is a place for one more
		"kind-oauth-full":  {{"BatchGetItem", "GetItem"}, {"Query"}},
		"kind-jwt":         {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}},
		"kind-certificate": {{"BatchGetItem", "GetItem"}, {"GetItem"}, {"TransactWriteItems"}}, // whether it has a key
		"plan-asked-for":   {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}, {"GetItem"}}, // how the request stands that has the plan
		"key-to-edit":      {{"BatchGetItem", "GetItem"}, {"Query"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		"not-json":         {{"GetItem"}},
		"no-credential":    nil,
	})
}
