package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"
	"unsafe"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// inMemory is an authorizer whose table is these keys.
func inMemory(keys ...*table.IssuedKey) *authorizer {
	c := &check{memory: newMemory(remembered), log: slog.New(slog.DiscardHandler), now: func() time.Time { return noon }}
	c.issued = func(_ context.Context, digest string) (*table.IssuedKey, error) {
		for _, k := range keys {
			if digest == k.Digest {
				return k, nil
			}
		}
		return nil, nil //nolint:nilnil // as the table answers
	}
	c.standing = func(_ context.Context, k *table.IssuedKey) (table.Standing, error) {
		s := table.Standing{DeveloperActive: true, Policies: map[string]portal.Policy{}}
		for _, id := range k.Policies {
			s.Policies[id] = portal.Policy{ID: id, Active: true, Limits: portal.Limits{Rate: "1", Per: "1", QuotaMax: "-1", QuotaRenewalRate: "60"}}
		}
		return s, nil
	}
	c.used = func(context.Context, string, string) error { return nil }
	return &authorizer{settings: settings{header: "Authorization", org: org}, check: c}
}

func mintedToken(t testing.TB) apikey.Key {
	t.Helper()
	key, err := apikey.Mint(rand.Reader, org, portal.AuthToken, apikey.Base64)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func payload(t testing.TB, event any) []byte {
	t.Helper()
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func pair(name, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(name+":"+password))
}

// swapped is the text with the case of its letters swapped.
func swapped(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z':
			return c - 'a' + 'A'
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		}
		return c
	}, text)
}

// A verdict ends to the millisecond: after ten seconds, or with the key or its grace, whichever is first.
func TestVerdictEnds(t *testing.T) {
	now := noon.Unix()
	for name, c := range map[string]struct {
		change func(*table.IssuedKey)
		lasts  time.Duration
		then   reason
	}{
		"ten seconds":                 {func(*table.IssuedKey) {}, 10 * time.Second, good},
		"expiry":                      {func(k *table.IssuedKey) { k.Expires = now + 4 }, 4 * time.Second, expired},
		"grace":                       {func(k *table.IssuedKey) { k.Rotation = &table.Rotation{Ends: now + 3} }, 3 * time.Second, rotated},
		"grace before expiry":         {func(k *table.IssuedKey) { k.Expires = now + 5; k.Rotation = &table.Rotation{Ends: now + 2} }, 2 * time.Second, rotated},
		"expiry before grace":         {func(k *table.IssuedKey) { k.Expires = now + 2; k.Rotation = &table.Rotation{Ends: now + 5} }, 2 * time.Second, expired},
		"expiry after ten seconds":    {func(k *table.IssuedKey) { k.Expires = now + 11 }, 10 * time.Second, good},
		"a no":                        {func(k *table.IssuedKey) { k.State = table.Suspended }, 10 * time.Second, suspended},
		"a no of an expired key":      {func(k *table.IssuedKey) { k.Expires = now - 5 }, 10 * time.Second, expired},
		"a no of a key, its time set": {func(k *table.IssuedKey) { k.State, k.Expires = table.Suspended, now+2 }, 10 * time.Second, suspended},
	} {
		t.Run(name, func(t *testing.T) {
			key := mintedToken(t)
			k := table.IssuedKey{ID: "key", Digest: key.Digest(), OrgID: org, AuthType: portal.AuthToken, Policies: []string{gold}, State: table.Active}
			c.change(&k)
			a, clock, asked := inMemory(&k), noon, 0
			a.now = func() time.Time { return clock }
			issued := a.issued
			a.issued = func(ctx context.Context, digest string) (*table.IssuedKey, error) {
				asked++
				clock = clock.Add(700 * time.Millisecond) // a slow table: the verdict is as old as the question
				return issued(ctx, digest)
			}
			q := question{org: org, key: key.Raw()}
			first, err := a.decide(t.Context(), &q)
			if err != nil || asked != 1 {
				t.Fatalf("%v, %d reads", err, asked)
			}
			clock = noon.Add(c.lasts - time.Millisecond)
			if d, err := a.decide(t.Context(), &q); err != nil || !d.remembered || d.reason != first.reason || asked != 1 {
				t.Errorf("a millisecond before the end: %+v, %v, %d reads", d, err, asked)
			}
			clock = noon.Add(c.lasts)
			if d, err := a.decide(t.Context(), &q); err != nil || d.remembered || d.reason != c.then || asked != 2 {
				t.Errorf("at the end: %+v, %v, %d reads; want %q", d, err, asked, c.then)
			}
		})
	}
}

// Neither clock makes a verdict live longer: not the one that counts seconds, which stands still while Lambda has the process frozen,
// nor the calendar, which may be put back.
func TestVerdictAndClocks(t *testing.T) {
	now := time.Now()
	v := newVerdict(&table.IssuedKey{State: table.Active}, now)
	calendar := now.Round(0)
	for name, c := range map[string]struct {
		now  time.Time
		want bool
	}{
		"at once":                     {now, true},
		"by the calendar alone":       {calendar, true},
		"just before the end":         {now.Add(longest - 1), true},
		"at the end":                  {now.Add(longest), false},
		"at the end, by the calendar": {calendar.Add(longest), false},
		"thawed after ten seconds":    {moved(now, longest), false},
		"thawed after an hour":        {moved(now, time.Hour), false},
		"the calendar was put back":   {moved(now, -time.Second), false},
		"and did not advance":         {moved(now.Add(longest), -longest), false},
	} {
		if v.fresh(c.now) != c.want {
			t.Errorf("%s: it is fresh: %v", name, !c.want)
		}
	}
}

