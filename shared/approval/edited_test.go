package approval

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// brief are books whose policy "brief" gives keys for an hour, and "long" for a day.
func brief() *table.Books {
	books := desk(portal.Config{})
	for name, seconds := range map[string]int64{"brief": 3600, "long": 86400} {
		books.Policies[name] = portal.Policy{ID: name, Active: true, KeyExpiresIn: seconds}
		books.Entries[name] = portal.Entry{PolicyID: name, AuthType: portal.AuthToken, Config: portal.Config{Override: true, EnableMultiSelection: true}}
	}
	return books
}

// living is a key for two policies, of which it has the only place of one.
func living() table.IssuedKey {
	return table.IssuedKey{
		ID: "id", Shown: "shown", AuthType: portal.AuthToken, State: table.Active, Policies: []string{"reviewed", "several"},
		Holds: map[string]string{"reviewed": "its request"}, Revision: 1,
	}
}

const hour = int64(3600)

func TestEdited(t *testing.T) {
	now := moment.Unix()
	own := map[string]string{"reviewed": "its request"}
	for name, c := range map[string]struct {
		added, removed []string
		places         map[string]string
		ends           map[string]int64 // of the policies that it has
		want           []string
		holds          map[string]string
		wantEnds       map[string]int64
		expires        int64
	}{
		"nothing":         {want: []string{"reviewed", "several"}, holds: own},
		"added":           {added: []string{"automatic"}, places: map[string]string{"automatic": "another"}, want: []string{"reviewed", "several", "automatic"}, holds: map[string]string{"reviewed": "its request", "automatic": "another"}},
		"removed":         {removed: []string{"reviewed"}, want: []string{"several"}, holds: map[string]string{}},
		"one for another": {added: []string{"claimed"}, removed: []string{"reviewed"}, places: map[string]string{"claimed": "another"}, want: []string{"several", "claimed"}, holds: map[string]string{"claimed": "another"}},
		"it ends":         {added: []string{"brief"}, want: []string{"reviewed", "several", "brief"}, holds: own, wantEnds: map[string]int64{"brief": now + hour}, expires: now + hour},
		"it ends sooner": {
			added: []string{"brief", "long"}, ends: map[string]int64{"several": now + 2*hour}, want: []string{"reviewed", "several", "brief", "long"}, holds: own,
			wantEnds: map[string]int64{"several": now + 2*hour, "brief": now + hour, "long": now + 24*hour}, expires: now + hour,
		},
		"it ends no later": {
			added: []string{"brief"}, ends: map[string]int64{"several": now + 60}, want: []string{"reviewed", "several", "brief"}, holds: own,
			wantEnds: map[string]int64{"several": now + 60, "brief": now + hour}, expires: now + 60,
		},
		"still it ends": {
			removed: []string{"reviewed"}, ends: map[string]int64{"several": now + 60}, want: []string{"several"}, holds: map[string]string{},
			wantEnds: map[string]int64{"several": now + 60}, expires: now + 60,
		},
		"it ends later": {
			removed: []string{"several"}, ends: map[string]int64{"several": now + 60, "reviewed": now + 90}, want: []string{"reviewed"}, holds: own,
			wantEnds: map[string]int64{"reviewed": now + 90}, expires: now + 90,
		},
		"it ends no more": {removed: []string{"several"}, ends: map[string]int64{"several": now + 60}, want: []string{"reviewed"}, holds: own},
	} {
		k := living()
		k.Ends, k.Expires = c.ends, first(c.ends)
		before := k
		before.Policies, before.Holds, before.Ends = slices.Clone(k.Policies), maps.Clone(k.Holds), maps.Clone(k.Ends)
		got, err := edited(k, brief(), c.added, c.removed, c.places, moment)
		if err != nil || !slices.Equal(got.Policies, c.want) || !maps.Equal(got.Holds, c.holds) || !maps.Equal(got.Ends, c.wantEnds) || got.Expires != c.expires {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if !reflect.DeepEqual(k, before) {
			t.Errorf("%s has changed what was there before: %+v", name, k)
		}
		got.Policies, got.Holds, got.Expires, got.Ends = k.Policies, k.Holds, k.Expires, k.Ends
		if !reflect.DeepEqual(got, before) {
			t.Errorf("%s changes more than policies, places and end: %+v", name, got)
		}
	}
}

func TestEditedRefuses(t *testing.T) {
	many := make([]string, portal.MaxPolicies)
	for i := range many {
		many[i] = fmt.Sprintf("p%d", i)
	}
	for name, c := range map[string]struct {
		key            func(*table.IssuedKey)
		added, removed []string
		kind           portal.Kind
		words          string
	}{
		"revoked":                   {func(k *table.IssuedKey) { k.State = table.Revoked }, []string{"automatic"}, nil, portal.NotFound, "Could not retrieve"},
		"rotated":                   {func(k *table.IssuedKey) { k.Rotation = &table.Rotation{Shown: "next", Ends: moment.Unix() + 9} }, []string{"automatic"}, nil, portal.Conflict, "change its successor next instead"},
		"expired":                   {func(k *table.IssuedKey) { k.Expires = moment.Unix() }, []string{"automatic"}, nil, portal.Conflict, "has expired"},
		"a client":                  {func(k *table.IssuedKey) { k.AuthType = portal.OAuth }, []string{"automatic"}, nil, portal.Conflict, "An OAuth client is for one policy"},
		"it is removed and not had": {nil, nil, []string{"automatic"}, portal.Conflict, "remove_policies: the key does not have the policy automatic."},
		"it is added and had":       {nil, []string{"several"}, nil, portal.Conflict, "apply_policies: the key has the policy several already."},
		"added and removed":         {nil, []string{"several"}, []string{"several"}, portal.Conflict, "apply_policies: the key has the policy several already."},
		"unknown":                   {nil, []string{"gone"}, nil, portal.Invalid, "there is no policy gone"},
		"not active":                {nil, []string{"inactive"}, nil, portal.Invalid, "the policy inactive is not active"},
		"of another kind":           {nil, []string{"basic"}, nil, portal.Invalid, "apply_policies: basic gives basic, and the key is one of the kind authToken"},
		"of two kinds":              {nil, []string{"automatic", "basic"}, nil, portal.Invalid, "one request is for one kind of key"},
		"none is left":              {nil, nil, []string{"reviewed", "several"}, portal.Conflict, "A key without policies opens nothing;"},
		"one too many":              {func(k *table.IssuedKey) { k.Policies = many }, []string{"automatic"}, nil, portal.Conflict, "The key would have 21 policies; 20 are the most."},
	} {
		k := living()
		if c.key != nil {
			c.key(&k)
		}
		_, err := edited(k, brief(), c.added, c.removed, nil, moment)
		refusedAs(t, name, err, c.kind, c.words)
	}
	k := living()
	k.Policies = many
	if got, err := edited(k, brief(), []string{"automatic"}, many[:1], nil, moment); err != nil || len(got.Policies) != portal.MaxPolicies {
		t.Errorf("one for another of twenty: %v, %d policies", err, len(got.Policies))
	}
	k.State, k.Policies = table.Suspended, []string{"reviewed"}
	if got, err := edited(k, brief(), []string{"automatic"}, nil, nil, moment); err != nil || got.State != table.Suspended {
		t.Errorf("one that is suspended: %v, %s", err, got.State)
	}
}

// Who may not decide adds only what nobody needs to decide. Each place that is new is the key's own.
func TestWithPolicies(t *testing.T) {
	const forbidden = "a policy that is added requires approval, or a rule says no. Create a request with key and apply_policies instead"
	for name, c := range map[string]struct {
		act   Act
		list  []string
		want  []string
		holds map[string]string
		words string
	}{
		"the same, turned round":   {clerk, []string{"several", "reviewed"}, []string{"several", "reviewed"}, map[string]string{"reviewed": "its request"}, ""},
		"fewer":                    {clerk, []string{"several"}, []string{"several"}, map[string]string{}, ""},
		"an automatic one":         {clerk, []string{"several", "reviewed", "automatic"}, []string{"several", "reviewed", "automatic"}, map[string]string{"reviewed": "its request", "automatic": "id"}, ""},
		"one to decide":            {clerk, []string{"several", "reviewed", "claimed"}, nil, nil, forbidden},
		"one without an entry":     {clerk, []string{"no entry"}, nil, nil, forbidden},
		"one of each":              {clerk, []string{"automatic", "claimed"}, nil, nil, forbidden},
		"a reviewer's":             {reviewer, []string{"claimed", "brief"}, []string{"claimed", "brief"}, map[string]string{"claimed": "id"}, ""},
		"a reviewer's, unknown":    {reviewer, []string{"reviewed", "gone"}, nil, nil, "there is no policy gone"},
		"a reviewer's, other kind": {reviewer, []string{"reviewed", "jwt"}, nil, nil, "apply_policies: jwt gives jwt,"},
	} {
		books := brief()
		books.Developer = &portal.Developer{}
		got, err := withPolicies(t.Context(), nil, c.act, books, c.list)(living())
		kind := portal.Invalid
		if c.words == forbidden {
			kind = portal.Forbidden
		}
		refusedAs(t, name, err, kind, c.words)
		if c.words == "" && (!slices.Equal(got.Policies, c.want) || !maps.Equal(got.Holds, c.holds)) {
			t.Errorf("%s: %v, %v", name, got.Policies, got.Holds)
		}
	}
}

// What is added to a key is added to that of a developer who may have one; policies are taken from anybody's.
func TestWithPoliciesOfWhom(t *testing.T) {
	for name, developer := range map[string]*portal.Developer{"nobody": nil, "inactive": {Inactive: true}} {
		books := brief()
		books.Developer = developer
		_, err := withPolicies(t.Context(), nil, reviewer, books, []string{"several", "automatic"})(living())
		refusedAs(t, name, err, portal.Conflict, "The key's developer is inactive;")
		if fewer, err := withPolicies(t.Context(), nil, reviewer, books, []string{"several"})(living()); err != nil || len(fewer.Policies) != 1 {
			t.Errorf("%s, fewer: %v, %v", name, fewer.Policies, err)
		}
	}
}

func TestEnds(t *testing.T) {
	books := brief()
	books.Policies["never"] = portal.Policy{ID: "never", Active: true, KeyExpiresIn: -1}
	for _, c := range []struct {
		policies []string
		want     map[string]int64 // seconds from now on
		first    int64            // 0: never
	}{
		{nil, nil, 0},
		{[]string{"reviewed"}, nil, 0},
		{[]string{"never"}, nil, 0},
		{[]string{"brief"}, map[string]int64{"brief": hour}, hour},
		{[]string{"long", "brief", "never"}, map[string]int64{"brief": hour, "long": 24 * hour}, hour},
		{[]string{"brief", "long"}, map[string]int64{"brief": hour, "long": 24 * hour}, hour},
		{[]string{"reviewed", "long"}, map[string]int64{"long": 24 * hour}, 24 * hour},
	} {
		want, end := map[string]int64{}, int64(0)
		for policy, seconds := range c.want {
			want[policy] = moment.Unix() + seconds
		}
		if c.first > 0 {
			end = moment.Unix() + c.first
		}
		got := ends(books, c.policies, moment.Add(time.Millisecond))
		if !maps.Equal(got, want) || first(got) != end {
			t.Errorf("%v: %v, the first at %d; want %v, %d", c.policies, got, first(got), want, end)
		}
	}
	for _, c := range [][3]int64{{0, 0, 0}, {0, 5, 5}, {5, 0, 5}, {5, 9, 5}, {9, 5, 5}, {5, 5, 5}} {
		if got := earlier(c[0], c[1]); got != c[2] {
			t.Errorf("of %d and %d: %d", c[0], c[1], got)
		}
	}
}
