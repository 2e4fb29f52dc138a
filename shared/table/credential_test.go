package table_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// found writes an organisation with credentials; their names are their hashes.
func found(t *testing.T, books *table.Table, credentials ...table.Credential) {
	t.Helper()
	if err := books.CreateOrganisation(t.Context(), table.Organisation{ID: fixture.Org, Name: "Orchard Bank", Created: 1}); err != nil {
		t.Fatal(err)
	}
	for _, c := range credentials {
		c.Org, c.Name, c.Role, c.Email = fixture.Org, c.Credential, caller.Reviewer, "r@example.com"
		if err := books.CreateCredential(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
}

func credential(hash string, created, expires int64) table.Credential {
	return table.Credential{ID: portal.NewID(time.Now()), Created: created, Caller: caller.Caller{Credential: hash, Expires: expires}}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	now := time.Now().Unix()
	revoked := credential("revoked", 1, 0)
	revoked.Revoked = now + 3600 // by a clock that is fast: revoked is revoked
	found(t, books, revoked, credential("good", 1, 0), credential("late", 1, now+60), credential("expired", 1, now), credential("long expired", 1, 1))
	for presented, want := range map[caller.Presented]string{
		{Org: fixture.Org, Hash: "good"}:         "good",
		{Org: fixture.Org, Hash: "late"}:         "late",
		{Org: fixture.Org, Hash: "expired"}:      "",
		{Org: fixture.Org, Hash: "long expired"}: "",
		{Org: fixture.Org, Hash: "revoked"}:      "",
		{Org: fixture.Org, Hash: "unknown"}:      "",
		{Org: fixture.OtherOrg, Hash: "good"}:    "",
	} {
		who, err := books.Caller(t.Context(), presented)
		switch {
		case want == "" && (!errors.Is(err, portal.ErrNotAuthorised) || who != caller.Caller{}):
			t.Errorf("%v is %+v, %v", presented, who, err)
		case want != "" && (err != nil || who.Name != want || who.Role != caller.Reviewer || who.Credential != want || who.Email != "r@example.com"):
			t.Errorf("%v is %+v, %v", presented, who, err)
		}
	}
}

func TestCredentialOfAnUnknownOrganisation(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	c := credential("hash", 1, 0)
	c.Org = fixture.Org
	err := books.CreateCredential(t.Context(), c)
	var refusal *portal.Error
	if !errors.As(err, &refusal) || refusal.Kind != portal.NotFound || !strings.Contains(err.Error(), fixture.Org) {
		t.Errorf("a credential for nobody: %v", err)
	}
	if items := tabletest.Items(t, books); len(items) > 0 {
		t.Errorf("it left %v", items)
	}
}

func TestAnOrganisationIsMadeOnce(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	found(t, books)
	var refusal *portal.Error
	if err := books.CreateOrganisation(t.Context(), table.Organisation{ID: fixture.Org, Name: "another"}); !errors.As(err, &refusal) || refusal.Kind != portal.Conflict {
		t.Errorf("a second time: %v", err)
	}
	all, err := books.Organisations(t.Context())
	if err != nil || !slices.Equal(all, []table.Organisation{{ID: fixture.Org, Name: "Orchard Bank", Created: 1}}) {
		t.Errorf("there are %v, %v", all, err)
	}
}

// However long a credential lives, a rotation gives the next one as long, and lets the old one end by the grace at the latest.
func TestRotate(t *testing.T) {
	t.Parallel()
	now := time.Now()
	in := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, c := range map[string]struct {
		created, expires int64
		grace            time.Duration
		oldEnds, newEnds int64
		revoked          int64
	}{
		"with a grace":          {in(-time.Hour), in(9 * time.Hour), time.Hour, in(time.Hour), in(10 * time.Hour), 0},
		"with a longer grace":   {in(-time.Hour), in(time.Minute), time.Hour, in(time.Minute), in(time.Hour + time.Minute), 0},
		"without any":           {in(-time.Hour), in(9 * time.Hour), 0, in(9 * time.Hour), in(10 * time.Hour), now.Unix()},
		"of one without an end": {in(-time.Hour), 0, time.Hour, in(time.Hour), 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			books := tabletest.New(t)
			old := credential("old", c.created, c.expires)
			found(t, books, old)
			all, err := books.Credentials(t.Context(), fixture.Org)
			if err != nil || len(all) != 1 {
				t.Fatal(all, err)
			}
			before := all[0]
			_, after, err := books.Rotate(t.Context(), before, "new", c.grace, now)
			if err != nil {
				t.Fatal(err)
			}
			next := before
			next.ID, next.Credential, next.First, next.Created, next.Expires = after.ID, "new", "old", now.Unix(), c.newEnds
			before.Successor, before.Expires, before.Revoked = after.ID, c.oldEnds, c.revoked
			want := map[string]table.Credential{after.ID: next, before.ID: before}
			if all, err = books.Credentials(t.Context(), fixture.Org); err != nil || len(all) != 2 {
				t.Fatal(all, err)
			}
			for _, got := range all {
				if got != want[got.ID] {
					t.Errorf("there is %+v, want %+v", got, want[got.ID])
				}
			}
		})
	}
}

// However often it is rotated, a credential's holder is who it was.
func TestRotateAgainAndAgain(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	old := credential("the first", 1, 0)
	found(t, books, old)
	old.Org = fixture.Org
	for _, hash := range []string{"the second", "the third", "the fourth"} {
		var err error
		if _, old, err = books.Rotate(t.Context(), old, hash, time.Hour, time.Now()); err != nil {
			t.Fatal(err)
		}
		who, err := books.Caller(t.Context(), caller.Presented{Org: fixture.Org, Hash: hash})
		if err != nil || who.Credential != hash || who.Holder() != "the first" {
			t.Errorf("%s is held by %s, %v", hash, who.Holder(), err)
		}
	}
}

func TestManyRotateOneCredential(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	found(t, books, credential("old", 1, time.Now().Add(time.Minute).Unix())) // it ends before the grace does: its end stays
	all, err := books.Credentials(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	const many = 20
	results := make([]error, many)
	var together errgroup.Group
	for n := range many {
		together.Go(func() error {
			_, _, results[n] = books.Rotate(t.Context(), all[0], strings.Repeat("n", n+1), time.Hour, time.Now())
			return nil
		})
	}
	_ = together.Wait()
	said := map[string]int{}
	for _, err := range results {
		var refusal *portal.Error
		switch {
		case err == nil:
			said["done"]++
		case errors.As(err, &refusal) && refusal.Kind == portal.Conflict && strings.Contains(err.Error(), "was rotated already"):
			said["refused"]++
		default:
			t.Error(err)
		}
	}
	if want := map[string]int{"done": 1, "refused": many - 1}; !maps.Equal(said, want) {
		t.Errorf("%v, want %v", said, want)
	}
	if all, err = books.Credentials(t.Context(), fixture.Org); err != nil || len(all) != 2 {
		t.Errorf("there are %d credentials, %v; want the old one and one successor", len(all), err)
	}
}

// What was revoked since the rotation was thought of has no successor; and a revocation counts whatever was written since it was.
func TestRotateAndRevoke(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	found(t, books, credential("first", 1, 0), credential("second", 1, 0))
	all, err := books.Credentials(t.Context(), fixture.Org)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	if err := books.Revoke(t.Context(), all[0], now); err != nil {
		t.Fatal(err)
	}
	var refusal *portal.Error
	if _, _, err := books.Rotate(t.Context(), all[0], "new", time.Hour, now); !errors.As(err, &refusal) || refusal.Kind != portal.Conflict {
		t.Errorf("rotate what is revoked: %v", err)
	}
	if _, _, err := books.Rotate(t.Context(), all[1], "newer", time.Hour, now); err != nil {
		t.Fatal(err)
	}
	if err := books.Revoke(t.Context(), all[1], now); err != nil {
		t.Fatal(err)
	}
	for hash, want := range map[string]bool{all[0].Credential: false, all[1].Credential: false, "new": false, "newer": true} {
		_, err := books.Caller(t.Context(), caller.Presented{Org: fixture.Org, Hash: hash})
		if (err == nil) != want {
			t.Errorf("the credential %s: %v", hash, err)
		}
	}
}

// What was done is told so, even if the answer was lost and the next try met a conflict first: what stands there then is our own.
func TestLostAnswersOfAnOperator(t *testing.T) {
	t.Parallel()
	credentials := func(t *testing.T, books *table.Table) []table.Credential {
		t.Helper()
		all, err := books.Credentials(t.Context(), fixture.Org)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for name, does := range map[string]func(*testing.T, *table.Table) error{
		"an organisation is made": func(t *testing.T, books *table.Table) error {
			return books.CreateOrganisation(t.Context(), table.Organisation{ID: fixture.OtherOrg, Name: "Their bank", Created: 2})
		},
		"a credential is made": func(t *testing.T, books *table.Table) error {
			c := credential("another", 1, 0)
			c.Org = fixture.Org
			return books.CreateCredential(t.Context(), c)
		},
		"a credential is rotated": func(t *testing.T, books *table.Table) error {
			_, next, err := books.Rotate(t.Context(), credentials(t, books)[0], "new", time.Hour, time.Now())
			if all := credentials(t, books); len(all) != 2 || all[0].Successor != next.ID && all[1].Successor != next.ID {
				t.Errorf("%s is in nobody's place: %+v", next.ID, all)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			plan := faults.New(t)
			books := tabletest.New(t, plan.Install)
			found(t, books, credential("old", 1, 0))
			plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost})
			plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 2})
			if err := does(t, books); err != nil {
				t.Error(err)
			}
		})
	}
}
