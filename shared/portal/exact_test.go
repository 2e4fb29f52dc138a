package portal_test

import (
	"strings"
	"testing"

	"keydesk/shared/portal"
)

// A member that is a known one but for its letter case is refused, wherever a document has one, and the known one is named: the
// document would show it, and nothing would follow it.
func TestDocumentsHaveExactNames(t *testing.T) {
	configuration := func(sent string) error {
		_, err := portal.NewConfiguration(org, another, portal.Object(sent))
		return err
	}
	catalogue := func(sent string) error {
		_, err := portal.NewCatalogue(org, another, portal.Object(sent))
		return err
	}
	policy := func(sent string) error {
		_, err := portal.NewPolicy(org, portal.Object(sent), portal.CreatedAt(another))
		return err
	}
	for _, c := range []struct {
		read            func(string) error
		sent, at, known string
	}{
		{configuration, `{"four_eyes": false, "Four_Eyes": true}`, "Four_Eyes", "four_eyes"},
		{configuration, `{"event_options": {"key_request_event": {"WebHook": "https://a.example"}}}`, "event_options.key_request_event.WebHook", "webhook"},
		{configuration, `{"hashkeys": true}`, "hashkeys", "HashKeys"},
		{configuration, `{"rule\u017f": []}`, "rule\u017f", "rules"},
		{catalogue, `{"Apis": []}`, "Apis", "apis"},
		{catalogue, `{"apis": [], "Revision": 3}`, "Revision", "revision"},
		{catalogue, `{"apis": [], "Email": "a@b.example"}`, "Email", "email"},
		{catalogue, `{"apis": [{}, {"Policy_ID": "p"}]}`, "apis[1].Policy_ID", "policy_id"},
		{catalogue, `{"apis": [{"config": {"Require_Key_Approval": false}}]}`, "apis[0].config.Require_Key_Approval", "require_key_approval"},
		{policy, `{"name": "Gold", "Active": false}`, "Active", "active"},
	} {
		refused(t, c.sent, c.read(c.sent), portal.Invalid, c.at+`: a name counts in its exact letter case; send "`+c.known+`".`)
	}
	for read, sent := range map[string]func(string) error{
		`{"free": {"Four_Eyes": 1}, "dcr_options": {"x": 1}}`:                                                               configuration,
		`{"apis": [{"fields": {"Name": "x", "name": "y"}, "X": 1}]}`:                                                        catalogue,
		`{"name": "Gold", "access_rights": {"a": {"API_ID": "a", "api_id": "a"}}, "meta_data": {"Rate": 1}, "Other": true}`: policy,
	} {
		if err := sent(read); err != nil {
			t.Errorf("%s: %v", read, err)
		}
	}
}

// What is stored is read by its exact names, and what else it has is kept: an earlier version took it.
func TestStoredDocumentsAreReadByExactNames(t *testing.T) {
	var c portal.Configuration
	if err := c.UnmarshalJSON([]byte(`{"four_eyes": true, "Four_Eyes": false, "AUTO_APPROVE": true}`)); err != nil || !c.FourEyes || c.AutoApprove {
		t.Errorf("%+v, %v", c, err)
	}
	var e portal.Entry
	if err := e.UnmarshalJSON([]byte(`{"policy_id": "p", "Policy_ID": "q", "NAME": "x"}`)); err != nil || e.PolicyID != "p" {
		t.Errorf("%+v, %v", e, err)
	}
	if known := string(e.Known()); !strings.Contains(known, `"policy_id":"p"`) || strings.Contains(known, "Policy_ID") || strings.Contains(known, "NAME") {
		t.Errorf("known of it: %s", known)
	}
	if all := string(e.Document()); !strings.Contains(all, `"Policy_ID":"q"`) {
		t.Errorf("kept: %s", all)
	}
}
