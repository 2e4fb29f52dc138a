package portal

import "encoding/json"

// ContentKind is a kind of document that a portal shows. Keydesk has no pages: it keeps such documents, and uses none of them.
type ContentKind string

// The kinds. Of menus and CSS an organisation has one document each.
const (
	Page          ContentKind = "page"
	Documentation ContentKind = "documentation"
	Menus         ContentKind = "menus"
	CSS           ContentKind = "css"
)

// MostContent is how many documents of a kind an organisation may have. All pages fit in one answer, however they are escaped.
func (k ContentKind) MostContent() int {
	switch k {
	case Page:
		return 40
	case Documentation:
		return 100
	default:
		return 1
	}
}

// maxBytes is how long a document may be. The longest fits in an item of the table, which holds 400 KB.
func (k ContentKind) maxBytes() int {
	switch k {
	case Documentation:
		return 350 << 10
	default:
		return 64 << 10
	}
}

// shape has the members that Tyk's documents name. It is read when it is needed, so that no other function reads it at its start.
func (k ContentKind) shape() document {
	switch k {
	case Page:
		return shapeOf(`{"id": "", "org_id": "", "title": "", "slug": "", "template_name": "", "fields": {}, "is_homepage": false, "page_settings": {}}`)
	case Documentation:
		return shapeOf(`{"id": "", "org_id": "", "api_id": "", "doc_type": "", "documentation": ""}`)
	case Menus:
		return shapeOf(`{"id": "", "org_id": "", "menus": {}, "is_active": false}`)
	default:
		return shapeOf(`{"id": "", "org_id": "", "page_css": "", "email_css": ""}`)
	}
}

// Content is one such document. It is shown as its owner wrote it, completed with what it lacks.
type Content struct {
	ID       string // empty: the organisation has none yet
	document Object
}

// NewContent is the document that a client sends. Its id and its organisation are the desk's to say.
func NewContent(kind ContentKind, org, id string, sent Object) (Content, error) {
	d, err := readDocument("The document", sent, kind.shape())
	if err != nil {
		return Content{}, err
	}
	for _, name := range []string{"api_id", "doc_type"} { // a list shows them
		if kind == Documentation && len(d.getText(name)) > maxName {
			return Content{}, Refuse(Invalid, "%s: must have at most %d bytes.", name, maxName)
		}
	}
	c := Content{ID: id, document: Object(d.set("id", quote(id)).set("org_id", quote(org)).text())}
	if len(c.document) > kind.maxBytes() {
		return Content{}, Refuse(Invalid, "The document is %d bytes long; at most %d are kept.", len(c.document), kind.maxBytes())
	}
	return c, nil
}

// WithID is the document under an id that it had before.
func (c Content) WithID(id string) Content {
	return Content{ID: id, document: Object(takeApart(string(c.document)).set("id", quote(id)).text())}
}

// Summary is what a list shows of a documentation: all that Tyk's documents name but the text itself.
func (c Content) Summary() Content {
	whole, short := takeApart(string(c.document)), document{}
	for _, name := range []string{"id", "org_id", "api_id", "doc_type"} {
		short = short.set(name, whole.get(name))
	}
	return Content{ID: c.ID, document: Object(short.text())}
}

// UnmarshalJSON reads a document that is stored.
func (c *Content) UnmarshalJSON(text []byte) error {
	var stored Object
	if err := json.Unmarshal(text, &stored); err != nil {
		return err
	}
	compact, err := stored.compact()
	if err == nil {
		*c = Content{ID: takeApart(compact).getText("id"), document: Object(compact)}
	}
	return err
}

// Equal tells whether two are the same document.
func (c *Content) Equal(other *Content) bool { return c.document == other.document }

// MarshalJSON gives the document back as it came.
func (c Content) MarshalJSON() ([]byte, error) { return c.document.MarshalJSON() }
