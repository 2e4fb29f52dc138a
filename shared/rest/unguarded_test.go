package rest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
)

const callback = "POST /api/portal/requests/{id}/callback"

// unguarded is an operation that answers whoever asks.
func unguarded(answer func(rest.In) error) rest.Unguarded {
	return rest.Unguarded{Route: callback, Answer: func(_ context.Context, in rest.In) (caller.Caller, rest.Out, error) {
		return caller.Caller{Org: fixture.Org, Name: "third party"}, rest.OK(in.ID), answer(in)
	}}
}

// signed is a call without a credential, whose headers are written as SAM local writes them.
func signed(body string) desktest.Event {
	event := desktest.Call("", http.MethodPost, "/api/portal/requests/"+fixture.Pending+"/callback", body)
	event.Headers = map[string]string{"Webhook-Id": "msg", "Webhook-Timestamp": "1795325400", "Webhook-Signature": "v1,abc v1,def", "Content-Type": "text/plain"}
	return event
}

func says(t *testing.T, desk *desktest.Desk, op rest.Endpoint, event desktest.Event) desktest.Said {
	t.Helper()
	return desk.Say(func(*desktest.Desk) rest.Handler { return rest.Handle(desk.Table, op) }, event)
}

// TestUnguarded calls without a credential. The operation sees what the message is signed with, in whatever case the headers come; and
// no organisation, though the call may bring a credential: nobody has looked whether it is true.
func TestUnguarded(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	plan.Reset()
	for name, change := range map[string]func(*desktest.Event){
		"as SAM local writes it": func(*desktest.Event) {},
		"as API Gateway does": func(e *desktest.Event) {
			e.Headers = map[string]string{"webhook-id": "msg", "webhook-timestamp": "1795325400", "webhook-signature": "v1,abc v1,def"}
		},
		"with a credential":    func(e *desktest.Event) { e.Headers["authorization"] = fixture.AdminCredential },
		"with rubbish for one": func(e *desktest.Event) { e.Headers["Authorization"] = "Basic eDp5" },
		"in base64": func(e *desktest.Event) {
			e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(e.Body)), true
		},
		"with a slash at its end": func(e *desktest.Event) { e.RawPath += "/" },
	} {
		event := signed(` {"a": 1}` + "\n")
		change(&event)
		var seen rest.In
		said := says(t, desk, unguarded(func(in rest.In) error { seen = in; return nil }), event)
		if said.Status != http.StatusOK || said.Message != fixture.Pending {
			t.Errorf("%s: %d %s", name, said.Status, said.Text)
		}
		want := http.Header{"Webhook-Id": {"msg"}, "Webhook-Timestamp": {"1795325400"}, "Webhook-Signature": {"v1,abc v1,def"}}
		if !reflect.DeepEqual(seen.Webhook, want) || string(seen.Body) != ` {"a": 1}`+"\n" {
			t.Errorf("%s: the headers are %v, and the body %q", name, seen.Webhook, seen.Body)
		}
		if seen.Org != "" || seen.Credential != "" {
			t.Errorf("%s: the organisation %q is taken for the caller's", name, seen.Org)
		}
	}
	if calls := plan.Calls(); len(calls) > 0 {
		t.Errorf("it called %v", calls)
	}
}

// A body is read up to a few words' length, or to what the operation says, before anybody looks at its signature.
func TestUnguardedBodies(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for _, c := range []struct{ most, length, status int }{{0, 16 << 10, 200}, {0, 16<<10 + 1, 413}, {0, 1 << 20, 413}, {100, 100, 200}, {100, 101, 413}, {1 << 20, 17 << 10, 200}} {
		seen := false
		op := unguarded(func(rest.In) error { seen = true; return nil })
		op.MaxBody = c.most
		if said := says(t, desk, op, signed(strings.Repeat("x", c.length))); said.Status != c.status || seen != (c.status == http.StatusOK) {
			t.Errorf("%d bytes where %d are read: %d %s, seen %t", c.length, c.most, said.Status, said.Text, seen)
		}
	}
	malformed := signed("%")
	malformed.IsBase64Encoded = true
	if said := says(t, desk, unguarded(func(rest.In) error { t.Error("it is answered"); return nil }), malformed); said.Status != http.StatusBadRequest {
		t.Errorf("%d %s", said.Status, said.Text)
	}
	nowhere := signed("")
	nowhere.RawPath = "/api/portal/requests/nowhere/callback"
	if said := says(t, desk, unguarded(func(rest.In) error { t.Error("it is answered"); return nil }), nowhere); said.Status != http.StatusBadRequest {
		t.Errorf("%d %s", said.Status, said.Text)
	}
}

// Why a message is not known to be anybody's is for the log, and for nobody else.
func TestUnguardedRefusal(t *testing.T) {
	desk := desktest.New(t, fixture.Desk)
	op := unguarded(func(rest.In) error { return fmt.Errorf("%w: no matching signature", portal.ErrNotAuthorised) })
	var said desktest.Said
	text := logged(t, func() rest.Handler { return rest.Handle(desk.Table, op) }, func(handle rest.Handler) {
		said = desk.Say(func(*desktest.Desk) rest.Handler { return handle }, signed("{}"))
	})
	if said.Status != http.StatusUnauthorized || said.Text != `{"Status":"Error","Message":"Not authorised","Meta":null}` {
		t.Errorf("%d %s", said.Status, said.Text)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil || line["error"] != "Not authorised: no matching signature" || line["caller"] != "third party" || line["org"] != fixture.Org ||
		line["msg"] != callback || strings.Contains(text, "v1,abc") {
		t.Errorf("the log says %s", text)
	}
}

// TestListsOfRoutes holds that no operation is served on a route of the wrong list: one that asks for a credential where the matrix does
// not know for what, and one that asks for none where there is something to guard.
func TestListsOfRoutes(t *testing.T) {
	guarded := func(route string) rest.Endpoint {
		op := operation(reads, nil)
		op.Route = route
		return op
	}
	open := func(route string) rest.Endpoint { return rest.Unguarded{Route: route} }
	panics := func(op rest.Endpoint) (said any) {
		defer func() { said = recover() }()
		rest.Handle(nil, op)
		return nil
	}
	for _, route := range caller.Routes() {
		if said := panics(guarded(route)); said != nil {
			t.Errorf("%s: %v", route, said)
		}
		if said := panics(open(route)); !strings.Contains(fmt.Sprint(said), route) {
			t.Errorf("%s is served to everybody (%v)", route, said)
		}
	}
	for _, route := range caller.Signed {
		if said := panics(open(route)); said != nil {
			t.Errorf("%s: %v", route, said)
		}
		if said := panics(guarded(route)); !strings.Contains(fmt.Sprint(said), route) {
			t.Errorf("%s asks for a permission that nobody can have (%v)", route, said)
		}
	}
	for _, route := range append([]string{"POST /api/portal/nothing", ""}, append(caller.Public, caller.Protected...)...) {
		if panics(open(route)) == nil || panics(guarded(route)) == nil {
			t.Errorf("%q is served", route)
		}
	}
}
