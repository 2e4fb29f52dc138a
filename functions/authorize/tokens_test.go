package main

import (
	"context"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// counted is an authorizer whose questions to the table are counted.
type counted struct {
	*authorizer
	t            *testing.T
	clock        time.Time
	keys, stands int
	noted        []string
}

func counting(t *testing.T, keys ...*table.IssuedKey) *counted {
	c := &counted{authorizer: inMemory(keys...), t: t, clock: noon}
	issued, standing := c.issued, c.standing
	c.now = func() time.Time { return c.clock }
	c.issued = func(ctx context.Context, digest string) (*table.IssuedKey, error) {
		c.keys++
		return issued(ctx, digest)
	}
	c.standing = func(ctx context.Context, k *table.IssuedKey) (table.Standing, error) {
		c.stands++
		return standing(ctx, k)
	}
	c.used = func(_ context.Context, digest, _ string) error {
		c.noted = append(c.noted, digest)
		return nil
	}
	return c
}

// want asks, and compares the reason and what has been read until then.
func (c *counted) want(why reason, key string, keys, stands int) {
	c.t.Helper()
	before := c.keys + c.stands
	d, err := c.decide(c.t.Context(), &question{org: org, key: secret.New(key)})
	if err != nil || d.reason != why || (d.context == "") != (why != good) || d.remembered != (c.keys+c.stands == before) {
		c.t.Errorf("%+v, %v; want %q", d, err, why)
	}
	if c.keys != keys || c.stands != stands {
		c.t.Errorf("%d keys and %d standings have been read, want %d and %d", c.keys, c.stands, keys, stands)
	}
}

// numbered is a token unlike the ones of other numbers.
func numbered(t *testing.T, kid, pair string, n int) string {
	t.Helper()
	return signed(t, "ES256", map[string]any{"kid": kid}, map[string]any{"exp": noon.Unix() + 3600, "jti": n}, pairs()[pair])
}

func plainKey(t *testing.T) (string, *table.IssuedKey) {
	t.Helper()
	d := desk{t: t}
	key, k := d.mint(portal.AuthToken)
	return sent(key), &k
}

// A client that signs a token for each call costs the table no more than one that sends the same again, and takes nobody's place in memory.
func TestFreshTokens(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	plain, other := plainKey(t)
	c := counting(t, &k, other)
	c.memory = newMemory(2)
	c.want(good, plain, 1, 1)
	for n := range 20 {
		c.want(good, numbered(t, kid, "P-256", n), 2, 2)
	}
	c.want(good, plain, 2, 2)
	if c.good.Len() != 2 || c.bad.Len() != 0 {
		t.Errorf("%d good keys and %d bad ones are remembered", c.good.Len(), c.bad.Len())
	}
}

// A forged token of a key that is remembered is refused without a read, and changes nothing of what is remembered.
func TestForgedTokens(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	plain, other := plainKey(t)
	c := counting(t, &k, other)
	c.memory = newMemory(2)
	c.want(good, plain, 1, 1)
	mine := numbered(t, kid, "P-256", 0)
	c.want(good, mine, 2, 2)
	for n := range 20 {
		forged := numbered(t, kid, "P-256 too", n)
		c.want(tokenInvalid, forged, 2, 2)
		c.want(tokenInvalid, forged, 2, 2)
		c.want(tokenInvalid, mine[:len(mine)-4]+"AAAA", 2, 2)
	}
	c.want(good, mine, 2, 2)
	c.want(good, numbered(t, kid, "P-256", 1), 2, 2)
	c.want(good, plain, 2, 2)
	if c.good.Len() != 2 || c.bad.Len() != 0 || c.tokens.Len() != 2 {
		t.Errorf("%d good keys, %d bad ones and %d tokens are remembered", c.good.Len(), c.bad.Len(), c.tokens.Len())
	}
}

// A forged token of a key that nobody has used of late costs one read in ten seconds: no more is asked than who could have signed it.
// It is no use of the key, and pushes no good one out.
func TestForgedTokensFirst(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	k.LastUsed = ""
	plain, other := plainKey(t)
	c := counting(t, &k, other)
	c.memory = newMemory(1)
	c.want(good, plain, 1, 1)
	for n := range 20 {
		c.want(tokenInvalid, numbered(t, kid, "P-256 too", n), 2, 1)
	}
	c.want(good, plain, 2, 1)
	expired := signed(t, "ES256", map[string]any{"kid": kid}, map[string]any{"exp": noon.Unix()}, pairs()["P-256"])
	c.want(tokenExpired, expired, 2, 1)
	c.want(tokenExpired, expired, 2, 1)
	if len(c.noted) != 0 {
		t.Error("a forged token is noted as a use of the key")
	}
	c.want(good, numbered(t, kid, "P-256", 0), 3, 2)
	if len(c.noted) != 1 || c.bad.Len() != 0 {
		t.Errorf("noted %d times; %d bad keys are remembered", len(c.noted), c.bad.Len())
	}
	c.want(tokenInvalid, numbered(t, kid, "P-256 too", 0), 3, 2)
	c.want(good, numbered(t, kid, "P-256", 1), 3, 2)
}

// Between a forged token and a good one the key may have been switched off.
func TestForgedTokenThenRevoked(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	c := counting(t, &k)
	c.want(tokenInvalid, numbered(t, kid, "P-256 too", 0), 1, 0)
	k.State = table.Revoked
	c.want(revoked, numbered(t, kid, "P-256", 0), 2, 0)
	c.want(tokenInvalid, numbered(t, kid, "P-256 too", 0), 2, 0)
}

// A key that is not there is asked for once in ten seconds, whatever tokens name it.
func TestTokensOfNobody(t *testing.T) {
	kid, _ := jwtKey(t, "P-256")
	c := counting(t)
	for n := range 5 {
		c.want(unknown, numbered(t, kid, "P-256", n), 1, 0)
	}
	c.clock = c.clock.Add(longest)
	c.want(unknown, numbered(t, kid, "P-256", 0), 2, 0)
}

// That a token is known to be signed makes its key no better: what becomes of the key counts within the ten seconds, for tokens old and new.
func TestKeyOfTokensEnds(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*table.IssuedKey)
		at     time.Duration // of the change, and of the question after it
		want   reason
	}{
		"suspended":       {func(k *table.IssuedKey) { k.State = table.Suspended }, longest, suspended},
		"of another kind": {func(k *table.IssuedKey) { k.AuthType = portal.AuthToken }, longest, unknown},
		"expires":         {func(*table.IssuedKey) {}, 4 * time.Second, expired},
	} {
		t.Run(name, func(t *testing.T) {
			kid, k := jwtKey(t, "P-256")
			if c.want == expired {
				k.Expires = noon.Unix() + 4
			}
			d := counting(t, &k)
			old := numbered(t, kid, "P-256", 0)
			d.want(good, old, 1, 1)
			c.change(&k)
			d.clock = noon.Add(c.at - 1)
			d.want(good, old, 1, 1)
			d.want(good, numbered(t, kid, "P-256", 1), 1, 1)
			d.clock = noon.Add(c.at)
			d.want(c.want, old, 2, 1)
			d.want(c.want, numbered(t, kid, "P-256", 2), 2, 1)
		})
	}
}

