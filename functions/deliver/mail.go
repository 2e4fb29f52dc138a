package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

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
	"approved":  {"Your request for %s was approved", "Your request for %s was approved."},
	"reminded":  {"Your key for %s still waits for you", "Your request for %s was approved, and nobody has taken the key yet."},
	"link sent": {"Your key for %s waits for you", "Your request for %s was approved. Here is the link to the key once more."},
	"declined":  {"Your request for %s was declined", "Your request for %s was declined."},
	"expired":   {"Your request for %s has expired", "Nobody decided on your request for %s in time, so it has expired. You may ask again."},
	"lapsed":    {"Your key for %s has lapsed", "Your key for %s was not claimed in time. You may ask again."},

	"rotation offered": {"A new key for %s waits for you", "Your key for %s is being rotated. Take the new key by the link below; the key that you have works until then, and for a while after it."},
	rotationReminded:   {"A new key for %s still waits for you", "Your key for %s is being rotated, and the new key was not taken yet."},
	rotationLapsed:     {"The rotation of your key for %s has ended", "The new key for %s was not claimed in time. The key that you have stays as it is."},
	rotationEnded:      {"The rotation of your key for %s has ended", "The new key for %s is not available any more. The key that you have stays as it is."},

	"revoked":    {"Your key for %s was revoked", "Your key for %s was revoked. It opens nothing any more."},
	olderRevoked: {"Your older key for %s was revoked", "The older of your keys for %s was revoked. The one that took its place is good."},
	"rotated":    {"Your key for %s was rotated", "A new key takes the place of your key for %s."},
	"suspended":  {"Your key for %s was suspended", "Your key for %s was suspended. It opens nothing until it is resumed."},
	"resumed":    {"Your key for %s works again", "Your key for %s was resumed. It works again."},
	"edited":     {"Your key for %s was changed", "The plans of your key have changed."},
	olderSuspended: {
		"Your older key for %s was suspended",
		"Your older key for %s was suspended. It opens nothing until it is resumed. The key that took its place still works.",
	},
	olderResumed: {"Your older key for %s works again", "Your older key for %s was resumed. It works again, until its time ends."},
	welcome:      {"Welcome", "An account was made for you, under this e-mail address. You can ask for keys now."},
	emailChanged: {
		"The e-mail address of your account was changed",
		"The e-mail address of your account was changed. Mails about your account and your keys come to this address from now on. If you did not ask for that, tell us.",
	},
	formerAddress: {
		"The e-mail address of your account was changed",
		"The e-mail address of your account was changed. Mails about your account and your keys no longer come to this address. If you did not ask for that, tell us.",
	},
	passwordChanged: {"Your password was changed", "The password of your account was changed. If you did not ask for that, tell us."},
}

// What becomes of a key whose place another has taken.
const (
	olderRevoked   = "older revoked"
	olderSuspended = "older suspended"
	olderResumed   = "older resumed"
)

// What becomes of a rotation that waits for its claim.
const (
	rotationReminded = "rotation reminded"
	rotationLapsed   = "rotation lapsed"
	rotationEnded    = "rotation ended"
)

// rotation has the words for a request by which a key is rotated.
var rotation = map[string]string{
	"reminded": rotationReminded, "link sent": "rotation offered", "lapsed": rotationLapsed, "declined": rotationEnded,
}

// formerAddress is what is told at an e-mail address that is the developer's no more.
const formerAddress = "former address"

// older has the words for such a key.
var older = map[string]string{"revoked": olderRevoked, "suspended": olderSuspended, "resumed": olderResumed}

var toReviewers = map[string]copyOf{
	"created":  {"A request for %s waits for a decision", "A request for %s waits for a decision."},
	"updated":  {"A request for %s was changed", "A request for %s was changed, and waits for a decision."},
	"asked":    {"A request for %s waits for a decision", "A request for %s waits for a decision. The desk has left it to a person."},
	"reminded": {"A request for %s still waits for a decision", "A request for %s still waits for a decision."},
}

// compose writes a mail.
func compose(f *facts, to string, where places) (subject, text string) {
	if to == developer || to == former {
		return composeToDeveloper(f, to, where)
	}
	said := toReviewers[f.act].about(f)
	if f.told > 0 {
		said.body += fmt.Sprintf(" It has changed since the last mail: that told revision %d, and this is revision %d.", f.told, f.request.Revision)
	}
	parts := []string{said.body, lines(f.toReview())}
	if quoted := quote(answers(f.request.Fields)); quoted != "" {
		parts = append(parts, "Answers of the developer, as they wrote them:\n"+quoted)
	}
	if why := cmp.Or(f.line.Why, f.line.Reason); why != "" {
		parts = append(parts, "Why a person is asked: "+oneLine(why))
	}
	decide := where.desk + "/api/portal/requests/%s/" + f.request.ID
	parts = append(parts, "To approve it: PUT "+fmt.Sprintf(decide, "approve")+"\nTo decline it: PUT "+fmt.Sprintf(decide, "decline"))
	return clip(said.subject, longest), strings.Join(parts, "\n\n") + "\n"
}

