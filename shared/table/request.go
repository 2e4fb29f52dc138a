package table

import (
	"context"
	"time"

	"keydesk/shared/portal"
)

// Request is a request as stored: what the wire shows of it, and what it must not.
type Request struct {
	portal.Request
	CreatedBy string   `json:"created_by"`           // whoever created it: caller.Holder
	Changers  []string `json:"changers,omitempty"`   // all who changed what is asked for
	ChangedBy string   `json:"changed_by,omitempty"` // who last changed it, in requests written before there were Changers
	Attempt   string   `json:"attempt"`              // the invocation that wrote this revision: how a writer knows its own work again
	Holds     []string `json:"holds"`                // the places in plans that nobody else may have while this request has them
	AuthType  string   `json:"auth_type"`            // the kind of key that it asks for
	KeyID     string   `json:"key_id"`               // of the key that came of it
	Edits     string   `json:"edits"`                // the digest of the key that it changes; empty: it asks for a new one
	Hidden    bool     `json:"hidden"`               // deleted by a client; its key lives on
	Proof     string   `json:"proof"`                // of the call that granted the key, which may be said again: hash of credential, Idempotency-Key and body
	DueAt     string   `json:"due_at"`               // when the schedule has to look at it; empty: never
	Task      Task     `json:"task"`                 // what it has to do then

	Since      string `json:"since,omitempty"`        // when the turn began of whoever is to decide
	Asked      bool   `json:"asked,omitempty"`        // the schedule has looked, and left it to a person
	Deferred   bool   `json:"tries_again,omitempty"`  // the schedule could not do what it would, has asked a person, and tries again
	Reminded   bool   `json:"reminded,omitempty"`     // whoever is to act next was reminded
	RedirectTo string `json:"redirect_to,omitempty"`  // where the developer is sent while it waits for a third party
	AskedFrom  int    `json:"asked_from,omitempty"`   // the revision since which it asks for what it asks for
	Callback   string `json:"callback,omitempty"`     // of the third party's message that decided it: hash of its id
	ByCreator  bool   `json:"by_creator,omitempty"`   // the schedule granted it: whoever created it may fetch the key by an approve of their own
	LinkSentAt string `json:"link_sent_at,omitempty"` // when the claim link was last asked for

	ClaimAddress string   `json:"claim_address,omitempty"` // e-mail address that the claim link goes to; empty: the key does not go by claim
	LinkNumber   int      `json:"link_number,omitempty"`   // of the newest claim link: no other opens
	Rotates      *Rotates `json:"rotates,omitempty"`       // the key that gets a successor by the claim; nil: the request asks for a key, or changes one
}

// Rotates is the key that a request gives a successor, once the developer claims that.
type Rotates struct {
	Digest string `json:"digest"`
	ID     string `json:"id"`
	Shown  string `json:"shown"` // the hash that the key is shown by
	Grace  int64  `json:"grace"` // seconds that the key has yet from the claim on
}

// Task is what the schedule has to do with a request when it falls due.
type Task string

// The tasks.
const (
	Decide        Task = "decide"         // a rule may say what becomes of it, or nobody needs to be asked
	Remind        Task = "remind"         // whoever is to act next: a reviewer who has not decided, a developer who has not taken the key
	Expire        Task = "expire"         // nobody decided in time
	AnswerInstead Task = "answer instead" // a third party was silent: the default comes in its place
	Lapse         Task = "lapse"          // the developer did not claim the key in time: the grant ends
)

// Due sets what the schedule has to do, and when.
func (r *Request) Due(task Task, at time.Time) {
	r.Task, r.DueAt = task, portal.Timestamp(at)
}

// stored is a request with its places in the indexes. An empty place is none.
type stored struct {
	Request
	ListPK      string `json:"ListPK,omitempty"`
	ViewPK      string `json:"ViewPK"`
	DeveloperPK string `json:"DeveloperPK"`
	due
}

// due is a place in the index of what the schedule has to do.
type due struct {
	DuePK string `json:"DuePK,omitempty"`
	DueSK string `json:"DueSK,omitempty"`
}

func dueAt(timestamp, org, id string) due {
	at, err := time.Parse(time.RFC3339Nano, timestamp)
	if err != nil {
		return due{}
	}
	return due{duePK(id), dueSK(at, org, id)}
}

func store(r Request) stored {
	s := stored{Request: r, ViewPK: viewPK(r.OrgID, view(r)), DeveloperPK: developerPK(r.OrgID, r.ByUser)}
	if view(r) != closed {
		s.ListPK = listPK(r.OrgID)
	}
	s.due = dueAt(r.DueAt, r.OrgID, r.ID)
	return s
}

// The views of an organisation's requests.
const (
	open     = "open"
	approved = "approved"
	closed   = "closed"
)

