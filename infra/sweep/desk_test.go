// Package sweep holds no code: its tests sweep over every route of template.yaml, so that a new route is covered on the day that
// it is added. The binaries that deploy answer, behind infra/gateway, whoever may or may not ask: of another organisation's
// objects nobody learns or does anything (foreign_test.go), nobody does what their role may not (permission_test.go), and no
// answer tells a secret (secret_test.go).
package sweep

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/infra/gateway"
	"keydesk/infra/local/doubles"
	"keydesk/infra/tabletest"
	"keydesk/infra/template"
	"keydesk/shared/caller"
	"keydesk/shared/vault"
)

const root = "../.."

// desk answers calls with the functions that deploy.
type desk struct {
	*desktest.Desk
	api     *template.Template
	routes  []template.Route
	url     string
	meter   meter
	log     journal
	secrets secrets
	names   []string       // what those of its secrets begin with, a kind each
	signers *vault.Signers // for whoever signs in the place of a third party
	lambda  *gateway.Gateway
	granted map[string]map[string]bool        // by function, its powers
	used    map[string]map[string]bool        // those of them that its calls took
	begin   []map[string]types.AttributeValue // what the table holds at the beginning of each call
	fred    string                            // the other organisation's developer, who has
	theirs  map[string]grant                  // keys, by policy
}

// who makes calls with a credential.
type who struct {
	name, credential string
	role             caller.Role
}

// Those who call.
var (
	admin    = who{"the admin", fixture.AdminCredential, caller.Admin}
	reviewer = who{"the reviewer", fixture.ReviewerCredential, caller.Reviewer}
	clerk    = who{"the portal", fixture.PortalCredential, caller.Portal}
	stranger = who{"the other organisation's admin", fixture.OtherCredential, caller.Admin}

	ours = []who{admin, reviewer, clerk}
)

// open opens a desk with the fixture in it, and with what furnish adds.
func open(t *testing.T) *desk {
	t.Helper()
	return at(t, desktest.New(t, fixture.Keys))
}

func at(t *testing.T, begun *desktest.Desk) *desk {
	t.Helper()
	d := &desk{Desk: begun, granted: map[string]map[string]bool{}, used: map[string]map[string]bool{}}
	stack := d.Table.Name()
	api, err := template.Load(filepath.Join(root, "template.yaml"), map[string]string{
		"Table": stack, "AWS::StackName": stack, "Key": "", "ProtectedOrganisation": fixture.Org, "PrivateWebhooks": "on",
		"ClaimKey": desktest.ClaimKeyName, "Architecture": map[string]string{"arm64": "arm64", "amd64": "x86_64"}[runtime.GOARCH],
	})
	if err != nil {
		t.Fatal(err)
	}
	d.api, d.routes, d.names = api, api.Routes, []string{"keydesk/" + stack, "keydesk-webhook/" + stack, desktest.ClaimKeyName}
	d.signers = vault.NewSigners(tabletest.Config(t), d.names[1], "")
	environment := map[string]string{}
	for _, name := range []string{"AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		environment[name] = os.Getenv(name)
	}
	for _, service := range []string{doubles.DynamoDBVariable, doubles.SecretsManagerVariable, doubles.SESVariable} {
		proxy := d.meter.before(t, os.Getenv(service))
		for _, f := range api.Functions {
			f.Environment[service] = proxy + "/" + f.LogicalID
		}
	}
	for _, f := range api.Functions {
		d.granted[f.LogicalID], d.used[f.LogicalID] = granted(f), map[string]bool{}
	}
	d.lambda, err = gateway.New(api, gateway.Options{Build: filepath.Join(root, "build"), Environment: environment, Log: &d.log})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(d.lambda)
	t.Cleanup(func() {
		server.Close()
		if err := d.lambda.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the gateway's log ends so:\n%s", d.log.end())
		}
	})
	d.url = server.URL
	d.furnish(t)
	d.remember(t)
	return d
}

// answer is what a call was answered, and what it cost.
type answer struct {
	status int
	header http.Header
	text   string
	calls  []call // of AWS
}

// call makes a call, and looks for secrets in what it is told.
func (d *desk) call(t *testing.T, as who, s sample) answer {
	t.Helper()
	header := http.Header{}
	if s.proof.of != nil {
		s.body, header = s.proof.of(t, d, s)
	}
	request, err := http.NewRequestWithContext(t.Context(), s.method, d.url+s.target(), strings.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	if as.credential != "" {
		request.Header.Set("Authorization", as.credential)
	}
	d.meter.read()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{response.StatusCode, response.Header, string(text), d.meter.read()}
	d.watch(t, a.calls)
	for _, told := range d.secrets.in(as, s, a) {
		t.Errorf("%s %s tells %s %s", s.method, s.target(), as.name, told)
	}
	if a.status >= http.StatusInternalServerError {
		t.Errorf("%s %s by %s: %d %s", s.method, s.target(), as.name, a.status, a.text)
	}
	return a
}

// remember takes the table as it is for the beginning of each call.
func (d *desk) remember(t *testing.T) {
	t.Helper()
	d.begin = tabletest.Dump(t, d.Table)
}

// reset makes the table again what it was at the beginning, and gives the keys of what had changed since.
func (d *desk) reset(t *testing.T) []string {
	t.Helper()
	return tabletest.Reset(t, d.Table, d.begin)
}

// journal is the gateway's log.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

func (j *journal) all() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// end is its last lines.
func (j *journal) end() string {
	const lines = 20
	all := strings.SplitAfter(j.all(), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "")
}
