package table

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
)

// Subject is what a notice tells of: one of these.
type Subject struct {
	Org       string // of a request or a developer
	Request   string
	Key       string // the digest of an issued key, whose name says no organisation
	Developer string
}

// NoticeName tells a notice from all others: what it tells of, and whom.
type NoticeName struct {
	Subject
	Line string // of the subject's history, by its revision; of a developer what happened
	To   string // "webhook", or whose mail it is
}

// ID is the notice's to whoever is told: the same however often it is sent. It looks like all ids, and sorts by what it tells of.
func (n NoticeName) ID(at time.Time) string {
	k := n.key()
	sum := sha256.Sum256([]byte(k.PK + "\x00" + k.SK))
	return fmt.Sprintf("%08x%s", uint32(at.Unix()), hex.EncodeToString(sum[:8])) //nolint:gosec // as portal.NewID
}

// NoticeState is how far a notice has come.
type NoticeState string

// The states of a notice.
const (
	Sent    NoticeState = "sent"
	Failed  NoticeState = "failed"  // it is sent again when it is due
	Waiting NoticeState = "waiting" // it was put off, and is sent when it is due
	Dead    NoticeState = "dead"    // it failed too often, and waits for the operator
	Skipped NoticeState = "skipped" // there was no way to send it, or nothing to tell any more
)

// Notice is what the desk keeps of a notice: that it was sent, or why not.
type Notice struct {
	ID      string      `json:"id"`
	Org     string      `json:"org_id"`
	Event   string      `json:"event"` // what it tells: "submitted", "approved"
	To      string      `json:"to"`
	State   NoticeState `json:"state"`
	Tries   int         `json:"tries"`
	Error   string      `json:"error,omitempty"` // of the last try, in a few words
	At      string      `json:"at"`              // of the last try
	DueAt   string      `json:"due_at,omitempty"`
	Told    int         `json:"told,omitempty"`    // of one that tells a request's changes together: the revision that was told last
	Address string      `json:"address,omitempty"` // where it goes, while it is to be sent again and nothing else says so
	Again   int         `json:"again,omitempty"`   // how often the schedule or the operator had it sent again
	PK      string      `json:"PK"`
	SK      string      `json:"SK"`
}

// Name is the notice's.
func (n *Notice) Name() NoticeName {
	name, _ := NoticeOf(n.PK, n.SK)
	return name
}

// storedNotice is a notice with its places in the indexes.
type storedNotice struct {
	Notice
	due
	ListPK string `json:"ListPK,omitempty"`
}

// Affair is what there is to tell of a subject: itself, the lines of its history that were asked for, and its notices, those that
// were asked for and are there.
type Affair struct {
	Request *Request        // nil: the subject is none, or gone
	Key     *IssuedKey      // nil: the same
	Lines   map[string]Line // by their names' Line
	Notices map[NoticeName]Notice
}

// Line is a line of history as notices read it: of a request or, with its last two members, of a key.
type Line struct {
	History
	Policies   []string `json:"policies"`
	ForRequest string   `json:"for_request"`
}

// Affair reads a subject, all of the lines and notices of it that the names name, and further lines, at once.
func (t *Table) Affair(ctx context.Context, of Subject, names []NoticeName, lines ...string) (Affair, error) {
	keys := []key{}
	for _, line := range lines {
		names = append(slices.Clip(names), NoticeName{Subject: of, Line: line})
	}
	for _, n := range names {
		if n.To != "" {
			keys = append(keys, n.key())
		}
		if of.Developer == "" {
			keys = append(keys, n.lineKey())
		}
	}
	switch {
	case of.Request != "":
		keys = append(keys, requestKey(of.Org, of.Request))
	case of.Key != "":
		keys = append(keys, issuedKey(of.Key))
	}
	found, err := t.read(ctx, keys...)
	if err != nil {
		return Affair{}, err
	}
	a := Affair{Lines: map[string]Line{}, Notices: map[NoticeName]Notice{}}
	for _, n := range names {
		if err := a.take(n, found); err != nil {
			return Affair{}, err
		}
	}
	return a, a.takeSubject(of, found)
}

