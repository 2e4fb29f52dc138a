package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/sync/errgroup"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// login is what verify reads first: what was said, and which developer has that e-mail.
type login struct {
	Username string        `json:"username"` // an e-mail address
	Password *secret.Value `json:"password"`
	id       string
}

// nobody is an id that no developer has.
const nobody = "000000000000000000000000"

// POST /api/portal/developers/verify_credentials: is this a developer's e-mail and password? Who is unknown, has no password or
// gives a wrong one learns the same, and waits as long for it.
func verify(t *table.Table) rest.Operation[login] {
	return rest.Operation[login]{
		Route:   "POST /api/portal/developers/verify_credentials",
		MaxBody: 16 << 10, // it is read before it is known who asks
		First: func(ctx context.Context, in rest.In) (l login, err error) {
			if err = rest.Decode(in.Body, &l); err != nil {
				return l, err
			}
			l.Username = strings.TrimSpace(l.Username) // it is often pasted
			if l.Username == "" || l.Password == nil || l.Password.IsZero() {
				return l, portal.Refuse(portal.Invalid, "username and password are both needed; username is the developer's e-mail address.")
			}
			if l.id = nobody; len(l.Username) > portal.LongestEmail {
				return l, nil
			}
			id, err := t.DeveloperByEmail(ctx, in.Org, l.Username)
			switch {
			case errors.Is(err, portal.ErrNotFound):
				return l, nil
			case err == nil:
				l.id = id
			}
			return l, err
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, l login) (rest.Out, error) {
			account, err := attempt(ctx, t, who.Org, l, in.At)
			if err != nil {
				return rest.Out{}, err
			}
			if !anyMatches(account.Password, forms(*l.Password), bcrypt.CompareHashAndPassword) {
				return rest.Out{}, portal.ErrNotAuthorised
			}
			if err := tooOld(account, in.At); err != nil {
				return rest.Out{}, errors.Join(t.ForgetLogins(ctx, who.Org, l.Username), err)
			}
			return rest.OK(account.ID), t.LoggedIn(ctx, account, l.Username, in.At)
		},
	}
}

// attempt reads whom the login is for, and notes beside it that somebody tries.
func attempt(ctx context.Context, t *table.Table, org string, l login, now time.Time) (account table.Account, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := t.CountLogin(ctx, org, l.Username, now)
		var locked *table.Locked
		if errors.As(err, &locked) {
			refusal := portal.Refuse(portal.Unauthorised, "Not authorised: too many failed logins under this name; try again after %s.", portal.Timestamp(locked.Until))
			refusal.Meta = map[string]string{"locked_until": portal.Timestamp(locked.Until)}
			return refusal
		}
		return err
	})
	group.Go(func() (err error) {
		account, err = t.Account(ctx, org, l.id)
		if errors.Is(err, portal.ErrNotFound) {
			return nil
		}
		if account.Deleting { // who leaves is nobody already
			account = table.Account{}
		}
		return err
	})
	return account, group.Wait()
}

// anyMatches tells whether the hash is of a form of the password. Each form that it is not of takes the same work, and how many there
// are hangs on what was typed: the time still tells nothing of what is stored.
func anyMatches(hash string, forms [][]byte, compare func(hash, password []byte) error) bool {
	return slices.ContainsFunc(forms, func(form []byte) bool { return matches(hash, form, compare) })
}

// matches tells whether the hash is of the password. A no takes the work of the dearest hash there may be, whatever hash there
// is, so that the time tells nobody whether there is one: a hash of cost c takes 2^c rounds, and 2^c + 2^c + 2^(c+1) + ... is 2^dearest.
func matches(hash string, text []byte, compare func(hash, password []byte) error) bool {
	c, err := bcrypt.Cost([]byte(hash))
	if err != nil || len(text) > longestText { // there is no password, or this is none
		_ = compare(decoy(dearest), text)
		return false
	}
	if compare([]byte(hash), text) == nil {
		return true
	}
	for ; c < dearest; c++ {
		_ = compare(decoy(c), text)
	}
	return false
}

// decoy is a hash of a cost that nobody knows the password of.
func decoy(cost int) []byte {
	return fmt.Appendf(nil, "$2a$%02d$%s", cost, strings.Repeat("x", 52)+"u")
}

// tooOld refuses a password that has outlived the developer's password_max_days.
func tooOld(account table.Account, now time.Time) error {
	if account.PasswordMaxDays == 0 {
		return nil
	}
	updated, err := time.Parse(time.RFC3339Nano, account.PasswordUpdated)
	if err == nil && now.Before(updated.AddDate(0, 0, account.PasswordMaxDays)) {
		return nil
	}
	refusal := portal.Refuse(portal.Unauthorised, "Not authorised: the password is older than %d days; set a new one with POST /api/portal/developers/password/%s.",
		account.PasswordMaxDays, account.ID)
	refusal.Meta = map[string]bool{"password_expired": true}
	return refusal
}
