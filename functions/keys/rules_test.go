package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/approval"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Where a third party decides on a policy, whoever asks for a key is told the way there, signed, and is given none. Said again, the call is
// told the way again.
func TestAddRedirects(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	d.Settings(`{"redirect_on_key_request": true, "redirect_to": "https://pay.example/keys", "redirect_origins": ["https://pay.example"]}`)
	boxes := len(d.Boxes())
	request := ""
	for range 2 {
		said := d.Say(function, keyed(fixture.PortalCredential, path(fixture.Ada), `{"apply_policies": ["`+fixture.Petstore+`"]}`, "to pay"))
		way(t, d, said)
		if request != "" && request != said.Message {
			t.Errorf("said again, the call makes another request, %s", said.Message)
		}
		request = said.Message
	}
	r, err := d.Table.Request(t.Context(), fixture.Org, request)
	if err != nil || r.State != portal.Waiting || r.Task != table.AnswerInstead {
		t.Errorf("it is %s, and due to %q (%v)", r.State, r.Task, err)
	}
	if len(listed(t, d, fixture.Ada)) != 0 || len(d.Boxes()) != boxes {
		t.Error("there is a key")
	}
}

// way holds that an answer gives no key, and sends the developer to the third party for a request's first revision.
func way(t *testing.T, d *desktest.Desk, said desktest.Said) {
	t.Helper()
	var meta struct {
		State portal.State
		approval.Redirected
	}
	if err := json.Unmarshal(said.Meta, &meta); err != nil || said.Status != http.StatusOK || meta.State != portal.Waiting || meta.RequestID != said.Message || meta.Revision != 1 {
		t.Fatalf("%d %s (%v)", said.Status, said.Text, err)
	}
	if !strings.HasPrefix(meta.RedirectTo, "https://pay.example/keys?asked="+meta.Asked+"&request_id="+said.Message+"&revision=1&") || strings.Contains(said.Text, "RawKey") {
		t.Errorf("it leads to %s", meta.RedirectTo)
	}
	signed := http.Header{}
	signed.Set("webhook-id", said.Message)
	signed.Set("webhook-timestamp", strconv.FormatInt(meta.Timestamp, 10))
	signed.Set("webhook-signature", meta.Signature)
	if err := d.Signers.Verify(t.Context(), fixture.Org, signed, []byte(said.Message+"."+meta.Asked)); err != nil {
		t.Error(err)
	}
}

// A portal gives a key no policy of which a rule says no, or that a person is to be asked, whether it is the entry's rule or the
// organisation's, and whether or not the schedule decides.
func TestPortalUpdatesByTheRules(t *testing.T) {
	t.Parallel()
	const rule = `"rules": [{"name": "r", "when": {"policy": ["` + fixture.Weather + `"]}, "outcome": "%"}]`
	offered := func(config string) string {
		return `{"policy_id": "` + fixture.Petstore + `"}, {"policy_id": "` + fixture.Weather + `", "config": {` + config + `}}`
	}
	for name, c := range map[string]struct {
		entry, organisation string
		status              int
	}{
		"without rules":                    {"", `"auto_approve": true`, http.StatusOK},
		"the entry approves":               {strings.ReplaceAll(rule, "%", "approve"), `"auto_approve": true`, http.StatusOK},
		"the entry declines":               {strings.ReplaceAll(rule, "%", "decline"), `"auto_approve": true`, http.StatusForbidden},
		"the entry asks":                   {strings.ReplaceAll(rule, "%", "ask"), `"auto_approve": true`, http.StatusForbidden},
		"the organisation declines":        {"", strings.ReplaceAll(rule, "%", "decline"), http.StatusForbidden},
		"the organisation asks":            {"", strings.ReplaceAll(rule, "%", "ask"), http.StatusForbidden},
		"asks whoever has a key":           {"", `"rules": [{"name": "r", "when": {"keys_held": {"at_least": 1}}, "outcome": "ask"}]`, http.StatusForbidden},
		"declines whoever has two already": {"", `"rules": [{"name": "r", "when": {"keys_held": {"at_least": 2}}, "outcome": "decline"}]`, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			offers(t, d, offered(c.entry))
			d.Settings(`{` + c.organisation + `}`)
			body := text(t, map[string]any{"apply_policies": []string{fixture.Petstore, fixture.Weather}})
			update := func() {
				call(t, d, fixture.PortalCredential, http.MethodPut, path(fixture.Ben, fixture.BensKey), body, c.status)
			}
			if c.status == http.StatusOK {
				update()
				return
			}
			d.Unchanged(name, update)
			call(t, d, fixture.PortalCredential, http.MethodPut, path(fixture.Ben, fixture.BensKey), text(t, map[string]any{"apply_policies": []string{fixture.Petstore}}), http.StatusOK)
			call(t, d, fixture.AdminCredential, http.MethodPut, path(fixture.Ben, fixture.BensKey), body, http.StatusOK)
		})
	}
}

// With four eyes on it nobody alone gives a key what somebody has to decide, whosever key it is; what nobody has to, anybody does. At first
// there are none.
func TestFourEyes(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	bens, both := path(fixture.Ben, fixture.BensKey), `{"apply_policies": ["`+fixture.Petstore+`", "`+fixture.Payments+`"]}`
	d.Settings(`{"four_eyes": true}`)
	d.Unchanged("alone", func() {
		if said := call(t, d, fixture.AdminCredential, http.MethodPut, bens, both, http.StatusForbidden); !strings.Contains(said.Message, "four_eyes") {
			t.Error(said.Message)
		}
	})
	d.Settings(`{}`)
	call(t, d, fixture.AdminCredential, http.MethodPut, bens, both, http.StatusOK)
	d.Settings(`{"four_eyes": true}`)
	call(t, d, fixture.AdminCredential, http.MethodPut, bens, `{"apply_policies": ["`+fixture.Payments+`"]}`, http.StatusOK)
	call(t, d, fixture.AdminCredential, http.MethodPut, bens, both, http.StatusOK)
}

// A list of policies that takes from a key what the key before it has ends that one, too, and says so.
func TestUpdateNamesTheOlderKey(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	var rotated struct{ Key string }
	said := call(t, d, fixture.AdminCredential, http.MethodPost, path(fixture.Ben, fixture.BensKey, "rotate"), "", http.StatusOK)
	if err := json.Unmarshal([]byte(said.Text), &rotated); err != nil {
		t.Fatal(err)
	}
	said = call(t, d, fixture.AdminCredential, http.MethodPut, path(fixture.Ben, rotated.Key), `{"apply_policies": ["`+fixture.Payments+`"]}`, http.StatusOK)
	if !strings.Contains(said.Text, `"Meta":{"predecessor":"`+fixture.BensKey+`"}`) {
		t.Error(said.Text)
	}
	call(t, d, fixture.AdminCredential, http.MethodGet, path(fixture.Ben, fixture.BensKey), "", http.StatusNotFound)
}