// A token that one public key has checked is nothing to the key's next one.
func TestKeyOfTokensGetsAnotherPair(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	c := counting(t, &k)
	mine := numbered(t, kid, "P-256", 0)
	c.want(good, mine, 1, 1)
	k.PublicKey = public(t, "P-256 too")
	c.clock = noon.Add(longest)
	d, err := c.decide(t.Context(), &question{org: org, key: secret.New(mine)})
	if err != nil || d.reason != tokenInvalid {
		t.Errorf("%+v, %v", d, err)
	}
}

// A remembered token's own times are looked at each time, whichever way the clock goes.
func TestTimesOfRememberedTokens(t *testing.T) {
	kid, k := jwtKey(t, "P-256")
	c := counting(t, &k)
	token := signed(t, "ES256", map[string]any{"kid": kid}, jwt.MapClaims{"nbf": noon.Unix() + 33, "exp": noon.Unix() + 7}, pairs()["P-256"])
	c.want(tokenInvalid, token, 1, 0)
	c.clock = noon.Add(3 * time.Second)
	c.want(good, token, 2, 1)
	c.clock = noon.Add(7 * time.Second)
	c.want(tokenExpired, token, 2, 1)
	c.clock = noon.Add(3 * time.Second)
	c.want(good, token, 2, 1)
	c.clock = noon.Add(2 * time.Second)
	c.want(tokenInvalid, token, 3, 1)
}
