package main

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// dies notes a notice of an organisation's that failed too often, and gives its id.
func (o operator) dies(org, event, to string, of table.Subject) string {
	o.t.Helper()
	name := table.NoticeName{Subject: of, Line: "000002", To: to}
	dead := table.Notice{
		ID: name.ID(time.Now()), Org: org, Event: event, To: to, State: table.Dead, Tries: 7, Error: "503 Service Unavailable", At: "2026-11-22T05:30:00.000Z",
	}
	if err := o.desk.WriteNotice(o.t.Context(), name, table.Notice{}, dead); err != nil {
		o.t.Fatal(err)
	}
	return dead.ID
}

// lists holds that these dead notices are listed and no others.
func (o operator) lists(org string, lines ...string) {
	o.t.Helper()
	said := o.does("notices", "list", "--organisation", org)
	said.out = strings.TrimPrefix(said.out, "ID ") // the heading, which stands over lines alone
	if heads := min(1, len(lines)); said.failed || strings.Count(said.out, "\n") != heads+len(lines) {
		o.t.Errorf("%d notices are expected: %+v", len(lines), said)
	}
	for _, line := range lines {
		if !regexp.MustCompile(`(?m)^` + line + `$`).MatchString(said.out) {
			o.t.Errorf("no line is %s:\n%s", line, said.out)
		}
	}
}

func TestDeadNotices(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	org := o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	other := o.gets(idShape, "organisation", "create", "--name", "Pear Bank")
	request, developer := portal.NewID(time.Now()), portal.NewID(time.Now())
	hook := o.dies(org, "declined", "webhook", table.Subject{Org: org, Request: request})
	mail := o.dies(org, "declined", "developer", table.Subject{Org: org, Request: request})
	key := o.dies(org, "revoked", "webhook", table.Subject{Key: strings.Repeat("0123456789abcdef", 4)})
	foreign := o.dies(other, "welcome", "developer", table.Subject{Org: other, Developer: developer})
	why := `  2026-11-22T05:30:00.000Z  7 +503 Service Unavailable`
	ofHook, ofMail := hook+`  declined  request `+request+`  webhook  `+why, mail+`  declined  request `+request+`  developer`+why
	ofKey := key + `  revoked +key 0123456789ab +webhook  ` + why
	o.lists(org, ofHook, ofMail, ofKey)
	o.lists(other, foreign+`  welcome  developer `+developer+`  developer`+why)

	replay := []string{"notices", "replay", "--organisation", org}
	o.refuses(replay, "<notice-id>: name the notices, or say --all")
	o.refuses(append(replay, hook, "--all"), "<notice-id>: name the notices, or say --all")
	o.refuses(append(replay, hook, foreign), "<notice-id>: there is no dead notice "+foreign)
	o.lists(org, ofHook, ofMail, ofKey)

	if said := o.does(append(replay, hook)...); said.failed || !strings.Contains(said.err, "1 notices go out again") {
		t.Errorf("replay of one: %+v", said)
	}
	o.lists(org, ofMail, ofKey)
	if said := o.does(append(replay, "--all")...); said.failed || !strings.Contains(said.err, "2 notices go out again") {
		t.Errorf("replay of all: %+v", said)
	}
	o.lists(org)
	o.lists(other, foreign+`.*`)
	o.refuses(append(replay, hook), "<notice-id>: there is no dead notice "+hook)
}
