package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// known is a story with all addresses, and every mail wanted: a pending request, unless a test says otherwise.
func known(changes ...func(*facts)) *facts {
	f := &facts{
		org: "the organisation", act: "created", line: table.Line{History: table.History{State: portal.Pending}},
		request: &table.Request{Request: portal.Request{ID: "5efde61749960c000137f590", State: portal.Pending, ApplyPolicies: []string{"gold"}}},
		books: table.Books{
			Developer: &portal.Developer{Email: "ada@example.com"},
			Configuration: portal.Configuration{
				Webhook: "https://hooks.example", Email: "reviewers@example.com", NoticeEmail: "watchers@example.com",
				Mail: portal.Mail{
					From: "desk@example.com", Welcome: portal.EmailCopy{Enabled: true}, Key: portal.EmailCopy{Enabled: true},
					ResetPassword: portal.EmailCopy{Enabled: true},
				},
			},
		},
	}
	for _, change := range changes {
		change(f)
	}
	return f
}

// claimedAt has the claim link go to an address.
func claimedAt(address string) func(*facts) {
	return func(f *facts) { f.request.ClaimAddress = address }
}

func does(act string) func(*facts) { return func(f *facts) { f.act = act } }

// stands has the request in a state now, in which the line of history left it as well.
func stands(state portal.State) func(*facts) {
	return func(f *facts) { f.request.State, f.line.State = state, state }
}

func meanwhile(state portal.State) func(*facts) { return func(f *facts) { f.request.State = state } }

func delivered(f *facts) { f.request.Delivery = &portal.Delivery{To: "reviewer"} }

func keyMailOff(f *facts) { f.books.Configuration.Mail.Key.Enabled = false }

var (
	everyone   = []string{webhook, reviewers, watchers}
	revokedKey = &table.IssuedKey{State: table.Revoked, RevokedAt: "2026-11-22T12:00:00.000Z"}
)

func revoked(f *facts) { f.act, f.key, f.request.State = "revoked", revokedKey, portal.Approved }

// ofKey has it be an act on a good key.
func ofKey(act string) func(*facts) {
	return func(f *facts) {
		f.act, f.key, f.request.State = act, &table.IssuedKey{State: table.Active}, portal.Approved
	}
}

// rotatedAt has the key have a successor for a while.
func rotatedAt(f *facts) {
	f.key = &table.IssuedKey{State: table.Active, Rotation: &table.Rotation{At: "2026-11-21T12:00:00.000Z", Ends: 1764000000}}
}

