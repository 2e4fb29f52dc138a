package rest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/rest"
)

// Every path of the API finds its route, with a slash at its end and below a stage's name too; whatever else there is finds none.
func TestRoutes(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	var took, named string
	all := rest.Handle(desk.Table, everyRoute(&took, &named)...)
	for _, c := range calls() {
		took, named = "", ""
		event := call(fixture.AdminCredential)
		event.RawPath, event.RequestContext.HTTP.Method, event.RequestContext.Stage = c.path, c.verb, "stage"
		response, err := all(t.Context(), event)
		if err != nil {
			t.Fatal(err)
		}
		var said envelope
		if err := json.Unmarshal([]byte(response.Body), &said); err != nil {
			t.Fatal(err)
		}
		if took != c.want || named != c.named || said.Message != c.message {
			t.Errorf("%s %s: %q with %q, %d %s; want %q with %q, %s", c.verb, c.path, took, named, response.StatusCode, said.Message, c.want, c.named, c.message)
		}
		if allow := response.Headers["Allow"]; (allow != "") != (response.StatusCode == http.StatusMethodNotAllowed) || strings.Contains(allow, c.verb) {
			t.Errorf("%s %s: %d, Allow: %s", c.verb, c.path, response.StatusCode, allow)
		}
	}
}

// A path that API Gateway has cut at a percent-encoded "?" is not taken for what is left of it: another path of the API, or none.
func TestPathsThatAreCutShort(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	var took, named string
	all := rest.Handle(desk.Table, everyRoute(&took, &named)...)
	const developer = "/api/portal/developers/" + fixture.Ben
	for _, c := range []struct {
		routeKey, path string
		status         int
	}{
		{"POST /api/portal/developers/{id}/keys/{key}/suspend", developer + "/keys/a", http.StatusBadRequest},
		{"GET /api/portal/developers/{id}/keys/{key}", developer + "/keys/", http.StatusBadRequest},
		{"PUT /api/portal/requests/approve/{id}", "/api/portal/requests/approve/", http.StatusBadRequest},
		{"GET /api/portal/developers/{id}/keys", developer, http.StatusBadRequest},
		{"POST /api/portal/requests/{id}/claim", "/api/portal/requests/a", http.StatusBadRequest},
		{"GET /api/portal/developers/{id}/keys", developer + "/keys", http.StatusOK},
		{"GET /api/portal/developers/{id}/keys", "/stage" + developer + "/keys", http.StatusOK},
		{"GET /api/portal/developers/{id}/keys/{slash+}", developer + "/keys/", http.StatusOK},
		{"DELETE /api/apis/{api}/keys/{key}", "/api/apis//keys/" + fixture.BensKey, http.StatusOK},
		{"$default", "/api/portal/nothing", http.StatusNotFound},
	} {
		took = ""
		event := call(fixture.AdminCredential)
		event.RouteKey, event.RawPath, event.RequestContext.Stage = c.routeKey, c.path, "stage"
		event.RequestContext.HTTP.Method, _, _ = strings.Cut(c.routeKey, " ")
		response, err := all(t.Context(), event)
		if err != nil || response.StatusCode != c.status || (took != "") != (c.status == http.StatusOK) {
			t.Errorf("%s, %s: %d %s, %v, taken by %q; want %d", c.routeKey, c.path, response.StatusCode, response.Body, err, took, c.status)
		}
	}
}

// taken is a call, the route that it takes and what its path names, or what it is told.
type taken struct{ verb, path, want, named, message string }

func calls() []taken {
	return append(booksAndKeys(), []taken{
		{"PUT", "/api/portal/requests/approve", "PUT /api/portal/requests/approve", "", ""},
		{"PUT", "/api/portal/requests/decline/", "PUT /api/portal/requests/decline", "", ""},
		{"GET", "/api/portal/requests/approve", "", "", "GET is not allowed here; use PUT."},
		{"POST", "/api/portal/requests/" + fixture.Pending + "/claim-link", "POST /api/portal/requests/{id}/claim-link", fixture.Pending, ""},
		{"POST", "/api/portal/requests/approve/claim-link", "", "", "Invalid request ID: 24 lower-case hexadecimal digits are expected."},
	}...)
}

