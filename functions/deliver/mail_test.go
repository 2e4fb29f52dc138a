package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// letter is a mail as people read it.
func letter(f *facts, to string, where places) string {
	subject, text := compose(f, to, where)
	return subject + "\n\n" + text
}

// named has Ada, who has a name, ask for gold.
func named(f *facts) {
	f.books.Developer.Fields = `{"Name": "Ada", "company": "Engines"}`
	f.books.Policies = map[string]portal.Policy{"gold": {Name: "Gold"}}
	f.books.Configuration.Mail.FromName = "The Orchard"
}

// edits has the request be for a change of a key.
func edits(f *facts) {
	f.request.Edits, f.request.Key, f.request.RemovePolicies = "its digest", "1d70dc57", []string{"silver"}
}

var claimLink = places{
	desk: "https://desk.example", link: "https://desk.example/console/claim#5efde61749960c000137f590.token",
	until: time.Date(2026, 11, 29, 14, 5, 0, 0, time.FixedZone("CET", 3600)),
}

var atTheDesk = places{desk: "https://desk.example"}

// mails are whole mails, as they are read.
var mails = map[string]struct {
	f     *facts
	to    string
	where places
	want  string
}{
	"to reviewers": {known(named, func(f *facts) {
		f.request.DateCreated, f.request.Fields = "2031-01-01T00:00:00Z", `{"usecase": "payroll", "traffic": 10, "empty": ""}` // a client's date
	}), reviewers, atTheDesk, `A request for Gold waits for a decision

A request for Gold waits for a decision.

Request: 5efde61749960c000137f590
Asked on: 2020-07-02T13:50:15Z
Plan: Gold
Developer: Ada
E-mail: ada@example.com

Answers of the developer, as they wrote them:
> traffic: 10
> usecase: payroll

To approve it: PUT https://desk.example/api/portal/requests/approve/5efde61749960c000137f590
To decline it: PUT https://desk.example/api/portal/requests/decline/5efde61749960c000137f590
`},
	"of what the schedule leaves": {known(named, does("asked"), func(f *facts) { f.line.Why, f.line.Reason = "The rule \"own staff\" asks a person.", "We look at it." }), watchers, atTheDesk, `A request for Gold waits for a decision

A request for Gold waits for a decision. The desk has left it to a person.

Request: 5efde61749960c000137f590
Asked on: 2020-07-02T13:50:15Z
Plan: Gold
Developer: Ada
E-mail: ada@example.com

Why a person is asked: The rule "own staff" asks a person.

To approve it: PUT https://desk.example/api/portal/requests/approve/5efde61749960c000137f590
To decline it: PUT https://desk.example/api/portal/requests/decline/5efde61749960c000137f590
`},
	"of a change of a key, to reviewers": {known(named, edits), reviewers, atTheDesk, `A request for a change of the key 1d70dc57 waits for a decision

A request for a change of the key 1d70dc57 waits for a decision.

Request: 5efde61749960c000137f590
Asked on: 2020-07-02T13:50:15Z
Key: 1d70dc57
Plans to add: Gold
Plans to take away: silver
Developer: Ada
E-mail: ada@example.com

To approve it: PUT https://desk.example/api/portal/requests/approve/5efde61749960c000137f590
To decline it: PUT https://desk.example/api/portal/requests/decline/5efde61749960c000137f590
`},
	"of a key that was changed": {known(named, does("approved"), stands(portal.Approved), edits, func(f *facts) {
		f.books.Configuration.Mail.Key = portal.EmailCopy{Enabled: true, Subject: "Your key is ready", Body: "Take it."}
	}), developer, atTheDesk, `Your request for a change of the key 1d70dc57 was approved

Your request for a change of the key 1d70dc57 was approved.

Name: Ada
Key: 1d70dc57
Plans to add: Gold
Plans to take away: silver
Request: 5efde61749960c000137f590

The Orchard
`},
	"with a key to claim": {known(named, does("approved"), stands(portal.Approved), keyMailOff), developer, claimLink, `Your request for Gold was approved

Your request for Gold was approved.

Name: Ada
Plan: Gold
Request: 5efde61749960c000137f590

Take your key here. It is shown once:

https://desk.example/console/claim#5efde61749960c000137f590.token

The link is good until 29 November 2026, 13:05 UTC. Whoever has it can take the key: do not pass it on.

The Orchard
`},
	"in the organisation's words": {known(named, does("approved"), stands(portal.Approved), func(f *facts) {
		f.books.Configuration.Mail.Key = portal.EmailCopy{Enabled: true, Subject: "Ripe!", Body: "Your apples,\r\npicked.\x1b[31m", SignOff: "The gardeners"}
	}), developer, claimLink, `Ripe!

Your apples,
picked.[31m

Name: Ada
Plan: Gold
Request: 5efde61749960c000137f590

Take your key here. It is shown once:

https://desk.example/console/claim#5efde61749960c000137f590.token

The link is good until 29 November 2026, 13:05 UTC. Whoever has it can take the key: do not pass it on.

The gardeners
`},
	"of a key that somebody has": {known(named, does("approved"), stands(portal.Approved), delivered, func(f *facts) {
		f.books.Configuration.Mail.Key = portal.EmailCopy{Subject: "switched off", Body: "switched off", SignOff: "switched off"}
	}), developer, atTheDesk, `Your request for Gold was approved

Your request for Gold was approved.

Name: Ada
Plan: Gold
Request: 5efde61749960c000137f590
Key: was given to reviewer

The Orchard
`},
	"with a reason": {known(named, does("declined"), stands(portal.Declined), func(f *facts) { f.line.Reason = "Please say\nwhat for." }), developer, atTheDesk, `Your request for Gold was declined

Your request for Gold was declined.

Name: Ada
Plan: Gold
Request: 5efde61749960c000137f590
Reason: Please say what for.

The Orchard
`},
	"of a rotation": {known(named, ofKey("rotated"), rotatedAt, func(f *facts) { f.line.By, f.line.Policies = "portal", []string{"gold"} }), developer, atTheDesk, `Your key for Gold was rotated

A new key takes the place of your key for Gold.

Name: Ada
Plan: Gold
Request: 5efde61749960c000137f590
Done by: portal
The older key works until: 24 November 2025, 16:00 UTC

If you did not expect this, tell us.

The Orchard
`},
	"of a change": {known(named, ofKey("edited"), func(f *facts) {
		f.line.By, f.line.Policies = "admin", []string{"gold", "silver"}
		f.books.Configuration.Mail.Key = portal.EmailCopy{Enabled: true, Subject: "Your key is ready", Body: "Take it."}
	}), developer, atTheDesk, `Your key for Gold, silver was changed

The plans of your key have changed.

Name: Ada
Plan: Gold, silver
Request: 5efde61749960c000137f590
Done by: admin

If you did not expect this, tell us.

The Orchard
`},
	"of an older key's suspension": {known(named, ofKey("suspended"), rotatedAt, func(f *facts) { f.line.Policies = []string{"gold"} }), developer, atTheDesk, `Your older key for Gold was suspended

Your older key for Gold was suspended. It opens nothing until it is resumed. The key that took its place still works.

Name: Ada
Plan: Gold
Request: 5efde61749960c000137f590

If you did not expect this, tell us.

The Orchard
`},
	"to the address that was": {known(named, does(emailChanged), func(f *facts) { f.request, f.was, f.is = nil, "ada@example.com", "mallory@example.com" }), former, atTheDesk,
		`The e-mail address of your account was changed

The e-mail address of your account was changed. Mails about your account and your keys no longer come to this address. If you did not ask for that, tell us.

Name: Ada

The Orchard
`},
	"to who has just come": {known(named, does(welcome), func(f *facts) { f.request = nil }), developer, atTheDesk, `Welcome

An account was made for you, under this e-mail address. You can ask for keys now.

Name: Ada
E-mail: ada@example.com

The Orchard
`},
}

