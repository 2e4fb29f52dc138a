package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"keydesk/infra/local/doubles"
)

const (
	logs    = ".local/log" // for what a desk writes that runs for a command alone
	deskLog = logs + "/desk.log"
)

// execute runs a command with an environment that leads to doubles, or to a whole desk, started for it alone.
func execute(whole, clock bool, command []string) error {
	if len(command) == 0 {
		return errors.New("local exec: name the command to run")
	}
	if !whole {
		started, err := doubles.Start(".", "")
		if err != nil {
			return err
		}
		defer started.Stop()
		return runWith(started.Environment(), command)
	}
	listener, err := listen(0)
	if err != nil {
		return err
	}
	log, err := os.Create(deskLog) // the command's own output is what a person wants to see
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	d, err := open(listener, settings{folder: logs, log: log, clock: clock})
	if err != nil {
		return err
	}
	if d.environment["KEYDESK_LOG"], err = filepath.Abs(deskLog); err != nil {
		return errors.Join(err, d.close())
	}
	return errors.Join(runWith(d.environment, command), d.close())
}

// runWith runs the command to its end. A terminal's Ctrl-C reaches the command by itself; what this process alone is told, or
// learns by the end of whoever started it, is passed on.
func runWith(environment map[string]string, command []string) error {
	if err := export(environment); err != nil {
		return err
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	signal.Notify(make(chan os.Signal, 1), syscall.SIGINT) // not ignored: that the command would inherit
	told := make(chan os.Signal, 1)
	signal.Notify(told, syscall.SIGTERM)
	alone := orphaned()
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-told:
	case <-alone:
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // an error means that it has ended
	return <-ended
}
