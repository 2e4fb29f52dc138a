package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/crypto/bcrypt"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// Limits of a password.
const (
	cost        = bcrypt.DefaultCost // Tyk's, too
	dearest     = 12                 // that a client's own hash may have: one more doubles what a login takes
	longestText = 72                 // bytes: bcrypt reads no further
	remembered  = 4                  // passwords before this one, none of which may come back
)

// POST /api/portal/developers/password/{id}: another password, which must not be one of the last.
func changePassword(t *table.Table) rest.Operation[table.Account] {
	return rest.Operation[table.Account]{
		Route: "POST /api/portal/developers/password/{id}",
		First: func(ctx context.Context, in rest.In) (table.Account, error) {
			account, err := accountIn(t)(ctx, in)
			if errors.Is(err, portal.ErrNotFound) {
				err = portal.Refuse(portal.NotFound, "Developer password validation failed.") // Tyk's words for it
			}
			return account, err
		},
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, account table.Account) (rest.Out, error) {
			var said struct {
				Password *secret.Value `json:"password"`
			}
			if err := rest.Decode(in.Body, &said); err != nil {
				return rest.Out{}, err
			}
			if said.Password == nil || said.Password.IsZero() {
				return rest.Out{}, unfit("password is missing; send the new one.")
			}
			password, err := chosen(said.Password)
			if err != nil {
				return rest.Out{}, err
			}
			return rest.OK("Password changed"), change(ctx, t, account, func(account table.Account) (table.Account, error) {
				if password.is(account.Password) && tooOld(account, in.At) == nil {
					return account, nil // the same call once more: its answer was lost
				}
				return password.giveTo(account, in.At)
			})
		},
	}
}

// newPassword is a password that is to be given to a developer. It remembers what it was compared with: bcrypt is slow, and a
// change that somebody else overtakes is made again.
type newPassword struct {
	sent secret.Value
	text secret.Value    // as it is hashed; empty where a hash was sent
	hash string          // that is kept of it, once that is known
	of   map[string]bool // by hash: whether it is of this password
}

// chosen is the password that a client sends; nil where it sends none, or an empty one.
func chosen(sent *secret.Value) (*newPassword, error) {
	if sent == nil || sent.IsZero() {
		return nil, nil //nolint:nilnil // no password is an answer, not a fault
	}
	p := &newPassword{sent: *sent, of: map[string]bool{"": false}}
	isHash, err := takenHash(*sent)
	switch {
	case err != nil:
		return nil, err
	case isHash:
		p.hash = sent.Reveal()
	default:
		p.text, err = prepared(*sent)
	}
	return p, err
}

// is tells whether the hash is of the password, in either of its forms, or is the password.
func (p *newPassword) is(hash string) bool {
	known, compared := p.of[hash]
	if !compared {
		known = p.sent.Reveal() == hash || slices.ContainsFunc(forms(p.sent), func(form []byte) bool {
			return bcrypt.CompareHashAndPassword([]byte(hash), form) == nil
		})
		p.of[hash] = known
	}
	return known
}

// giveTo is the account with another password than it has and had.
func (p *newPassword) giveTo(account table.Account, now time.Time) (table.Account, error) {
	before := account.History
	if account.Password != "" {
		before = append([]string{account.Password}, before...)
	}
	if slices.ContainsFunc(before, p.is) {
		return account, unfit("password is one of the last %d; choose another.", remembered+1)
	}
	if p.hash == "" {
		hash, err := bcrypt.GenerateFromPassword([]byte(p.text.Reveal()), cost)
		if err != nil {
			return account, err
		}
		p.hash = string(hash)
	}
	account.Password, account.PasswordUpdated = p.hash, portal.Timestamp(now)
	account.History = before[:min(remembered, len(before))]
	return account, nil
}

func unfit(format string, arguments ...any) error {
	return portal.Refuse(portal.Invalid, "Developer password validation failed. "+format, arguments...)
}
