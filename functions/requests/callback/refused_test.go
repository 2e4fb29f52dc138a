package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"keydesk/infra/fixture"
)

// refusal is a message that decides nothing, what its sender is told, and what the log says of it.
type refusal struct {
	message
	status     int
	words, log string
}

// notOurs are messages that nobody of the organisation's has signed, or not now.
func notOurs(w *waiting) map[string]refusal {
	headers := func(log string, change func(h map[string]string)) refusal {
		m := w.yes("a message")
		m.change = change
		return refusal{m, http.StatusUnauthorized, "Not authorised", log}
	}
	without := func(name, log string) refusal { return headers(log, func(h map[string]string) { delete(h, name) }) }
	other := func(name, value, log string) refusal {
		return headers(log, func(h map[string]string) { h[name] = value })
	}
	signed := func(log string, change func(m *message)) refusal {
		m := w.yes("a message")
		change(&m)
		return refusal{m, http.StatusUnauthorized, "Not authorised", log}
	}
	const no = "no matching signature"
	return map[string]refusal{
		"unsigned":                        without("webhook-signature", "headers are missing"),
		"without an id":                   without("webhook-id", "headers are missing"),
		"without a time":                  without("webhook-timestamp", "the timestamp is none"),
		"with a time in words":            other("webhook-timestamp", "a secret of somebody's", "the timestamp is none"),
		"with another id":                 other("webhook-id", "another", no),
		"with a signature by nobody":      other("webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", no),
		"with one of another version":     headers(no, func(h map[string]string) { h["webhook-signature"] = "v2" + h["webhook-signature"][2:] }),
		"with another body":               signed(no, func(m *message) { m.sent = sent(w.no("").body) }),
		"from six minutes ago":            signed("not within five minutes", func(m *message) { m.at = m.at.Add(-6 * time.Minute) }),
		"from six minutes hence":          signed("not within five minutes", func(m *message) { m.at = m.at.Add(6 * time.Minute) }),
		"by another organisation":         signed(no, func(m *message) { m.signer = fixture.OtherOrg }),
		"of an organisation that is none": signed("no such request", func(m *message) { *m = m.with("org_id", "000000000000000000000001") }),
	}
}

// noAnswer are messages that are signed as they should be, or might be, and do not answer what is asked.
func noAnswer(w *waiting) map[string]refusal {
	yes := w.yes("a message")
	malformed := func(member string, value any, words string) refusal {
		return refusal{yes.with(member, value), http.StatusBadRequest, words, ""}
	}
	theirs, other, form, long := yes.with("org_id", fixture.OtherOrg), yes.with("request_id", fixture.Automatic), yes, yes
	theirs.signer, other.path = fixture.OtherOrg, fixture.Automatic
	form.sent, long.sent = "approved=true", `{"a": "`+strings.Repeat("x", 16<<10)+`"}`
	return map[string]refusal{
		"from another organisation":       {theirs, http.StatusUnauthorized, "Not authorised", "no such request"},
		"about what does not wait":        {other, http.StatusConflict, "The request does not wait for a third party (any more); a reviewer decides it.", ""},
		"to something else":               {yes.with("asked", strings.Repeat("0a", 32)), http.StatusPreconditionFailed, "", ""},
		"to a revision that is yet to be": {yes.with("asked", nil).with("revision", w.request.Revision+1), http.StatusPreconditionFailed, "", ""},
		"a form":                          {form, http.StatusBadRequest, "Request body malformed. Send a JSON object.", ""},
		"long":                            {long, http.StatusRequestEntityTooLarge, "", ""},
		"to another request":              malformed("request_id", fixture.Automatic, "request_id: the request that the path names is expected."),
		"without a request":               malformed("request_id", nil, "request_id: the request that the path names is expected."),
		"without an organisation":         malformed("org_id", nil, "org_id: the organisation's id is expected, 24 lower-case hexadecimal digits."),
		"to nothing":                      malformed("asked", nil, "asked is missing; send the value that the developer came with."),
		"to what is no digest":            malformed("asked", strings.Repeat("0A", 32), "asked: the value that the developer came with is expected, 64 lower-case hexadecimal digits."),
		"neither yes nor no":              malformed("approved", nil, "approved: true or false is expected."),
		"yes in words":                    malformed("approved", "yes", "approved: true or false is expected, not a string."),
		"with a reason as long as a book": malformed("reason", strings.Repeat("x", 2001), "reason is 2001 bytes long; at most 2000 are kept."),
	}
}

func sent(body map[string]any) string {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// TestRefused sends all that is refused to one request. Nothing of the desk changes by it, and each has its line in the log, which
// names the organisation where the signature is good.
func TestRefused(t *testing.T) {
	w := waits(t)
	all := notOurs(w)
	maps.Copy(all, noAnswer(w))
	for what, r := range all {
		event := w.event(r.message)
		var log string
		w.Unchanged(what, func() {
			if said := w.Say(function, event); said.Status != r.status || r.words != "" && said.Message != r.words {
				t.Errorf("%s: %d %s, want %d %s", what, said.Status, said.Text, r.status, r.words)
			}
			log = w.Logged(function, event)
		})
		var line struct {
			ID, Org, Error string
			Status         int
		}
		if err := json.Unmarshal([]byte(log), &line); err != nil || line.Status != r.status || line.ID != r.path || !strings.Contains(line.Error, r.log) {
			t.Errorf("%s: the log says %s (%v), want %q", what, log, err, r.log)
		}
		if strings.Contains(log, "a secret") || strings.Contains(log, "paid") {
			t.Errorf("%s: the log quotes the message: %s", what, log)
		}
		good := r.status == http.StatusConflict || r.status == http.StatusPreconditionFailed
		if (line.Org != "") != good {
			t.Errorf("%s: the log names the organisation %q", what, line.Org)
		}
	}
	w.wants("a yes", w.yes("a message"), http.StatusOK, w.request.ID)
}
