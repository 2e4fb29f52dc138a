package portal_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
)

// What decisions are made by is off, or as usual, until somebody says otherwise; and it is read the same again from the table.
func TestUsualSettings(t *testing.T) {
	usual, err := portal.NewConfiguration(org, another, `{}`)
	if err != nil {
		t.Fatal(err)
	}
	want := portal.Configuration{ID: another, Config: portal.Config{CallbackWithin: 24 * time.Hour, CallbackDefault: portal.Ask}}
	if usual.FourEyes || usual.AutoApprove || len(usual.RedirectOrigins) > 0 || usual.Webhook != "" || usual.NoticeEmail != "" || usual.Mail != (portal.Mail{}) ||
		!reflect.DeepEqual(usual.Config, want.Config) {
		t.Errorf("of none: %+v, want %+v", usual, want)
	}
}

func TestSettingsOfDecisions(t *testing.T) {
	sent := portal.Object(`{
		"four_eyes": true, "auto_approve": true, "redirect_origins": ["https://pay.example"], "redirect_on_key_request": true, "redirect_to": "https://pay.example/x",
		"remind_after": 60, "expire_after": 31622400, "callback_within": 1, "callback_default": "decline", "email": "us@example.org",
		"event_options": {"key_request_event": {"webhook": "https://hooks.example/x?y", "email": "them@example.org", "redirect_to": "kept"}, "other": 1},
		"mail_options": {"mail_from_name": "Us", "mail_from_email": "us@example.org", "email_copy": {
			"welcome_email": {"enabled": true, "subject": "w"}, "key_email": {"body": "k"}, "reset_password_email": {"sign_off": "r"}
		}}
	}`)
	c, err := portal.NewConfiguration(org, another, sent)
	if err != nil {
		t.Fatal(err)
	}
	wantConfig := portal.Config{
		Redirect: true, RedirectTo: "https://pay.example/x", RemindAfter: time.Minute, ExpireAfter: 366 * 24 * time.Hour, CallbackWithin: time.Second,
		CallbackDefault: portal.Decline,
	}
	wantMail := portal.Mail{
		FromName: "Us", From: "us@example.org",
		Welcome: portal.EmailCopy{Enabled: true, Subject: "w"}, Key: portal.EmailCopy{Body: "k"}, ResetPassword: portal.EmailCopy{SignOff: "r"},
	}
	check := func(what string, c *portal.Configuration) {
		t.Helper()
		if !c.FourEyes || !c.AutoApprove || !reflect.DeepEqual(c.RedirectOrigins, []string{"https://pay.example"}) || c.Email != "us@example.org" ||
			c.NoticeEmail != "them@example.org" || c.Webhook != "https://hooks.example/x?y" || !reflect.DeepEqual(c.Config, wantConfig) || c.Mail != wantMail {
			t.Errorf("%s: %+v", what, c)
		}
	}
	check("as sent", &c)
	text := written(t, c)
	if at(t, text, "event_options.key_request_event.redirect_to") != "kept" || at(t, text, "event_options.other") != 1.0 {
		t.Errorf("written as %s", text)
	}
	var stored portal.Configuration
	if err := json.Unmarshal([]byte(text), &stored); err != nil {
		t.Fatal(err)
	}
	check("as stored", &stored)
	under := c.WithID("another")
	check("under another id", &under)
}

