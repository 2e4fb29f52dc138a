package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

func tableAccount(updated time.Time, days int) table.Account {
	return table.Account{Developer: portal.Developer{PasswordUpdated: portal.Timestamp(updated), PasswordMaxDays: days}}
}

func TestWhatIsKeptOfAPassword(t *testing.T) {
	t.Parallel()
	const refused = "Developer password validation failed. password "
	cheap := hash(t, text, bcrypt.MinCost)
	for password, want := range map[string]string{
		cheap: "",
		strings.Replace(cheap, "$2a$", "$2y$", 1): "",
		string(decoy(12)):                         "",
		strings.Repeat("x", 72):                   "",
		"x":                                       "",
		string(decoy(13)):                         "is a bcrypt hash of cost 13; costs from 4 to 12 are taken.",
		string(decoy(31)):                         "is a bcrypt hash of cost 31; costs from 4 to 12 are taken.",
		string(decoy(3)):                          "is a bcrypt hash of cost 3; costs from 4 to 12 are taken.",
		strings.Repeat("x", 73):                   "has 73 bytes; send 1 to 72.",
		"":                                        "has 0 bytes; send 1 to 72.",
	} {
		kept, err := hashed(secret.New(password))
		if want != "" {
			if err == nil || err.Error() != refused+want {
				t.Errorf("%q: %v", password, err)
			}
			continue
		}
		asGiven := strings.HasPrefix(password, "$2")
		if err != nil || (kept == password) != asGiven || !asGiven && bcrypt.CompareHashAndPassword([]byte(kept), []byte(password)) != nil {
			t.Errorf("%q is kept as %q: %v", password, kept, err)
		}
	}
}

func TestChangeOfPassword(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who, id := d.Person(caller.Portal), d.Developer()
	change := func(password string) said {
		return call(t, d, d.Issuer().Table, who, http.MethodPost, collection+"/password/"+id, fmt.Sprintf(`{"password": %q}`, password))
	}
	passwords := make([]string, 7)
	for n := range passwords {
		passwords[n] = fmt.Sprint("password ", n)
		if got := change(hash(t, passwords[n], bcrypt.MinCost)); got.status != 200 || got.Message != "Password changed" {
			t.Fatalf("%d %s", got.status, got.text)
		}
	}
	for n, password := range passwords {
		got := change(password)
		if again := n < 2; (got.status == 200) != again {
			t.Errorf("password %d of 7, once more: %d %s", n, got.status, got.Message)
		}
		if got.status != 200 && !strings.HasSuffix(got.Message, "password is one of the last 5; choose another.") {
			t.Errorf("refused with %s", got.Message)
		}
		if n == 1 {
			break // from here on the passwords before are others
		}
	}
	account, err := d.Books.Account(t.Context(), fixture.Org, id)
	if err != nil || len(account.History) != 4 || slices.Contains(account.History, account.Password) {
		t.Errorf("%d in the history: %v", len(account.History), err)
	}
	if got := change(passwords[6]); got.status != 400 {
		t.Errorf("a password of before: %d %s", got.status, got.text)
	}
	if got := change(passwords[1]); got.status != 200 {
		t.Errorf("the same change once more, as after a lost answer: %d %s", got.status, got.text)
	}
}

// The document of seed 000 sends the whole developer, keys and hash and all: what would forge a key is passed over.
func TestWholeUpdate(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	const sent = "$2a$10$fjJxMm0uCVypgrLlJtWeN./RL.9GkbqrhS.T5Fid6nqMkCSaeqiwq"
	body := `{"id": "` + fixture.Ada + `", "api_keys": {"9814e00125194b1d7321ee8fcb4baae3": "90568dfa"}, "keys": {"90568dfa": ["` + fixture.Payments + `"]},
		"subscriptions": {"` + fixture.Payments + `": "90568dfa"}, "email": "615829168@qq.com", "fields": {"b": 2, "a": 1.0}, "inactive": false, "nonce": "n", "org_id": "` + fixture.OtherOrg + `",
		"password": "` + sent + `", "sso_key": "s", "PWHistory": ["p"], "last_login_date": "1999-01-01T00:00:00Z", "deleting": true}`
	if got := call(t, d, d.Issuer().Table, who, http.MethodPut, collection+"/"+fixture.Chen, body); got.status != 200 || got.Message != "Data updated" {
		t.Fatalf("%d %s", got.status, got.text)
	}
	got := call(t, d, d.Issuer().Table, who, http.MethodGet, collection+"/"+fixture.Chen, "")
	var chen portal.Developer
	got.into(t, &chen)
	if chen.ID != fixture.Chen || chen.OrgID != fixture.Org || chen.Email != "615829168@qq.com" || chen.Fields != `{"b":2,"a":1.0}` {
		t.Errorf("it became %s", got.text)
	}
	if len(chen.Keys)+len(chen.Subscriptions)+len(chen.PWHistory) != 0 || chen.Nonce+chen.SSOKey != "" || chen.LastLoginDate[:4] != "2017" || chen.Deleting {
		t.Errorf("it was taken at its word: %s", got.text)
	}
	account, err := d.Books.Account(t.Context(), fixture.Org, fixture.Chen)
	if err != nil || account.Password != sent {
		t.Errorf("the hash is %q: %v", account.Password, err)
	}
	if strings.Contains(got.text, "$2") || strings.Contains(got.text, `"password":`) {
		t.Errorf("it shows the password: %s", got.text)
	}
}

func TestDevelopersHaveNoRevision(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	handle := rest.Handle(d.Books, operations(d.Books, paging)...)
	for tag, want := range map[string]int{`"7"`: http.StatusPreconditionFailed, "*": http.StatusOK} {
		for _, call := range [][2]string{{http.MethodPut, collection + "/" + fixture.Chen}, {http.MethodDelete, collection + "/" + d.Developer()}} {
			response, err := handle(t.Context(), who.Call(call[0], call[1], `{}`, map[string]string{"if-match": tag}))
			if err != nil || response.StatusCode != want {
				t.Errorf("%s with If-Match: %s: %d %s, %v", call[0], tag, response.StatusCode, response.Body, err)
			}
		}
	}
}
