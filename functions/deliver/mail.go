package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"keydesk/shared/portal"
)

// places are where a mail leads.
type places struct {
	desk  string    // the desk's own address
	link  string    // the claim link; empty: there is nothing to claim
	until time.Time // how long the link is good
}

// copyOf is what a mail says in the desk's own words: its subject, and what it begins with. %s stands for the plans.
type copyOf struct{ subject, body string }

var toDevelopers = map[string]copyOf{
	"approved":      {"Your request for %s was approved", "Your request for %s was approved."},
	"reminded":      {"Your key for %s still waits for you", "Your request for %s was approved, and nobody has taken the key yet."},
	"link sent":     {"Your key for %s waits for you", "Your request for %s was approved. Here is the link to the key once more."},
	"declined":      {"Your request for %s was declined", "Your request for %s was declined."},
	"expired":       {"Your request for %s has expired", "Nobody decided on your request for %s in time, so it has expired. You may ask again."},
	"lapsed":        {"Your key for %s has lapsed", "Nobody took your key for %s in time, so it opens nothing any more. You may ask again."},
	"revoked":       {"Your key for %s was revoked", "Your key for %s was revoked. It opens nothing any more."},
	olderRevoked:    {"Your older key for %s was revoked", "The older of your keys for %s was revoked. The one that took its place is good."},
	welcome:         {"Welcome", "An account was made for you, under this e-mail address. You can ask for keys now."},
	passwordChanged: {"Your password was changed", "The password of your account was changed. If you did not ask for that, tell us."},
}

// olderRevoked is the end of a key that another has taken the place of.
const olderRevoked = "older revoked"

var toReviewers = map[string]copyOf{
	"created":  {"A request for %s waits for a decision", "A request for %s waits for a decision."},
	"updated":  {"A request for %s was changed", "A request for %s was changed, and waits for a decision."},
	"asked":    {"A request for %s waits for a decision", "A request for %s waits for a decision. The desk has left it to a person."},
	"reminded": {"A request for %s still waits for a decision", "A request for %s still waits for a decision."},
}

// compose writes a mail.
func compose(f *facts, to string, where places) (subject, text string) {
	if to == developer {
		return composeToDeveloper(f, where)
	}
	said := toReviewers[f.act].about(f)
	parts := []string{said.body, lines(f.toReview())}
	if why := cmp.Or(f.line.Why, f.line.Reason); why != "" {
		parts = append(parts, "Why a person is asked: "+oneLine(why))
	}
	decide := where.desk + "/api/portal/requests/%s/" + f.request.ID
	parts = append(parts, "To approve it: PUT "+fmt.Sprintf(decide, "approve")+"\nTo decline it: PUT "+fmt.Sprintf(decide, "decline"))
	return clip(said.subject), strings.Join(parts, "\n\n") + "\n"
}

func composeToDeveloper(f *facts, where places) (subject, text string) {
	said, own := toDevelopers[f.act], f.copy()
	if f.successor != nil {
		said = toDevelopers[olderRevoked]
	}
	said = said.about(f)
	if own.Enabled && f.act != "reminded" {
		said.subject, said.body = cmp.Or(oneLine(own.Subject), said.subject), cmp.Or(plain(own.Body), said.body)
	}
	parts := []string{said.body}
	if about := lines(f.toDeveloper()); about != "" {
		parts = append(parts, about)
	}
	if where.link != "" {
		parts = append(parts, "Take your key here. It is shown once:", where.link,
			"The link is good until "+where.until.UTC().Format("2 January 2006, 15:04")+" UTC. Whoever has it can take the key: do not pass it on.")
	}
	signed := oneLine(f.books.Configuration.Mail.FromName)
	if own.Enabled {
		signed = cmp.Or(plain(own.SignOff), signed)
	}
	if signed != "" {
		parts = append(parts, signed)
	}
	return clip(said.subject), strings.Join(parts, "\n\n") + "\n"
}

// about puts the plans into the words.
func (c copyOf) about(f *facts) copyOf {
	plans := ""
	if f.request != nil {
		plans = oneLine(f.subject())
	}
	return copyOf{strings.ReplaceAll(c.subject, "%s", plans), strings.ReplaceAll(c.body, "%s", plans)}
}

// copy is what the organisation has written for such a mail.
func (f *facts) copy() portal.EmailCopy {
	mail := &f.books.Configuration.Mail
	switch f.act {
	case welcome:
		return mail.Welcome
	case passwordChanged:
		return mail.ResetPassword
	case "approved", "reminded", "link sent":
		if f.request.Edits == "" {
			return mail.Key
		}
	}
	return portal.EmailCopy{}
}

// told is a thing that a mail tells, and what it is called there.
type told struct{ name, value string }

// subject is what a request is for: plans, or a change of a key.
func (f *facts) subject() string {
	if f.request.Edits != "" {
		return "a change of the key " + f.request.Key
	}
	return f.plans(f.request.ApplyPolicies)
}

// asked is what a request asks for.
func (f *facts) asked() []told {
	if r := f.request; r.Edits != "" {
		return []told{{"Key", r.Key}, {"Plans to add", f.plans(r.ApplyPolicies)}, {"Plans to take away", f.plans(r.RemovePolicies)}}
	}
	return []told{{"Plan", f.plans(f.request.ApplyPolicies)}}
}

// toDeveloper is what a developer is told of their account or request.
func (f *facts) toDeveloper() []told {
	about := []told{{"Name", nameOf(f.books.Developer)}}
	if f.request == nil {
		return append(about, told{"E-mail", f.books.Developer.Email})
	}
	about = append(append(about, f.asked()...), told{"Request", f.request.ID})
	if f.act == "approved" && f.request.Delivery != nil {
		about = append(about, told{"Key", "was given to " + f.request.Delivery.To})
	}
	if f.act == "expired" || f.act == "lapsed" { // the words have said why
		return about
	}
	return append(about, told{"Reason", f.line.Reason})
}

// toReview is what a reviewer is told of a request.
func (f *facts) toReview() []told {
	r := f.request
	about := append([]told{{"Request", r.ID}, {"Asked on", r.DateCreated}}, f.asked()...)
	if d := f.books.Developer; d != nil {
		about = append(about, told{"Developer", nameOf(d)}, told{"E-mail", d.Email})
	}
	return append(about, answers(r.Fields)...)
}

// nameOf is a developer's name, if the form of the sign-up asked for one.
func nameOf(d *portal.Developer) string {
	fields := d.Fields.Texts()
	return cmp.Or(fields["Name"], fields["name"])
}

// Bounds of what a mail repeats.
const (
	mostAnswers = 20
	longest     = 200 // characters of an answer, and of a subject
)

// answers are those to a form, by their names.
func answers(fields portal.Object) []told {
	var all []told
	texts := fields.Texts()
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		all = append(all, told{clip(name), clip(texts[name])})
	}
	return all[:min(len(all), mostAnswers)]
}

// lines writes what is told, each on a line of its own, where there is something to tell: nobody's answer looks like another line.
func lines(all []told) string {
	var text []string
	for _, t := range all {
		if value := oneLine(t.value); value != "" {
			text = append(text, oneLine(t.name)+": "+value)
		}
	}
	return strings.Join(text, "\n")
}

// oneLine is a text without control characters: no header of a mail can be begun in it.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

func clip(text string) string {
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "..."
	}
	return text
}

// plain is a text of several lines without other control characters.
func plain(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text))
}
