//go:build sam

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/infra/golden"
	"keydesk/infra/local/doubles"
	"keydesk/infra/tabletest"
	"keydesk/infra/template"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

const (
	tableName = "keydesk-events"
	boxPrefix = "keydesk/events"
)

// TestEvents sends every file of events/ through SAM: the first of each operation that is granted, and the first that is refused,
// through `sam local invoke`, in a container of its own, the others through one `sam local start-lambda`. Each finds the table
// and the boxes as the fixture makes them.
func TestEvents(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := golden.Load(filepath.Join(root, "events"))
	if err != nil {
		t.Fatal(err)
	}
	desk := openDesk(t, root)
	c, err := prepare(t.Context(), root, "test", map[string]string{
		"KEYDESK_TABLE": tableName, "KEYDESK_BOX_PREFIX": boxPrefix, "KEYDESK_PROTECTED_ORG": fixture.Org,
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(root, ".local", "log", "sam-events.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	first, others := split(cases)
	t.Logf("%d events through sam local invoke, %d through sam local start-lambda", len(first), len(others))

	t.Run("invoke", func(t *testing.T) {
		desk.send(t, first, func(t *testing.T, event golden.Case) []byte { return invoke(t, c, event, log) })
	})
	t.Run("start-lambda", func(t *testing.T) {
		s := startLambda(t, c, log)
		desk.send(t, others, func(t *testing.T, event golden.Case) []byte { return post(t, s, event) })
	})
}

// send sends the events one after another and compares what comes back with what they promise.
func (d *desk) send(t *testing.T, cases []golden.Case, through func(*testing.T, golden.Case) []byte) {
	t.Helper()
	for _, event := range cases {
		t.Run(event.Name, func(t *testing.T) {
			d.give(t, event.Given)
			defer d.after(t, event)
			check(t, event, through(t, event))
		})
	}
}

// split takes the first granted and the first refused case of each operation apart, which has a folder of its own.
func split(cases []golden.Case) (first, others []golden.Case) {
	type kind struct {
		operation string
		refused   bool
	}
	seen := make(map[kind]bool)
	for _, c := range cases {
		k := kind{path.Dir(c.Name), c.Want.StatusCode >= http.StatusBadRequest}
		if seen[k] {
			others = append(others, c)
			continue
		}
		seen[k] = true
		first = append(first, c)
	}
	return first, others
}

func check(t *testing.T, event golden.Case, answer []byte) {
	t.Helper()
	if event.Want.Returns != nil {
		if diff := golden.DiffReturned(event.Want, answer); diff != "" {
			t.Errorf("%s is answered otherwise than it promises:\n%s", event.Path, diff)
		}
		return
	}
	var got events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(answer, &got); err != nil {
		t.Fatalf("SAM's answer is not JSON: %v", err)
	}
	if got.StatusCode == 0 {
		t.Fatalf("the function failed: %s", answer)
	}
	if diff := golden.Diff(event.Want, got); diff != "" {
		t.Errorf("%s is answered otherwise than it promises:\n%s", event.Path, diff)
	}
}

// invoke is `sam local invoke`: its standard output is the answer.
func invoke(t *testing.T, c *cli, event golden.Case, log io.Writer) []byte {
	t.Helper()
	cmd := c.local(t.Context(), "invoke", event.Function, "--event", event.Path)
	cmd.Stderr = log
	answer, err := cmd.Output()
	if err != nil {
		t.Fatalf("sam local invoke: %v", err)
	}
	return answer
}

func startLambda(t *testing.T, c *cli, log io.Writer) *server {
	t.Helper()
	port, err := freePort(0)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.serve(t.Context(), "start-lambda", port, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// post invokes as the AWS SDK does.
func post(t *testing.T, s *server, event golden.Case) []byte {
	t.Helper()
	url := fmt.Sprintf("%s/2015-03-31/functions/%s/invocations", s.url(), event.Function)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(event.Event))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// desk is what the functions work on: doubles of this test's own, because it empties them.
type desk struct {
	issuer approval.Issuer
	begin  map[string]beginning // by what is given
	holds  string               // what was given, as long as nothing has changed it
}

// beginning is what the fixture has written: all of the table, and what is in the one box.
type beginning struct {
	items []map[string]types.AttributeValue
	key   apikey.Key
}

func openDesk(t *testing.T, root string) *desk {
	t.Helper()
	d, err := doubles.Start(root)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	for name, value := range d.Environment() {
		t.Setenv(name, value)
	}
	known, err := template.Load(filepath.Join(root, "template.yaml"), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := awsenv.Config()
	if err := doubles.CreateTable(t.Context(), cfg, known.Table, tableName); err != nil {
		t.Fatal(err)
	}
	issuer := approval.Issuer{
		Table: table.New(cfg, tableName), Vault: vault.New(cfg, boxPrefix, ""), Form: apikey.Base64, Retention: 7 * 24 * time.Hour,
	}
	return &desk{issuer: issuer, begin: map[string]beginning{}}
}

// after notes that what was granted has changed the desk. What was refused has not: the next event finds it as it was.
func (d *desk) after(t *testing.T, event golden.Case) {
	t.Helper()
	var call events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(event.Event, &call); err != nil {
		t.Fatal(err)
	}
	reads := call.RequestContext.HTTP.Method == http.MethodGet
	if t.Failed() || event.Want.StatusCode < http.StatusBadRequest && !reads {
		d.holds = ""
	}
}

// give makes the table and the boxes what the fixture would make them. It writes only what has changed: the fixture itself takes
// a second, since it goes the desk's own way.
func (d *desk) give(t *testing.T, given string) {
	t.Helper()
	if d.holds == given {
		return
	}
	if err := emptyBoxes(t.Context()); err != nil {
		t.Fatal(err)
	}
	if begin, known := d.begin[given]; known {
		tabletest.Reset(t, d.issuer.Table, begin.items)
		if _, err := d.issuer.Vault.Keep(t.Context(), fixture.Org, fixture.Approved, begin.key); err != nil {
			t.Fatal(err)
		}
	} else {
		tabletest.Reset(t, d.issuer.Table, nil)
		d.begin[given] = d.load(t, given)
	}
	d.holds = given
}

func (d *desk) load(t *testing.T, given string) beginning {
	t.Helper()
	if err := fixture.Load(t.Context(), &d.issuer, given); err != nil {
		t.Fatal(err)
	}
	key, err := d.issuer.Vault.Open(t.Context(), fixture.Org, fixture.Approved, portal.AuthToken)
	if err != nil {
		t.Fatal(err)
	}
	return beginning{tabletest.Dump(t, d.issuer.Table), key}
}

// emptyBoxes has moto forget all that it holds.
func emptyBoxes(ctx context.Context) error {
	url := os.Getenv(doubles.SecretsManagerVariable) + "/moto-api/reset"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, http.NoBody) //nolint:gosec // moto's, which this test started
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request) //nolint:gosec // as above
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("moto answers %s to a reset", response.Status)
	}
	return nil
}
