package main

import (
	"fmt"
	"net/http"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// However an address is written, one developer has it: it is taken, found, and logs in, with blanks around it too.
func TestOneAddressInManyWritings(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	send := func(method, path, body string) said { return call(t, d, d.Issuer().Table, who, method, path, body) }
	zoe := send(http.MethodPost, collection, fmt.Sprintf(`{"email": "Zoe@bücher.example", "password": %q}`, hash(t, text, bcrypt.MinCost)))
	for _, written := range []string{"zoe@BÜCHER.example", "zoe@bu\u0308cher.example", "zoe@xn--bcher-kva.example"} {
		if got := send(http.MethodPost, collection, fmt.Sprintf(`{"email": %q}`, written)); got.status != 409 || got.Meta.ID != zoe.Message {
			t.Errorf("a second developer %q: %d %s", written, got.status, got.text)
		}
		var found portal.Developer
		if send(http.MethodGet, collection+"/email/"+written, "").into(t, &found); found.ID != zoe.Message || found.Email != "Zoe@bücher.example" {
			t.Errorf("%q leads to %+v", written, found)
		}
		for _, name := range []string{written, "  " + written, written + "\t\n", "\u00a0" + written} {
			if got := send(http.MethodPost, verifyPath, credentials(name, text)); got.status != 200 || got.Message != zoe.Message {
				t.Errorf("login as %q: %d %s", name, got.status, got.text)
			}
		}
	}
	for n := range 10 {
		name := []string{"zoe@bücher.example", " zoe@xn--bcher-kva.example ", "ZOE@bu\u0308cher.example"}[n%3]
		send(http.MethodPost, verifyPath, credentials(name, "wrong"))
	}
	if got := send(http.MethodPost, verifyPath, credentials("zoe@BÜCHER.example", text)); got.status != 401 || got.Meta.LockedUntil == "" {
		t.Errorf("a name in many writings has more tries: %d %s", got.status, got.text)
	}
}

// Whose an address is stands in every refusal: of a create, a change, and after an answer that was lost on its way.
func TestWhoseTheAddressIs(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	books := d.Issuer().Table
	for n, lost := range []bool{false, true} {
		email := fmt.Sprintf(`{"email": "owner-%d@example.com"}`, n)
		owner := call(t, d, books, who, http.MethodPost, collection, email)
		other := call(t, d, books, who, http.MethodPost, collection, fmt.Sprintf(`{"email": "other-%d@example.com"}`, n))
		for _, c := range [][2]string{{http.MethodPost, collection}, {http.MethodPut, collection + "/" + other.Message}} {
			if lost {
				d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost})
			}
			if got := call(t, d, d.Issuer().Table, who, c[0], c[1], email); got.status != 409 || got.Meta.ID != owner.Message {
				t.Errorf("%s, answer lost %t: %d %s", c[0], lost, got.status, got.text)
			}
			d.Calm()
		}
	}
}

// Who has an address of before it was judged so strictly is changed in all else by a PUT that sends it back.
func TestAnAddressOfBeforeIsSentBack(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Portal)
	old := portal.NoDeveloper()
	old.ID, old.OrgID, old.Email = "5efdbdb749960c0001370001", fixture.Org, "jürgen@example.org"
	if err := d.Books.CreateDeveloper(t.Context(), table.Account{Developer: old}); err != nil {
		t.Fatal(err)
	}
	put := func(body string) said {
		return call(t, d, d.Issuer().Table, who, http.MethodPut, collection+"/"+old.ID, body)
	}
	if got := put(`{"email": "jürgen@example.org", "inactive": true}`); got.status != 200 {
		t.Errorf("%d %s", got.status, got.text)
	}
	if got := put(`{"email": "jörgen@example.org"}`); got.status != 400 {
		t.Errorf("%d %s", got.status, got.text)
	}
}
