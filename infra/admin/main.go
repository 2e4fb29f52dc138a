// Program admin is the operator's tool: it makes organisations, the credentials by which their people and portals call the desk,
// and the secrets by which their other systems know it; and it has notices sent again that could not be sent. It acts on the table
// itself, with the operator's own AWS credentials: on that of a deployed stack, or, where the environment of `make run` was read, on
// the local one.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"keydesk/infra/canary"
)

// patience is how long a command may take, none of which makes more than a few calls; connecting that for one of them.
const (
	patience   = 10 * time.Second
	connecting = 3 * time.Second
)

// commands are the command line.
type commands struct {
	where

	Organisation struct {
		Create createOrganisation `cmd:"" help:"Make an organisation; prints its id."`
		List   listOrganisations  `cmd:"" help:"Show all organisations."`
	} `cmd:"" help:"Whom the desk serves."`

	Credential struct {
		Create createCredential `cmd:"" help:"Make a credential; prints it, once."`
		List   listCredentials  `cmd:"" help:"Show an organisation's credentials."`
		Rotate rotateCredential `cmd:"" help:"Put a new credential in the place of one; prints it, once."`
		Revoke revokeCredential `cmd:"" help:"End a credential now."`
	} `cmd:"" help:"By what its people and portals call the desk."`

	WebhookSecret struct {
		Show   showSecret   `cmd:"" help:"Print an organisation's signing secret."`
		Rotate rotateSecret `cmd:"" help:"Put a new signing secret in the place of the old one, and print it."`
	} `cmd:"" help:"By what the desk and an organisation's other systems know each other."`

	Notices struct {
		List     listNotices   `cmd:"" help:"Show the mails and webhooks that could not be sent."`
		Replay   replayNotices `cmd:"" help:"Have such notices sent again."`
		Failures listFailures  `cmd:"" help:"Show what the schedule and the stream's function could not do."`
		Records  printRecords  `cmd:"" help:"Print what the stream's function could not do, so that it can be handed to it again."`
	} `cmd:"" help:"What the desk tells people and other systems."`
}

func main() {
	signal.Ignore(syscall.SIGPIPE) // that nobody reads stdout any more is told like any other failure: a credential was to go there
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "admin: %s\n", strings.Join(strings.Fields(err.Error()), " "))
		os.Exit(1)
	}
}

func run(arguments []string) error {
	if canary.Find([]byte(strings.Join(arguments, " "))) != "" {
		return errors.New("an argument is a credential or a key, which the shell's history now has: name a credential by its id (credential list shows it), and rotate this one")
	}
	var given commands
	parser, err := kong.New(&given, kong.Name(program), kong.Description(description), kong.Vars{"roles": roleNames()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		return err
	}
	command, err := parser.Parse(arguments)
	if err != nil {
		return fmt.Errorf("%w (--help explains each command)", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d, err := open(ctx, given.where, os.Stdout, os.Stderr)
	if err != nil {
		return err
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return d.explain(command.Run(d))
}

// program is how the tool is called.
const program = "go run ./infra/admin"

const description = `Keydesk's organisations, credentials, signing secrets and notices.

What a command makes or shows goes to stdout, everything else to stderr. It acts with your own AWS credentials on the table of the
deployed stack, or, in a shell that has sourced .local/env, on that of "make run".`

// examples are the end of a command's help.
func examples(lines ...string) string {
	return "For example:\n\n  " + program + " " + strings.Join(lines, "\n  "+program+" ")
}

// Ids for the examples.
const (
	anOrganisation = "68a1c0e05f1d2b3c4d5e6f01"
	anID           = "68b20a1870c1d2e3f4a50b02" // of a credential
)
