package main

import (
	"crypto/sha256"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"keydesk/shared/table"
)

// longest is how long a verdict is believed. It is the whole delay of a revocation, so it counts from before the table was asked.
const longest = 10 * time.Second

// Bounds of what a process remembers: so many good keys, as many that open nothing, and JWTs. A verdict is a context, of which the
// usual has some 300 bytes and the largest 71 KB (each byte of 4 KB of fields or of 20 policies' ids may take six in JSON, and each
// field brings its member's name), and at the most 2 KB beside it (the largest public key, RSA of 8192 bits, is a half of them). So
// contexts are bounded by their bytes too: all together stays below 100 MB, of the 512 that the function has.
const (
	remembered      = 4096
	mostContexts    = 64 << 20 // bytes
	signaturesKnown = 1024
)

// digest is what is remembered by, and looked up.
type digest = [sha256.Size]byte

// verdict is what the table had to say of a key.
type verdict struct {
	reason   reason
	key, org string     // "" where no key was found
	context  string     // of a good key; "" while nobody has asked for its developer and policies
	public   *publicKey // of a jwt key
	began    time.Time  // before the table was asked
	until    time.Time
}

// newVerdict judges the key for itself. A yes ends after the longest time, or earlier with the key or its grace.
func newVerdict(k *table.IssuedKey, now time.Time) *verdict {
	v := &verdict{key: k.ID, org: k.OrgID, reason: over(k, now), began: now, until: now.Add(longest)}
	if v.reason != good {
		return v
	}
	if end := time.Unix(k.End(), 0); k.End() > 0 && end.Before(v.until) {
		v.until = end
	}
	return v
}

// refusal is the verdict where there is no key to judge.
func refusal(why reason, now time.Time) *verdict {
	return &verdict{reason: why, began: now, until: now.Add(longest)}
}

// needsStanding tells whether the key is good in itself, and no more is known.
func (v *verdict) needsStanding() bool { return v.reason == good && v.context == "" }

// fresh tells whether the verdict may still be believed, by both clocks that there are: the one that counts seconds stands still
// while Lambda has the process frozen, and the calendar may be put back.
func (v *verdict) fresh(now time.Time) bool {
	calendar := now.Round(0)
	return calendar.Before(v.until) && !calendar.Before(v.began.Round(0)) && now.Sub(v.began) < longest
}

// memory is what the process remembers. Good keys are apart from all others: whoever tries keys or signatures by the thousand makes it
// forget no good one. So are tokens: of them a client may sign a new one for each call, and what they stand for is one key.
type memory struct {
	mu        sync.Mutex
	good, bad *shelf
	tokens    *simplelru.LRU[digest, *signedToken]
}

func newMemory(size int) *memory {
	tokens, _ := simplelru.NewLRU[digest, *signedToken](signaturesKnown, nil) // fails for sizes below one
	return &memory{good: newShelf(size), bad: newShelf(size), tokens: tokens}
}

// recall gives the verdict that is still fresh. Remember leaves a key on one shelf alone.
func (m *memory) recall(id digest, now time.Time) (*verdict, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, is := m.good.Get(id)
	if !is {
		v, is = m.bad.Get(id)
	}
	return v, is && v.fresh(now)
}

// remember keeps a verdict in the place of the one before it. One that needs the key's standing yet comes of a bad signature, and is with the
// bad ones.
func (m *memory) remember(id digest, v *verdict) {
	m.mu.Lock()
	defer m.mu.Unlock()
	to, other := m.bad, m.good
	if v.reason == good && !v.needsStanding() {
		to, other = m.good, m.bad
	}
	other.Remove(id)
	to.put(id, v)
}

// recallToken gives the JWT that was found signed, by its text's digest.
func (m *memory) recallToken(id digest) (*signedToken, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.tokens.Get(id)
}

func (m *memory) rememberToken(id digest, t *signedToken) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens.Add(id, t)
}

// shelf holds the verdicts that were used last: so many, and so many bytes of contexts.
type shelf struct {
	*simplelru.LRU[digest, *verdict]
	bytes int
}

func newShelf(size int) *shelf {
	var s shelf
	var err error
	s.LRU, err = simplelru.NewLRU(size, func(_ digest, v *verdict) { s.bytes -= len(v.context) })
	if err != nil {
		panic(err) // a size below one
	}
	return &s
}

func (s *shelf) put(id digest, v *verdict) {
	s.Remove(id) // which Add would replace without a word
	s.Add(id, v)
	for s.bytes += len(v.context); s.bytes > mostContexts; {
		s.RemoveOldest()
	}
}
