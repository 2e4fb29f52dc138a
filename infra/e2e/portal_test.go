package e2e

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestLifeOfAPortal is what a portal, and the script that sets it up, do with a desk, from its settings on to a developer who
// leaves. It is not parallel: it writes the catalogue and the configuration, which it leaves as it found them.
func TestLifeOfAPortal(t *testing.T) {
	configure(t)
	plan := offer(t)
	d := arrive(t)
	d.logIn(t)
	d.receiveKey(t, plan)
	d.change(t)
	d.leave(t, plan)
}

// configure creates the configuration where there is none, changes one setting of it, and nobody's but an admin may.
func configure(t *testing.T) {
	t.Helper()
	found := admin.call(t, http.MethodGet, configuration, "")
	found.want(t, http.StatusOK, "")
	first := admin.call(t, http.MethodPost, configuration, "{}")
	if found.string("id") != "" {
		first.wantRefusal(t, http.StatusConflict, "There is a configuration already; change it with PUT.")
	} else {
		createdID(t, first)
	}
	changed := strings.Replace(found.text, fmt.Sprintf(`"email":%q`, found.string("email")), `"email":"desk@`+mark()+`.example"`, 1)
	if changed == found.text {
		t.Fatalf("%s: no email to change: %s", found.call, found.text)
	}
	portal.call(t, http.MethodPut, configuration, changed).wantRefusal(t, http.StatusForbidden, "")
	admin.call(t, http.MethodPut, configuration, changed).want(t, http.StatusOK, "Data updated")
	t.Cleanup(func() {
		admin.call(t, http.MethodPut, configuration, found.text).want(t, http.StatusOK, "Data updated")
	})
	shown := portal.call(t, http.MethodGet, configuration+"/", "")
	if !strings.HasPrefix(shown.string("email"), "desk@e2e-") {
		t.Errorf("an update of the configuration is not shown: %s", shown.text)
	}
	for name, value := range found.body {
		if name != "email" && name != "id" && !reflect.DeepEqual(shown.body[name], value) {
			t.Errorf("%s: %s was %v", shown.call, name, value)
		}
	}
}

// offer makes a plan that a reviewer decides about, as Tyk's own tools do, and puts it into the catalogue.
func offer(t *testing.T) (plan string) {
	t.Helper()
	word := mark()
	body := fmt.Sprintf(`{"_id": %q, "org_id": %q, "name": "Weather %s", "active": true, "is_inactive": false, "rate": 10, "per": 1,
		"quota_max": -1, "quota_renewal_rate": 3600, "access_rights": {}, "tags": ["allow_registration"], "partitions": {"quota": true}}`, word, org, word)
	plan = publish(t, policies+"/", body)
	if plan != word {
		t.Errorf("a policy's own _id is not kept: %s, want %s", plan, word)
	}
	for _, query := range []string{"?p=-1", "/search/?q=" + strings.ToUpper(word)} {
		rows := portal.call(t, http.MethodGet, policies+query, "").rows(t)
		at := slices.IndexFunc(rows, func(row map[string]any) bool { return row["_id"] == plan })
		if at < 0 || rows[at]["name"] != "Weather "+word || rows[at]["active"] != true || rows[at]["is_inactive"] != false ||
			!reflect.DeepEqual(rows[at]["tags"], []any{"allow_registration"}) {
			t.Errorf("%s%s does not show the plan as it was sent", policies, query)
		}
	}
	advertise(t, plan)
	return plan
}

