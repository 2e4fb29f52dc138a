package main

import (
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// record is a record of the stream that gives something to tell: a line of history, what became of a developer, or a notice that is to be
// sent again.
type record struct {
	table.NoticeName // To is empty where all are told whom the act concerns
	sequence         string
	act              string // of a notice that is sent again it stands in the ledger
	tries            int    // of such a notice, when it was touched
	was, is          string // a developer's e-mail address, before and after
	at               time.Time
}

// What becomes of developers has no history; its notices are named by these.
const (
	welcome         = "welcome"
	passwordChanged = "password changed"
	emailChanged    = "e-mail changed"
)

// recordsOf are what a record gives to tell. The template lets through few that give nothing, the ledger's own notes among them.
func recordsOf(r events.DynamoDBEventRecord) []record {
	name, known := table.NoticeOf(text(r.Change.Keys["PK"]), text(r.Change.Keys["SK"]))
	found := record{NoticeName: name, sequence: r.Change.SequenceNumber}
	before, after := r.Change.OldImage, r.Change.NewImage
	inserted, modified := r.EventName == string(events.DynamoDBOperationTypeInsert), r.EventName == string(events.DynamoDBOperationTypeModify)
	switch {
	case !known:
		return nil
	case name.To != "":
		found.tries = number(after["tries"])
		return only(found, modified && number(after["again"]) != number(before["again"]))
	case name.Developer == "":
		found.act = text(after["act"])
		return only(found, inserted && len(tells(name.Subject, found.act)) > 0)
	case inserted:
		found.act, found.Line = welcome, welcome
		return only(found, true)
	case modified:
		return ofAccount(found, r.Change)
	}
	return nil
}

func only(r record, tells bool) []record {
	if !tells {
		return nil
	}
	return []record{r}
}

// ofAccount are the changes of a developer's account that are told: one write may be several.
func ofAccount(found record, change events.DynamoDBStreamRecord) (all []record) {
	before, after := change.OldImage, change.NewImage
	if at := text(after["password_updated"]); at != text(before["password_updated"]) {
		password := found
		password.act, password.Line = passwordChanged, passwordChanged+" "+at
		all = append(all, password)
	}
	if was, is := text(before["email"]), text(after["email"]); was != "" && portal.CanonicalEmail(was) != portal.CanonicalEmail(is) {
		email := found
		email.act, email.Line = emailChanged, emailChanged+" "+strconv.Itoa(number(after["revision"]))
		email.was, email.is, email.at = was, is, change.ApproximateCreationDateTime.Time
		all = append(all, email)
	}
	return all
}

// text and number read attributes of a record; of another kind, or none, they read as empty.
func text(v events.DynamoDBAttributeValue) string {
	if v.DataType() != events.DataTypeString {
		return ""
	}
	return v.String()
}

func number(v events.DynamoDBAttributeValue) int {
	if v.DataType() != events.DataTypeNumber {
		return 0
	}
	n, _ := v.Integer() // the ledger writes no others
	return int(n)
}
