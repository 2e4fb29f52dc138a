package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

// paging is the template's.
var paging = rest.Paging{Size: 10, MaxUnpaged: 1000}

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operations(d.Issuer, d.Signers, paging)...)
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../events", "Keys", function) }

// A key is found in two rounds, by its shown hash, and everything is written in one transaction, however much comes of it.
func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../events/keys", function, map[string][][]string{
		"list/every-kind":     {{"GetItem"}, {"Query"}, {"BatchGetItem"}},
		"list/none":           {{"GetItem"}, {"Query"}, {"GetItem"}},
		"list/no-credential":  nil,
		"get/token":           {{"GetItem", "Query"}, {"BatchGetItem"}},
		"get/unknown-id":      {{"GetItem", "GetItem"}},
		"add/to-be-decided":   {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}},
		"add/certificate":     {{"BatchGetItem", "GetItem"}, {"GetItem"}, {"TransactWriteItems"}},
		"add/edit":            {{"BatchGetItem", "GetItem"}, {"Query"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		"add/at-once":         {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}, {"BatchGetItem"}, {"PutItem"}, {"CreateSecret"}, {"TransactWriteItems"}},
		"add/clients-full":    {{"BatchGetItem", "GetItem"}, {"Query"}},
		"add/plan-in-use":     {{"BatchGetItem", "GetItem"}, {"TransactWriteItems"}, {"GetItem"}}, // what has the plan
		"update/one-more":     {{"GetItem", "Query"}, {"BatchGetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		"update/the-same":     {{"GetItem", "Query"}, {"BatchGetItem"}, {"BatchGetItem"}},
		"revoke/token":        {{"GetItem", "Query"}, {"BatchGetItem"}, {"TransactWriteItems"}},
		"revoke/unknown":      {{"GetItem", "Query"}},
		"revoke/malformed":    {{"GetItem"}},
		"revoke/successor":    {{"GetItem", "Query"}, {"BatchGetItem"}, {"GetItem"}, {"TransactWriteItems"}}, // and the one before it
		"rotate/token":        {{"GetItem", "Query"}, {"BatchGetItem"}, {"BatchGetItem"}, {"PutItem"}, {"CreateSecret"}, {"TransactWriteItems"}},
		"rotate/certificate":  {{"GetItem", "Query"}, {"BatchGetItem"}, {"BatchGetItem"}, {"TransactWriteItems"}}, // nothing secret comes of it
		"rotate/rotated":      {{"GetItem", "Query"}, {"BatchGetItem"}, {"GetItem"}},                              // how its successor stands
		"suspend/as-reviewer": {{"GetItem", "Query"}, {"BatchGetItem"}, {"TransactWriteItems"}},
	})
}