// advertise reads the catalogue, adds an entry and sends the whole; from the copy that is stale then nobody writes any more.
func advertise(t *testing.T, plan string) {
	t.Helper()
	begins := fmt.Sprintf(`{"name":"Weather","policy_id":%q,"show":true,"version":"v2","hasDocumentation":true,`, plan)
	entry := begins + `"config":{"override":true,"require_key_approval":true,"enable_multi_selection":true}}`
	found := copyCatalogue(t)
	t.Cleanup(func() { withdraw(t, plan) })
	portal.call(t, http.MethodPut, catalogue, found.append(t, entry)).wantRefusal(t, http.StatusForbidden, "")
	admin.call(t, http.MethodPut, catalogue, found.append(t, entry)).want(t, http.StatusOK, "Data updated")
	stale := admin.call(t, http.MethodPut, catalogue, found.append(t, entry))
	stale.wantRefusal(t, http.StatusConflict, "")
	if !strings.Contains(stale.message(), "read it again") || stale.member("Meta", "revision") != found.revision()+1 {
		t.Errorf("%s: a stale copy is not told what to do: %s", stale.call, stale.text)
	}

	now := readCatalogue(t)
	if now.revision() != found.revision()+1 || len(now.list) != len(found.list)+1 || !reflect.DeepEqual(now.list[:len(found.list)], found.list) {
		t.Fatalf("an entry appended to %s gives %s", found.text, now.text)
	}
	added := string(now.list[len(found.list)])
	if !strings.HasPrefix(added, begins) || !strings.Contains(added, `"key_request_fields":[]`) || !strings.Contains(added, `"auth_type":"authToken"`) {
		t.Errorf("an entry does not come back as it was sent, and complete: %s", added)
	}
}

// person is a developer in a portal.
type person struct{ id, email, password string }

// arrive signs somebody up, who is found then in every way.
func arrive(t *testing.T) person {
	t.Helper()
	d := person{email: mark() + "@Portal.Example", password: password()}
	body := fmt.Sprintf(`{"email": %q, "password": %q, "org_id": %q, "fields": {"company": "Corner Shop"}}`, d.email, d.password, org)
	d.id = portal.signUp(t, body, "Content-Type: application/x-www-form-urlencoded")
	shown := portal.call(t, http.MethodGet, developerOf(d.id), "")
	wantMembers(t, shown, map[string]any{"id": d.id, "email": d.email, "org_id": org, "inactive": false, "nonce": "", "sso_key": "", "password_max_days": 0.0})
	for _, empty := range []string{"keys", "subscriptions"} {
		if object, ok := shown.body[empty].(map[string]any); !ok || len(object) > 0 {
			t.Errorf("%s: %s is not {}: %s", shown.call, empty, shown.text)
		}
	}
	for _, email := range []string{d.email, strings.ToLower(d.email), strings.ToUpper(d.email)} {
		wantMembers(t, portal.call(t, http.MethodGet, developers+"/email/"+email, ""), map[string]any{"id": d.id})
	}
	newest := reviewer.call(t, http.MethodGet, developers+"?p=1", "").rows(t)
	if !slices.ContainsFunc(newest, func(row map[string]any) bool { return row["_id"] == d.id && row["id"] == d.id }) {
		t.Error("a new developer is not on the first page of the list")
	}
	again := portal.call(t, http.MethodPost, developers, fmt.Sprintf(`{"email": %q}`, strings.ToUpper(d.email)))
	again.wantRefusal(t, http.StatusConflict, "")
	if again.member("Meta", "id") != d.id {
		t.Errorf("%s: does not say who has the address: %s", again.call, again.text)
	}
	return d
}

func (d person) logIn(t *testing.T) {
	t.Helper()
	before := portal.call(t, http.MethodGet, developerOf(d.id), "").string("last_login_date")
	portal.logsIn(t, strings.ToUpper(d.email), d.password).want(t, http.StatusOK, d.id)
	if after := portal.call(t, http.MethodGet, developerOf(d.id), "").string("last_login_date"); after <= before {
		t.Errorf("last_login_date was %s and is %s", before, after)
	}
	portal.logsIn(t, d.email, d.password+"!").wantRefusal(t, http.StatusUnauthorized, "Not authorised")
	portal.logsIn(t, mark()+"@portal.example", d.password).wantRefusal(t, http.StatusUnauthorized, "Not authorised")
}

