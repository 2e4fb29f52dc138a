package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/shared/table"
)

// attributes reads "name=text" and "name=#number".
func attributes(all ...string) map[string]events.DynamoDBAttributeValue {
	image := map[string]events.DynamoDBAttributeValue{}
	for _, one := range all {
		name, value, _ := strings.Cut(one, "=")
		if n, is := strings.CutPrefix(value, "#"); is {
			image[name] = events.NewNumberAttribute(n)
		} else {
			image[name] = events.NewStringAttribute(value)
		}
	}
	return image
}

// What of the stream gives something to tell. The template's filters let through a little more than that.
func TestRecords(t *testing.T) {
	t.Parallel()
	request := table.Subject{Org: "acme", Request: "r1"}
	ada := table.Subject{Org: "acme", Developer: "ada"}
	line := []string{"PK=ORG#acme#REQUEST#r1", "SK=HISTORY#0000000002"}
	notice := []string{"PK=ORG#acme#REQUEST#r1", "SK=NOTICE#0000000002#webhook"}
	account := []string{"PK=ORG#acme#DEVELOPER#ada", "SK=DEVELOPER"}
	for name, c := range map[string]struct {
		kind     string
		keys     []string
		old, new []string
		want     *record // nil: it is passed over
	}{
		"a line of a request": {
			"INSERT", line, nil, []string{"act=approved"},
			&record{NoticeName: table.NoticeName{Subject: request, Line: "0000000002"}, act: "approved"},
		},
		"of a key": {
			"INSERT", []string{"PK=KEY#d1", "SK=HISTORY#0000000002"}, nil, []string{"act=revoked"},
			&record{NoticeName: table.NoticeName{Subject: table.Subject{Key: "d1"}, Line: "0000000002"}, act: "revoked"},
		},
		"of another act":           {"INSERT", line, nil, []string{"act=deleted"}, nil},
		"of another act of a key":  {"INSERT", []string{"PK=KEY#d1", "SK=HISTORY#0000000002"}, nil, []string{"act=approved"}, nil},
		"of a delivery, again":     {"INSERT", []string{"PK=ORG#acme#REQUEST#r1", "SK=HISTORY#0000000002#id"}, nil, []string{"act=approved"}, nil},
		"a line that goes":         {"REMOVE", line, []string{"act=approved"}, nil, nil},
		"a line that changes":      {"MODIFY", line, []string{"act=approved"}, []string{"act=approved"}, nil},
		"an act that is no text":   {"INSERT", line, nil, []string{"act=#7"}, nil},
		"a request itself":         {"INSERT", []string{"PK=ORG#acme#REQUEST#r1", "SK=REQUEST"}, nil, []string{"act=approved"}, nil},
		"a partition of no known":  {"INSERT", []string{"PK=ORG#acme#ELSE#r1", "SK=HISTORY#0000000002"}, nil, []string{"act=approved"}, nil},
		"keys that are no text":    {"INSERT", []string{"PK=#1", "SK=#2"}, nil, []string{"act=approved"}, nil},
		"a notice that is touched": {"MODIFY", notice, []string{"tries=#3"}, []string{"tries=#3", "again=#1"}, &record{NoticeName: table.NoticeName{Subject: request, Line: "0000000002", To: "webhook"}, tries: 3}},
		"a notice that is noted":   {"MODIFY", notice, []string{"tries=#3", "again=#1"}, []string{"tries=#4", "again=#1"}, nil},
		"a notice that is new":     {"INSERT", notice, nil, []string{"tries=#1", "again=#1"}, nil},
		"a developer who is new":   {"INSERT", account, nil, []string{"password_updated=x"}, &record{NoticeName: table.NoticeName{Subject: ada, Line: welcome}, act: welcome}},
		"another password":         {"MODIFY", account, []string{"password_updated=x"}, []string{"password_updated=y"}, &record{NoticeName: table.NoticeName{Subject: ada, Line: passwordChanged + " y"}, act: passwordChanged}},
		"another e-mail":           {"MODIFY", account, []string{"email=x"}, []string{"email=y", "revision=#7"}, &record{NoticeName: table.NoticeName{Subject: ada, Line: emailChanged + " 7"}, act: emailChanged, was: "x", is: "y"}},
		"a developer who goes":     {"REMOVE", account, []string{"password_updated=x"}, nil, nil},
	} {
		all := recordsOf(events.DynamoDBEventRecord{EventName: c.kind, Change: events.DynamoDBStreamRecord{
			Keys: attributes(c.keys...), OldImage: attributes(c.old...), NewImage: attributes(c.new...),
		}})
		if len(all) > 1 || (len(all) == 1) != (c.want != nil) || c.want != nil && all[0] != *c.want {
			t.Errorf("%s: %+v; want %+v", name, all, c.want)
		}
	}
}
