package portal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// headShape is that of a catalogue without its apis, which are its entries, and its revision.
var headShape = shapeOf(`{"id": "", "org_id": "", "email": ""}`)

// catalogueMembers are all that a catalogue has at its top.
var catalogueMembers = append(document{{name: "apis"}, {name: "revision"}}, headShape...)

// Limits of a catalogue. The head and the order of the entries share one item of the table, and Lambda has to be able to
// answer with the whole, and with what a later version may add to it.
const (
	maxEntries        = 1000
	maxHeadBytes      = 64 << 10
	maxTravels        = MaxAnswer - 64<<10
	maxCatalogueParts = 10 * mostParts // a thousand complete entries have some 70,000
)

// Catalogue is what an organisation's developers can ask for: one document on the wire.
type Catalogue struct {
	ID       string // empty: there is none yet
	Entries  []Entry
	Revision int
	head     Object // all of the document but apis and revision
}

// CatalogueInput is a catalogue as a client sends it.
type CatalogueInput struct {
	Catalogue
	Whole  bool // it says what apis are
	CopyOf *int // the revision of the copy that the client has changed; nil: it does not say
}

// NewCatalogue reads what a client sends. Id, organisation and revision are the desk's to say.
func NewCatalogue(org, id string, sent Object) (CatalogueInput, error) {
	var in CatalogueInput
	if parts(string(sent)) > maxCatalogueParts {
		return in, Refuse(Invalid, "The catalogue has more than %d members, items, objects and lists in all; leave some out.", maxCatalogueParts)
	}
	text, err := sent.compact()
	if err != nil {
		return in, err
	}
	d := takeApart(text)
	if err := d.exact("", catalogueMembers); err != nil {
		return in, err
	}
	if sent := d.find("revision"); sent != nil {
		if in.CopyOf, err = revisionOf(sent.value); err != nil {
			return in, err
		}
	}
	head, err := readCompact("The catalogue", "", d.without("apis", "revision").text(), headShape)
	if err != nil {
		return in, err
	}
	in.ID, in.head = id, Object(head.set("id", quote(id)).set("org_id", quote(org)).text())
	if len(in.head) > maxHeadBytes {
		return in, Refuse(Invalid, "The catalogue is %d bytes long without its apis; at most %d are kept.", len(in.head), maxHeadBytes)
	}
	in.Whole = d.find("apis") != nil
	if in.Entries, err = entriesOf(d.get("apis")); err != nil {
		return in, err
	}
	return in, in.fits()
}

// revisionOf reads a catalogue's revision.
func revisionOf(value string) (*int, error) {
	n, err := strconv.Atoi(plainWhole(value))
	if err != nil || n < 0 {
		return nil, Refuse(Invalid, "revision: a whole number is expected, that of the catalogue that was read; without it, whatever is stored is replaced.")
	}
	return &n, nil
}

func entriesOf(apis string) ([]Entry, error) {
	var sent []string
	switch kind := kindOf(apis); kind {
	case "null":
	case "a list":
		sent = items(apis)
	default:
		return nil, Refuse(Invalid, "apis: a list is expected, not %s.", kind)
	}
	if len(sent) > maxEntries {
		return nil, Refuse(Invalid, "apis has %d entries; a catalogue may have %d.", len(sent), maxEntries)
	}
	entries := make([]Entry, len(sent))
	for i, text := range sent {
		place := fmt.Sprintf("apis[%d]", i)
		if kind := kindOf(text); kind != "an object" {
			return nil, Refuse(Invalid, "%s: an object is expected, not %s.", place, kind)
		}
		var err error
		if entries[i], err = newEntry(place, text); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// fits refuses a catalogue that could be written and never read.
func (c Catalogue) fits() error {
	text, err := c.MarshalJSON()
	if err == nil && Travels(string(text)) > maxTravels {
		err = Refuse(TooLarge, "apis: the entries are too long together to be read in one answer; shorten them, or take some away.")
	}
	return err
}

// StoredCatalogue puts a catalogue together again, of the head and of the entries in their order.
func StoredCatalogue(head []byte, entries []Entry, revision int) (Catalogue, error) {
	c := Catalogue{Entries: entries, Revision: revision}
	if err := json.Unmarshal(head, &c.head); err != nil {
		return c, fmt.Errorf("stored catalogue: %w", err)
	}
	c.ID = takeApart(string(c.head)).getText("id")
	return c, nil
}

// WithID is the catalogue under an id that it had before.
func (c Catalogue) WithID(id string) Catalogue {
	c.ID, c.head = id, Object(takeApart(string(c.head)).set("id", quote(id)).text())
	return c
}

// Equal tells whether two catalogues are the same document, whatever their revisions.
func (c *Catalogue) Equal(other *Catalogue) bool {
	return c.head == other.head && slices.EqualFunc(c.Entries, other.Entries, func(a, b Entry) bool { return a.document == b.document })
}

// Head is all of the document but apis and revision.
func (c *Catalogue) Head() Object { return c.head }

// MarshalJSON gives the document back as it came, its entries and its revision last.
func (c Catalogue) MarshalJSON() ([]byte, error) {
	var apis strings.Builder
	for i, e := range c.Entries {
		if i > 0 {
			apis.WriteByte(',')
		}
		apis.WriteString(string(e.document))
	}
	d := takeApart(string(c.head)).set("apis", "["+apis.String()+"]").set("revision", strconv.Itoa(c.Revision))
	return []byte(d.text()), nil
}

// Missing is how many of the entries are not among others: by their policy, or by their API and name where they have none.
func (c *Catalogue) Missing(others []Entry) int {
	left := map[string]int{}
	for i := range others {
		left[others[i].identity()]++
	}
	missing := 0
	for i := range c.Entries {
		if id := c.Entries[i].identity(); left[id] > 0 {
			left[id]--
		} else {
			missing++
		}
	}
	return missing
}

func (e *Entry) identity() string {
	if e.PolicyID != "" {
		return "policy " + e.PolicyID
	}
	d := takeApart(string(e.document))
	return "api " + d.get("api_id") + d.get("name")
}

// WithoutTokens is the catalogue for those who may not write it.
func (c Catalogue) WithoutTokens() Catalogue {
	shown := make([]Entry, len(c.Entries))
	for i, e := range c.Entries {
		shown[i] = e.WithoutToken()
	}
	c.Entries = shown
	return c
}
