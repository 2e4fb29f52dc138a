package main

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

const verifyPath, text = collection + "/verify_credentials", "correct horse battery staple"

func hash(t testing.TB, password string, cost int) string {
	t.Helper()
	h, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		t.Fatal(err)
	}
	return string(h)
}

func credentials(email, password string) string {
	return fmt.Sprintf(`{"username": %q, "password": %q}`, email, password)
}

func TestLogin(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	send := func(method, path, body string) said {
		return call(t, d, d.Issuer().Table, who, method, path, body)
	}
	plain := send(http.MethodPost, collection, fmt.Sprintf(`{"email": "Plain@example.com", "password": %q}`, text))
	hashed := send(http.MethodPost, collection, fmt.Sprintf(`{"email": "hashed@example.com", "password": %q}`, hash(t, text, bcrypt.MinCost)))
	leaving := send(http.MethodPost, collection, fmt.Sprintf(`{"email": "leaving@example.com", "password": %q}`, hash(t, text, bcrypt.MinCost)))
	if err := d.Books.Leave(t.Context(), fixture.Org, leaving.Message, time.Now()); err != nil {
		t.Fatal(err)
	}
	none := send(http.MethodPost, collection, `{"email": "none@example.com"}`)
	for body, want := range map[string]said{
		credentials("Plain@example.com", text):                       {status: 200, Message: plain.Message},
		credentials("plain@EXAMPLE.com", text):                       {status: 200, Message: plain.Message},
		credentials("hashed@example.com", text):                      {status: 200, Message: hashed.Message},
		credentials("plain@example.com", text+"r"):                   {status: 401, Message: "Not authorised"},
		credentials("hashed@example.com", text[1:]):                  {status: 401, Message: "Not authorised"},
		credentials("none@example.com", text):                        {status: 401, Message: "Not authorised"},
		credentials("nobody@example.com", text):                      {status: 401, Message: "Not authorised"},
		credentials("plain@example.com", strings.Repeat("x", 10000)): {status: 401, Message: "Not authorised"},
		credentials(strings.Repeat("x", 10000), text):                {status: 401, Message: "Not authorised"},
		credentials("leaving@example.com", text):                     {status: 401, Message: "Not authorised"},
	} {
		if got := send(http.MethodPost, verifyPath, body); got.status != want.status || got.Message != want.Message {
			t.Errorf("%.80s: %d %s, want %d %s", body, got.status, got.Message, want.status, want.Message)
		}
	}
	account, err := d.Books.Account(t.Context(), fixture.Org, plain.Message)
	if err != nil || account.LastLoginDate < account.DateCreated {
		t.Errorf("last login %s, created %s: %v", account.LastLoginDate, account.DateCreated, err)
	}
	if cost, err := bcrypt.Cost([]byte(account.Password)); err != nil || cost != 10 {
		t.Errorf("a password is kept at cost %d: %v", cost, err)
	}
	if never, err := d.Books.Account(t.Context(), fixture.Org, none.Message); err != nil || never.LastLoginDate != portal.Never {
		t.Errorf("who never logged in did so %s: %v", never.LastLoginDate, err)
	}
}

// Whoever is refused has caused the same work, whatever there is under that name.
func TestEveryNoTakesTheSameWork(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", longestText+1)
	for name, c := range map[string]struct{ hash, password string }{
		"nobody":               {"", text},
		"no hash":              {"rubbish", text},
		"cost 4":               {hash(t, "another", 4), text},
		"cost 6":               {hash(t, "another", 6), text},
		"cost 12":              {string(decoy(12)), text},
		"a text of any length": {hash(t, long[:longestText], 4), long},
	} {
		for _, typed := range []string{c.password, "u\u0308" + c.password, "\n" + c.password} { // of one form, two, and one again
			rounds, tried := 0, forms(secret.New(typed))
			matched := anyMatches(c.hash, tried, func(hash, _ []byte) error {
				cost, err := bcrypt.Cost(hash)
				if err != nil {
					t.Error(err)
				}
				rounds += 1 << cost
				return bcrypt.ErrMismatchedHashAndPassword
			})
			if want := len(tried) << dearest; matched || rounds != want {
				t.Errorf("%s, %.10q: matched %t after %d rounds, want %d", name, typed, matched, rounds, want)
			}
		}
	}
	for c := bcrypt.MinCost; c <= dearest; c++ { // a decoy that bcrypt cannot read would take no time at all
		if err := bcrypt.CompareHashAndPassword(decoy(c), []byte(text)); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
			t.Errorf("decoy of cost %d: %v", c, err)
		}
	}
}

// A password is the same from every keyboard; what the desk hashed before it prepared passwords still logs in.
func TestOnePasswordFromEveryKeyboard(t *testing.T) {
	t.Parallel()
	const composed, apart, wide = "gr\u00fcne W\u00e4lder", "gru\u0308ne Wa\u0308lder", "gr\u00fcne\u00a0W\u00e4lder"
	compare := bcrypt.CompareHashAndPassword
	for _, password := range []string{composed, apart, wide} {
		stored, err := keptOf(t, password)
		if err != nil {
			t.Fatal(err)
		}
		for _, typed := range []string{composed, apart, wide} {
			if !anyMatches(stored, forms(secret.New(typed)), compare) {
				t.Errorf("chosen as %+q it does not log in as %+q", password, typed)
			}
		}
	}
	for _, old := range []string{apart, wide, "correct\nhorse"} {
		if !anyMatches(hash(t, old, bcrypt.MinCost), forms(secret.New(old)), compare) {
			t.Errorf("%+q, hashed before passwords were prepared, does not log in", old)
		}
	}
	if anyMatches(hash(t, composed, bcrypt.MinCost), forms(secret.New("grune Walder")), compare) {
		t.Error("another password logs in")
	}
}

