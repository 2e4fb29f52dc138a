package main

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strconv"
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
			password := chosen(said.Password)
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
	text secret.Value
	hash string          // that is kept of it, once that is known
	of   map[string]bool // by hash: whether it is of this password
}

// chosen is the password that a client sends; nil where it sends none, or an empty one.
func chosen(sent *secret.Value) *newPassword {
	if sent == nil || sent.IsZero() {
		return nil
	}
	return &newPassword{text: *sent, of: map[string]bool{"": false}}
}

// is tells whether the hash is of the password, or is the password.
func (p *newPassword) is(hash string) bool {
	known, compared := p.of[hash]
	if !compared {
		text := p.text.Reveal()
		known = text == hash || bcrypt.CompareHashAndPassword([]byte(hash), []byte(text)) == nil
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
		var err error
		if p.hash, err = hashed(p.text); err != nil {
			return account, err
		}
	}
	account.Password, account.PasswordUpdated = p.hash, portal.Timestamp(now)
	account.History = before[:min(remembered, len(before))]
	return account, nil
}

// bcryptHash is what bcrypt writes: version, cost, and 53 characters of salt and hash.
var bcryptHash = regexp.MustCompile(`^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$`)

// hashed is what is kept of a password: its bcrypt hash, or itself where it is one already.
func hashed(password secret.Value) (string, error) {
	text := password.Reveal()
	if parts := bcryptHash.FindStringSubmatch(text); parts != nil {
		if c, _ := strconv.Atoi(parts[1]); c < bcrypt.MinCost || c > dearest {
			return "", unfit("password is a bcrypt hash of cost %d; costs from %d to %d are taken.", c, bcrypt.MinCost, dearest)
		}
		return text, nil
	}
	if slices.Contains([]string{"$2a$", "$2b$", "$2y$"}, text[:min(4, len(text))]) {
		return "", unfit("password begins as a bcrypt hash does and is none; send it whole, of 60 characters.")
	}
	if text == "" || len(text) > longestText {
		return "", unfit("password has %d bytes; send 1 to %d.", len(text), longestText)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(text), cost)
	return string(hash), err
}

func unfit(format string, arguments ...any) error {
	return portal.Refuse(portal.Invalid, "Developer password validation failed. "+format, arguments...)
}
