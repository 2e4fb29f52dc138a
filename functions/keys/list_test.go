package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

// A developer's 250 keys are read page by page, each once, newest first, at three calls a page.
func TestManyKeys(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install)
	const more = 249
	multiply(t, d, more)
	var created []string
	seen := map[string]bool{}
	pages := 0
	for query := "?"; query != ""; pages++ {
		plan.Reset()
		said := call(t, d, fixture.PortalCredential, http.MethodGet, path(fixture.Ben)+query, "", http.StatusOK)
		var page struct{ Data []document }
		if err := json.Unmarshal([]byte(said.Text), &page); err != nil {
			t.Fatal(err)
		}
		for _, k := range page.Data {
			seen[k.ID] = true
			created = append(created, k.DateCreated)
		}
		if calls := plan.Calls(); len(calls) != 3 || len(page.Data) > keysAtOnce {
			t.Errorf("page %d shows %d keys, after %v", pages, len(page.Data), calls)
		}
		query = ""
		if link, more := said.Headers["Link"]; more {
			next, err := url.Parse(strings.Trim(strings.TrimSuffix(link, `; rel="next"`), "<>"))
			if err != nil || next.Path != path(fixture.Ben) {
				t.Fatalf("Link: %s (%v)", link, err)
			}
			query = "?" + next.RawQuery
		}
	}
	if len(seen) != more+1 || len(created) != more+1 || pages != 3 || !slices.IsSortedFunc(created, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("%d keys, %d of them different, on %d pages, the first of %s", len(created), len(seen), pages, created[0])
	}
}

// multiply makes more keys of the one that Ben has, each a second younger, as they would stand in the table after years.
func multiply(t *testing.T, d *desktest.Desk, more int) {
	t.Helper()
	text := func(format string, n int) types.AttributeValue {
		return &types.AttributeValueMemberS{Value: fmt.Sprintf(format, n)}
	}
	digest := stored(t, d, fixture.BensKey).Digest
	const countdown = 1<<62 - 1
	var items []map[string]types.AttributeValue
	for _, item := range tabletest.Dump(t, d.Table) {
		pk, sk := item["PK"].(*types.AttributeValueMemberS).Value, item["SK"].(*types.AttributeValueMemberS).Value
		issued, held := pk == "KEY#"+digest && sk == "KEY", strings.HasSuffix(pk, "#DEVELOPER#"+fixture.Ben) && strings.HasPrefix(sk, "KEY#")
		for n := 1; n <= more && (issued || held); n++ {
			another := maps.Clone(item)
			another["digest"], another["created"] = text("%064x", n), text("2020-01-01T%09d", n)
			if issued {
				another["PK"], another["id"] = text("KEY#%064x", n), text("5e%022x", n)
			} else {
				another["SK"] = text("KEY#a1%022x", countdown-n)
			}
			items = append(items, another)
		}
	}
	tabletest.Restore(t, d.Table, items)
}

// A key's state is what a person has said of it, or else what the clock says.
func TestStates(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	turned := func(ends int64) *table.Rotation { return &table.Rotation{Shown: "the successor", Ends: ends} }
	for name, c := range map[string]struct {
		key       table.IssuedKey
		state     string
		successor string
		expires   string
		graceEnds string
	}{
		"good":               {table.IssuedKey{State: table.Active}, "active", "", "", ""},
		"good for a second":  {table.IssuedKey{State: table.Active, Expires: now.Unix() + 1}, "active", "", "2027-01-15T08:00:01.000Z", ""},
		"expired":            {table.IssuedKey{State: table.Active, Expires: now.Unix()}, "expired", "", "2027-01-15T08:00:00.000Z", ""},
		"suspended":          {table.IssuedKey{State: table.Suspended}, "suspended", "", "", ""},
		"suspended, expired": {table.IssuedKey{State: table.Suspended, Expires: 1}, "suspended", "", "1970-01-01T00:00:01.000Z", ""},
		"in grace":           {table.IssuedKey{State: table.Active, Rotation: turned(now.Unix() + 1)}, "rotated", "the successor", "", "2027-01-15T08:00:01.000Z"},
		"after its grace":    {table.IssuedKey{State: table.Active, Rotation: turned(1)}, "rotated", "the successor", "", "1970-01-01T00:00:01.000Z"},
		"suspended in grace": {table.IssuedKey{State: table.Suspended, Rotation: turned(1)}, "suspended", "the successor", "", "1970-01-01T00:00:01.000Z"},
	} {
		d := show(&c.key, now)
		if d.State != c.state || d.Successor != c.successor || d.Expires != c.expires || d.GraceEnds != c.graceEnds {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// A key that a racing DELETE ends between the two reads of the list is left out: its place was read, and the key itself is over.
func TestWhatHasEndedIsNotListed(t *testing.T) {
	t.Parallel()
	for _, state := range []table.KeyState{table.Revoked} {
		d := desktest.New(t, fixture.Desk)
		digest := stored(t, d, fixture.BensKey).Digest
		for _, item := range tabletest.Dump(t, d.Table) {
			if item["PK"].(*types.AttributeValueMemberS).Value == "KEY#"+digest && item["SK"].(*types.AttributeValueMemberS).Value == "KEY" {
				item["state"] = &types.AttributeValueMemberS{Value: string(state)}
				tabletest.Restore(t, d.Table, []map[string]types.AttributeValue{item})
			}
		}
		said := call(t, d, fixture.PortalCredential, http.MethodGet, path(fixture.Ben), "", http.StatusOK)
		if said.Text != `{"Data":[]}` {
			t.Errorf("%s: %s", state, said.Text)
		}
	}
}
