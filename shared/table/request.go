package table

import (
	"context"
	"time"

	"keydesk/shared/portal"
)

// Request is a request as stored: what the wire shows of it, and what it must not.
type Request struct {
	portal.Request
	CreatedBy string   `json:"created_by"` // whoever created it: caller.Holder
	Attempt   string   `json:"attempt"`    // the invocation that wrote this revision: how a writer knows its own work again
	Holds     []string `json:"holds"`      // the places in plans that nobody else may have while this request has them
	AuthType  string   `json:"auth_type"`  // the kind of key that it asks for
	KeyID     string   `json:"key_id"`     // of the key that came of it
	Edits     string   `json:"edits"`      // the digest of the key that it changes; empty: it asks for a new one
	Hidden    bool     `json:"hidden"`     // deleted by a client; its key lives on
	Proof     string   `json:"proof"`      // of the call that granted the key, which may be said again: hash of credential, Idempotency-Key and body
	DueAt     string   `json:"due_at"`     // when the schedule has to look at it; empty: never
	Task      Task     `json:"task"`       // what it has to do then
}

// Task is what the schedule has to do with a request when it falls due.
type Task string

// The tasks.
const (
	Decide Task = "decide"    // nobody needs to be asked: approve it
	Empty  Task = "empty box" // the key has been handed over, or never will be: delete its secret
	Lapse  Task = "lapse"     // nobody took the key: revoke it
)

// BoxOutlives is how long after its end a box is emptied: longer than any function lives, so that no grant which began before the
// end can fill it after.
const BoxOutlives = 15 * time.Minute

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

func dueAt(timestamp, id string) due {
	at, err := time.Parse(time.RFC3339Nano, timestamp)
	if err != nil {
		return due{}
	}
	return due{duePK(id), dueSK(at, id)}
}

func store(r Request) stored {
	s := stored{Request: r, ViewPK: viewPK(r.OrgID, view(r)), DeveloperPK: developerPK(r.OrgID, r.ByUser)}
	if view(r) != closed {
		s.ListPK = listPK(r.OrgID)
	}
	s.due = dueAt(r.DueAt, r.ID)
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
	Act        string       `json:"act"` // "created", "updated", "approved", "declined", "deleted", "delivered again"
	By         string       `json:"by"`  // the credential's name
	Credential string       `json:"credential"`
	Role       string       `json:"role"`
	State      portal.State `json:"state"` // of the request, after the act
	Revision   int          `json:"revision"`
	Reason     string       `json:"reason,omitempty"`
	RequestID  string       `json:"request_id"` // of the call, as the log names it
}

// DeliveredAgain notes that a key was given once more to whom it had been given.
func (t *Table) DeliveredAgain(ctx context.Context, r Request, h History) error {
	return t.put(ctx, historyKey(requestKey(r.OrgID, r.ID), r.Revision, portal.NewID(time.Now())), h)
}
