package rest

import (
	"encoding/json"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Paging is how much of a list one answer shows.
type Paging struct {
	Size       int    // of a page
	MaxUnpaged int    // that p=-1 shows at the most
	PublicURL  string // of the API, for links to the next page; empty: the domain that the gateway answers for
}

// PagingFromEnv are the settings of the template. It panics where one makes no sense.
func PagingFromEnv() Paging {
	return Paging{Size: positive("KEYDESK_PAGE_SIZE"), MaxUnpaged: positive("KEYDESK_MAX_UNPAGED"), PublicURL: os.Getenv("KEYDESK_PUBLIC_URL")}
}

func positive(variable string) int {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 1 {
		panic(variable + " is not a positive number")
	}
	return n
}

// Page is the part of a list that a call asks for.
type Page struct {
	Skip  int  // objects before it
	Size  int  // objects on it
	Whole bool // p=-1: everything
}

// Page reads p: absent, 0 and 1 are the first page; -1, or less, is everything.
func (s Paging) Page(query url.Values) (Page, error) {
	text := query.Get("p")
	if text == "" {
		return Page{Size: s.Size}, nil
	}
	p, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return Page{}, portal.Refuse(portal.Invalid, "p: %.40q is not the number of a page; the first is 1, and -1 asks for everything.", text)
	case p < 0:
		return Page{Size: s.MaxUnpaged, Whole: true}, nil
	case p > table.MostCounted/s.Size:
		return Page{}, portal.Refuse(portal.TooLarge, "p: page numbers reach the newest %d; go on from there by the Link header, where the list has one.", table.MostCounted)
	}
	return Page{Skip: max(0, p-1) * s.Size, Size: s.Size}, nil
}

// Reads is how many objects to read for the page: one more than it shows, to know whether another page follows.
func (p Page) Reads() int { return p.Skip + p.Size + 1 }

// Pages is how many there are, at least where total is; everything at once is one.
func (p Page) Pages(total int) int {
	if p.Whole {
		return 1
	}
	return max(1, (total+p.Size-1)/p.Size)
}

// Part is what the page shows of what was read for it, and whether more follows. Cut says that one call may not read further, though there
// may be more. Everything at once has to be everything.
func Part[T any](p Page, read []T, cut bool) (shown []T, more bool, err error) {
	switch {
	case p.Whole && cut:
		return nil, false, portal.Refuse(portal.TooLarge, "The list is longer than one call reads; read it in pages, by the Link header.")
	case cut && p.Skip > 0 && len(read) <= p.Skip:
		return nil, false, portal.Refuse(portal.TooLarge, "p: one call does not read as far as that page of this list; go on from a page before it by the Link header.")
	}
	read = read[min(p.Skip, len(read)):]
	switch {
	case len(read) <= p.Size:
		return read, cut, nil
	case p.Whole:
		return nil, false, portal.Refuse(portal.TooLarge, "There are more than %d; read them in pages, with ?p=1, 2, ... or by the Link header, where the list has one.", p.Size)
	}
	return read[:p.Size], true, nil
}

const (
	atOnce     = 100     // objects that are read whole before they are written: what no answer holds is not read to its end
	aroundData = 1 << 10 // more than an answer has around its Data
)

// Written are the objects of a page as they will travel: as many as one answer holds, but always the first, since an answer that is too long
// for one object is refused. Read reads the objects that stand at some places, less those that are gone. On is the id to go on from; it
// is next where everything is there.
func Written[P, V any](p Page, places []P, next string, read func([]P) ([]V, error), id func(*V) string) (data []json.RawMessage, on string, err error) {
	data = []json.RawMessage{}
	used, last := aroundData, ""
	for chunk := range slices.Chunk(places, atOnce) {
		objects, err := read(chunk)
		if err != nil {
			return nil, "", err
		}
		for i := range objects {
			text, err := encode(&objects[i])
			if err != nil {
				return nil, "", err
			}
			text = strings.TrimSuffix(text, "\n")
			if used += portal.Travels(text) + len(","); used > portal.MaxAnswer && len(data) > 0 {
				if p.Whole {
					return nil, "", errTooLong
				}
				return data, last, nil
			}
			data, last = append(data, json.RawMessage(text)), id(&objects[i])
		}
	}
	return data, next, nil
}

// After is the id that the call's cursor stands for, of the list that a question names; empty where the call has none.
func After(in In, question string) (string, error) {
	cursor := in.Query.Get("cursor")
	switch {
	case cursor == "":
		return "", nil
	case in.Query.Get("p") != "":
		return "", portal.Refuse(portal.Invalid, "p and cursor exclude one another; send one of them.")
	}
	return table.After(in.Org, question, cursor)
}

// Next is the Link to the page that begins after a cursor: page numbers shift with every new object. Filters are the members
// of the query that the next page asks for as well.
func (s Paging) Next(in In, cursor string, filters ...string) map[string]string {
	base := s.PublicURL
	if base == "" {
		base = "https://" + in.Domain
	}
	query := url.Values{"cursor": {cursor}}
	for _, name := range filters {
		if value := in.Query.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	return map[string]string{"Link": "<" + base + (&url.URL{Path: in.Path}).EscapedPath() + "?" + query.Encode() + `>; rel="next"`}
}
