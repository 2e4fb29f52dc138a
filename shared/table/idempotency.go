package table

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"keydesk/shared/portal"
)

// remembered is how long a create's Idempotency-Key is. DynamoDB's TTL comes days late, so that the time is checked here.
const remembered = 24 * time.Hour

// Replay is a create under an Idempotency-Key: who said it, with which body, and the id that was answered.
type Replay struct {
	Body      string `json:"body"` // SHA-256 of the request's body
	ID        string `json:"id"`
	ExpiresAt int64  `json:"expires_at"` // Unix seconds, also the table's TTL
	holder    string
	given     string
}

// NewReplay is the create that the holder of a credential says with a key and a body; nil without a key.
func NewReplay(holder, given string, body []byte, now time.Time) *Replay {
	if given == "" {
		return nil
	}
	sum := sha256.Sum256(body)
	return &Replay{Body: hex.EncodeToString(sum[:]), ExpiresAt: now.Add(remembered).Unix(), holder: holder, given: given}
}

func (r *Replay) key(org string) key { return idempotencyKey(org, r.holder, r.given) }

func (r *Replay) saidAt() int { return int(r.ExpiresAt) - int(remembered.Seconds()) }

// parse reads what stands under r's key; nil when nothing does, or no longer.
func (r *Replay) parse(it item) (*Replay, error) {
	if it == nil {
		return nil, nil //nolint:nilnil // no replay is an answer, not a fault
	}
	var before Replay
	if err := parse(it, &before); err != nil {
		return nil, err
	}
	if before.ExpiresAt <= time.Now().Unix() {
		return nil, nil //nolint:nilnil // as above
	}
	if before.Body != r.Body {
		return nil, portal.Refuse(portal.Conflict, "Idempotency-Key was used before with another body; use a new one for another request.")
	}
	return &before, nil
}

// Replayed says that the create was done before, and what its answer was.
type Replayed struct{ ID string }

func (r *Replayed) Error() string { return "created before, as " + r.ID }
