package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"keydesk/infra/tabletest"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// Every refusal is one line that names what is wrong and what to do, and leaves everything as it was.
func TestRefusals(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	org := o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	expired := table.Credential{ID: portal.NewID(time.Now()), Created: 1, Caller: caller.Caller{
		Org: org, Name: "Ed", Role: caller.Admin, Credential: "hash", Expires: 2,
	}}
	if err := o.desk.CreateCredential(t.Context(), expired); err != nil {
		t.Fatal(err)
	}
	before := tabletest.Items(t, o.desk)
	nobody := portal.NewID(time.Now())
	secret, _ := caller.Mint(org)
	create := "credential create --organisation " + org + " --role admin --name Ines "
	for arguments, want := range map[string]string{
		"":                                     `"organisation"`,
		"organisation create":                  "--name",
		"organisation create --name ":          "--name",
		"organisation create --name tab\there": "--name: it has a character that cannot be printed",
		"organisation create --name turn\u202earound":                                 "--name: it has a character that cannot be printed",
		"organisation create --name " + strings.Repeat("ß", 101):                      "--name: 100 characters",
		"credential create --organisation " + nobody + " --role admin --name I":       "no organisation " + nobody,
		"credential list --organisation " + nobody:                                    "no organisation " + nobody,
		"credential list --organisation Orchard":                                      "--organisation: 24",
		"credential create --organisation " + org + " --role boss --name I":           `--role must be one of "admin","reviewer","portal"`,
		create + "--email ines":                                                       `--email: address: "ines" is not an e-mail address`,
		create + "--email i/nes@orchard.example":                                      "--email: address: ",
		create + "--expires 2020-01-31":                                               "--expires: days such as",
		create + "--expires 3651d":                                                    "--expires: days such as",
		create + "--expires -1d":                                                      "--expires: days such as",
		create + "--expires=-1d":                                                      "--expires: days such as",
		create + "--expires":                                                          "--expires: days such as",
		"credential rotate --organisation " + org + " " + nobody:                      "<credential-id>: Orchard Bank has no credential " + nobody,
		"credential rotate --organisation " + org + " " + expired.ID:                  "has ended (expired 1970-01-01T00:00Z); make another",
		"credential rotate --organisation " + org + " " + expired.ID + " --grace 31d": "--grace: a time such as",
		"credential rotate --organisation " + org + " " + expired.ID + " --grace -1s": "--grace: a time such as",
		"credential revoke --organisation " + org + " " + nobody + " --yes":           "has no credential " + nobody,
		"credential revoke --organisation " + org + " " + secret.Reveal():             "an argument is a credential",
		create + "--table a --stack b":                                                "--table and --stack can't be used together",
		create + "--table nowhere":                                                    "no table nowhere in http",
	} {
		o.refuses(strings.Split(arguments, " "), want)
	}
	if !reflect.DeepEqual(tabletest.Items(t, o.desk), before) {
		t.Error("what was refused has changed the table")
	}
}

// refuses holds that a command is refused in words.
func (o operator) refuses(arguments []string, want string) {
	o.t.Helper()
	s := o.does(arguments...)
	if !s.failed || s.out != "" || !strings.Contains(s.err, want) {
		o.t.Errorf("%.60q: %d bytes of stdout; stderr: %s; want %q", arguments, len(s.out), s.err, want)
	}
	for line := range strings.Lines(s.err) {
		if !strings.HasPrefix(line, "admin: ") {
			o.t.Errorf("%.60q: a line of its own: %s", arguments, line)
		}
	}
}

// The help of creating a credential is where an operator learns what a role may do.
func TestHelpNamesTheRoles(t *testing.T) {
	t.Parallel()
	cmd, out, _ := start(t, nil, "credential", "create", "--help")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"reviewer: catalogue:read, configuration:read", "requests:decide", "go run ./infra/admin credential create --organisation 68a1",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}
