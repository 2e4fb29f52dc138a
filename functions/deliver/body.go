package main

import (
	"bytes"
	"encoding/json"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// event is what a webhook's body says: what happened, and to what. Its names are Tyk's up to catalogue_entry, after that Keydesk's.
type event struct {
	Event string `json:"event"`
	Data  data   `json:"data"`
}

// data is the request as the event left it. No key is in it, nor what a key is known by.
type data struct {
	ID             string            `json:"id"`
	OrgID          string            `json:"org_id"`
	ForPlan        string            `json:"for_plan,omitempty"`
	ApplyPolicies  []string          `json:"apply_policies,omitempty"`
	RemovePolicies []string          `json:"remove_policies,omitempty"`
	ByUser         string            `json:"by_user"`
	Fields         portal.Object     `json:"fields,omitempty"`
	Approved       bool              `json:"approved"`
	DateCreated    string            `json:"date_created"`
	Version        string            `json:"version,omitempty"`
	OAuthInfo      *portal.OAuthInfo `json:"oauth_info,omitempty"`
	Developer      *person           `json:"portal_developer,omitempty"`
	Entry          *entry            `json:"catalogue_entry,omitempty"` // of the first policy

	State     portal.State `json:"state"`
	Revision  int          `json:"revision"`
	DecidedBy string       `json:"decided_by,omitempty"`
	DecidedAt string       `json:"decided_at,omitempty"`
	Rule      string       `json:"rule,omitempty"`
	Reason    string       `json:"reason,omitempty"`
	RevokedBy string       `json:"revoked_by,omitempty"`
	RevokedAt string       `json:"revoked_at,omitempty"`

	ChangedBy   string         `json:"changed_by,omitempty"`
	ChangedAt   string         `json:"changed_at,omitempty"`
	KeyState    table.KeyState `json:"key_state,omitempty"`
	KeyPolicies []string       `json:"key_policies,omitempty"`
	OlderKey    bool           `json:"older_key,omitempty"` // another key has taken its place
}

// person is a developer for other programs: without password, and without the hashes of keys.
type person struct {
	ID          string        `json:"id"`
	Email       string        `json:"email"`
	DateCreated string        `json:"date_created"`
	Inactive    bool          `json:"inactive"`
	OrgID       string        `json:"org_id"`
	Fields      portal.Object `json:"fields,omitempty"`
	LastLogin   string        `json:"last_login_date,omitempty"`
}

// entry is an entry of the catalogue, its config without what is empty there.
type entry struct {
	Name             string `json:"name"`
	ShortDescription string `json:"short_description"`
	LongDescription  string `json:"long_description"`
	Show             bool   `json:"show"`
	APIID            string `json:"api_id"`
	PolicyID         string `json:"policy_id"`
	Documentation    string `json:"documentation"`
	Version          string `json:"version"`
	IsKeyless        bool   `json:"is_keyless"`
	Config           any    `json:"config"`
	AuthType         string `json:"auth_type"`
}

// bodyOf is the body of a webhook. It is made anew at each try: what it says of the act stays, the rest is as things are by now.
func bodyOf(f *facts) ([]byte, error) {
	r := f.request
	d := data{
		ID: r.ID, OrgID: r.OrgID, ForPlan: r.ForPlan, ApplyPolicies: r.ApplyPolicies, RemovePolicies: r.RemovePolicies, ByUser: r.ByUser,
		Fields: some(r.Fields), DateCreated: r.DateCreated, Version: r.Version, OAuthInfo: r.OAuthInfo,
	}
	if f.key != nil {
		d.State, d.Revision, d.DecidedBy, d.DecidedAt, d.Rule, d.Reason = r.State, r.Revision, r.DecidedBy, r.DecidedAt, r.Rule, r.Reason
		d.ofKey(f)
	} else {
		d.State, d.Revision = f.line.State, f.line.Revision
		if f.event() != "submitted" {
			d.DecidedBy, d.DecidedAt, d.Rule, d.Reason = f.line.By, f.line.At, f.line.Rule, f.line.Reason
		}
	}
	d.Approved = d.State == portal.Approved
	if p := f.books.Developer; p != nil {
		d.Developer = &person{ID: p.ID, Email: p.Email, DateCreated: p.DateCreated, Inactive: p.Inactive, OrgID: p.OrgID, Fields: some(p.Fields), LastLogin: p.LastLoginDate}
		if p.LastLoginDate == portal.Never {
			d.Developer.LastLogin = ""
		}
	}
	if _, there := f.books.Entries[r.ForPlan]; there {
		e := entryOf(&f.books, r.ForPlan)
		d.Entry = &e
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(event{"key_request_event." + f.event(), d})
	return bytes.TrimSuffix(body.Bytes(), []byte("\n")), err
}

// ofKey says what became of the request's key.
func (d *data) ofKey(f *facts) {
	if f.act == "revoked" {
		d.RevokedBy, d.RevokedAt = f.line.By, f.line.At
		return
	}
	d.ChangedBy, d.ChangedAt = f.line.By, f.line.At
	d.KeyState, d.KeyPolicies, d.OlderKey = table.KeyState(f.line.State), f.line.Policies, f.isOlder()
}

// entryOf is the policy's catalogue entry; empty where it has none.
func entryOf(books *table.Books, policy string) (e entry) {
	stored, there := books.Entries[policy]
	if !there {
		return e
	}
	_ = json.Unmarshal([]byte(stored.WithoutToken().Known()), &e) // a document of ours; what it holds of other kinds is left out
	if settings, is := full(e.Config).(map[string]any); is {
		delete(settings, "rules")                  // by which words a request is approved is not for everybody who hears of it
		if settings["oauth_usage_limit"] == -1.0 { // no limit
			delete(settings, "oauth_usage_limit")
		}
		e.Config = settings
	}
	return e
}

// full is a JSON value without what is empty in it.
func full(value any) any {
	switch v := value.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, inner := range v {
			if inner = full(inner); !isEmpty(inner) {
				kept[name] = inner
			}
		}
		return kept
	default:
		return value
	}
}

func isEmpty(value any) bool {
	switch v := value.(type) {
	case bool:
		return !v
	case float64:
		return v == 0
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return value == nil
}

// some is an object that has members; else none.
func some(o portal.Object) portal.Object {
	if o == "{}" {
		return ""
	}
	return o
}
