package table_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// TestKeyNamed looks keys up by all that they are called, and by what they are not.
func TestKeyNamed(t *testing.T) {
	t.Parallel()
	books := desktest.New(t, fixture.Keys).Table
	finns, err := books.KeyNamed(t.Context(), fixture.Org, fixture.Finn, fixture.FinnsKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ org, developer, name, found string }{
		"by its shown hash":                {fixture.Org, fixture.Finn, fixture.FinnsKey, fixture.FinnsKey},
		"by its id":                        {fixture.Org, fixture.Finn, finns.ID, fixture.FinnsKey},
		"by its client's id":               {fixture.Org, fixture.Finn, fixture.FinnsClient, fixture.FinnsClient},
		"suspended":                        {fixture.Org, fixture.Finn, fixture.FinnsSuspended, fixture.FinnsSuspended},
		"rotated":                          {fixture.Org, fixture.Finn, fixture.FinnsRotated, fixture.FinnsRotated},
		"expired":                          {fixture.Org, fixture.Finn, fixture.FinnsExpired, fixture.FinnsExpired},
		"of nobody in particular":          {fixture.Org, "", fixture.FinnsKey, fixture.FinnsKey},
		"a client of nobody's":             {fixture.Org, "", fixture.FinnsClient, fixture.FinnsClient},
		"another developer's":              {fixture.Org, fixture.Ben, fixture.FinnsKey, ""},
		"another developer's, by its id":   {fixture.Org, fixture.Ben, finns.ID, ""},
		"another organisation's":           {fixture.OtherOrg, fixture.Finn, fixture.FinnsKey, ""},
		"another organisation's, by id":    {fixture.OtherOrg, fixture.Finn, finns.ID, ""},
		"another organisation's, nobody's": {fixture.OtherOrg, "", fixture.FinnsKey, ""},
		"by its digest":                    {fixture.Org, fixture.Finn, finns.Digest, ""},
		"by a part of its hash":            {fixture.Org, fixture.Finn, fixture.FinnsKey[:8], ""},
		"by its request":                   {fixture.Org, fixture.Finn, finns.Request, ""},
		"by nothing":                       {fixture.Org, fixture.Finn, "", ""},
		"by nothing, of nobody":            {fixture.Org, "", "", ""},
		"of a developer who is not there":  {fixture.Org, "5efdbdb749960c000137ffff", fixture.FinnsKey, ""},
	} {
		k, err := books.KeyNamed(t.Context(), c.org, c.developer, c.name)
		switch {
		case c.found == "" && !errors.Is(err, portal.ErrNotFound):
			t.Errorf("%s: %+v, %v", name, k, err)
		case c.found != "" && (err != nil || k.Shown != c.found || k.Developer != fixture.Finn):
			t.Errorf("%s: %+v, %v", name, k, err)
		}
	}
	// It is not said that there is none: who revokes would take that for revoked.
	if k, err := books.KeyNamed(t.Context(), fixture.Org, "", finns.ID); kindOf(err) != portal.Invalid || !strings.HasPrefix(err.Error(), "Invalid key ID:") {
		t.Errorf("by its id, of nobody in particular: %+v, %v", k, err)
	}
}

// Tyk's short hashes meet. Which key is meant is said by its id then, and by whose it is where that is enough.
func TestKeysOfOneShownHash(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	const hash = "90568dfa"
	first := stand(t, desk, table.IssuedKey{Shown: hash})
	bens := stand(t, desk, table.IssuedKey{Shown: hash, Developer: fixture.Ben})
	named := func(developer, name string) (table.IssuedKey, error) {
		k, err := desk.Table.KeyNamed(t.Context(), fixture.Org, developer, name)
		if err != nil {
			return table.IssuedKey{}, err
		}
		return *k, nil
	}
	_, err := named("", hash)
	meet(t, err, hash, first, bens)
	for _, k := range []table.IssuedKey{first, bens} {
		if got, err := named(k.Developer, hash); err != nil || got.ID != k.ID {
			t.Errorf("%s's: %+v, %v", k.Developer, got, err)
		}
	}
	second := stand(t, desk, table.IssuedKey{Shown: hash})
	_, err = named(fixture.Ada, hash)
	meet(t, err, hash, first, second)
	for _, k := range []table.IssuedKey{first, second} {
		if got, err := named(fixture.Ada, k.ID); err != nil || got.ID != k.ID {
			t.Errorf("by its id: %+v, %v", got, err)
		}
	}
	revoke(t, desk, first)
	if got, err := named(fixture.Ada, hash); err != nil || got.ID != second.ID {
		t.Errorf("with the first revoked: %+v, %v", got, err)
	}
	if got, err := named(fixture.Ada, first.ID); !errors.Is(err, portal.ErrNotFound) {
		t.Errorf("the first: %+v, %v", got, err)
	}
}

// meet holds that an error says that keys meet in one shown hash, and which they are.
func meet(t *testing.T, err error, hash string, keys ...table.IssuedKey) {
	t.Helper()
	var refusal *portal.Error
	if !errors.As(err, &refusal) || refusal.Kind != portal.Conflict || !strings.HasPrefix(refusal.Message, fmt.Sprintf("%d keys are shown as %s;", len(keys), hash)) {
		t.Errorf("%v, want that %d keys meet", err, len(keys))
		return
	}
	said := fmt.Sprint(refusal.Meta)
	for _, k := range keys {
		if !strings.Contains(said, k.ID+" "+k.Developer) {
			t.Errorf("Meta %s does not name %s of %s", said, k.ID, k.Developer)
		}
	}
}

