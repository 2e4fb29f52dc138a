package main

import (
	"cmp"
	"strings"
	"time"

	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Whom notices are for, by the names that the ledger has for them.
const (
	webhook   = "webhook"   // event_options.key_request_event.webhook
	reviewers = "reviewers" // the configuration's email
	watchers  = "watchers"  // event_options.key_request_event.email
	developer = "developer"
	former    = "former" // the developer, at the e-mail address that they had before
)

// concerned has each act of a request's history that gives something to tell, and whom it may concern.
var concerned = map[string][]string{
	"created":   {webhook, reviewers, watchers},
	"updated":   {webhook, reviewers, watchers},
	"asked":     {reviewers, watchers},
	"reminded":  {reviewers, watchers, developer},
	"approved":  {webhook, developer},
	"declined":  {webhook, developer},
	"expired":   {webhook, developer},
	"lapsed":    {webhook, developer},
	"link sent": {developer},

	"rotation offered": {developer}, // webhooks hear of it when the key is rotated: at the claim
}

// concernedByKey has the same for a key's history. What becomes of a key is told to its developer, whoever does it.
var concernedByKey = map[string][]string{
	"revoked":   {webhook, developer},
	"rotated":   {webhook, developer},
	"suspended": {webhook, developer},
	"resumed":   {webhook, developer},
	"edited":    {webhook, developer},
}

// tells is whom an act may concern.
func tells(of table.Subject, act string) []string {
	switch {
	case of.Request != "":
		return concerned[act]
	case of.Key != "":
		return concernedByKey[act]
	case act == emailChanged:
		return []string{developer, former}
	case of.Developer != "":
		return []string{developer}
	}
	return nil
}

// facts are what bears on a notice, as it stands now; only the line of history is as it was written.
type facts struct {
	org       string
	act       string
	at        time.Time // when it was done
	gone      bool      // what it tells of is not there any more
	line      table.Line
	request   *table.Request   // nil: it tells of a developer
	key       *table.IssuedKey // nil: it tells of no key
	successor *table.IssuedKey // of a key that was revoked, if it has one
	told      int              // the revision of the request that was told last, where changes are told together; 0: none
	was, is   string           // a developer's e-mail address, before and after it was changed
	books     table.Books
}

// event is what a notice tells, as webhooks and the ledger name it.
func (f *facts) event() string {
	if f.act == "created" || f.act == "updated" {
		return "submitted"
	}
	return f.act
}

// Why no mail is sent.
const (
	errNoFrom       = "mail_options.mail_from_email is empty"
	errOtherAddress = "the developer's email has changed since the grant; a reviewer or an admin sends a link to the new address: POST /api/portal/requests/{id}/claim-link"
)

// whether tells whether somebody is told, and if not, why: an empty reason is that there is nothing to tell them.
func (f *facts) whether(to string) (send bool, reason string) {
	switch {
	case f.gone || f.address(to) == "" || !f.news(to):
		return false, ""
	case to != webhook && f.books.Configuration.Mail.From == "":
		return false, errNoFrom
	case to == developer && f.claimable() && approval.AddressChanged(f.request, f.books.Developer):
		return false, errOtherAddress
	}
	return true, ""
}

// address is where somebody is told; empty: nowhere.
func (f *facts) address(to string) string {
	settings := &f.books.Configuration
	switch {
	case to == webhook:
		return settings.Webhook
	case to == reviewers:
		return settings.Email
	case to == watchers && portal.CanonicalEmail(settings.NoticeEmail) != portal.CanonicalEmail(settings.Email):
		return settings.NoticeEmail
	case to == former:
		return f.was
	case f.act == emailChanged:
		return f.is
	case to == developer && f.books.Developer != nil:
		return f.books.Developer.Email
	}
	return ""
}

// news tells whether the act is worth telling, as things stand by now.
func (f *facts) news(to string) bool {
	switch {
	case f.successor != nil && (to == webhook || f.toldByItsSuccessor()): // what was granted goes on by the successor, or ended with it
		return false
	case f.act == "edited" && f.toldElsewhere():
		return false
	case to == webhook:
		return true
	case to == developer, to == former:
		return f.newsToDeveloper()
	case f.request.State != portal.Pending:
		return false
	case f.event() == "submitted": // else what came after it is told; or the schedule decides, or asks, and that will be
		return f.request.Revision == f.line.Revision && f.request.Task != table.Decide
	}
	return f.line.State == portal.Pending // a reminder may be a developer's
}

func (f *facts) newsToDeveloper() bool {
	mail := &f.books.Configuration.Mail
	switch f.act {
	case welcome:
		return mail.Welcome.Enabled
	case passwordChanged:
		return mail.ResetPassword.Enabled
	case "approved":
		return f.claimable() || mail.Key.Enabled || f.request.Edits != ""
	case "reminded", "link sent", "rotation offered":
		return f.claimable()
	}
	return true
}

// claimable tells whether the developer can still take the key, by the link in the mail.
func (f *facts) claimable() bool {
	return f.request != nil && f.key == nil && f.request.Claimable()
}

// toldByItsSuccessor tells whether the key ended in the very act that ended its successor.
func (f *facts) toldByItsSuccessor() bool {
	return f.successor.RevokedAt != "" && f.successor.RevokedAt == f.key.RevokedAt
}

// toldElsewhere tells whether a change of a key is told by the request that asked for it, or by the key's successor: a key that has one is
// changed only together with it.
func (f *facts) toldElsewhere() bool {
	return f.line.ForRequest != "" || f.key.Rotation != nil && f.line.At >= f.key.Rotation.At
}

// isOlder tells whether another key has taken the place of the one that is told of.
func (f *facts) isOlder() bool { return f.key != nil && f.key.Rotation != nil && f.act != "rotated" }

// requestID is the request's; empty where a developer is told of.
func (f *facts) requestID() string {
	if f.request == nil {
		return ""
	}
	return f.request.ID
}

// plans are policies in the words of the catalogue.
func (f *facts) plans(policies []string) string {
	names := make([]string, len(policies))
	for i, id := range policies {
		names[i] = cmp.Or(entryOf(&f.books, id).Name, f.books.Policies[id].Name, id)
	}
	return strings.Join(names, ", ")
}
