package table

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"keydesk/shared/portal"
)

// Catalogue is an organisation's catalogue as it stands. On the wire it is one document; here it is an item an entry, so that a
// decision reads the entry that it needs, and a head, which says which entries make up the catalogue at its revision.
type Catalogue struct {
	portal.Catalogue
	entries map[string]storedEntry // by place; also those that are of no revision, or of one that the head does not have yet
}

// catalogueHead is the head as stored. All that is written of a catalogue is written on condition of its revision.
type catalogueHead struct {
	Document string  `json:"document"` // all of the catalogue but its entries
	Order    []place `json:"order"`
	Revision int     `json:"revision"`
	Attempt  string  `json:"attempt"` // the invocation that wrote this revision
}

// place is where an entry stands in the table: under its policy. Further entries of the policy have a number, from 2 on, and
// those without a policy from 1 on.
type place struct {
	Entry    string `json:"entry"`
	Revision int    `json:"revision"` // that wrote it
}

type storedEntry struct {
	Document string `json:"document"`
	Revision int    `json:"revision"`
}

// CatalogueChanged says that the catalogue is no longer what the caller of WriteCatalogue had read: somebody else was faster.
type CatalogueChanged struct {
	ID       string
	Revision int
}

func (c *CatalogueChanged) Error() string {
	return fmt.Sprintf("the catalogue is at revision %d", c.Revision)
}

// errTorn is the answer when a catalogue was being written each time that it was read.
var errTorn = portal.Refuse(portal.Busy, "The catalogue is being changed; try again in a moment.")

// Catalogue reads the catalogue, whole and of one revision. An organisation without one has an empty one of revision 0.
func (t *Table) Catalogue(ctx context.Context, org string) (Catalogue, error) {
	const most = 8
	for attempt := 1; ; attempt++ {
		head, entries, err := t.readCatalogue(ctx, org)
		if err != nil {
			return Catalogue{}, err
		}
		if head.whole(entries) {
			return head.catalogue(org, entries)
		}
		if attempt == most || !pause(ctx, attempt) {
			return Catalogue{}, errTorn
		}
	}
}

// readCatalogue reads the head and all entries. DynamoDB reads item by item, so that a transaction may be half done in between.
func (t *Table) readCatalogue(ctx context.Context, org string) (head catalogueHead, entries map[string]storedEntry, err error) {
	k := catalogueKey(org)
	// bounded by what can be written: a catalogue that could not be answered is refused
	pages := dynamodb.NewQueryPaginator(t.db, &dynamodb.QueryInput{
		TableName: &t.name, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:    aws.String("PK = :pk AND begins_with(SK, :catalogue)"),
		ExpressionAttributeValues: item{":pk": str(k.PK), ":catalogue": str(k.SK)},
	})
	entries = map[string]storedEntry{}
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return head, nil, failed(err, "read the catalogue")
		}
		for _, it := range page.Items {
			if text(it["SK"]) == k.SK {
				err = parse(it, &head)
			} else {
				var e storedEntry
				err = parse(it, &e)
				entries[strings.TrimPrefix(text(it["SK"]), entryKey(org, "").SK)] = e
			}
			if err != nil {
				return head, nil, err
			}
		}
	}
	return head, entries, nil
}

// whole tells whether the entries are those of the head's revision. (One that it does not name is of an earlier revision or of
// a later one.)
func (h *catalogueHead) whole(entries map[string]storedEntry) bool {
	return !slices.ContainsFunc(h.Order, func(p place) bool {
		e, there := entries[p.Entry]
		return !there || e.Revision != p.Revision
	})
}

func (h *catalogueHead) catalogue(org string, entries map[string]storedEntry) (Catalogue, error) {
	if h.Revision == 0 {
		none, err := portal.NewCatalogue(org, "", "")
		return Catalogue{none.Catalogue, entries}, err
	}
	ordered := make([]portal.Entry, len(h.Order))
	for i, p := range h.Order {
		if err := json.Unmarshal([]byte(entries[p.Entry].Document), &ordered[i]); err != nil {
			return Catalogue{}, fmt.Errorf("stored entry %s: %v", p.Entry, err) //nolint:errorlint // it is no client's to read
		}
	}
	c, err := portal.StoredCatalogue([]byte(h.Document), ordered, h.Revision)
	return Catalogue{c, entries}, err
}

// Limits of one transaction, DynamoDB's own, less the head and a little for each item. It counts 4 MB of items: to be safe, both
// what is written and what stood there before.
const (
	mostChanged      = 99
	mostChangedBytes = 4<<20 - 2*(384<<10+mostChanged<<10)
)

