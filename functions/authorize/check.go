package main

import (
	"cmp"
	"context"
	"encoding/hex"
	"log/slog"
	"time"

	"keydesk/shared/apikey"
	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// reason is why a key opens nothing.
type reason string

// The reasons; docs/check.md says what each means, and who mends it.
const (
	good              reason = "" // there is none
	noOrganisation    reason = "no_organisation"
	missing           reason = "missing"
	malformed         reason = "malformed"
	wrongOrganisation reason = "wrong_organisation"
	tokenInvalid      reason = "token_invalid"
	tokenExpired      reason = "token_expired"
	unknown           reason = "unknown"
	revoked           reason = "revoked"
	suspended         reason = "suspended"
	expired           reason = "expired"
	rotated           reason = "rotated"
	developerInactive reason = "developer_inactive"
	policyInactive    reason = "policy_inactive"
)

// check tells good keys from bad ones.
type check struct {
	*memory
	log *slog.Logger
	now func() time.Time

	// What it asks of the table.
	issued   func(ctx context.Context, digest string) (*table.IssuedKey, error)
	standing func(ctx context.Context, k *table.IssuedKey) (table.Standing, error)
	used     func(ctx context.Context, digest, day string) error
}

func newCheck(t *table.Table, log *slog.Logger) *check {
	return &check{memory: newMemory(remembered), log: log, now: time.Now, issued: t.IssuedKey, standing: t.Standing, used: t.Used}
}

// candidate is what may be a key: well-formed, and of the organisation as far as it can say.
type candidate struct {
	id          digest // what its verdict is remembered by; of a JWT: what this very token is
	kind        string
	org         string       // whose it has to be; may be empty
	header      secret.Value // that it came in, with its scheme
	certificate string
}

// decision is the answer to a question. Key and org are for the log.
type decision struct {
	reason     reason
	key, org   string
	context    string // of an allow
	remembered bool
}

// decide answers the question. What cannot be a key, or not one of the organisation's, costs no call.
func (c *check) decide(ctx context.Context, q *question) (decision, error) {
	p, refused := q.candidate()
	if refused != good {
		return decision{reason: refused, org: p.org}, nil
	}
	f, err := c.judge(ctx, &p, c.now())
	if err != nil {
		return decision{}, err
	}
	if f.read {
		c.remember(f.id, f.verdict)
	}
	d := decision{reason: cmp.Or(f.refused, f.reason), key: f.key, org: p.org, remembered: !f.read && f.verdict != noVerdict}
	switch {
	case p.org == "":
		d.org = f.org
	case f.org != "" && f.org != p.org: // which only now is known
		d.reason = wrongOrganisation
	}
	if d.reason == good {
		d.context = f.context
	}
	return d, nil
}

// longestCertificate is in bytes of PEM: some have a chain behind them.
const longestCertificate = 64 << 10

// candidate looks at what came before anything is read.
func (q *question) candidate() (candidate, reason) {
	if !q.organisation() {
		return candidate{}, noOrganisation
	}
	p := candidate{org: q.org, header: q.key, certificate: q.certificate}
	read, is := apikey.Read(q.key.Reveal())
	switch {
	case q.ambiguous:
		return p, malformed
	case !q.key.IsZero() && !is:
		return p, malformed
	case is && p.org != "" && !read.MayBeOf(p.org):
		return p, wrongOrganisation
	case is:
		p.id, p.kind = read.Digest, read.Kind
		return p, good
	case p.certificate == "":
		return p, missing
	case len(p.certificate) > longestCertificate:
		return p, malformed
	}
	p.id, p.kind = apikey.CertificateDigest(p.org, p.certificate), portal.MutualTLS
	return p, good
}

// found is what is known of a key that was presented, and what is wrong with the way in which it was.
type found struct {
	*verdict
	refused reason
	id      digest           // what the verdict is remembered by
	read    bool             // just now, so that it is yet to be remembered
	issued  *table.IssuedKey // that was read; nil: there is none
}

// noVerdict stands where nobody had to be asked.
var noVerdict = &verdict{}

// judge finds the key and all that its goodness hangs on: from memory, or from the table in two rounds. What comes of it is as old as
// its beginning.
func (c *check) judge(ctx context.Context, p *candidate, now time.Time) (found, error) {
	f, err := c.find(ctx, p, now)
	if err != nil || f.refused != good || !f.needsStanding() {
		return f, err
	}
	if !f.read { // a bad signature made somebody look at the key, and nothing more
		if f, err = c.readKey(ctx, f.id, f.id, p.kind, now); err != nil || !f.needsStanding() {
			return f, err
		}
	}
	s, err := c.readStanding(ctx, f.issued, now)
	if err != nil {
		return found{}, err
	}
	if f.reason = barred(f.issued, &s); f.reason == good {
		f.context, err = contextOf(f.issued, s.Policies)
	}
	return f, err
}

// find finds the key itself.
func (c *check) find(ctx context.Context, p *candidate, now time.Time) (found, error) {
	if p.kind == portal.JWT {
		return c.findByJWT(ctx, p, now)
	}
	if v, is := c.recall(p.id, now); is {
		return found{verdict: v}, nil
	}
	at := p.id
	if p.kind == portal.MutualTLS {
		fingerprint, err := portal.PresentedFingerprint(p.org, p.certificate)
		if err != nil {
			return found{verdict: refusal(malformed, now), id: p.id, read: true}, nil //nolint:nilerr // the verdict says it
		}
		at = apikey.CertificateDigest(p.org, fingerprint)
	}
	return c.readKey(ctx, p.id, at, p.kind, now)
}

// timeToAnswer is kept back of Lambda's time limit, so that a call which runs out of time is still answered.
const timeToAnswer = 300 * time.Millisecond

// readKey reads the key at a digest, if it is one of the kind, and judges it for itself.
func (c *check) readKey(ctx context.Context, id, at digest, kind string, now time.Time) (found, error) {
	ctx, cancel := awsenv.TimeToAnswer(ctx, timeToAnswer)
	defer cancel()
	k, err := c.issued(ctx, hex.EncodeToString(at[:]))
	if err != nil {
		return found{}, err
	}
	if k == nil || k.AuthType != kind {
		return found{verdict: refusal(unknown, now), id: id, read: true}, nil
	}
	v := newVerdict(k, now)
	if kind == portal.JWT {
		if v.public, err = readPublic(k.PublicKey); err != nil {
			return found{}, err
		}
	}
	return found{verdict: v, id: id, read: true, issued: k}, nil
}

// closed says why a key in a state opens nothing. What a later version may write there opens nothing either.
var closed = map[table.KeyState]reason{table.Suspended: suspended}

// over tells why the key itself, whoever its developer is, opens nothing.
func over(k *table.IssuedKey, now time.Time) reason {
	why, is := closed[k.State]
	switch {
	case is:
		return why
	case k.State != table.Active:
		return revoked
	case k.Expires > 0 && now.Unix() >= k.Expires:
		return expired
	case k.Ended(now):
		return rotated
	}
	return good
}

// barred tells why a key that is good in itself opens nothing.
func barred(k *table.IssuedKey, s *table.Standing) reason {
	if !s.DeveloperActive {
		return developerInactive
	}
	for _, id := range k.Policies {
		if policy := s.Policies[id]; !policy.Usable() { // the zero Policy of one that is gone is not
			return policyInactive
		}
	}
	if len(k.Policies) == 0 {
		return policyInactive
	}
	return good
}

// timeToNote is how long a call waits at the most for the note of its key's last use, from the beginning of the second round.
const timeToNote = 200 * time.Millisecond

// readStanding reads how the key's developer and policies stand. Beside it, the first time in a day (UTC), the key's last use is noted,
// whatever the round shows: it was presented, and good in itself. A note that fails refuses nobody, and the next round tries it
// again. It does not outlive the call: Lambda freezes the process after the answer.
func (c *check) readStanding(ctx context.Context, k *table.IssuedKey, now time.Time) (table.Standing, error) {
	ctx, cancel := awsenv.TimeToAnswer(ctx, timeToAnswer)
	defer cancel()
	noted := make(chan struct{})
	go func() {
		defer close(noted)
		day := now.UTC().Format(time.DateOnly)
		if k.LastUsed >= day {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, timeToNote)
		defer cancel()
		if err := c.used(ctx, k.Digest, day); err != nil {
			c.log.WarnContext(ctx, "last use not noted", "key", k.ID, "error", err)
		}
	}()
	s, err := c.standing(ctx, k)
	<-noted
	return s, err
}
