package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/mail"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	"github.com/google/go-cmp/cmp"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/local/doubles"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// A claim mail as SES has received it.
func TestMailAsSESReceivedIt(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.configure(fixture.Org, strings.Replace(o.settings(), "The Orchard", `Obstgarten \"Süd\"\r\nBcc: mallory@example.com`, 1))
	var id string
	o.told(func() {
		id = o.waiting()
		o.approve(id, true)
	})
	r := o.request(id)
	until := approval.Lapses(&r, retention).UTC().Format("2 January 2006, 15:04")
	want := map[string]any{
		"source":       mail.Address{Name: `Obstgarten "Süd" Bcc: mallory@example.com`, Address: o.post.from()},
		"destinations": map[string]any{"ToAddresses": []any{"ben@example.com"}},
		"subject":      "Your request for Payments was approved",
		"body": "Your request for Payments was approved.\n\nPlan: Payments\nRequest: " + id + "\n\nTake your key here. It is shown once:\n\n" +
			publicURL + "/console/claim#" + id + "." + o.ClaimKey.Token(fixture.Org, id, 1) + "\n\nThe link is good until " + until +
			" UTC. Whoever has it can take the key: do not pass it on.\n\nObstgarten \"Süd\" Bcc: mallory@example.com\n",
	}
	var found []map[string]any
	for _, m := range received(t, o.post.from()) {
		from, err := mail.ParseAddress(m["source"].(string))
		o.must(err)
		m["source"] = *from
		if delete(m, "id"); cmp.Equal(m["destinations"], want["destinations"]) {
			found = append(found, m)
		}
	}
	if diff := cmp.Diff([]map[string]any{want}, found); diff != "" {
		t.Error(diff)
	}
}

// received are the mails of a sender that moto has.
func received(t *testing.T, from string) []map[string]any {
	t.Helper()
	response, err := http.Get(os.Getenv(doubles.SESVariable) + "/moto-api/data.json") //nolint:noctx,gosec // moto's, on this machine
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		SES struct{ Message []map[string]any } `json:"ses"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	var theirs []map[string]any
	for _, m := range all.SES.Message {
		if source, _ := m["source"].(string); strings.Contains(source, from) {
			theirs = append(theirs, m)
		}
	}
	return theirs
}

// What SES will never take is dead at once, so that the operator sees it: nothing is gained by seven more tries over two days.
func TestRefusedForEver(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		refused error
		want    table.NoticeState
	}{
		"rejected":           {&smithy.GenericAPIError{Code: "MessageRejected"}, table.Dead},
		"a bad address":      {&smithy.GenericAPIError{Code: "BadRequestException"}, table.Dead},
		"too many":           {&smithy.GenericAPIError{Code: "TooManyRequestsException"}, table.Failed},
		"paused for a while": {&smithy.GenericAPIError{Code: "SendingPausedException"}, table.Failed},
		"no answer":          {context.DeadlineExceeded, table.Failed},
	} {
		if n := tried(table.Notice{}, becauseOf("SES does not take the mail", c.refused), time.Now()); n.State != c.want || n.Tries != 1 || (n.DueAt == "") != (c.want == table.Dead) {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// Mails go to the domain in ASCII, and come from one, however the addresses are written.
func TestDomainsInASCII(t *testing.T) {
	t.Parallel()
	if to, err := recipient("ada@bücher.example"); to != "ada@xn--bcher-kva.example" || err != nil {
		t.Errorf("to %s, %v", to, err)
	}
	if from := sender(&portal.Mail{From: "desk@bücher.example"}); from != "<desk@xn--bcher-kva.example>" {
		t.Errorf("from %s", from)
	}
}

// SES is not asked to write where it cannot: the notice is dead at once, and says why.
func TestAddressesThatSESCannotWriteTo(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"jürgen@example.com", strings.Repeat("x", 65) + "@example.com"} {
		o := open(t)
		o.account(func(a *table.Account) { a.Email = address })
		records := o.stream(func() { o.account(newPassword) })
		o.plan.Reset()
		o.deliver(t.Context(), records)
		noted := o.ledger()["password changed developer"]
		if noted["state"] != "dead" || noted["error"] != errAddress.Error() || slices.Contains(o.plan.Calls(), "SendEmail") {
			t.Errorf("%q is noted as %v, by the calls %v", address, noted, o.plan.Calls())
		}
	}
}

// A mail that SES has no room for at the moment is tried again at once; one whose fate is unknown is left to the ledger, a minute later.
func TestHowOftenSESIsAsked(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault faults.Fault
		calls int
		state string
	}{
		"no room":         {faults.Throttle, 2, "sent"},
		"its answer lost": {faults.AnswerLost, 1, "failed"},
		"never sent":      {faults.NeverSent, 1, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t)
			records := o.stream(o.newDeveloper)
			o.plan.Add(faults.Rule{Operation: "SendEmail", Fault: c.fault})
			o.plan.Reset()
			o.deliver(t.Context(), records)
			calls := len(slices.DeleteFunc(o.plan.Calls(), func(call string) bool { return !strings.HasPrefix(call, "SendEmail") }))
			if noted := o.ledger()["welcome developer"]; calls != c.calls || noted["state"] != c.state {
				t.Errorf("%d calls, noted: %v; want %d and that it is %s", calls, noted, c.calls, c.state)
			}
		})
	}
}
