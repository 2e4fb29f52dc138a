package template_test

import (
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"keydesk/infra/template"
)

const root = "../.."

// deployed is the repository's own template as it deploys.
func deployed(t *testing.T, parameters map[string]string) *template.Template {
	t.Helper()
	tmpl, err := template.Load(filepath.Join(root, "template.yaml"), parameters)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// canonical are the routes that clients are told of.
var canonical = []template.Route{
	{Method: "GET", Path: "/api/portal/requests", Function: "ListRequests"},
	{Method: "POST", Path: "/api/portal/requests", Function: "CreateRequest"},
	{Method: "GET", Path: "/api/portal/requests/{id}", Function: "GetRequest"},
	{Method: "PUT", Path: "/api/portal/requests/{id}", Function: "UpdateRequest"},
	{Method: "DELETE", Path: "/api/portal/requests/{id}", Function: "DeleteRequest"},
	{Method: "PUT", Path: "/api/portal/requests/approve", Function: "ApproveRequest"},
	{Method: "PUT", Path: "/api/portal/requests/approve/{id}", Function: "ApproveRequest"},
	{Method: "PUT", Path: "/api/portal/requests/decline", Function: "DeclineRequest"},
	{Method: "PUT", Path: "/api/portal/requests/decline/{id}", Function: "DeclineRequest"},
	{Method: "POST", Path: "/api/portal/requests/{id}/callback", Function: "RequestCallback"},
	{Method: "POST", Path: "/api/portal/requests/{id}/claim", Function: "RequestClaim"},
	{Method: "POST", Path: "/api/portal/requests/{id}/claim-link", Function: "RequestClaim"},
	{Method: "GET", Path: "/api/portal/developers", Function: "Developers"},
	{Method: "POST", Path: "/api/portal/developers", Function: "Developers"},
	{Method: "GET", Path: "/api/portal/developers/{id}", Function: "Developers"},
	{Method: "PUT", Path: "/api/portal/developers/{id}", Function: "Developers"},
	{Method: "DELETE", Path: "/api/portal/developers/{id}", Function: "Developers"},
	{Method: "GET", Path: "/api/portal/developers/email/{email}", Function: "Developers"},
	{Method: "GET", Path: "/api/portal/developers/ssokey/{ssokey}", Function: "Developers"},
	{Method: "POST", Path: "/api/portal/developers/verify_credentials", Function: "Developers"},
	{Method: "POST", Path: "/api/portal/developers/password/{id}", Function: "Developers"},
	{Method: "GET", Path: "/api/portal/developers/{id}/keys", Function: "Keys"},
	{Method: "POST", Path: "/api/portal/developers/{id}/keys", Function: "Keys"},
	{Method: "POST", Path: "/api/portal/developers/{id}/subscriptions", Function: "Keys"},
	{Method: "GET", Path: "/api/portal/developers/{id}/keys/{key}", Function: "Keys"},
	{Method: "PUT", Path: "/api/portal/developers/{id}/keys/{key}", Function: "Keys"},
	{Method: "DELETE", Path: "/api/portal/developers/{id}/keys/{key}", Function: "Keys"},
	{Method: "POST", Path: "/api/portal/developers/{id}/keys/{key}/rotate", Function: "Keys"},
	{Method: "POST", Path: "/api/portal/developers/{id}/keys/{key}/suspend", Function: "Keys"},
	{Method: "POST", Path: "/api/portal/developers/{id}/keys/{key}/resume", Function: "Keys"},
	{Method: "DELETE", Path: "/api/portal/developers/oauth/{client}", Function: "Keys"},
	{Method: "GET", Path: "/api/portal/catalogue", Function: "Catalogue"},
	{Method: "POST", Path: "/api/portal/catalogue", Function: "Catalogue"},
	{Method: "PUT", Path: "/api/portal/catalogue", Function: "Catalogue"},
	{Method: "GET", Path: "/api/portal/policies", Function: "Policies"},
	{Method: "POST", Path: "/api/portal/policies", Function: "Policies"},
	{Method: "GET", Path: "/api/portal/policies/search", Function: "Policies"},
	{Method: "GET", Path: "/api/portal/policies/{policy}", Function: "Policies"},
	{Method: "PUT", Path: "/api/portal/policies/{policy}", Function: "Policies"},
	{Method: "DELETE", Path: "/api/portal/policies/{policy}", Function: "Policies"},
	{Method: "GET", Path: "/api/portal/configuration", Function: "Configuration"},
	{Method: "POST", Path: "/api/portal/configuration", Function: "Configuration"},
	{Method: "PUT", Path: "/api/portal/configuration", Function: "Configuration"},
	{Method: "POST", Path: "/api/portal/configuration/dry-run", Function: "Configuration"},
	{Method: "GET", Path: "/api/portal/pages", Function: "Configuration"},
	{Method: "POST", Path: "/api/portal/pages", Function: "Configuration"},
	{Method: "GET", Path: "/api/portal/pages/{id}", Function: "Configuration"},
	{Method: "PUT", Path: "/api/portal/pages/{id}", Function: "Configuration"},
	{Method: "DELETE", Path: "/api/portal/pages/{id}", Function: "Configuration"},
	{Method: "GET", Path: "/api/portal/documentation", Function: "Configuration"},
	{Method: "POST", Path: "/api/portal/documentation", Function: "Configuration"},
	{Method: "GET", Path: "/api/portal/documentation/{id}", Function: "Configuration"},
	{Method: "PUT", Path: "/api/portal/documentation/{id}", Function: "Configuration"},
	{Method: "DELETE", Path: "/api/portal/documentation/{id}", Function: "Configuration"},
	{Method: "GET", Path: "/api/portal/menus", Function: "Configuration"},
	{Method: "POST", Path: "/api/portal/menus", Function: "Configuration"},
	{Method: "PUT", Path: "/api/portal/menus", Function: "Configuration"},
	{Method: "GET", Path: "/api/portal/css", Function: "Configuration"},
	{Method: "POST", Path: "/api/portal/css", Function: "Configuration"},
	{Method: "PUT", Path: "/api/portal/css", Function: "Configuration"},
	{Method: "GET", Path: "/openapi.json", Function: "Contract"},
	{Method: "GET", Path: "/docs", Function: "Contract"},
	{Method: "GET", Path: "/console/claim", Function: "Console"},
	{Method: "GET", Path: "/console/claim.js", Function: "Console"},
	{Method: "GET", Path: "/console/claim.css", Function: "Console"},
	{Method: "GET", Path: "/hello", Function: "Hello", Authorizer: "Authorize"},
	{Method: "DELETE", Path: "/api/portal/developers/key/{policy}/{key}/{id}", Function: "Unknown"},
	{Method: "DELETE", Path: "/api/apis/{api}/keys/{key}", Function: "Unknown"},
	{Method: "DELETE", Path: "/api/api/apis/{api}/keys/{key}", Function: "Unknown"},
}

func TestRoutes(t *testing.T) {
	var got []template.Route
	for _, route := range deployed(t, nil).Routes {
		if route.Canonical() {
			got = append(got, route)
		}
	}
	if diff := cmp.Diff(canonical, got); diff != "" {
		t.Errorf("canonical routes, -want +got:\n%s", diff)
	}
}

// What lets through more than a canonical route: odd verbs, unknown paths.
func TestWideRoutes(t *testing.T) {
	want := []template.Route{
		{Method: "ANY", Path: "/api/portal/requests/{id+}", Function: "UpdateRequest"}, // the verb UPDATE
		{Method: "ANY", Path: "/api/portal/developers", Function: "Developers"},
		{Method: "ANY", Path: "/api/portal/developers/{path+}", Function: "Developers"},
		{Method: "ANY", Path: "/api/portal/developers/{id}/keys", Function: "Keys"},
		{Method: "ANY", Path: "/api/portal/developers/{id}/keys/{path+}", Function: "Keys"},
		{Method: "ANY", Path: "/api/portal/catalogue", Function: "Catalogue"},
		{Method: "ANY", Path: "/api/portal/catalogue/{path+}", Function: "Catalogue"},
		{Method: "ANY", Path: "/api/portal/policies", Function: "Policies"},
		{Method: "ANY", Path: "/api/portal/policies/{path+}", Function: "Policies"},
		{Method: "ANY", Path: "/api/portal/configuration", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/configuration/{path+}", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/pages", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/pages/{path+}", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/documentation", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/documentation/{path+}", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/menus", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/menus/{path+}", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/css", Function: "Configuration"},
		{Method: "ANY", Path: "/api/portal/css/{path+}", Function: "Configuration"},
		{Function: "Unknown"},
	}
	var got []template.Route
	for _, route := range deployed(t, nil).Routes {
		if route.Method == "" || route.Method == "ANY" {
			got = append(got, route)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// A function behind an authorizer is behind it on every route.
func TestNoWayRoundAnAuthorizer(t *testing.T) {
	routes := deployed(t, nil).Routes
	for _, guarded := range routes {
		for _, route := range routes {
			if guarded.Authorizer != "" && route.Function == guarded.Function && route.Authorizer != guarded.Authorizer {
				t.Errorf("%s is asked by %s %s without %s", route.Function, route.Method, route.Path, guarded.Authorizer)
			}
		}
	}
}

// API Gateway lets no route's path end with a slash: SAM deploys such a one without a word, and without the route.
func TestNoRouteEndsWithASlash(t *testing.T) {
	for _, route := range deployed(t, nil).Routes {
		if strings.HasSuffix(route.Path, "/") {
			t.Errorf("%s %s would not exist on AWS: let a {slash+} take the slash", route.Method, route.Path)
		}
	}
}

// SAM local reads ANY as a list of verbs and gives each to one of the path's functions, now to this one and now to that.
func TestAnyStandsAlone(t *testing.T) {
	routes := deployed(t, nil).Routes
	for _, wide := range routes {
		for _, route := range routes {
			samePath := wide.Path == route.Path && wide.Function != route.Function
			if wide.Method == "ANY" && samePath && !strings.HasSuffix(route.Path, "+}") {
				t.Errorf("in SAM local %s may get the %s %s of %s", wide.Function, route.Method, route.Path, route.Function)
			}
		}
	}
}

func TestEveryFunctionHasItsFolder(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	var inTemplate []string
	for _, f := range deployed(t, nil).Functions {
		inTemplate = append(inTemplate, f.Folder)
		if !slices.Contains(strings.Fields(string(makefile)), f.LogicalID+"="+f.Folder) {
			t.Errorf("the Makefile's FUNCTIONS lack %s=%s", f.LogicalID, f.Folder)
		}
	}
	var onDisk []string
	for _, pattern := range []string{"functions/*/main.go", "functions/*/*/main.go"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			onDisk = append(onDisk, strings.TrimPrefix(path.Dir(filepath.ToSlash(file)), root+"/"))
		}
	}
	slices.Sort(inTemplate)
	slices.Sort(onDisk)
	if diff := cmp.Diff(inTemplate, onDisk); diff != "" {
		t.Errorf("functions, -in template.yaml +on disk:\n%s", diff)
	}
}

func TestEnvironment(t *testing.T) {
	books := map[string]string{"KEYDESK_TABLE": "Table"}
	lists := plus(books, map[string]string{"KEYDESK_PAGE_SIZE": "10", "KEYDESK_MAX_UNPAGED": "1000"})
	public := map[string]string{"KEYDESK_PUBLIC_URL": ""}
	issuer := plus(books, map[string]string{
		"KEYDESK_BOX_PREFIX": "keydesk/live", "KEYDESK_BOX_KMS_KEY": "Key", "KEYDESK_KEY_FORM": "org-id", "KEYDESK_SECRET_RETENTION_DAYS": "7",
	})
	signers := map[string]string{"KEYDESK_WEBHOOK_PREFIX": "keydesk-webhook/live", "KEYDESK_BOX_KMS_KEY": "Key"}
	claims := map[string]string{"KEYDESK_CLAIM_KEY": "ClaimKey"}
	targets := map[string]string{"KEYDESK_PRIVATE_WEBHOOKS": "off"}
	want := map[string]map[string]string{
		"ListRequests":    plus(lists, public),
		"GetRequest":      books,
		"CreateRequest":   plus(books, signers),
		"UpdateRequest":   plus(books, signers),
		"DeleteRequest":   books,
		"ApproveRequest":  issuer,
		"DeclineRequest":  books,
		"RequestCallback": plus(issuer, signers),
		"RequestClaim":    plus(issuer, claims),
		"Developers":      plus(lists, public),
		"Keys":            plus(issuer, signers, lists, public),
		"Catalogue":       books,
		"Policies":        lists,
		"Configuration":   plus(books, targets),
		"Contract":        public,
		"Console":         {},
		"Authorize":       plus(books, map[string]string{"KEYDESK_KEY_HEADER": "Authorization", "KEYDESK_PROTECTED_ORG": ""}),
		"Hello":           {},
		"AutoApprove":     issuer,
		"Deliver": plus(books, signers, claims, targets, map[string]string{
			"KEYDESK_PUBLIC_URL": "https://Api.execute-api.us-east-1.amazonaws.com", "KEYDESK_SECRET_RETENTION_DAYS": "7",
		}),
		"Unknown": books,
	}
	for function, variables := range want { // SAM local overrides only what is declared; on AWS they are empty
		want[function] = plus(variables, map[string]string{
			"AWS_ENDPOINT_URL_DYNAMODB": "", "AWS_ENDPOINT_URL_SECRETS_MANAGER": "", "AWS_ENDPOINT_URL_SESV2": "",
		})
	}
	got := map[string]map[string]string{}
	for _, f := range deployed(t, map[string]string{"AWS::StackName": "live", "KeyForm": "org-id"}).Functions {
		got[f.LogicalID] = f.Environment
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// plus is all that the maps hold.
func plus(all ...map[string]string) map[string]string {
	sum := map[string]string{}
	for _, some := range all {
		maps.Copy(sum, some)
	}
	return sum
}

// A link in a mail leads to where the clients go, if that is not the API itself.
func TestPublicUrl(t *testing.T) {
	for _, f := range deployed(t, map[string]string{"PublicUrl": "https://keys.example"}).Functions {
		if url, has := f.Environment["KEYDESK_PUBLIC_URL"]; has && url != "https://keys.example" {
			t.Errorf("%s takes %s for the desk's address", f.LogicalID, url)
		}
	}
}

// What has been granted and decided outlives a deleted stack, a wrong deployment and a lost disk.
func TestDataIsKept(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Resources map[string]map[string]any `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	data := file.Resources["Table"]
	for _, kept := range []map[string]any{data, file.Resources["Key"]} {
		for _, policy := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
			if kept[policy] != "Retain" {
				t.Errorf("%s of %s is %v, want Retain", policy, kept["Type"], kept[policy])
			}
		}
	}
	want := map[string]any{
		"DeletionProtectionEnabled":        true,
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		"SSESpecification":                 map[string]any{"SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": "Key.Arn"},
		"BillingMode":                      "PAY_PER_REQUEST",
	}
	properties, _ := data["Properties"].(map[string]any)
	got := map[string]any{}
	for name := range want {
		got[name] = properties[name]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the table, -want +got:\n%s", diff)
	}
}