// moved is the time with its calendar put forward or back by whole seconds, and its count of seconds as it was: no function of
// package time does that.
func moved(t time.Time, by time.Duration) time.Time {
	const nanoseconds = 30 // bits of them, below the seconds
	inside := (*struct {
		wall uint64
		ext  int64
	})(unsafe.Pointer(&t)) //nolint:gosec // package time's own layout
	inside.wall += uint64(by/time.Second) << nanoseconds //nolint:gosec // a negative one wraps as it has to
	return t
}

// A no turns into a yes, and a yes into a no, within the ten seconds.
func TestVerdictTurns(t *testing.T) {
	d := open(t)
	key, k := d.mint(portal.AuthToken)
	token := sent(key)
	d.want(unknown, d.ask(event(token)))
	d.grant(k)
	d.want(unknown, d.ask(event(token)))
	d.clock = d.clock.Add(longest)
	d.want(good, d.ask(event(token)))
	d.change(k, func(k *table.IssuedKey) { k.State = table.Suspended })
	d.want(good, d.ask(event(token)))
	d.clock = d.clock.Add(longest)
	d.want(suspended, d.ask(event(token)))
	k.State, k.Revision = table.Suspended, 2
	d.change(k, func(k *table.IssuedKey) { k.State = table.Active })
	d.want(suspended, d.ask(event(token)))
	d.clock = d.clock.Add(longest)
	d.want(good, d.ask(event(token)))
}

// Whoever tries keys by the thousand does not push good ones out, and memory does not grow by it.
func TestMemoryIsBounded(t *testing.T) {
	key := mintedToken(t)
	k := table.IssuedKey{ID: "key", Digest: key.Digest(), OrgID: org, AuthType: portal.AuthToken, Policies: []string{gold}, State: table.Active}
	a := inMemory(&k)
	a.memory = newMemory(8)
	q := question{org: org, key: key.Raw()}
	if d, err := a.decide(t.Context(), &q); err != nil || d.reason != good {
		t.Fatalf("%+v, %v", d, err)
	}
	for range 100 {
		if d, err := a.decide(t.Context(), &question{org: org, key: mintedToken(t).Raw()}); err != nil || d.reason != unknown {
			t.Fatalf("%+v, %v", d, err)
		}
	}
	if d, err := a.decide(t.Context(), &q); err != nil || !d.remembered {
		t.Errorf("the good key is forgotten: %+v, %v", d, err)
	}
	if a.good.Len() != 1 || a.bad.Len() != 8 {
		t.Errorf("%d good keys and %d bad ones are remembered", a.good.Len(), a.bad.Len())
	}
	for i := range 100 {
		a.remember(digest{byte(i)}, &verdict{context: "{}"})
	}
	if a.good.Len() != 8 || a.good.bytes != 8*len("{}") {
		t.Errorf("%d good keys are remembered, with %d bytes of contexts", a.good.Len(), a.good.bytes)
	}
}

// A key is remembered once, as what it was last.
func TestRememberedOnce(t *testing.T) {
	m, id, now := newMemory(2), digest{1}, time.Now()
	for _, was := range []verdict{{context: "{}"}, {reason: revoked}, {}, {context: `{"longer":""}`}, {context: "{}"}} {
		was.began, was.until = now, now.Add(longest)
		m.remember(id, &was)
		if v, is := m.recall(id, now); !is || v != &was || m.good.Len()+m.bad.Len() != 1 || m.good.bytes != len(was.context) {
			t.Errorf("%+v: recalled %+v, %v; %d and %d, %d bytes", was, v, is, m.good.Len(), m.bad.Len(), m.good.bytes)
		}
	}
}

// Contexts of the largest size there is fill no more of the function's memory than its bound says: there are fewer of them then.
func TestMemoryIsBoundedInBytes(t *testing.T) {
	const bound = 100 << 20
	used := func() uint64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	largest := largestContext(t)
	before, m, now := used(), newMemory(remembered), time.Now()
	_, stored := jwtKey(t, "RSA")
	for i := range 2 * remembered {
		public, err := readPublic(stored.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		public.key.(*rsa.PublicKey).N.SetBytes(bytes.Repeat([]byte{1}, 8192/8)) // the longest that is taken
		id := digest{byte(i), byte(i >> 8)}
		m.remember(id, &verdict{context: strings.Clone(largest), public: public, began: now, until: now.Add(longest)})
		id[2] = 1
		m.remember(id, &verdict{reason: revoked, public: public, began: now, until: now.Add(longest)})
		m.rememberToken(id, &signedToken{})
	}
	if n := m.good.Len(); n < mostContexts/len(largest) || n == remembered {
		t.Errorf("%d of the largest contexts are remembered", n)
	}
	if m.bad.Len() != remembered || m.tokens.Len() != signaturesKnown {
		t.Errorf("%d bad keys and %d tokens are remembered", m.bad.Len(), m.tokens.Len())
	}
	if now := used(); now > before+bound {
		t.Errorf("it takes %d MB", (now-before)>>20)
	}
	runtime.KeepAlive(m)
}

// Nothing is remembered of what could not be read.
func TestFailureIsNotRemembered(t *testing.T) {
	a := inMemory()
	a.issued = func(context.Context, string) (*table.IssuedKey, error) { return nil, errors.New("down") }
	if d, err := a.decide(t.Context(), &question{org: org, key: mintedToken(t).Raw()}); err == nil {
		t.Errorf("decided %+v", d)
	}
	if a.good.Len()+a.bad.Len() != 0 {
		t.Error("it is remembered")
	}
}