func composeToDeveloper(f *facts, to string, where places) (subject, text string) {
	said, own := f.words(to), f.copy()
	if own.Enabled && f.act != "reminded" {
		said.subject, said.body = cmp.Or(oneLine(own.Subject), said.subject), cmp.Or(plain(own.Body), said.body)
	}
	parts := []string{said.body}
	if about := lines(f.toDeveloper()); about != "" {
		parts = append(parts, about)
	}
	if where.link != "" {
		parts = append(parts, "Take your key here. It is shown once:", where.link,
			"The link is good until "+dayAndTime(where.until)+". Whoever has it can take the key: do not pass it on.")
	}
	if f.key != nil && f.act != "revoked" {
		parts = append(parts, "If you did not expect this, tell us.")
	}
	signed := oneLine(f.books.Configuration.Mail.FromName)
	if own.Enabled {
		signed = cmp.Or(plain(own.SignOff), signed)
	}
	if signed != "" {
		parts = append(parts, signed)
	}
	return clip(said.subject, longest), strings.Join(parts, "\n\n") + "\n"
}

// words are the desk's own for a mail to the developer.
func (f *facts) words(to string) copyOf {
	act := f.act
	if to == former {
		act = formerAddress
	}
	if name, is := older[act]; is && (f.successor != nil || act != "revoked" && f.isOlder()) {
		act = name
	}
	if name, is := rotation[act]; is && f.key == nil && f.request.Rotates != nil {
		act = name
	}
	return toDevelopers[act].about(f)
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

// subject is what a request is for: plans, or a change of a key.
func (f *facts) subject() string {
	if f.request.Edits != "" {
		return "a change of the key " + f.request.Key
	}
	return f.plans(f.planIDs())
}

// planIDs are the plans of the key, after what was done to it; else those that are asked for.
func (f *facts) planIDs() []string {
	if f.key != nil && len(f.line.Policies) > 0 {
		return f.line.Policies
	}
	return f.request.ApplyPolicies
}

// asked is what a request asks for.
func (f *facts) asked() []told {
	if r := f.request; r.Edits != "" {
		return []told{{"Key", r.Key}, {"Plans to add", f.plans(r.ApplyPolicies)}, {"Plans to take away", f.plans(r.RemovePolicies)}}
	}
	return []told{{"Plan", f.plans(f.planIDs())}}
}

// toDeveloper is what a developer is told of their account or request.
func (f *facts) toDeveloper() []told {
	about := []told{{"Name", nameOf(f.books.Developer)}}
	if f.act == emailChanged {
		return about
	}
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
	if f.key != nil && f.act != "revoked" {
		about = append(about, told{"Done by", f.line.By})
	}
	if f.act == "rotated" && f.key.Rotation != nil {
		about = append(about, told{"The older key works until", dayAndTime(time.Unix(f.key.Rotation.Ends, 0))})
	}
	if rotates := f.request.Rotates; rotates != nil && f.claimable() {
		about = append(about, told{"Key that is rotated", rotates.Shown}, told{"Rotated by", f.request.DecidedBy}, told{"Works after you take the new one for", spanOf(rotates.Grace)})
	}
	return append(about, told{"Reason", f.line.Reason})
}

// spanOf writes a number of seconds as people read it: in the largest unit of which it is a whole number.
func spanOf(seconds int64) string {
	for _, unit := range []struct {
		name    string
		seconds int64
	}{{"days", 24 * 60 * 60}, {"hours", 60 * 60}, {"minutes", 60}} {
		if n := seconds / unit.seconds; n > 1 && seconds%unit.seconds == 0 {
			return fmt.Sprintf("%d %s", n, unit.name)
		}
	}
	return fmt.Sprintf("%d seconds", seconds)
}

// dayAndTime writes a time as people read it.
func dayAndTime(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04") + " UTC" }

// toReview is what a reviewer is told of a request, but for the answers to its form. When it was asked for is the desk's to say: a client may
// send any date_created.
func (f *facts) toReview() []told {
	r := f.request
	about := append([]told{{"Request", r.ID}, {"Asked on", portal.CreatedAt(r.ID).Format(time.RFC3339)}}, f.asked()...)
	if d := f.books.Developer; d != nil {
		about = append(about, told{"Developer", nameOf(d)}, told{"E-mail", d.Email})
	}
	return about
}

// nameOf is a developer's name, if the form of the sign-up asked for one.
func nameOf(d *portal.Developer) string {
	fields := d.Fields.Texts()
	return clip(cmp.Or(oneLine(fields["Name"]), oneLine(fields["name"])), longestName)
}