// TestSettingsRefused is about the settings that an entry and the organisation have in common. A time that is no whole number would come
// to mean: never.
func TestSettingsRefused(t *testing.T) {
	const year = "is not a number of seconds from 0 to 31622400, a year."
	for setting, words := range map[string]string{
		`"remind_after": -1`:                     "remind_after: -1 " + year,
		`"expire_after": 31622401`:               "expire_after: 31622401 " + year,
		`"callback_within": -1`:                  "callback_within: -1 " + year,
		`"callback_within": 9223372036854775807`: "callback_within: 9223372036854775807 " + year,
		`"expire_after": 99999999999999999999`:   "expire_after: a whole number is expected, not 99999999999999999999.",
		`"expire_after": null`:                   "expire_after: a whole number is expected, not null; send one, or leave the member out.",
		`"callback_default": null`:               "callback_default: a string is expected, not null;",
		`"override": null`:                       "override: true or false is expected, not null;",
		`"remind_after": 1.5`:                    "remind_after: a whole number is expected, not 1.5.",
		`"callback_within": "60"`:                "callback_within: a number is expected, not a string.",
		`"callback_default": "approve"`:          `callback_default: "approve" is none; send ask or decline. Silence never approves.`,
		`"callback_default": "Ask"`:              `callback_default: "Ask" is none`,
		`"callback_default": true`:               "callback_default: a string is expected, not true or false.",
		`"redirect_on_key_request": "yes"`:       "redirect_on_key_request: true or false is expected, not a string.",
		`"redirect_to": 5`:                       "redirect_to: a string is expected, not a number.",
		`"rules": {}`:                            "rules: a list is expected, not an object.",
	} {
		_, err := portal.NewConfiguration(org, another, portal.Object(`{`+setting+`}`))
		refused(t, setting, err, portal.Invalid, words)
		_, err = portal.NewCatalogue(org, another, portal.Object(`{"apis": [{"config": {`+setting+`}}]}`))
		refused(t, "of an entry: "+setting, err, portal.Invalid, "apis[0].config."+words)
	}
	for _, setting := range []string{`"remind_after": 0`, `"expire_after": 31622400`, `"callback_within": 0`, `"callback_default": ""`, `"expire_after": 1e3`, `"rules": null`} {
		if _, err := portal.NewConfiguration(org, another, portal.Object(`{`+setting+`}`)); err != nil {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

// TestSettingsOfTheOrganisationRefused is about those that it has alone.
func TestSettingsOfTheOrganisationRefused(t *testing.T) {
	event := func(members string) string { return `"event_options": {"key_request_event": {` + members + `}}` }
	const none = "is not an address that begins with https:// or http://."
	for setting, words := range map[string]string{
		`"four_eyes": "yes"`:                                         "four_eyes: true or false is expected, not a string.",
		`"mails_a_day": 0`:                                           "mails_a_day: must be from 1 to 1000000, got 0.",
		`"mails_a_day": -1`:                                          "mails_a_day: must be from 1 to 1000000, got -1.",
		`"mails_a_day": 1000001`:                                     "mails_a_day: must be from 1 to 1000000, got 1000001.",
		`"mails_a_day": 1.5`:                                         "mails_a_day: a whole number is expected, not 1.5.",
		`"mails_a_day": "9"`:                                         "mails_a_day: a number is expected, not a string.",
		`"Mails_A_Day": 9`:                                           "Mails_A_Day: ",
		`"four_eyes": 1`:                                             "four_eyes: true or false is expected, not a number.",
		`"event_options": []`:                                        "event_options: an object is expected, not a list.",
		`"event_options": {"key_request_event": "x"}`:                "event_options.key_request_event: an object is expected, not a string.",
		event(`"webhook": 5`):                                        "event_options.key_request_event.webhook: a string is expected, not a number.",
		event(`"webhook": "https://hooks.example#x"`):                "event_options.key_request_event.webhook: leave out the part after #.",
		event(`"webhook": "hooks.example"`):                          "event_options.key_request_event.webhook " + none,
		event(`"webhook": "file:///etc/passwd"`):                     "event_options.key_request_event.webhook " + none,
		event(`"webhook": "gopher://hooks.example"`):                 "event_options.key_request_event.webhook " + none,
		event(`"webhook": "https://me:secret@hooks.example"`):        "event_options.key_request_event.webhook: an address with a user's name",
		event(`"webhook": "https://hooks.example\u0000"`):            "event_options.key_request_event.webhook " + none,
		event(`"email": "nobody"`):                                   `event_options.key_request_event.email: "nobody" is not an e-mail address`,
		event(`"email": "a@example.org, b@example.org"`):             `event_options.key_request_event.email: "a@example.org, b@example.org" is not an e-mail`,
		event(`"email": "a@example.org\r\nBcc: b@example.org"`):      "event_options.key_request_event.email: ",
		`"mail_options": {"mail_from_email": "us"}`:                  `mail_options.mail_from_email: "us" is not an e-mail address`,
		`"mail_options": {"mail_from_email": "Us <us@example.org>"}`: "mail_options.mail_from_email: ",
	} {
		_, err := portal.NewConfiguration(org, another, portal.Object(`{`+setting+`}`))
		refused(t, setting, err, portal.Invalid, words)
	}
	for _, setting := range []string{event(`"webhook": "http://127.0.0.1:8080/x"`), event(`"webhook": "https://hooks.example"`), `"event_options": null`} {
		if _, err := portal.NewConfiguration(org, another, portal.Object(`{`+setting+`}`)); err != nil {
			t.Errorf("%s: %v", setting, err)
		}
	}
}

// An entry's times and default count where it overrides, and the organisation's where not.
func TestEffectiveTimes(t *testing.T) {
	c, err := portal.NewConfiguration(org, another, `{"expire_after": 60, "callback_default": "decline"}`)
	if err != nil {
		t.Fatal(err)
	}
	for config, want := range map[string]portal.Config{
		`{"expire_after": 5}`:                   {ExpireAfter: time.Minute, CallbackDefault: portal.Decline, CallbackWithin: 24 * time.Hour},
		`{"expire_after": 5, "override": true}`: {ExpireAfter: 5 * time.Second, CallbackDefault: portal.Ask, CallbackWithin: 24 * time.Hour, Override: true, OAuthUsageLimit: -1},
	} {
		e := entry(t, `{"config": `+config+`}`)
		if got := e.Effective(&c); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", config, got, want)
		}
	}
	if got := entry(t, `{}`); strings.Contains(written(t, got), "four_eyes") {
		t.Error("four eyes are the organisation's alone")
	}
}

// The mails of a day are bounded in every organisation, also in one whose configuration was written before there was a bound.
func TestMailsADay(t *testing.T) {
	for setting, want := range map[string]int{`{}`: 10000, `{"mails_a_day": 5.0}`: 5, `{"mails_a_day": 1}`: 1, `{"mails_a_day": 1000000}`: 1000000} {
		if c, err := portal.NewConfiguration(org, another, portal.Object(setting)); err != nil || c.MailsADay != want {
			t.Errorf("%s: %d, %v, want %d", setting, c.MailsADay, err, want)
		}
	}
	var stored portal.Configuration
	if err := json.Unmarshal([]byte(`{"id": "old"}`), &stored); err != nil || stored.MailsADay != 10000 {
		t.Errorf("of an older one: %d, %v", stored.MailsADay, err)
	}
}