func view(r Request) string {
	switch {
	case r.Open():
		return open
	case r.State == portal.Approved && !r.Hidden:
		return approved
	default:
		return closed
	}
}

// Deleted tells whether a client deleted the request: it no longer exists for any of them.
func (r *Request) Deleted() bool { return r.Hidden || r.State == portal.Cancelled }

// Request reads one request, a deleted one as well.
func (t *Table) Request(ctx context.Context, org, id string) (Request, error) {
	it, err := t.get(ctx, requestKey(org, id))
	if err != nil {
		return Request{}, err
	}
	return parseRequest(it)
}

// RequestsAndConfiguration reads several requests, by their ids, and beside them the organisation's configuration. What does not exist is not
// in the answer.
func (t *Table) RequestsAndConfiguration(ctx context.Context, org string, ids []string) (map[string]Request, portal.Configuration, error) {
	var settings portal.Configuration
	keys := []key{configurationKey(org)}
	for _, id := range ids {
		keys = append(keys, requestKey(org, id))
	}
	found, err := t.read(ctx, keys...)
	if err != nil {
		return nil, settings, err
	}
	if _, err := parseDocument(found[keys[0]], &settings); err != nil {
		return nil, settings, err
	}
	requests := map[string]Request{}
	for _, id := range ids {
		if it := found[requestKey(org, id)]; it != nil {
			if requests[id], err = parseRequest(it); err != nil {
				return nil, settings, err
			}
		}
	}
	return requests, settings, nil
}

// RequestsAndEntries reads whole what a list names, and beside them the entries of the policies that it says they are for, by policy. What
// does not exist is not in the answers.
func (t *Table) RequestsAndEntries(ctx context.Context, org string, listed []Listed) (map[string]Request, map[string]portal.Entry, error) {
	var keys []key
	var policies []string
	for _, l := range listed {
		keys = append(keys, requestKey(org, l.ID))
		policies = append(policies, l.Policies...)
	}
	for _, policy := range policies {
		keys = append(keys, entryKey(org, policy))
	}
	found, err := t.read(ctx, keys...)
	if err != nil {
		return nil, nil, err
	}
	entries, err := parseDocuments[portal.Entry](found, org, policies, entryKey)
	if err != nil {
		return nil, nil, err
	}
	requests, err := parseRequests(found, org, listed)
	return requests, entries, err
}

// RequestsListed reads whole what a list names, by id; those that exist.
func (t *Table) RequestsListed(ctx context.Context, org string, listed []Listed) (map[string]Request, error) {
	keys := make([]key, len(listed))
	for i, l := range listed {
		keys[i] = requestKey(org, l.ID)
	}
	found, err := t.read(ctx, keys...)
	if err != nil {
		return nil, err
	}
	return parseRequests(found, org, listed)
}

func parseRequests(found map[key]item, org string, listed []Listed) (map[string]Request, error) {
	requests := make(map[string]Request, len(listed))
	for _, l := range listed {
		if it := found[requestKey(org, l.ID)]; it != nil {
			r, err := parseRequest(it)
			if err != nil {
				return nil, err
			}
			requests[l.ID] = r
		}
	}
	return requests, nil
}

func parseRequest(it item) (Request, error) {
	if len(it) == 0 {
		return Request{}, portal.ErrNotFound
	}
	var r Request
	if err := parse(it, &r); err != nil {
		return Request{}, err
	}
	return r, nil
}

// History is one line of a request's history: who did what, when. It is written with what it records, and never changed.
type History struct {
	At         string       `json:"at"`
	Act        string       `json:"act"` // "created", "updated", "asked", "reminded", "approved", "declined", "expired", "deleted", "link sent", "delivered", "delivered again", "saved", "lapsed"
	By         string       `json:"by"`  // the credential's name
	Credential string       `json:"credential"`
	Role       string       `json:"role"`
	State      portal.State `json:"state"` // of the request, after the act
	Revision   int          `json:"revision"`
	Rule       string       `json:"rule,omitempty"`
	Reason     string       `json:"reason,omitempty"` // what the developer is told
	Why        string       `json:"why,omitempty"`    // how the rules were read, for reviewers
	RequestID  string       `json:"request_id"`       // of the call, as the log names it
}

// NotDue takes from a request what the schedule had to do with it.
func (r *Request) NotDue() { r.Task, r.DueAt = "", "" }

// Claimable tells whether the request is granted and its key not claimed yet, though the request may be hidden. (An edit of a key hands
// over none.)
func (r *Request) Claimable() bool {
	return r.State == portal.Approved && r.Delivery == nil && r.Edits == ""
}

// DeliveredAgain notes that a key was given once more to whom it had been given.
func (t *Table) DeliveredAgain(ctx context.Context, r Request, h History) error {
	return t.put(ctx, historyKey(requestKey(r.OrgID, r.ID), r.Revision, portal.NewID(time.Now())), h)
}
