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
			account, err := t.Account(ctx, in.Org, in.ID)
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
			return rest.OK("Password changed"), change(ctx, t, account, func(account table.Account) (table.Account, error) {
				return withPassword(account, *said.Password, in.At)
			})
		},
	}
}

// withPassword is the account with another password than it has and had.
func withPassword(account table.Account, password secret.Value, now time.Time) (table.Account, error) {
	before := account.History
	if account.Password != "" {
		before = append([]string{account.Password}, before...)
	}
	if slices.ContainsFunc(before, func(hash string) bool { return isPassword(hash, password) }) {
		return account, unfit("password is one of the last %d; choose another.", remembered+1)
	}
	hash, err := hashed(password)
	if err != nil {
		return account, err
	}
	account.Password, account.PasswordUpdated = hash, portal.Timestamp(now)
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
	if text == "" || len(text) > longestText {
		return "", unfit("password has %d bytes; send 1 to %d.", len(text), longestText)
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(text), cost)
	return string(hash), err
}

// isPassword tells whether the hash is of the password, or is the password.
func isPassword(hash string, password secret.Value) bool {
	text := password.Reveal()
	return text == hash || bcrypt.CompareHashAndPassword([]byte(hash), []byte(text)) == nil
}

func unfit(format string, arguments ...any) error {
	return portal.Refuse(portal.Invalid, "Developer password validation failed. "+format, arguments...)
}