// Of thirty who guess at once ten come through, and then nobody, not even with the right password; no name is told from another.
func TestLock(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	books := d.Issuer().Table
	call(t, d, books, who, http.MethodPost, collection, fmt.Sprintf(`{"email": "zoe@example.com", "password": %q}`, hash(t, text, bcrypt.MinCost)))
	for _, name := range []string{"zoe@example.com", "nobody@example.com"} {
		answers := make([]said, 30)
		var guessing sync.WaitGroup
		for n := range answers {
			guessing.Go(func() {
				answers[n] = call(t, d, books, who, http.MethodPost, verifyPath, credentials(name, fmt.Sprint("guess ", n)))
			})
		}
		guessing.Wait()
		tried, locked := 0, 0
		for _, answer := range answers {
			until, err := time.Parse(time.RFC3339Nano, answer.Meta.LockedUntil)
			switch {
			case answer.status == 401 && answer.Message == "Not authorised":
				tried++
			case answer.status == 401 && err == nil && time.Until(until) > 14*time.Minute && time.Until(until) <= 15*time.Minute:
				locked++
			default:
				t.Errorf("%d %s", answer.status, answer.text)
			}
		}
		if tried != 10 || locked != 20 {
			t.Errorf("%s: of 30 guesses %d were tried, %d found it locked", name, tried, locked)
		}
		late := call(t, d, books, who, http.MethodPost, verifyPath, credentials(strings.ToUpper(name), text))
		if late.status != 401 || late.Meta.LockedUntil == "" {
			t.Errorf("%s, after the lock: %d %s", name, late.status, late.text)
		}
	}
}

// Who gets it right in the end has as many tries as before; and nobody else's are counted.
func TestALoginForgetsTheFailuresBefore(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	books := d.Issuer().Table
	call(t, d, books, who, http.MethodPost, collection, fmt.Sprintf(`{"email": "zoe@example.com", "password": %q}`, hash(t, text, bcrypt.MinCost)))
	for round, failures := range []int{9, 2} {
		for n := range failures {
			if got := call(t, d, books, who, http.MethodPost, verifyPath, credentials("zoe@example.com", "wrong")); got.Message != "Not authorised" {
				t.Fatalf("round %d, try %d: %s", round, n, got.text)
			}
		}
		if got := call(t, d, books, who, http.MethodPost, verifyPath, credentials("zoe@example.com", text)); got.status != 200 {
			t.Fatalf("round %d: %d %s", round, got.status, got.text)
		}
	}
}

// A new password lets its owner in at once, however often the old one was tried; a right one that is too old is no failure.
func TestANewPasswordEndsTheLock(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	books := d.Issuer().Table
	zoe := call(t, d, books, who, http.MethodPost, collection, fmt.Sprintf(`{"email": "zoe@example.com", "password_max_days": 1, "password": %q}`, hash(t, text, bcrypt.MinCost)))
	for range 10 {
		if err := books.CountLogin(t.Context(), fixture.Org, "zoe@example.com", time.Now()); err != nil {
			t.Fatal(err)
		}
	}
	change := fmt.Sprintf(`{"password": %q}`, hash(t, "another", bcrypt.MinCost))
	if got := call(t, d, books, who, http.MethodPost, collection+"/password/"+zoe.Message, change); got.status != 200 {
		t.Fatalf("%d %s", got.status, got.text)
	}
	if got := call(t, d, books, who, http.MethodPost, verifyPath, credentials("zoe@example.com", "another")); got.status != 200 {
		t.Errorf("with the new password: %d %s", got.status, got.text)
	}
	account, err := d.Books.Account(t.Context(), fixture.Org, zoe.Message)
	if err != nil {
		t.Fatal(err)
	}
	old := account
	old.PasswordUpdated = portal.Timestamp(time.Now().AddDate(0, 0, -2))
	if err := d.Books.UpdateDeveloper(t.Context(), account, old); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		if got := call(t, d, books, who, http.MethodPost, verifyPath, credentials("zoe@example.com", "another")); got.status != 401 || !strings.Contains(got.Message, "older than 1 days") {
			t.Fatalf("with a password of the day before yesterday: %d %s", got.status, got.text)
		}
	}
}

// A login and a change of the developer at the same time: neither undoes the other.
func TestALoginIsNotLostUnderAChange(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	zoe := call(t, d, d.Books, who, http.MethodPost, collection, fmt.Sprintf(`{"email": "zoe@example.com", "password": %q}`, hash(t, text, bcrypt.MinCost)))
	books := d.Issuer().Table
	d.Meanwhile("TransactWriteItems", func() {
		if got := call(t, d, d.Books, who, http.MethodPost, verifyPath, credentials("zoe@example.com", text)); got.status != 200 {
			t.Errorf("%d %s", got.status, got.text)
		}
	})
	if got := call(t, d, books, who, http.MethodPut, collection+"/"+zoe.Message, `{"fields": {"a": 1}}`); got.status != 200 {
		t.Errorf("%d %s", got.status, got.text)
	}
	account, err := d.Books.Account(t.Context(), fixture.Org, zoe.Message)
	if err != nil || account.LastLoginDate == portal.Never || account.Fields != `{"a": 1}` {
		t.Errorf("last login %s, fields %s: %v", account.LastLoginDate, account.Fields, err)
	}
}

func TestPasswordsThatAge(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for days, want := range map[int]bool{0: true, 1: false, 29: false, 31: true} {
		account := tableAccount(now.AddDate(0, 0, -30), days)
		if err := tooOld(account, now); (err == nil) != want {
			t.Errorf("a password of 30 days, good for %d: %v", days, err)
		}
	}
}
