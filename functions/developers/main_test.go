package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func function(d *desktest.Desk) rest.Handler {
	return rest.Handle(d.Table, operations(d.Table, paging)...)
}

func TestEvents(t *testing.T) { desktest.Play(t, "../../events", "Developers", function) }

func TestCalls(t *testing.T) {
	desktest.Calls(t, "../../events/developers", function, map[string][][]string{
		"list/plain":                        {{"GetItem"}, {"Query", "Query"}, {"Query", "Query", "Query", "Query"}}, // of four developers
		"list/p-minus-1":                    {{"GetItem"}, {"Query"}, {"Query", "Query", "Query", "Query"}},
		"list/p-2":                          {{"GetItem"}, {"Query", "Query"}},
		"list/no-credential":                nil,
		"get/with-key":                      {{"GetItem", "Query"}},
		"get/foreign-id":                    {{"GetItem", "Query"}},
		"email/ben":                         {{"GetItem", "GetItem"}, {"Query"}},
		"email/unknown":                     {{"GetItem", "GetItem"}},
		"ssokey/unknown":                    {{"GetItem", "GetItem"}},
		"create/whole":                      {{"BatchGetItem"}, {"TransactWriteItems"}},
		"create/email-taken":                {{"BatchGetItem"}, {"TransactWriteItems"}},
		"update/seed-000":                   {{"GetItem", "GetItem"}, {"TransactWriteItems"}},
		"update/email-taken":                {{"GetItem", "GetItem"}, {"TransactWriteItems"}},
		"delete/with-key":                   {{"GetItem", "GetItem"}, {"UpdateItem"}, {"Query"}, {"Query"}, {"TransactWriteItems"}, {"Query"}, {"GetItem"}, {"TransactWriteItems"}},
		"delete/as-reviewer":                {{"GetItem", "GetItem"}},
		"password/new":                      {{"GetItem", "GetItem"}, {"TransactWriteItems"}},
		"password/of-before":                {{"GetItem", "GetItem"}},
		"verify_credentials/right":          {{"GetItem", "GetItem"}, {"GetItem", "UpdateItem"}, {"TransactWriteItems"}},
		"verify_credentials/wrong-password": {{"GetItem", "GetItem"}, {"GetItem", "UpdateItem"}},
		"verify_credentials/unknown":        {{"GetItem", "GetItem"}, {"GetItem", "UpdateItem"}},
	})
}