// receiveKey asks for a key as the portal does, and finds it where old portals look for it.
func (d person) receiveKey(t *testing.T, plan string) {
	t.Helper()
	id := portal.create(t, d.asking(plan))
	portal.call(t, http.MethodPut, approve(id), "").wantRefusal(t, http.StatusForbidden, "")
	key := reviewer.approve(t, id)
	shown := portal.call(t, http.MethodGet, developerOf(d.id), "")
	hash, _ := shown.member("subscriptions", plan).(string)
	if hash == "" || hash == key || !reflect.DeepEqual(shown.body["keys"], map[string]any{hash: []any{plan}}) {
		t.Errorf("%s: subscriptions and keys do not have the new key by its hash: %s", shown.call, shown.text)
	}
}

func (d person) asking(plan string) string {
	return fmt.Sprintf(`{"by_user": %q, "for_plan": %q, "version": "v2", "fields": {"usecase": "weather"}, "date_created": "2019-06-04T07:21:35+00:00"}`, d.id, plan)
}

// change changes what a developer may: the address, the answers, the password. The key stays.
func (d *person) change(t *testing.T) {
	t.Helper()
	had := portal.call(t, http.MethodGet, developerOf(d.id), "").body["keys"]
	d.email = mark() + "@portal.example"
	body := fmt.Sprintf(`{"id": %q, "email": %q, "fields": {"company": "Corner Shops"}, "keys": {}, "subscriptions": {}}`, d.id, d.email)
	portal.call(t, http.MethodPut, developerOf(d.id)+"/", body).want(t, http.StatusOK, "Data updated")
	shown := portal.call(t, http.MethodGet, developers+"/email/"+d.email+"/", "")
	if shown.member("fields", "company") != "Corner Shops" || !reflect.DeepEqual(shown.body["keys"], had) {
		t.Errorf("%s: after an update of e-mail and fields: %s", shown.call, shown.text)
	}
	old, path := d.password, developers+"/password/"+d.id
	d.password = password()
	portal.call(t, http.MethodPost, path, fmt.Sprintf(`{"password": %q}`, d.password)).want(t, http.StatusOK, "Password changed")
	portal.logsIn(t, d.email, old).wantRefusal(t, http.StatusUnauthorized, "Not authorised")
	portal.logsIn(t, d.email, d.password).want(t, http.StatusOK, d.id)
	portal.call(t, http.MethodPost, path, fmt.Sprintf(`{"password": %q}`, old)).wantRefusal(t, http.StatusBadRequest, "")
}

// leave deletes a developer who has a key and waits for another: both go, and the address is free.
func (d person) leave(t *testing.T, plan string) {
	t.Helper()
	waiting := portal.create(t, d.asking(plan))
	gone := portal.call(t, http.MethodDelete, developerOf(d.id), "")
	gone.want(t, http.StatusOK, "Data deleted")
	if gone.member("Meta", "keys_revoked") != 1.0 || gone.member("Meta", "requests_cancelled") != 1.0 {
		t.Errorf("%s: does not say that one key and one request went: %s", gone.call, gone.text)
	}
	if !reviewer.shows(t, "?state=cancelled", waiting) {
		t.Error("what a developer still waited for is not among what is cancelled")
	}
	reviewer.call(t, http.MethodPut, approve(waiting), "").wantRefusal(t, http.StatusNotFound, notFound)
	portal.call(t, http.MethodGet, developerOf(d.id), "").wantRefusal(t, http.StatusNotFound, notFound)
	portal.call(t, http.MethodDelete, developerOf(d.id), "").wantRefusal(t, http.StatusNotFound, "Could not retrieve object for deletion")
	portal.logsIn(t, d.email, d.password).wantRefusal(t, http.StatusUnauthorized, "Not authorised")
	if again := portal.signUp(t, fmt.Sprintf(`{"email": %q}`, d.email)); again == d.id {
		t.Error("a new developer has the id of a deleted one")
	}
}
