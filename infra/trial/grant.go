package trial

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Grant has a person ask, as AskFor does, and approve it, past the plan. It gives the key as the table has it.
func (d *Desk) Grant(by Person, input portal.RequestInput) (table.Request, table.IssuedKey) {
	d.t.Helper()
	r := d.AskFor(by, input)
	_, err := d.Unharmed().Issue(d.t.Context(), r, by.Act("approved"), "")
	d.must(err)
	for _, k := range d.Keys(r.ByUser) {
		if k.Request == r.ID {
			return d.Read(r.ID), k
		}
	}
	d.t.Fatalf("no key came of request %s", r.ID)
	return r, table.IssuedKey{}
}

// Keys are a developer's, newest first.
func (d *Desk) Keys(developer string) []table.IssuedKey {
	d.t.Helper()
	keys, _, err := d.Books.KeysOf(d.t.Context(), fixture.Org, developer, "", 100)
	d.must(err)
	return keys
}

// Key is a key as it stands.
func (d *Desk) Key(k table.IssuedKey) table.IssuedKey {
	d.t.Helper()
	now, err := d.Books.IssuedKey(d.t.Context(), k.Digest)
	d.must(err)
	if now == nil {
		d.t.Fatalf("the key %s is gone", k.ID)
	}
	return *now
}

// Offer adds a policy to the books, whose keys live for some time (0: for ever), and an entry for it that gives keys of a kind, under
// settings of its own. What was offered by that name before is replaced.
func (d *Desk) Offer(policy, kind, settings string, life time.Duration) {
	d.t.Helper()
	ctx := d.t.Context()
	document := fmt.Sprintf(`{"_id": %q, "name": %q, "key_expires_in": %d}`, policy, policy, life/time.Second)
	p, err := portal.NewPolicy(fixture.Org, portal.Object(document), time.Now())
	d.must(err)
	if _, err := d.Books.Policy(ctx, fixture.Org, policy); err != nil {
		d.must(d.Books.CreatePolicy(ctx, fixture.Org, p))
	} else {
		d.must(d.Books.ReplacePolicy(ctx, fixture.Org, p))
	}
	var entry portal.Entry
	d.must(json.Unmarshal([]byte(`{"policy_id": "`+policy+`", "auth_type": "`+kind+`", "config": `+settings+`}`), &entry))
	before, err := d.Books.Catalogue(ctx, fixture.Org)
	d.must(err)
	d.must(d.Books.ChangeCatalogue(ctx, fixture.Org, before, func(c table.Catalogue) (portal.Catalogue, error) {
		after := c.Catalogue
		after.Entries = slices.DeleteFunc(slices.Clone(c.Entries), func(e portal.Entry) bool { return e.PolicyID == policy })
		after.Entries = append(after.Entries, entry)
		return after, nil
	}))
}

// Retire has a policy be active no more.
func (d *Desk) Retire(policy string) {
	d.t.Helper()
	document := fmt.Sprintf(`{"_id": %q, "name": %q, "is_inactive": true}`, policy, policy)
	p, err := portal.NewPolicy(fixture.Org, portal.Object(document), time.Now())
	d.must(err)
	d.must(d.Books.ReplacePolicy(d.t.Context(), fixture.Org, p))
}