func (a *Affair) take(n NoticeName, found map[key]item) error {
	if it := found[n.lineKey()]; it != nil {
		var line Line
		if err := parse(it, &line); err != nil {
			return err
		}
		a.Lines[n.Line] = line
	}
	if it := found[n.key()]; it != nil {
		var notice Notice
		if err := parse(it, &notice); err != nil {
			return err
		}
		a.Notices[n] = notice
	}
	return nil
}

func (a *Affair) takeSubject(of Subject, found map[key]item) (err error) {
	if it := found[requestKey(of.Org, of.Request)]; it != nil {
		var r Request
		r, err = parseRequest(it)
		a.Request = &r
	}
	if it := found[issuedKey(of.Key)]; it != nil {
		a.Key, err = parseIssued(it)
	}
	return err
}

// WriteNotice notes what became of a notice, if nothing was noted since it was as before says (the zero Notice: nothing yet). What
// somebody else has noted meanwhile stands: it is the same notice.
func (t *Table) WriteNotice(ctx context.Context, name NoticeName, before, after Notice) error {
	k := name.key()
	stored := storedNotice{Notice: after, due: dueAt(after.DueAt, after.Org, after.ID)}
	if after.State == Dead {
		stored.ListPK = deadPK(after.Org)
	}
	it, err := k.with(stored)
	if err != nil {
		return err
	}
	put := &dynamodb.PutItemInput{TableName: &t.name, Item: it, ConditionExpression: aws.String("attribute_not_exists(PK)")}
	if before.ID != "" {
		condition := "tries = :tries AND #state = :state"
		put.ExpressionAttributeNames = map[string]string{"#state": "state"}
		put.ExpressionAttributeValues = item{":tries": number(before.Tries), ":state": str(string(before.State))}
		if before.Told > 0 {
			condition += " AND told = :told"
			put.ExpressionAttributeValues[":told"] = number(before.Told)
		}
		put.ConditionExpression = &condition
	}
	_, err = t.db.PutItem(ctx, put)
	return unlessOvertaken(err, "note a notice")
}

// unhandled is how long after it was touched a notice is touched once more, where nothing was noted in between.
const unhandled = time.Hour

// SendAgain touches a notice that is due, so that the stream brings it to deliver once more. What is no longer due where it was is
// let be.
func (t *Table) SendAgain(ctx context.Context, d DueItem) error {
	_, err := t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: d.key.item(), UpdateExpression: aws.String("SET DueSK = :later ADD again :one"),
		ConditionExpression:       aws.String("DueSK = :due"),
		ExpressionAttributeValues: item{":due": str(d.sort), ":later": str(dueLater(d.sort, time.Now().Add(unhandled))), ":one": number(1)},
	})
	return unlessOvertaken(err, "have a notice sent again")
}

// DeadNotices are an organisation's notices that failed too often, oldest first: up to mostListed, and after those are sent the next.
func (t *Table) DeadNotices(ctx context.Context, org string) ([]Notice, error) {
	dead, _, err := listed[Notice](ctx, t, deadPK(org))
	return dead, err
}

// ErrNotDead refuses to revive a notice that is not dead.
var ErrNotDead = portal.Refuse(portal.Conflict, "The notice is not dead: it was sent, or is tried again by itself.")

// ReviveNotice has a dead notice sent again, at once and from its first try on.
func (t *Table) ReviveNotice(ctx context.Context, name NoticeName) error {
	dead, err := t.get(ctx, name.key())
	if err != nil {
		return err
	}
	if len(dead) == 0 {
		return portal.ErrNotFound
	}
	id := text(dead["id"])
	at := time.Now().Add(unhandled) // where the stream should not bring it
	_, err = t.db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: &t.name, Key: name.key().item(),
		UpdateExpression:         aws.String("SET #state = :failed, tries = :none, DuePK = :pk, DueSK = :sk REMOVE ListPK ADD again :one"),
		ConditionExpression:      aws.String("#state = :dead"),
		ExpressionAttributeNames: map[string]string{"#state": "state"},
		ExpressionAttributeValues: item{
			":failed": str(string(Failed)), ":dead": str(string(Dead)), ":none": number(0), ":one": number(1),
			":pk": str(duePK(id)), ":sk": str(dueSK(at, text(dead["org_id"]), id)),
		},
	})
	var alive *types.ConditionalCheckFailedException
	if errors.As(err, &alive) {
		return ErrNotDead
	}
	return failed(err, "revive a notice")
}
