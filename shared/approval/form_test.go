package approval

import (
	"strings"
	"testing"

	"keydesk/shared/portal"
)

// A rule that keeps resale from being granted automatically is not got round by another form of the answer.
func TestAnswersThatAreNoPlainText(t *testing.T) {
	resale := map[string][]string{"usecase": {"resale"}}
	demo := map[string][]string{"usecase": {"demo", "test"}}
	for _, c := range []struct {
		fields             string
		asks, declines     portal.Outcome // of a rule that asks, or declines, about resale; an automatic plan
		allows, allowsOnly portal.Outcome // of a rule that approves demo, or asks about all but demo and test
	}{
		{`{"usecase": "demo"}`, portal.Approve, portal.Approve, portal.Approve, portal.Approve},
		{`{"usecase": " RESALE "}`, portal.Ask, portal.Decline, portal.Approve, portal.Ask},
		{`{"usecase": ["resale"]}`, portal.Ask, portal.Decline, portal.Approve, portal.Ask},
		{`{"usecase": ["demo", "resale"]}`, portal.Ask, portal.Decline, portal.Approve, portal.Ask},
		{`{"usecase": ["demo", "test"]}`, portal.Approve, portal.Approve, portal.Approve, portal.Approve},
		{`{"usecase": {"value": "resale"}}`, portal.Ask, portal.Ask, portal.Ask, portal.Ask},
		{`{"usecase": [["resale"]]}`, portal.Ask, portal.Ask, portal.Ask, portal.Ask},
		{`{"usecase": ["demo", {"value": "resale"}]}`, portal.Ask, portal.Ask, portal.Ask, portal.Ask},
		{`{"usecase": "resale."}`, portal.Approve, portal.Approve, portal.Approve, portal.Ask}, // an allow-list catches it
		{`{"usecase": "resale", "usecase": "demo"}`, portal.Ask, portal.Decline, portal.Ask, portal.Ask},
		{`{"usecase": "demo", "usecase": "demo"}`, portal.Ask, portal.Ask, portal.Ask, portal.Ask},
		{`{"usecase": "demo", "Usecase": "resale"}`, portal.Ask, portal.Ask, portal.Ask, portal.Ask},
		{`{"UseCase": "resale"}`, portal.Ask, portal.Ask, portal.Ask, portal.Ask},
		{`{"usecase": 5}`, portal.Ask, portal.Ask, portal.Ask, portal.Ask},
		{`{"usecase": true}`, portal.Ask, portal.Ask, portal.Ask, portal.Ask},
		{`{"usecase": null}`, portal.Approve, portal.Approve, portal.Approve, portal.Ask},
		{`{"usecase": []}`, portal.Approve, portal.Approve, portal.Approve, portal.Ask},
		{`{"usecase": ""}`, portal.Approve, portal.Approve, portal.Approve, portal.Ask},
		{`{}`, portal.Approve, portal.Approve, portal.Approve, portal.Ask},
		{``, portal.Approve, portal.Approve, portal.Approve, portal.Ask},
		{`{"usecase": "re\u200bsale"}`, portal.Ask, portal.Decline, portal.Approve, portal.Ask},
		{`{"other": {"usecase": "resale"}}`, portal.Approve, portal.Approve, portal.Approve, portal.Ask},
	} {
		judged := func(what string, outcome portal.Outcome, when portal.When, want portal.Outcome) {
			t.Helper()
			r := portal.Request{ApplyPolicies: []string{"automatic"}, Fields: portal.Object(c.fields)}
			if got := Judge(with(books(), "", of(outcome, when)), &r, 0); got.Outcome != want || got.Why == "" {
				t.Errorf("%s, %s: %+v, want %s", c.fields, what, got, want)
			}
		}
		judged("asks", portal.Ask, portal.When{Field: resale}, c.asks)
		judged("declines", portal.Decline, portal.When{Field: resale}, c.declines)
		judged("approves demo", portal.Approve, portal.When{Field: demo}, c.allows)
		judged("asks about all others", portal.Ask, portal.When{FieldNotIn: demo}, c.allowsOnly)
	}
}

// A rule that approves all but some values approves no answer of which one item is among them, or is no text.
func TestApprovesWhatIsNotListed(t *testing.T) {
	for fields, want := range map[string]string{
		`{"usecase": "demo"}`: "approves", `{}`: "approves", `{"usecase": ["demo", "test"]}`: "approves",
		`{"usecase": "resale"}`: "", `{"usecase": ["demo", "resale"]}`: "", `{"usecase": {}}`: "cannot tell: the field usecase is an object",
	} {
		rule := portal.Rule{Name: "approves", Outcome: portal.Approve, When: portal.When{FieldNotIn: map[string][]string{"usecase": {"resale"}}}}
		r := portal.Request{ApplyPolicies: []string{"automatic"}, Fields: portal.Object(fields)}
		got := Judge(with(books(), "", rule), &r, 0)
		if approves := got.Outcome == portal.Approve && got.Rule != ""; approves != (want == "approves") || !strings.Contains(got.Why, strings.TrimPrefix(want, "approves")) {
			t.Errorf("%s: %+v, want %q", fields, got, want)
		}
	}
}

// Composed and decomposed letters are the same, in a rule's value, an answer and a field's name alike.
func TestAnswersAreComposed(t *testing.T) {
	const composed, decomposed = "\u00fcbung", "u\u0308bung"
	for _, c := range []struct{ value, answer string }{{composed, decomposed}, {decomposed, composed}, {decomposed, "U\u0308BUNG"}} {
		r := portal.Request{ApplyPolicies: []string{"automatic"}, Fields: portal.Object(`{"usecase": "` + c.answer + `"}`)}
		rule := of(portal.Decline, portal.When{Field: map[string][]string{"usecase": {c.value}}})
		if got := Judge(with(books(), "", rule), &r, 0); got.Outcome != portal.Decline {
			t.Errorf("%q is not %q: %+v", c.answer, c.value, got)
		}
	}
	r := portal.Request{ApplyPolicies: []string{"automatic"}, Fields: portal.Object(`{"` + decomposed + `": "x"}`)}
	rule := of(portal.Decline, portal.When{Field: map[string][]string{composed: {"x"}}})
	if got := Judge(with(books(), "", rule), &r, 0); got.Outcome != portal.Ask {
		t.Errorf("another spelling of the name: %+v", got)
	}
}

// Where a call has no form, a rule that reads an answer cannot tell.
func TestWithoutAForm(t *testing.T) {
	r := portal.Request{ApplyPolicies: []string{"automatic"}}
	b := with(books(), "", of(portal.Ask, portal.When{Field: map[string][]string{"usecase": {"resale"}}}))
	if got := judge(b, &r, &form{absent: true}, 0, keptForPerson); got.Outcome != portal.Ask {
		t.Errorf("%+v", got)
	}
}