func booksAndKeys() []taken {
	const id = fixture.Pending
	const malformed, gone = " ID: 24 lower-case hexadecimal digits are expected.", "Could not retrieve portal object."
	const hash, client, raw = "cac572e018c60de0", "d47239e128754c0c9148363286b8ed46", "53ac07777cbb8c2d5300000215811f02c21540dd5257eb68d3d73f35"
	const notShown = "Invalid key ID: the hash that the key is shown by is expected, or the key's id."
	return []taken{
		{"GET", "/api/portal/requests", "GET /api/portal/requests", "", ""},
		{"GET", "/api/portal/requests/", "GET /api/portal/requests", "", ""},
		{"GET", "/api/portal/requests/" + id + "//", "GET /api/portal/requests/{id}", id, ""},
		{"UPDATE", "/api/portal/requests/" + id, "PUT /api/portal/requests/{id}", id, ""},
		{"PUT", "/api/portal/requests/approve/" + id, "PUT /api/portal/requests/approve/{id}", id, ""},
		{"GET", "/api/portal/policies/search", "GET /api/portal/policies/search", "", ""},
		{"GET", "/api/portal/policies/search/", "GET /api/portal/policies/search", "", ""},
		{"GET", "/api/portal/policies/gold plan", "GET /api/portal/policies/{policy}", "gold plan", ""},
		{"GET", "/api/portal/developers/email/a+b@example.org", "GET /api/portal/developers/email/{email}", "a+b@example.org", ""},
		{"GET", "/api/portal/developers/ssokey/a+b@example.org", "GET /api/portal/developers/ssokey/{ssokey}", "a+b@example.org", ""},
		{"GET", "/stage/api/portal/developers/" + id, "GET /api/portal/developers/{id}", id, ""},

		{"GET", "/api/portal/developers/" + id + "/keys/", "GET /api/portal/developers/{id}/keys", id, ""},
		{"PUT", "/api/portal/developers/" + id + "/keys/" + hash, "PUT /api/portal/developers/{id}/keys/{key}", id + " " + hash, ""},
		{"POST", "/api/portal/developers/" + id + "/keys/" + id + "/rotate", "POST /api/portal/developers/{id}/keys/{key}/rotate", id + " " + id, ""},
		{"DELETE", "/api/portal/developers/oauth/" + client, "DELETE /api/portal/developers/oauth/{client}", client, ""},
		{"DELETE", "/api/portal/developers/key/gold plan/" + hash + "/" + id, "DELETE /api/portal/developers/key/{policy}/{key}/{id}", id + " " + hash, ""},
		{"DELETE", "/api/portal/developers/key//" + hash + "/" + id, "DELETE /api/portal/developers/key/{policy}/{key}/{id}", id + " " + hash, ""},
		{"DELETE", "/api/apis/a/keys/" + hash, "DELETE /api/apis/{api}/keys/{key}", hash, ""},
		{"DELETE", "/api/apis//keys/" + hash + "/", "DELETE /api/apis/{api}/keys/{key}", hash, ""},
		{"DELETE", "/api/api/apis//keys/" + hash, "DELETE /api/api/apis/{api}/keys/{key}", hash, ""},

		{"DELETE", "/api/portal/developers/" + id + "/keys/" + strings.ToUpper(hash), "", "", notShown},
		{"DELETE", "/api/apis//keys/" + raw, "", "", notShown},
		{"DELETE", "/api/portal/developers/oauth/" + client[1:], "", "", notShown},
		{"DELETE", "/api/portal/developers/x/keys/" + hash, "", "", "Invalid developer" + malformed},
		{"DELETE", "/api/portal/developers/key/p/" + hash + "/x", "", "", "Invalid developer" + malformed},
		{"DELETE", "/api/portal/developers/" + id + "/keys//rotate", "", "", gone},
		{"DELETE", "/api/portal/developers//keys/" + hash, "", "", gone},
		{"DELETE", "/api/portal/developers/key/p//" + id, "", "", gone},
		{"GET", "/api/apis//keys/" + hash, "", "", "GET is not allowed here; use DELETE."},
		{"DELETE", "/api/portal/developers/" + id + "/keys/" + hash + "/suspend", "", "", "DELETE is not allowed here; use POST."},

		{"GET", "/api/portal/requests/" + id[1:], "", "", "Invalid request" + malformed},
		{"POST", "/api/portal/developers/password/x", "", "", "Invalid developer" + malformed},
		{"GET", "/api/portal/policies/" + strings.Repeat("x", 255), "", "", "The path names an object in 255 bytes; no name has more than 254."},
		{"POST", "/api/portal/requests/" + id, "", "", "POST is not allowed here; use DELETE or GET or PUT."},
		{"GET", "/api/portal/requests/decline/" + id, "", "", "GET is not allowed here; use PUT."},
		{"GET", "/api/portal/developers/verify_credentials", "", "", "GET is not allowed here; use POST."},
		{"UPDATE", "/api/portal/requests", "", "", "UPDATE is not allowed here; use GET or POST."},
		{"GET", "/api/portal/requests/" + id + "/history", "", "", gone},
		{"GET", "/api/portal", "", "", gone},
		{"GET", "", "", "", gone},
		{"GET", "//api/portal/requests", "", "", gone},
	}
}

// everyRoute is an operation a route of the matrix, which notes that it was taken and what the path named.
func everyRoute(took, named *string) (all []rest.Endpoint) {
	for _, route := range caller.Routes() {
		all = append(all, rest.Operation[struct{}]{
			Route: route,
			First: func(context.Context, rest.In) (struct{}, error) { return struct{}{}, nil },
			Then: func(_ context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
				*took, *named = route, strings.TrimSpace(in.ID+" "+in.Key)
				return rest.OK(""), nil
			},
		})
	}
	return all
}

// A function answers for its own routes only, whatever a front end brings it.
func TestAnothersRoute(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	event := call(fixture.AdminCredential)
	event.RawPath = "/api/portal/requests/approve/" + fixture.Pending
	if response, said := answer(t, desk.Table, operation(reads, nil), event); response.StatusCode != http.StatusNotFound {
		t.Errorf("%d %s", response.StatusCode, said.Message)
	}
}

func TestARouteThatNobodyKnowsPanics(t *testing.T) {
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, "GET /api/portal/nothing") {
			t.Errorf("panic %q", said)
		}
	}()
	rest.Handle(nil, rest.Operation[struct{}]{Route: "GET /api/portal/nothing"})
}

// What no function's routes take is refused without a look at who asks.
func TestUnknown(t *testing.T) {
	for path, want := range map[string]int{"/": 404, "/api/portal/requests": 405, "/api/portal/developers/": 405, "/api/portal/keys": 404,
		"/api/apis//keys/55b1ba47": 405, "/api/api/apis//keys/55b1ba47/": 405, "/api/apis/a/b/keys/55b1ba47": 404, "/hello": 405} {
		var event events.APIGatewayV2HTTPRequest
		event.RawPath, event.RequestContext.HTTP.Method = path, "PATCH"
		if response := rest.Unknown(event); response.StatusCode != want {
			t.Errorf("%s: %d %s", path, response.StatusCode, response.Body)
		}
	}
}