// hearing is every act, with what bears on whether it is told: and whom it is.
var hearing = map[string]struct {
	f    *facts
	want []string
}{
	"created":                           {known(), everyone},
	"created, approved by now":          {known(meanwhile(portal.Approved)), []string{webhook}},
	"created, for the schedule":         {known(func(f *facts) { f.request.Task = table.Decide }), []string{webhook}},
	"created, changed by now":           {known(func(f *facts) { f.request.Revision = 2 }), []string{webhook}},
	"created, for a third party":        {known(stands(portal.Waiting)), []string{webhook}},
	"created, to be reminded of":        {known(func(f *facts) { f.request.Task = table.Remind }), everyone},
	"updated":                           {known(does("updated")), everyone},
	"updated, for the schedule":         {known(does("updated"), func(f *facts) { f.request.Task = table.Decide }), []string{webhook}},
	"asked":                             {known(does("asked"), func(f *facts) { f.request.Asked = true }), []string{reviewers, watchers}},
	"asked, declined by now":            {known(does("asked"), meanwhile(portal.Declined)), nil},
	"reminded of a request":             {known(does("reminded")), []string{reviewers, watchers}},
	"reminded of a request, over":       {known(does("reminded"), meanwhile(portal.Expired)), nil},
	"reminded of a request, approved":   {known(does("reminded"), meanwhile(portal.Approved), delivered), nil},
	"reminded of a key":                 {known(does("reminded"), stands(portal.Approved), claimedAt("ada@example.com")), []string{developer}},
	"reminded of a key, template off":   {known(does("reminded"), stands(portal.Approved), claimedAt("Ada@example.com"), keyMailOff), []string{developer}},
	"reminded of a key, taken by now":   {known(does("reminded"), stands(portal.Approved), delivered), nil},
	"approved, to be claimed":           {known(does("approved"), stands(portal.Approved), claimedAt("ada@example.com")), []string{webhook, developer}},
	"the same, template off":            {known(does("approved"), stands(portal.Approved), claimedAt("ada@example.com"), keyMailOff), []string{webhook, developer}},
	"approved, delivered":               {known(does("approved"), stands(portal.Approved), delivered), []string{webhook, developer}},
	"the same, template is off":         {known(does("approved"), stands(portal.Approved), delivered, keyMailOff), []string{webhook}},
	"an edit approved, template off":    {known(does("approved"), stands(portal.Approved), keyMailOff, func(f *facts) { f.request.Edits = "digest" }), []string{webhook, developer}},
	"a certificate's, template off":     {known(does("approved"), stands(portal.Approved), keyMailOff, func(f *facts) { f.request.AuthType = portal.MutualTLS }, delivered), []string{webhook}},
	"declined":                          {known(does("declined"), stands(portal.Declined)), []string{webhook, developer}},
	"expired":                           {known(does("expired"), stands(portal.Expired)), []string{webhook, developer}},
	"lapsed":                            {known(does("lapsed"), stands(portal.Lapsed), keyMailOff), []string{webhook, developer}},
	"link sent":                         {known(does("link sent"), stands(portal.Approved), claimedAt("ada@example.com"), keyMailOff), []string{developer}},
	"link sent, moved by now":           {known(does("link sent"), stands(portal.Approved), claimedAt("grace@example.com")), nil},
	"approved, moved by now":            {known(does("approved"), stands(portal.Approved), claimedAt("grace@example.com")), []string{webhook}},
	"rotation offered":                  {known(does("rotation offered"), stands(portal.Approved), claimedAt("ada@example.com"), keyMailOff), []string{developer}},
	"link sent, taken by now":           {known(does("link sent"), stands(portal.Approved), delivered), nil},
	"deleted":                           {known(does("deleted"), stands(portal.Cancelled)), nil},
	"delivered":                         {known(does("delivered"), stands(portal.Approved), delivered), nil},
	"delivered again":                   {known(does("delivered again"), stands(portal.Approved), delivered), nil},
	"saved":                             {known(does("saved"), stands(portal.Approved), delivered), nil},
	"no developer any more":             {known(does("declined"), stands(portal.Declined), func(f *facts) { f.books.Developer = nil }), []string{webhook}},
	"no webhook":                        {known(func(f *facts) { f.books.Configuration.Webhook = "" }), []string{reviewers, watchers}},
	"no reviewers":                      {known(func(f *facts) { f.books.Configuration.Email = "" }), []string{webhook, watchers}},
	"watchers are reviewers":            {known(func(f *facts) { f.books.Configuration.NoticeEmail = "Reviewers@example.com" }), []string{webhook, reviewers}},
	"no watchers":                       {known(func(f *facts) { f.books.Configuration.NoticeEmail = "" }), []string{webhook, reviewers}},
	"no request any more":               {known(func(f *facts) { f.gone, f.request = true, nil }), nil},
	"a key revoked":                     {known(revoked), []string{webhook, developer}},
	"a rotated key revoked":             {known(revoked, func(f *facts) { f.successor = &table.IssuedKey{State: table.Active} }), []string{developer}},
	"a rotated key revoked with its":    {known(revoked, func(f *facts) { f.successor = revokedKey }), nil},
	"a key rotated":                     {known(ofKey("rotated"), rotatedAt), []string{webhook, developer}},
	"a key suspended, template off":     {known(ofKey("suspended"), keyMailOff), []string{webhook, developer}},
	"a key resumed":                     {known(ofKey("resumed")), []string{webhook, developer}},
	"a key changed":                     {known(ofKey("edited")), []string{webhook, developer}},
	"a key changed, then rotated":       {known(ofKey("edited"), rotatedAt, func(f *facts) { f.line.At = "2026-11-20T12:00:00.000Z" }), []string{webhook, developer}},
	"a key changed with its successor":  {known(ofKey("edited"), rotatedAt, func(f *facts) { f.line.At = "2026-11-22T12:00:00.000Z" }), nil},
	"a key changed by a request":        {known(ofKey("edited"), func(f *facts) { f.line.ForRequest = "another" }), nil},
	"an older key suspended":            {known(ofKey("suspended"), rotatedAt), []string{webhook, developer}},
	"a rotated key, its revoked before": {known(revoked, func(f *facts) { f.successor = &table.IssuedKey{RevokedAt: "2026-11-21T12:00:00.000Z"} }), []string{developer}},
}

