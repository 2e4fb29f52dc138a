package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/canary"
	"keydesk/infra/tabletest"
	"keydesk/shared/caller"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// The test's own binary plays the program.
func TestMain(m *testing.M) {
	if os.Getenv("KEYDESK_TEST_ADMIN") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// said is what the program has written.
type said struct {
	out, err string
	failed   bool
}

// operator works with the program on one table.
type operator struct {
	t           *testing.T
	desk        *table.Table
	handler     rest.Handler
	environment []string // beside the table's name
}

func newOperator(t *testing.T) operator {
	t.Helper()
	desk := tabletest.New(t)
	return operator{t: t, desk: desk, handler: rest.Handle(desk, rest.Operation[struct{}]{
		Route: "GET /api/portal/policies",
		First: func(context.Context, rest.In) (struct{}, error) { return struct{}{}, nil },
		Then: func(_ context.Context, _ rest.In, who caller.Caller, _ struct{}) (rest.Out, error) {
			return rest.OK(who.Name), nil
		},
	})}
}

// start makes the program ready to be started, in the test's environment but for what is given.
func start(t *testing.T, environment []string, arguments ...string) (cmd *exec.Cmd, out, err *bytes.Buffer) {
	t.Helper()
	cmd = exec.CommandContext(t.Context(), os.Args[0], arguments...)
	own := slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "KEYDESK_") })
	cmd.Env = slices.Concat(own, []string{"KEYDESK_TEST_ADMIN=1", "AWS_EC2_METADATA_DISABLED=true"}, environment)
	out, err = &bytes.Buffer{}, &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, err
	return cmd, out, err
}

// does runs a command on the operator's table. Whatever comes of it, stderr has no secret.
func (o operator) does(arguments ...string) said {
	o.t.Helper()
	return o.doesInShell("", arguments...)
}

// doesInShell is does, with stdout elsewhere.
func (o operator) doesInShell(redirection string, arguments ...string) said {
	o.t.Helper()
	cmd, out, err := start(o.t, append([]string{"KEYDESK_TABLE=" + o.desk.Name()}, o.environment...), arguments...)
	if redirection != "" {
		cmd.Path, cmd.Args = "/bin/sh", slices.Concat([]string{"sh", "-c", `exec "$0" "$@" ` + redirection, os.Args[0]}, arguments)
	}
	failed := cmd.Run() != nil
	if secret := canary.Find(err.Bytes()); secret != "" {
		o.t.Errorf("%v: stderr has %s", arguments, secret)
	}
	return said{out.String(), err.String(), failed}
}

// gets runs a command that must be done, and gives its one line of stdout.
func (o operator) gets(shape string, arguments ...string) string {
	o.t.Helper()
	s := o.does(arguments...)
	line := strings.TrimSuffix(s.out, "\n")
	if s.failed || !regexp.MustCompile(`^`+shape+`$`).MatchString(line) {
		o.t.Fatalf("%v: %d bytes on stdout that are no %s; stderr: %s", arguments, len(line), shape, s.err)
	}
	return line
}

const (
	idShape         = `[0-9a-f]{24}`
	credentialShape = `kd_[0-9a-f]{24}_[a-z2-7]{52}` //nolint:gosec // what one looks like
)

// status is what the door answers to a credential.
func (o operator) status(credential string) int {
	o.t.Helper()
	event := events.APIGatewayV2HTTPRequest{RawPath: "/api/portal/policies", Headers: map[string]string{"authorization": credential}}
	event.RequestContext.HTTP.Method = "GET"
	response, err := o.handler(o.t.Context(), event)
	if err != nil {
		o.t.Fatal(err)
	}
	return response.StatusCode
}

// stored finds a credential in the table by its holder's name, the newest.
func (o operator) stored(org, name string) table.Credential {
	o.t.Helper()
	all, err := o.desk.Credentials(o.t.Context(), org)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, c := range slices.Backward(all) {
		if c.Name == name && c.Successor == "" {
			return c
		}
	}
	o.t.Fatalf("there is no credential of %s among %d", name, len(all))
	return table.Credential{}
}