// revoke ends a key, as somebody who may.
func revoke(t testing.TB, desk *desktest.Desk, k table.IssuedKey) {
	t.Helper()
	if err := desk.Table.WriteKey(t.Context(), changed(k, func(k *table.IssuedKey) { k.State, k.Holds = table.Revoked, nil })); err != nil {
		t.Fatal(err)
	}
}

// changed is a change of a key, as Act would write it.
func changed(before table.IssuedKey, change func(*table.IssuedKey)) table.KeyChange {
	after := before
	change(&after)
	after.Revision, after.Attempt = before.Revision+1, portal.NewID(time.Now())
	return table.KeyChange{Before: before, After: after, History: table.KeyHistory{Act: "changed", State: after.State, Policies: after.Policies, Revision: after.Revision}}
}

// TestKeysOf reads a developer's keys page by page, newest first, whatever comes and goes meanwhile.
func TestKeysOf(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	var ids []string
	for range 5 {
		ids = append(ids, stand(t, desk, table.IssuedKey{Shown: "s"}).ID)
	}
	stand(t, desk, table.IssuedKey{Shown: "s", Developer: fixture.Chen})
	slices.Reverse(ids)
	for size, pages := range map[int][][]string{
		1: {ids[:1], ids[1:2], ids[2:3], ids[3:4], ids[4:]}, 2: {ids[:2], ids[2:4], ids[4:]}, 4: {ids[:4], ids[4:]}, 5: {ids}, 6: {ids}, 100: {ids},
	} {
		after := ""
		for n, want := range pages {
			plan.Reset()
			keys, next, err := desk.Table.KeysOf(t.Context(), fixture.Org, fixture.Ada, after, size)
			if got := keyIDs(keys); err != nil || !slices.Equal(got, want) || (next == "") != (n == len(pages)-1) || len(plan.Calls()) != 2 {
				t.Fatalf("page %d of %d at a time: %v, next %q, %v; want %v", n+1, size, got, next, err, want)
			}
			after = next
		}
	}
}

// A page begins where the one before ended, though what ended it be gone. Who has no keys, or none after that, has an empty page.
func TestEndsOfKeys(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	var keys []table.IssuedKey
	for range 4 {
		keys = append(keys, stand(t, desk, table.IssuedKey{Shown: "s"}))
	}
	revoke(t, desk, keys[2])
	for name, c := range map[string]struct {
		org, developer, after string
		want                  []string
	}{
		"from the newest on":         {fixture.Org, fixture.Ada, "", []string{keys[3].ID, keys[1].ID, keys[0].ID}},
		"after one that is revoked":  {fixture.Org, fixture.Ada, keys[2].ID, []string{keys[1].ID, keys[0].ID}},
		"after the last":             {fixture.Org, fixture.Ada, keys[0].ID, nil},
		"of one who has none":        {fixture.Org, fixture.Dora, "", nil},
		"of another organisation's":  {fixture.OtherOrg, fixture.Ada, "", nil},
		"of nobody":                  {fixture.Org, "5efdbdb749960c000137ffff", "", nil},
		"after what never was there": {fixture.Org, fixture.Ada, strings.Repeat("0", 24), nil},
	} {
		found, next, err := desk.Table.KeysOf(t.Context(), c.org, c.developer, c.after, 3)
		if err != nil || !slices.Equal(keyIDs(found), c.want) || next != "" {
			t.Errorf("%s: %v, next %q, %v; want %v", name, keyIDs(found), next, err, c.want)
		}
	}
}

func keyIDs(keys []table.IssuedKey) []string {
	var ids []string
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	return ids
}

// One Query reads 1 MB. Of clients with long lists of addresses that is less than a page: the list goes on from there.
func TestKeysLongerThanOneAnswer(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	const many = 150
	long := strings.Repeat("x", 8<<10)
	var items []map[string]types.AttributeValue
	str := func(format string, arguments ...any) types.AttributeValue {
		return &types.AttributeValueMemberS{Value: fmt.Sprintf(format, arguments...)}
	}
	for n := range many {
		id := fmt.Sprintf("%024x", many-n)
		client := &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"client_id": str("%d", n), "redirect_uri": str("%s", long)}}
		items = append(items,
			map[string]types.AttributeValue{
				"PK": str("ORG#%s#DEVELOPER#%s", fixture.Org, fixture.Ada), "SK": str("KEY#f%023x", n), "digest": str("%d", n), "client": client,
			},
			map[string]types.AttributeValue{"PK": str("KEY#%d", n), "SK": str("KEY"), "id": str("%s", id), "digest": str("%d", n)})
	}
	tabletest.Restore(t, desk.Table, items)
	var found []string
	after, pages := "", 0
	for ; pages == 0 || after != ""; pages++ {
		keys, next, err := desk.Table.KeysOf(t.Context(), fixture.Org, fixture.Ada, after, many)
		if err != nil || len(keys) == 0 {
			t.Fatalf("page %d: %d keys, %v", pages+1, len(keys), err)
		}
		found, after = append(found, keyIDs(keys)...), next
	}
	if pages < 2 || len(found) != many || !slices.IsSortedFunc(found, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("%d keys on %d pages: %v", len(found), pages, found)
	}
	developer, next, err := desk.Table.Developer(t.Context(), fixture.Org, fixture.Ada, many, "")
	if err != nil || !developer.KeysTruncated || next == "" {
		t.Errorf("in the developer's document: truncated %t, next %q, %v", developer.KeysTruncated, next, err)
	}
}
