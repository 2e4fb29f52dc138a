package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// story is all that is known of a subject, read once for all records of a batch.
type story struct {
	table.Affair
	of        table.Subject
	successor *table.IssuedKey // of a rotated key
	books     table.Books
}

// read reads the subject and its ledger and, if something is left to be told, what bears on that: two calls, and for a key one or two more.
func (d *deliverer) read(ctx context.Context, of table.Subject, records []record) (*story, error) {
	s := &story{of: of}
	var names []table.NoticeName
	var lines []string
	for i := range records {
		names = append(names, records[i].names()...)
		if of.Developer == "" && records[i].To == "" {
			lines = append(lines, records[i].Line)
		}
	}
	var err error
	if s.Affair, err = d.table.Affair(ctx, of, names, lines...); err != nil || !s.anyOpen(records) {
		return s, err
	}
	if s.Key != nil {
		if err := d.readKey(ctx, s, records); err != nil {
			return s, err
		}
	}
	switch {
	case of.Developer != "":
		s.books, err = d.table.Books(ctx, of.Org, of.Developer, nil)
	case s.Request != nil:
		s.books, err = d.table.Books(ctx, s.Request.OrgID, s.Request.ByUser, s.policies())
	}
	return s, err
}

// policies are all that a notice may name.
func (s *story) policies() []string {
	all := slices.Concat(s.Request.ApplyPolicies, s.Request.RemovePolicies)
	for _, line := range s.Lines {
		all = append(all, line.Policies...)
	}
	return all
}

// readKey reads what a key came of and, where it was revoked, what came of it.
func (d *deliverer) readKey(ctx context.Context, s *story, records []record) error {
	r, err := d.table.Request(ctx, s.Key.OrgID, s.Key.Request)
	switch {
	case errors.Is(err, portal.ErrNotFound): // there is nothing to tell, then
		return nil
	case err != nil:
		return err
	}
	s.Request = &r
	if s.Key.Rotation != nil && slices.ContainsFunc(records, func(one record) bool { return s.Lines[one.Line].Act == "revoked" }) {
		s.successor, err = d.table.LastOf(ctx, s.Key.Rotation.Successor)
	}
	return err
}

// names are the notices that a record may give.
func (r *record) names() []table.NoticeName {
	if r.To != "" {
		return []table.NoticeName{r.NoticeName}
	}
	var all []table.NoticeName
	for _, to := range tells(r.Subject, r.act) {
		name := r.NoticeName
		name.To = to
		if together(r.act, to) {
			name.Line = changes
		}
		all = append(all, name)
	}
	return all
}

// isOpen tells whether a notice is still to be sent: it is not in the ledger yet or, where it is sent again, nothing was noted since that
// was asked for.
func (s *story) isOpen(one *record, name table.NoticeName) bool {
	noted, is := s.Notices[name]
	goesOn := noted.State == table.Failed || noted.State == table.Waiting // it will be sent, and tells how things stand then
	switch {
	case one.To != "":
		return goesOn && noted.Tries == one.tries
	case name.Line == changes:
		return !is || !goesOn && s.Lines[one.Line].Revision > noted.Told
	}
	return !is
}

func (s *story) anyOpen(records []record) bool {
	for i := range records {
		for _, name := range records[i].names() {
			if s.isOpen(&records[i], name) {
				return true
			}
		}
	}
	return false
}

// facts are what bears on the notices of a record.
func (s *story) facts(one *record) *facts {
	f := &facts{org: s.of.Org, act: one.act, request: s.Request, key: s.Key, books: s.books}
	if s.of.Developer != "" {
		f.act, f.at = ofDeveloper(one)
		f.was, f.is = one.was, one.is
		if one.To != "" { // it is sent again: the ledger has the address
			f.was, f.is = s.Notices[one.NoticeName].Address, s.Notices[one.NoticeName].Address
		}
		return f
	}
	line, written := s.Lines[one.Line]
	if one.Line == changes && s.Request != nil {
		line, written = s.sinceThen(s.Notices[one.NoticeName].Told), true
	}
	if !written || s.Request == nil {
		f.gone = true
		return f
	}
	f.org, f.line, f.act = s.Request.OrgID, line, line.Act
	if one.Line == changes {
		f.told = s.Notices[one.NoticeName].Told
	}
	if f.act == "revoked" {
		f.successor = s.successor
	}
	f.at, _ = time.Parse(time.RFC3339Nano, line.At) // our own
	return f
}

// ofDeveloper is what happened to a developer, and when.
func ofDeveloper(one *record) (act string, at time.Time) {
	if changed, is := strings.CutPrefix(one.Line, passwordChanged+" "); is {
		at, _ = time.Parse(time.RFC3339Nano, changed) // our own
		return passwordChanged, at
	}
	if strings.HasPrefix(one.Line, emailChanged+" ") {
		return emailChanged, one.at
	}
	return welcome, portal.CreatedAt(one.Developer)
}