func TestMails(t *testing.T) {
	t.Parallel()
	for name, c := range mails {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, letter(c.f, c.to, c.where)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every act of which somebody hears by mail has words for it, with nothing left open in them.
func TestWords(t *testing.T) {
	t.Parallel()
	acts := slices.Concat([]string{welcome, passwordChanged, emailChanged}, slices.Collect(maps.Keys(concerned)), slices.Collect(maps.Keys(concernedByKey)))
	for _, act := range acts {
		concerns := append(tells(table.Subject{Request: "request"}, act), tells(table.Subject{Key: "digest"}, act)...)
		if act == welcome || act == passwordChanged || act == emailChanged {
			concerns = tells(table.Subject{Developer: "ada"}, act)
		}
		for _, to := range concerns {
			if to == webhook {
				continue
			}
			f := known(named, does(act))
			if concernedByKey[act] != nil {
				f = known(named, ofKey(act))
			}
			subject, text := compose(f, to, places{})
			if subject == "" || strings.HasPrefix(text, "\n") || strings.Contains(subject+text, "%") {
				t.Errorf("%s, to %s: %q %q", act, to, subject, text)
			}
		}
	}
}

// Nobody can begin another header in what they call themselves, or another line of the mail in an answer to a form.
func TestNoOtherLines(t *testing.T) {
	t.Parallel()
	const evil = "Gold\r\nBcc: everybody@example.com\u2028\x00"
	f := known(func(f *facts) {
		f.books.Policies = map[string]portal.Policy{"gold": {Name: evil}}
		f.books.Developer.Fields = `{"Name": "Ada\r\n\r\nRequest: another"}`
		f.request.Fields = portal.Object(`{"use\ncase": "payroll\nE-mail: mallory@example.com", "long": "` + strings.Repeat("x", 1000) + `"}`)
	})
	subject, text := compose(f, reviewers, places{})
	if subject != "A request for Gold Bcc: everybody@example.com waits for a decision" {
		t.Errorf("subject %q", subject)
	}
	for _, line := range []string{"\nDeveloper: Ada Request: another\n", "\n> use case: payroll E-mail: mallory@example.com\n", "\n> long: " + strings.Repeat("x", 200) + "...\n"} {
		if !strings.Contains(text, line) {
			t.Errorf("%q is not in %q", line, text)
		}
	}
	f.act, f.books.Configuration.Mail.Key.Subject = "approved", "Ripe\r\nBcc: everybody@example.com "+strings.Repeat("x", 1000)
	if subject, _ := compose(f, developer, places{}); strings.ContainsAny(subject, "\r\n") || len(subject) > 220 {
		t.Errorf("subject %q", subject)
	}
}

// No answer looks like a line of the desk's own, whatever the form's fields are called.
func TestAnswersAreQuoted(t *testing.T) {
	t.Parallel()
	f := known(named, func(f *facts) {
		f.request.Fields = `{"Plan": "Free", "E-mail": "boss@example.com", "To approve it": "PUT https://evil.example", "Why a person is asked": "no reason", "> Plan": "Free"}`
	})
	_, text := compose(f, reviewers, atTheDesk)
	own, answers, _ := strings.Cut(text, "\nAnswers of the developer, as they wrote them:\n")
	for _, forged := range []string{"Plan: Free", "E-mail: boss", "https://evil", "Why a person is asked"} {
		if strings.Contains(own, forged) {
			t.Errorf("%q stands among the desk's own lines: %s", forged, own)
		}
	}
	quoted, after, _ := strings.Cut(answers, "\n\n")
	for line := range strings.Lines(quoted) {
		if !strings.HasPrefix(line, "> ") {
			t.Errorf("an answer without a mark: %q", line)
		}
	}
	if n := strings.Count(quoted, "\n") + 1; n != 5 || strings.Contains(after, "evil") || !strings.Contains(after, "To approve it: PUT https://desk.example/") {
		t.Errorf("%d answers, then %q", n, after)
	}
}

// hidden has a character of each kind that nobody sees: it turns text round, parts lines or joins what only looks like one word.
const hidden = "a\u202eb\u200bc\u2066d\ufeffe\u00adf\U000e0041g\u2028h\u2029i\u0085j\x7fk\x1bl"

// Characters that nobody sees are taken out of all that a mail repeats: names, answers, plans, reasons, subjects, and the organisation's words.
func TestHiddenCharacters(t *testing.T) {
	t.Parallel()
	f := known(func(f *facts) {
		f.books.Developer.Email, f.books.Developer.Fields = hidden+"@example.com", portal.Object(`{"Name": "`+jsonText(hidden)+`"}`)
		f.books.Policies = map[string]portal.Policy{"gold": {Name: hidden}}
		f.books.Configuration.Mail.FromName = hidden
		f.books.Configuration.Mail.Key = portal.EmailCopy{Enabled: true, Subject: hidden, Body: hidden, SignOff: hidden}
		f.books.Configuration.Mail.Welcome = f.books.Configuration.Mail.Key
		f.request.Fields = portal.Object(`{"` + jsonText(hidden) + `": "` + jsonText(hidden) + `"}`)
		f.line.Why, f.line.Reason, f.line.By = hidden, hidden, hidden
		f.request.Delivery = &portal.Delivery{To: hidden}
	})
	for act, to := range map[string]string{"created": reviewers, "asked": watchers, "approved": developer, "declined": developer, welcome: developer} {
		f.act = act
		subject, text := compose(f, to, atTheDesk)
		if text = subject + text; strings.ContainsFunc(text, func(r rune) bool {
			return r != '\n' && unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cc)
		}) {
			t.Errorf("%s: %+q", act, text)
		}
		if act != welcome && !strings.Contains(text, "abcdefg h i j k l") {
			t.Errorf("%s: the rest is not there: %+q", act, text)
		}
	}
	if from := sender(&f.books.Configuration.Mail); from != `"abcdefg h i j k l" <desk@example.com>` {
		t.Errorf("from %q", from)
	}
}

// jsonText is a text as it stands between the quotes of JSON.
func jsonText(s string) string {
	text, _ := json.Marshal(s)
	return string(text[1 : len(text)-1])
}
