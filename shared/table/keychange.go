package table

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"keydesk/shared/portal"
)

// KeyChange is one move of an issued key and all that comes of it. It is written whole or not at all.
type KeyChange struct {
	Before, After IssuedKey // After is one revision further
	History       KeyHistory
	Successor     *IssuedKey // of a rotation
	Older         *KeyChange // what becomes of the key before, in the same write
}

// KeyHistory is one line of a key's history: who did what, when. That it was granted stands in its request's.
type KeyHistory struct {
	At         string   `json:"at"`
	Act        string   `json:"act"` // "revoked", "suspended", "resumed", "rotated", "edited", "delivered again"
	By         string   `json:"by"`  // the credential's name
	Credential string   `json:"credential"`
	Role       string   `json:"role"`
	State      KeyState `json:"state"` // of the key, after the act
	Policies   []string `json:"policies"`
	Revision   int      `json:"revision"`
	RequestID  string   `json:"request_id"`            // of the call, as the log names it
	ForRequest string   `json:"for_request,omitempty"` // that asked for the edit, and whose approval is told
}

// ChangedKey says that a key is no longer what the caller of WriteKey had read: somebody else was faster.
type ChangedKey struct{ Now IssuedKey }

func (c *ChangedKey) Error() string {
	return fmt.Sprintf("key %s is %s, revision %d", c.Now.ID, c.Now.State, c.Now.Revision)
}

// WriteKey makes the change, if the key is still as Before says.
func (t *Table) WriteKey(ctx context.Context, c KeyChange) error {
	writes, err := t.keyWrites(c)
	if err != nil {
		return err
	}
	return t.transactCounted(ctx, writes, c.After.OrgID, c.After.Developer, c.occupied(), 0)
}

// KeyDeliveredAgain notes that the successor of a key was given once more to whom it had been given.
func (t *Table) KeyDeliveredAgain(ctx context.Context, k IssuedKey, h KeyHistory) error {
	return t.put(ctx, historyKey(issuedKey(k.Digest), k.Revision, portal.NewID(time.Now())), h)
}

// keyWrites are those of a change, and of the one that goes with it.
func (t *Table) keyWrites(c KeyChange) ([]write, error) {
	writes, err := t.writesOfOne(c)
	if err != nil || c.Older == nil {
		return writes, err
	}
	older, err := t.writesOfOne(*c.Older)
	return append(writes, older...), err
}

// writesOfOne are the key itself, its line of history, its place among the developer's keys, its plans, and its successor.
func (t *Table) writesOfOne(c KeyChange) ([]write, error) {
	k := c.After
	changed, err := t.changeIssued(c)
	if err != nil {
		return nil, err
	}
	history, err := t.create(historyKey(issuedKey(k.Digest), k.Revision, ""), c.History, unexpected("history"))
	if err != nil {
		return nil, err
	}
	writes := []write{changed, history}
	if c.Successor == nil { // which would have the plans now
		plans, err := t.heldWrites(c)
		if err != nil {
			return nil, err
		}
		writes = append(writes, plans...)
	}
	held := developersKeyKey(k.OrgID, k.Developer, k.ID)
	if k.Over() {
		return append(writes, t.remove(held, "", nil, nil), t.remove(shownKey(k.OrgID, k.Shown, k.Digest), "", nil, nil)), nil
	}
	beside, err := t.overwrite(held, besideDeveloper(&k))
	if err != nil || c.Successor == nil {
		return append(writes, beside), err
	}
	issued, err := t.issueWrites(c.Successor)
	return append(append(append(writes, beside), t.developerIsActive(k.OrgID, k.Developer)), issued...), err
}

// OlderThan is the key before a key, if it is good yet; else nil.
func (t *Table) OlderThan(ctx context.Context, k *IssuedKey, now time.Time) (*IssuedKey, error) {
	if k.Before == "" {
		return nil, nil
	}
	older, err := t.IssuedKey(ctx, k.Before)
	if err != nil || older == nil || older.Over() || older.Ended(now) {
		return nil, err
	}
	return older, nil
}

// changeIssued sets the attributes in which After differs. The whole item is not replaced: last_used is written beside all revisions.
func (t *Table) changeIssued(c KeyChange) (write, error) {
	k := issuedKey(c.After.Digest)
	before, err := k.with(c.Before)
	if err != nil {
		return write{}, err
	}
	after, err := k.with(c.After)
	if err != nil {
		return write{}, err
	}
	expression, names, values := difference(before, after)
	values[":was"] = number(c.Before.Revision)
	return t.update(k, expression, "revision = :was", names, values, func(found item) error {
		if len(found) == 0 {
			return portal.ErrNotFound
		}
		now, err := parseIssued(found)
		switch {
		case err != nil:
			return err
		case now.Attempt == c.After.Attempt: // an earlier try of this very write, its answer lost
			return nil
		case now.Revision == c.Before.Revision:
			return fmt.Errorf("key %s: revision %d is not what it says", now.ID, now.Revision)
		}
		return &ChangedKey{Now: *now}
	}), nil
}

// difference is the update that makes an item what it is to be, but for last_used.
func difference(before, after item) (expression string, names map[string]string, values item) {
	var set, remove []string
	names, values = map[string]string{}, item{}
	for name, value := range after {
		if name == "last_used" || reflect.DeepEqual(before[name], value) {
			continue
		}
		names["#"+name], values[":"+name] = name, value
		set = append(set, "#"+name+" = :"+name)
	}
	for name := range before {
		if _, stays := after[name]; !stays && name != "last_used" {
			names["#"+name] = name
			remove = append(remove, "#"+name)
		}
	}
	expression = "SET " + strings.Join(set, ", ") // the revision at least
	if len(remove) > 0 {
		expression += " REMOVE " + strings.Join(remove, ", ")
	}
	return expression, names, values
}

// grantWrites are the key that comes of a grant, and the end of the plans that its request has taken.
func (t *Table) grantWrites(k *IssuedKey) ([]write, error) {
	issued, err := t.issueWrites(k)
	if err != nil {
		return nil, err
	}
	plans, err := t.heldWrites(KeyChange{After: *k})
	return append(issued, plans...), err
}

// issueWrites are a new key for the data plane, its place among the developer's keys, and its shown hash.
func (t *Table) issueWrites(k *IssuedKey) ([]write, error) {
	taken := unexpected("issued key")
	if k.AuthType == portal.MutualTLS {
		taken = func(item) error { return ErrCertificateTaken }
	}
	issued, err := t.create(issuedKey(k.Digest), k, taken)
	if err != nil {
		return nil, err
	}
	held, err := t.create(developersKeyKey(k.OrgID, k.Developer, k.ID), besideDeveloper(k), unexpected("developer's key"))
	if err != nil {
		return nil, err
	}
	shown, err := t.create(shownKey(k.OrgID, k.Shown, k.Digest), struct {
		Developer string `json:"developer"`
	}{k.Developer}, unexpected("shown hash"))
	return []write{issued, held, shown}, err
}

// ErrCertificateTaken refuses a second key for one certificate. Revocation is final: a certificate whose key was revoked gets no other.
var ErrCertificateTaken = portal.Refuse(portal.Conflict, "certificate: there is or was a key for this certificate already; make a new certificate and send its fingerprint.")
