// Program local runs Keydesk on one machine: `make run` and `make test` are its users. It starts what stands in for AWS, makes
// the template's table, fills it with sample data, serves it through the gateway, and ends all of it together.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
)

const usage = `
local run [-port 3000] [-env .local/env]    serve, with sample data, until Ctrl-C
local exec [-desk [-clock]] -- COMMAND...   run a command beside DynamoDB Local and moto; -desk: beside a whole desk, whose schedules
                                            only tick fires; -clock: so does the clock
local tick                                  fire the schedules now, at the desk that the environment leads to`

func main() {
	err := dispatch(os.Args[1:])
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.Exited() {
		os.Exit(exit.ExitCode()) // of local exec's command, which has said what is wrong
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "keydesk: %s\n", err)
		os.Exit(1)
	}
}

// dispatch runs a subcommand. It runs at the repository's root, as make does.
func dispatch(arguments []string) error {
	if len(arguments) == 0 {
		return errors.New("local what?" + usage)
	}
	name, rest := arguments[0], arguments[1:]
	flags := flag.NewFlagSet("local "+name, flag.ExitOnError)
	switch name {
	case "run":
		port := flags.Int("port", 3000, "the port to serve on")
		file := flags.String("env", ".local/env", "the file to write the environment to")
		_ = flags.Parse(rest) // exits on an error
		return run(*port, *file)
	case "exec":
		desk := flags.Bool("desk", false, "a whole desk, not the doubles alone")
		clock := flags.Bool("clock", false, "fire the desk's schedules by the clock")
		_ = flags.Parse(rest)
		return execute(*desk, *clock, flags.Args())
	case "tick":
		return tick(os.Stdout)
	}
	return fmt.Errorf("local %s: no such command%s", name, usage)
}