func TestTheLifeOfACredential(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	org := o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	if s := o.does("organisation", "list"); !strings.Contains(s.out, org+"  Orchard Bank  ") {
		t.Errorf("organisation list: %+v", s)
	}
	first := o.gets(credentialShape, "credential", "create", "--organisation", org, "--role", "portal", "--name", "developer portal",
		"--email", "portal@orchard.example", "--expires", "90d")
	made := o.stored(org, "developer portal")
	if days := (made.Expires - made.Created) / 86400; days != 90 || made.Role != caller.Portal || made.Email != "portal@orchard.example" {
		t.Errorf("it lives %d days: %+v", days, made)
	}
	o.expect("a new credential", map[string]int{first: 200})

	const grace = 5 * time.Second
	second := o.gets(credentialShape, "credential", "rotate", "--organisation", org, made.ID, "--grace", grace.String())
	o.expect("within the grace", map[string]int{first: 200, second: 200})
	time.Sleep(grace)
	o.expect("after the grace", map[string]int{first: 401, second: 200})

	next := o.stored(org, "developer portal")
	third := o.gets(credentialShape, "credential", "rotate", "--organisation", org, next.ID, "--grace", "0", "--yes")
	o.expect("without a grace", map[string]int{first: 401, second: 401, third: 200})

	last := o.stored(org, "developer portal")
	if s := o.does("credential", "revoke", "--organisation", org, last.ID, "--yes"); s.failed || s.out != "" {
		t.Errorf("revoke: %+v", s)
	}
	o.expect("revoked", map[string]int{first: 401, second: 401, third: 401})
	if s := o.does("credential", "revoke", "--organisation", org, last.ID); s.failed || !strings.Contains(s.err, "has ended already") {
		t.Errorf("revoke again: %+v", s)
	}

	list := o.does("credential", "list", "--organisation", org)
	for what, shape := range map[string]string{
		"the first":  made.ID + `  developer portal +portal  portal@orchard\.example  \S+Z  expired \S+Z, replaced by ` + next.ID,
		"the second": next.ID + `  .*  revoked \S+Z, replaced by ` + last.ID,
		"the third":  last.ID + `  .*  revoked \S+Z\n`,
	} {
		if !regexp.MustCompile(shape).MatchString(list.out) {
			t.Errorf("%s is not in the list:\n%s", what, list.out)
		}
	}
	for _, secret := range []string{first, second, third, made.Credential, next.Credential, last.Credential} {
		if strings.Contains(list.out+list.err, secret) || strings.Contains(list.out+list.err, secret[len(secret)-20:]) {
			t.Error("the list shows a credential or its hash")
		}
	}
}

// expect holds what the door answers to each credential.
func (o operator) expect(when string, want map[string]int) {
	o.t.Helper()
	for credential, status := range want {
		if got := o.status(credential); got != status {
			o.t.Errorf("%s: a credential is answered %d, want %d", when, got, status)
		}
	}
}

// What cuts somebody off is not done without --yes, and said.
func TestDangerousThingsAreAskedFor(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	org := o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	create := func(role, name string) {
		o.gets(credentialShape, "credential", "create", "--organisation", org, "--role", role, "--name", name)
	}
	create("admin", "Ines")
	create("reviewer", "Ravi")
	ines, ravi := o.stored(org, "Ines").ID, o.stored(org, "Ravi").ID
	refused := func(noAdmin bool, arguments ...string) {
		t.Helper()
		before := tabletest.Items(t, o.desk)
		s := o.does(slices.Concat([]string{"credential"}, arguments, []string{"--organisation", org})...)
		if !s.failed || s.out != "" || !strings.Contains(s.err, "would be refused from now on") || !strings.Contains(s.err, "add --yes") ||
			strings.Contains(s.err, "would have no admin") != noAdmin {
			t.Errorf("%v: %+v", arguments, s)
		}
		if !reflect.DeepEqual(tabletest.Items(t, o.desk), before) {
			t.Errorf("%v was refused and has changed the table", arguments)
		}
	}
	refused(true, "revoke", ines)
	refused(false, "revoke", ravi)
	refused(false, "rotate", ines, "--grace", "0")
	refused(false, "rotate", ravi, "--grace", "900ms")
	create("admin", "Iris")
	refused(false, "revoke", ines)
	o.gets("", "credential", "revoke", "--organisation", org, o.stored(org, "Iris").ID, "--yes")
	refused(true, "revoke", ines)
	o.gets(credentialShape, "credential", "rotate", "--organisation", org, ines)
	refused(true, "revoke", o.stored(org, "Ines").ID) // the old one ends by itself
}

// What is shown once is not made where nobody will see it. (Go's runtime gives a program whose stdout is closed the null device.)
func TestNothingIsMadeForNobody(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	org := o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	o.gets(credentialShape, "credential", "create", "--organisation", org, "--role", "admin", "--name", "Ines")
	before := tabletest.Items(t, o.desk)
	for _, redirection := range []string{">&-", ">/dev/null"} {
		for _, command := range [][]string{
			{"organisation", "create", "--name", "Lost"},
			{"credential", "create", "--organisation", org, "--role", "admin", "--name", "Lost"},
			{"credential", "rotate", "--organisation", org, o.stored(org, "Ines").ID},
		} {
			if s := o.doesInShell(redirection, command...); !s.failed || !strings.Contains(s.err, "stdout") {
				t.Errorf("%v %s: %+v", command, redirection, s)
			}
			if !reflect.DeepEqual(tabletest.Items(t, o.desk), before) {
				t.Fatalf("%v %s has changed the table", command, redirection)
			}
		}
	}
}

func TestACredentialThatCannotBePrintedIsNamed(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	org := o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = read.Close()
	defer func() { _ = write.Close() }()
	cmd, _, stderr := start(t, []string{"KEYDESK_TABLE=" + o.desk.Name()},
		"credential", "create", "--organisation", org, "--role", "admin", "--name", "Ines")
	cmd.Stdout = write
	if err := cmd.Run(); err == nil {
		t.Error("it says that all is well")
	}
	made := o.stored(org, "Ines")
	if said := stderr.String(); !strings.Contains(said, made.ID) || !strings.Contains(said, "credential rotate") || canary.Find([]byte(said)) != "" {
		t.Errorf("%d bytes of stderr do not say what to do", len(said))
	}
}
