package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
	"golang.org/x/text/unicode/norm"

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
		strings.Repeat("u\u0308", 36):             "",
		strings.Repeat("u\u0308", 37):             "has 74 bytes; send 1 to 72.",
		"correct\nhorse":                          "has a control character, or another that a password cannot have (RFC 8265); send it without.",
		"correct\u200bhorse":                      "has a control character, or another that a password cannot have (RFC 8265); send it without.",
		cheap[:30]:                                "begins as a bcrypt hash does and is none; send it whole, of 60 characters.",
		" " + cheap:                               "begins as a bcrypt hash does and is none; send it whole, of 60 characters.",
	} {
		kept, err := keptOf(t, password)
		if want != "" {
			if err == nil || err.Error() != refused+want {
				t.Errorf("%q: %v", password, err)
			}
			continue
		}
		asGiven := strings.HasPrefix(password, "$2")
		if err != nil || (kept == password) != asGiven || !asGiven && bcrypt.CompareHashAndPassword([]byte(kept), []byte(norm.NFC.String(password))) != nil {
			t.Errorf("%q is kept as %q: %v", password, kept, err)
		}
	}
}

// keptOf is what is stored of a password that an account is given.
func keptOf(t *testing.T, password string) (string, error) {
	t.Helper()
	sent := secret.New(password)
	given, err := chosen(&sent)
	if err != nil {
		return "", err
	}
	account, err := given.giveTo(table.Account{}, time.Now())
	return account.Password, err
}

// What another system keeps of a password is no password: who has stolen it could log in with it. Sentences are no hashes.
func TestHashesOfOtherSystems(t *testing.T) {
	t.Parallel()
	hex := func(n int) string { return strings.Repeat("0123456789abcDEF", 16)[:n] }
	for _, password := range []string{
		"$P$BVaXtDXwf/ceSVp8VpLKx8bS2Y4O5F/", "$H$9V1cX/WqUhsSWM0ipyB7HwFQqTQKxP1", "$S$DxVn7wubSRzoK9X2pkGx4njeDRkLEgdqPphc2ZXkkb8Viy8JEGf3",
		"U$S$9V1cX/WqUhsSWM0ipyB7HwFQqTQKxP1abc", " $P$BVaXtDXwf/ceSVp8VpLKx8bS2Y4O5F/ ",
		"$wp$2y$10$fjJxMm0uCVypgrLlJtWeN.RL9GkbqrhST5Fid6nqMkCSaeqiwqabc", "$2x$10$fjJxMm0uCVypgrLlJtWeN./RL.9GkbqrhS.T5Fid6nqMkCSaeqiwq",
		"$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", "$apr1$saltsalt$qjXMvbEw8oaL.CzflDtaK/", "$5$rounds=5000$saltsalt$T3cHBhjuuCV",
		"$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
		"$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo", "$argon2i$v=19$m=16,t=2,p=1$c2FsdA$aGFzaGhhc2g", "$scrypt$ln=16,r=8,p=1$c2FsdA$aGFzaGhhc2g",
		"$pbkdf2-sha256$29000$c2FsdHNhbHQ$aGFzaGhhc2hoYXNo", "$y$j9T$saltsaltsalt$hashhashhashhash", "$7$C6..../....SodiumChloride$kBGj9fHznVYFQMEn",
		"{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "{SHA512-CRYPT}$6$saltsalt$qFmFH.bQmm", "{bcrypt}$2a$10$fjJxMm0uCVypgrLlJtWeN.", "{MD5}CY9rzUYh03PK3k6DJie09g==",
		"pbkdf2_sha256$260000$salt$aGFzaGhhc2hoYXNoaGFzaA==", "bcrypt_sha256$$2b$12$fjJxMm0uCVypgrLlJtWeN.", "argon2$argon2id$v=19$m=512,t=2", "sha1$salt$8843d7f92416211de9eb",
		"pbkdf2:sha256:260000$salt$8843d7f92416211de9eb", "scrypt:32768:8:1$salt$8843d7f92416211de9eb", "md5$salt$8843d7f92416211de9eb",
		hex(32), hex(40), hex(56), hex(64), hex(96), hex(128), strings.ToUpper(hex(32)), hex(32) + ":salt", hex(64) + ":salt:1", "*" + strings.ToUpper(hex(40)),
	} {
		if _, err := keptOf(t, password); err == nil || !strings.Contains(err.Error(), "password looks like the hash that another system keeps") {
			t.Errorf("%q: %v", password, err)
		}
	}
	for _, password := range []string{
		"$", "$P$", "$1$ is what it costs, and not a cent more", "{curly} brackets are my favourite ones", "{a}short", "cash$money$and$more", "crypt", "md5$short",
		hex(31), hex(33), hex(16), strings.Repeat("deadbeef ", 3) + "deadbeef", "sha256 is a sum$ of money and of numbers",
	} {
		if _, err := keptOf(t, password); err != nil {
			t.Errorf("%q: %v", password, err)
		}
	}
}

// A hash is refused wherever a password can be given.
func TestHashesOfOtherSystemsAreRefusedEverywhere(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who, id := d.Person(caller.Portal), d.Developer()
	const body = `{"email": "zoe@example.com", "password": "$P$BVaXtDXwf/ceSVp8VpLKx8bS2Y4O5F/"}`
	for _, c := range [][2]string{{http.MethodPost, collection}, {http.MethodPut, collection + "/" + id}, {http.MethodPost, collection + "/password/" + id}} {
		got := call(t, d, d.Issuer().Table, who, c[0], c[1], body)
		if got.status != 400 || !strings.HasPrefix(got.Message, "Developer password validation failed. password looks like the hash") {
			t.Errorf("%s %s: %d %s", c[0], c[1], got.status, got.text)
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
	if len(chen.Keys)+len(chen.Subscriptions)+len(chen.PWHistory) != 0 || chen.Nonce != "" || chen.SSOKey != "s" || chen.LastLoginDate[:4] != "2017" || chen.Deleting {
		t.Errorf("it was taken at its word: %s", got.text)
	}
	hashIsKept(t, d, fixture.Chen, sent, got.text)
}

// hashIsKept holds that the hash of a developer's password is stored as it was sent, and that the answer does not show it.
func hashIsKept(t *testing.T, d *trial.Desk, id, sent, answer string) {
	t.Helper()
	account, err := d.Books.Account(t.Context(), fixture.Org, id)
	if err != nil || account.Password != sent {
		t.Errorf("the hash is %q: %v", account.Password, err)
	}
	if strings.Contains(answer, "$2") || strings.Contains(answer, `"password":`) {
		t.Errorf("it shows the password: %s", answer)
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
