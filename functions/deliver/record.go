package main

import (
	"github.com/aws/aws-lambda-go/events"

	"keydesk/shared/table"
)

// record is a record of the stream that gives something to tell: a line of history, what became of a developer, or a notice that is to be
// sent again.
type record struct {
	table.NoticeName // To is empty where all are told whom the act concerns
	sequence         string
	act              string // of a notice that is sent again it stands in the ledger
	tries            int    // of such a notice, when it was touched
}

// What becomes of developers has no history; its notices are named by these.
const (
	welcome         = "welcome"
	passwordChanged = "password changed"
)

// recordOf tells what a record gives to tell, if anything. The template lets through few others, and the ledger's own notes among them.
func recordOf(r events.DynamoDBEventRecord) (record, bool) {
	name, known := table.NoticeOf(text(r.Change.Keys["PK"]), text(r.Change.Keys["SK"]))
	found := record{NoticeName: name, sequence: r.Change.SequenceNumber}
	before, after := r.Change.OldImage, r.Change.NewImage
	inserted, modified := r.EventName == string(events.DynamoDBOperationTypeInsert), r.EventName == string(events.DynamoDBOperationTypeModify)
	switch {
	case !known:
		return found, false
	case name.To != "":
		found.tries = number(after["tries"])
		return found, modified && number(after["again"]) != number(before["again"])
	case name.Developer == "":
		found.act = text(after["act"])
		return found, inserted && len(tells(name.Subject, found.act)) > 0
	case inserted:
		found.act, found.Line = welcome, welcome
		return found, true
	}
	at := text(after["password_updated"])
	found.act, found.Line = passwordChanged, passwordChanged+" "+at
	return found, modified && at != text(before["password_updated"])
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
