package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

const (
	loopback    = "127.0.0.1"
	readyWithin = 2 * time.Minute // the first time the image is built, and a container started for every function
	endWithin   = 30 * time.Second
)

// server is `sam local start-api` or `sam local start-lambda`.
type server struct {
	address  string
	cli      *cli
	cmd      *exec.Cmd
	lifeline io.Closer     // closed, by Stop or by the end of this program, it ends the server
	ended    chan struct{} // closed when the process has ended
	why      error         // with what; to be read then
}

// whileLifeline runs a command until it ends or its own standard input does. Then the command hears SIGTERM, once: at a second one
// SAM CLI would drop what it does at the first, which is to remove its containers. SIGINT it does not hear in the background.
const whileLifeline = `
	exec 3<&0
	"$@" </dev/null &
	{ cat <&3 >/dev/null; kill -TERM $!; } 2>/dev/null &
	wait %1`

// url is where it serves.
func (s *server) url() string { return "http://" + s.address }

// SAM CLI draws a port for each container by chance, and finds out too late when two have the same: of sixteen that happens once
// in thirty starts.
const (
	portTaken = "port is already allocated"
	draws     = 4
)

// serve starts one of SAM CLI's two servers and waits until it answers.
func (c *cli) serve(ctx context.Context, kind string, port int, log io.Writer) (*server, error) {
	for draw := 1; ; draw++ {
		watched := &watch{log: log}
		s, err := c.start(ctx, kind, port, watched)
		if err == nil || draw == draws || !watched.taken {
			return s, err
		}
	}
}

// watch is a log in which it is noticed that a port was taken. It is read when the server, which writes it, has ended.
type watch struct {
	log   io.Writer
	taken bool
}

func (w *watch) Write(text []byte) (int, error) {
	w.taken = w.taken || bytes.Contains(text, []byte(portTaken))
	return w.log.Write(text)
}

func (c *cli) start(ctx context.Context, kind string, port int, log io.Writer) (*server, error) {
	sam := c.local(ctx, kind, "--host", loopback, "--port", strconv.Itoa(port),
		"--warm-containers", "EAGER", "--no-watch") // EAGER: every container at the start, none at a request
	s := &server{address: net.JoinHostPort(loopback, strconv.Itoa(port)), cli: c, ended: make(chan struct{})}
	s.cmd = exec.Command("bash", append([]string{"-c", whileLifeline, "bash"}, sam.Args...)...)
	s.cmd.Dir, s.cmd.Env = sam.Dir, sam.Env
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's Ctrl-C is for this program alone
	var err error
	if s.lifeline, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start sam local %s: %w", kind, err)
	}
	go func() {
		defer close(s.ended)
		s.why = s.cmd.Wait()
	}()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("sam local %s: %w", kind, err), s.Stop())
	}
	return s, nil
}

// ready waits until the server takes connections, which it does when its containers run.
func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for {
		select {
		case <-s.ended:
			return fmt.Errorf("ended before it answered: %w", s.why)
		case <-ctx.Done():
			return fmt.Errorf("did not answer: %w", ctx.Err())
		case <-poll.C:
			var dialer net.Dialer
			if connection, err := dialer.DialContext(ctx, "tcp", s.address); err == nil {
				return connection.Close()
			}
		}
	}
}

// Stop ends the server, which removes its containers, and removes them where it did not.
func (s *server) Stop() error {
	_ = s.lifeline.Close() // an error means that it is closed
	select {
	case <-s.ended:
	case <-time.After(endWithin):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.ended
	}
	return s.cli.removeContainers(context.Background()) // the caller's own context may be what ended it
}