// WriteCatalogue writes what differs from the catalogue as it was read, if it is still that one.
func (t *Table) WriteCatalogue(ctx context.Context, org string, before Catalogue, after portal.Catalogue) error {
	head := catalogueHead{
		Document: string(after.Head()), Order: before.arrange(after.Entries), Revision: before.Revision + 1, Attempt: portal.NewID(time.Now()),
	}
	condition, values := "attribute_not_exists(PK)", item(nil)
	if before.Revision > 0 {
		condition, values = "revision = :revision", item{":revision": number(before.Revision)}
	}
	first, err := t.replace(catalogueKey(org), head, condition, values, func(found item) error { return catalogueChanged(found, head.Attempt) })
	if err != nil {
		return err
	}
	changes, err := t.entryWrites(org, before, head, after.Entries)
	if err != nil {
		return err
	}
	return t.transact(ctx, append([]write{first}, changes...)...)
}

// ChangeCatalogue writes what change makes of the catalogue as it stands, and asks it anew when somebody else was faster. A catalogue that
// stays as it is keeps its revision.
func (t *Table) ChangeCatalogue(ctx context.Context, org string, before Catalogue, change func(Catalogue) (portal.Catalogue, error)) error {
	for attempt := 1; ; attempt++ {
		after, err := change(before)
		if err != nil || before.Revision > 0 && after.Equal(&before.Catalogue) {
			return err
		}
		err = t.WriteCatalogue(ctx, org, before, after)
		var changed *CatalogueChanged
		if !errors.As(err, &changed) {
			return err
		}
		if !pause(ctx, attempt) { // else all who lost would meet again, and all but one lose
			return errTooBusy
		}
		if before, err = t.Catalogue(ctx, org); err != nil {
			return err
		}
	}
}

// entryWrites are the entries that are new or changed, and those that are gone. They need no condition of their own: whoever
// writes an entry writes the head.
func (t *Table) entryWrites(org string, before Catalogue, head catalogueHead, entries []portal.Entry) ([]write, error) {
	var writes []write
	bytes, gone := 0, maps.Clone(before.entries)
	for i, p := range head.Order {
		delete(gone, p.Entry)
		if p.Revision != head.Revision {
			continue
		}
		stored := storedEntry{string(entries[i].Document()), p.Revision}
		bytes += len(stored.Document) + len(before.entries[p.Entry].Document)
		w, err := t.overwrite(entryKey(org, p.Entry), stored)
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	for _, entry := range slices.Sorted(maps.Keys(gone)) {
		bytes += len(gone[entry].Document)
		writes = append(writes, t.remove(entryKey(org, entry), "", nil, nil))
	}
	switch {
	case len(writes) > mostChanged:
		return nil, portal.Refuse(portal.TooLarge, "apis: %d entries are new, changed or gone; one call may change %d. Change fewer at a time.",
			len(writes), mostChanged)
	case bytes > mostChangedBytes:
		return nil, portal.Refuse(portal.TooLarge, "apis: the entries that are new, changed or gone have %d bytes together, before and after; one call may change %d. Change fewer at a time.",
			bytes, mostChangedBytes)
	}
	return writes, nil
}

// catalogueChanged reads what stands in the place of the revision that a write expected. Our own attempt there means that an
// earlier try of this very write was done and its answer lost.
func catalogueChanged(found item, attempt string) error {
	var head catalogueHead
	if err := parse(found, &head); err != nil {
		return err
	}
	if head.Attempt == attempt {
		return nil
	}
	now, err := portal.StoredCatalogue([]byte(head.Document), nil, head.Revision)
	if err != nil {
		return err
	}
	return &CatalogueChanged{ID: now.ID, Revision: now.Revision}
}

// arrange finds each entry its place: the first of a policy where a decision looks for it; a further one where the same stands
// already, so that to take one away does not rewrite all that follow; and the others wherever there is room.
func (c *Catalogue) arrange(entries []portal.Entry) []place {
	places, taken := make([]place, len(entries)), map[string]bool{}
	take := func(i int, entry string) {
		taken[entry] = true
		places[i] = place{entry, c.Revision + 1}
		if stored, there := c.entries[entry]; there && stored.Document == string(entries[i].Document()) {
			places[i].Revision = stored.Revision
		}
	}
	for i, e := range entries {
		if e.PolicyID != "" && !taken[e.PolicyID] {
			take(i, e.PolicyID)
		}
	}
	further := map[string][]string{} // by document
	for _, entry := range slices.Sorted(maps.Keys(c.entries)) {
		if document := c.entries[entry].Document; strings.Contains(entry, "#") {
			further[document] = append(further[document], entry)
		}
	}
	for i, e := range entries {
		document := string(e.Document())
		if same := further[document]; places[i].Entry == "" && len(same) > 0 {
			take(i, same[0])
			further[document] = same[1:]
		}
	}
	last := map[string]int{} // number, by policy
	for i, e := range entries {
		if places[i].Entry == "" {
			take(i, room(e.PolicyID, last, taken))
		}
	}
	return places
}

// room is the next place among a policy's further entries that nobody has taken.
func room(policy string, last map[string]int, taken map[string]bool) string {
	if last[policy] == 0 && policy != "" {
		last[policy] = 1 // the first has no number
	}
	for {
		last[policy]++
		if entry := fmt.Sprintf("%s#%d", policy, last[policy]); !taken[entry] {
			return entry
		}
	}
}
