package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"keydesk/shared/portal"
)

// The kinds of values that flags take. Kong puts the flag's name before what they have to say.

// id names an organisation, a credential or a notice.
type id string

func (i *id) UnmarshalText(text []byte) error {
	if !portal.ValidID(string(text)) {
		return errors.New("24 lower-case hexadecimal digits are expected; the list commands show them") // what was given may be a credential
	}
	*i = id(text)
	return nil
}

// name is what people call an organisation, or the holder of a credential. Logs and histories show it.
type name string

const longestName = 100

func (n *name) UnmarshalText(text []byte) error {
	switch s := string(text); {
	case s == "" || strings.TrimSpace(s) != s:
		return errors.New("a name is expected, without a space before or after it")
	case utf8.RuneCountInString(s) > longestName:
		return fmt.Errorf("%d characters at the most", longestName)
	case !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return errors.New("it has a character that cannot be printed; leave it out")
	default:
		*n = name(s)
		return nil
	}
}

// email is the address of a credential's holder.
type email string

func (e *email) UnmarshalText(text []byte) error {
	if err := portal.ValidEmail("address", string(text)); err != nil {
		return err
	}
	*e = email(text)
	return nil
}

// end is when a credential ends: after a life, or at the end of a day; never, where it is neither.
type end struct {
	life time.Duration
	at   time.Time
}

const mostDays = 3650

func (e *end) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "never" {
		*e = end{}
		return nil
	}
	now := time.Now()
	last, err := time.Parse(time.DateOnly, s)
	given := end{at: last.AddDate(0, 0, 1)}
	if life, isDays := days(s); isDays {
		given, err = end{life: life}, nil
	}
	if at := given.of(now); err != nil || at <= now.Unix() || at > now.Add(mostDays*day).Unix() {
		return fmt.Errorf("days such as 90d, the last day such as 2027-01-31 (UTC), or never is expected: in the future, and within %d days", mostDays)
	}
	*e = given
	return nil
}

// of is when a credential that is made now ends, in Unix seconds; 0 is never.
func (e end) of(now time.Time) int64 {
	switch {
	case e == end{}:
		return 0
	case e.at.IsZero():
		return now.Add(e.life).Unix()
	default:
		return e.at.Unix()
	}
}

// Decode takes what follows the flag for its value, even -1d, so that the refusal is in these words and not in kong's.
func (e *end) Decode(ctx *kong.DecodeContext) error {
	return e.UnmarshalText([]byte(ctx.Scan.Pop().String()))
}

// grace is how long a credential or a secret that was rotated is good.
type grace time.Duration

const longestGrace = 30 * day

func (g *grace) UnmarshalText(text []byte) error {
	given, err := time.ParseDuration(string(text))
	if life, isDays := days(string(text)); isDays {
		given, err = life, nil
	}
	if err != nil || given < 0 || given > longestGrace {
		return errors.New("a time such as 30m, 24h or 7d is expected, of 30d at the most; 0 ends the old one at once")
	}
	*g = grace(given)
	return nil
}

// Decode is like end's.
func (g *grace) Decode(ctx *kong.DecodeContext) error {
	return g.UnmarshalText([]byte(ctx.Scan.Pop().String()))
}

const day = 24 * time.Hour

// days reads 90d.
func days(text string) (time.Duration, bool) {
	number, isDays := strings.CutSuffix(text, "d")
	n, err := strconv.ParseUint(number, 10, 16)
	return time.Duration(n) * day, isDays && err == nil
}

// stamp shows a time.
func stamp(seconds int64) string { return time.Unix(seconds, 0).UTC().Format("2006-01-02T15:04Z") }