func TestNotices(t *testing.T) {
	t.Parallel()
	for name, c := range hearing {
		subject := table.Subject{Org: c.f.org, Request: "request"}
		if c.f.key != nil {
			subject = table.Subject{Key: "digest"}
		}
		if got := sent(c.f, subject); !slices.Equal(got, c.want) {
			t.Errorf("%s: told %v, want %v", name, got, c.want)
		}
	}
}

// sent is whom the desk tells of an act.
func sent(f *facts, of table.Subject) []string {
	var all []string
	for _, to := range tells(of, f.act) {
		if send, _ := f.whether(to); send {
			all = append(all, to)
		}
	}
	return all
}

func TestNoticesOfDevelopers(t *testing.T) {
	t.Parallel()
	of := table.Subject{Org: "the organisation", Developer: "developer"}
	for act, off := range map[string]func(*portal.Mail){
		welcome:         func(m *portal.Mail) { m.Welcome.Enabled = false },
		passwordChanged: func(m *portal.Mail) { m.ResetPassword.Enabled = false },
	} {
		f := known(does(act), func(f *facts) { f.request = nil })
		if got := sent(f, of); !slices.Equal(got, []string{developer}) {
			t.Errorf("%s: told %v", act, got)
		}
		f.books.Configuration.Mail.From = ""
		if send, reason := f.whether(developer); send || reason != errNoFrom {
			t.Errorf("%s, without a sender: %v %q", act, send, reason)
		}
		off(&f.books.Configuration.Mail)
		if send, reason := f.whether(developer); send || reason != "" {
			t.Errorf("%s, switched off: %v %q", act, send, reason)
		}
	}
}

// Of a key's history all is told that changes what it opens; its deliveries are told by its request, if at all.
func TestActsOfKeys(t *testing.T) {
	t.Parallel()
	of := table.Subject{Key: "digest"}
	for _, act := range []string{"delivered", "delivered again", "lapsed", "approved", "created"} {
		if got := tells(of, act); got != nil {
			t.Errorf("%s concerns %v", act, got)
		}
	}
	for _, act := range []string{"revoked", "rotated", "suspended", "resumed", "edited"} {
		if diff := cmp.Diff([]string{webhook, developer}, tells(of, act)); diff != "" {
			t.Errorf("%s: %s", act, diff)
		}
		if got := tells(table.Subject{Org: "o", Request: "r"}, act); got != nil {
			t.Errorf("a request was %s, which concerns %v", act, got)
		}
	}
}

// Plans are named as developers know them: by the catalogue, else by the policy's name, else by its id.
func TestPlans(t *testing.T) {
	t.Parallel()
	f := known(func(f *facts) {
		f.books.Policies = map[string]portal.Policy{"gold": {Name: "Policy of gold"}, "silver": {Name: "Policy of silver"}}
		f.books.Entries = map[string]portal.Entry{"gold": entryNamed(t, "gold", "The gold plan")}
	})
	if got := f.plans([]string{"gold", "silver", "lead"}); got != "The gold plan, Policy of silver, lead" {
		t.Errorf("plans %q", got)
	}
}

func entryNamed(t *testing.T, policy, name string) portal.Entry {
	t.Helper()
	var e portal.Entry
	if err := e.UnmarshalJSON([]byte(`{"policy_id": "` + policy + `", "name": "` + name + `"}`)); err != nil {
		t.Fatal(err)
	}
	return e
}
