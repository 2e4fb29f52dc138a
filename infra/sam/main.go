// Command sam serves the functions through `sam local start-api`: in containers that are like Lambda's, behind SAM's own
// imitation of API Gateway, on the same local table as `make run`. `make sam` calls it, and `make test-sam` sends the end-to-end
// suite through it; the test beside it sends the files of events/ through `sam local invoke` and `sam local start-lambda`.
// What holds here holds in a second imitation of AWS, which is not of this repository's making.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

const usage = `sam [-port 3000] [COMMAND...]  serve until Ctrl-C, or beside a command until that has ended (-port 0: a free port);
                               inside local exec -desk, which has the table that is served
`

func main() {
	flag.Usage = func() { fmt.Fprint(os.Stderr, usage) }
	port := flag.Int("port", 3000, "where to serve")
	flag.Parse()
	err := run(*port, flag.Args())
	if command := (ended{}); errors.As(err, &command) {
		os.Exit(command.ExitCode())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "keydesk:", err)
		os.Exit(1)
	}
}

func run(port int, command []string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := withParentAlive(ctx)
	defer cancel()
	if port, err = freePort(port); err != nil {
		return err
	}
	root, err := os.Getwd() // make runs this at the top
	if err != nil {
		return err
	}
	fmt.Println("building the functions through SAM")
	c, err := prepare(ctx, root, "serve", map[string]string{
		"KEYDESK_TABLE": os.Getenv("KEYDESK_TABLE"), "KEYDESK_PUBLIC_URL": fmt.Sprintf("http://%s:%d", loopback, port),
		// the gateway has these by the template's parameters
		"KEYDESK_PROTECTED_ORG": os.Getenv("KEYDESK_ORG"), "KEYDESK_CLAIM_KEY": os.Getenv("KEYDESK_CLAIM_KEY"),
	})
	if err != nil {
		return err
	}
	log := os.Stderr
	if len(command) > 0 { // the terminal is the command's
		if log, err = os.Create(".local/log/sam.log"); err != nil {
			return err
		}
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	fmt.Println("starting a container for every function")
	s, err := c.serve(ctx, "start-api", port, log)
	if err != nil {
		return fmt.Errorf("%w (log: %s)", err, log.Name())
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	if len(command) == 0 {
		return foreground(ctx, s)
	}
	if port, err = freePort(0); err != nil {
		return err
	}
	lambda, err := c.serve(ctx, "start-lambda", port, log)
	if err != nil {
		return fmt.Errorf("%w (log: %s)", err, log.Name())
	}
	defer func() { err = errors.Join(err, lambda.Stop()) }()
	return beside(ctx, s, lambda, log.Name(), command)
}

// foreground serves until ctx is done or SAM CLI ends.
func foreground(ctx context.Context, s *server) error {
	const file = ".local/env"
	if err := writeEnvironment(file, s.url()); err != nil {
		return err
	}
	defer func() { _ = os.Remove(file) }()
	fmt.Printf("\nKeydesk is ready, through SAM, on %s until Ctrl-C. What to try: see README.md, after  . %s\n\n", s.url(), file)
	select {
	case <-ctx.Done():
		fmt.Println("ending the containers")
		return nil
	case <-s.ended:
		return fmt.Errorf("sam local start-api ended: %w", s.why)
	}
}

// beside runs the command to its end, with an environment that leads to both of SAM CLI's servers, and to what their functions log.
func beside(ctx context.Context, api, lambda *server, log string, command []string) error {
	log, err := filepath.Abs(log)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.Env = append(os.Environ(), "BASE_URL="+api.url(), "KEYDESK_URL="+api.url(), "AWS_ENDPOINT_URL_LAMBDA="+lambda.url(), "KEYDESK_LOG="+log)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	err = cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.Exited() {
		return ended{exit}
	}
	return err
}

// ended is how the command ended, which has said what is wrong. SAM CLI, which may end like that too, has not.
type ended struct{ *exec.ExitError }

// withParentAlive ends with whoever started this program: one that is killed cannot say so.
func withParentAlive(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	parent := os.Getppid()
	go func() {
		look := time.NewTicker(500 * time.Millisecond)
		defer look.Stop()
		for os.Getppid() == parent {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
			}
		}
		cancel()
	}()
	return ctx, cancel
}

// freePort is the port if nobody listens there, and for 0 any such one.
func freePort(port int) (int, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return 0, fmt.Errorf("port %d is taken: end what listens there, or choose another, as in: make sam PORT=%d", port, port+1)
	}
	if err != nil {
		return 0, err
	}
	return listener.Addr().(*net.TCPAddr).Port, listener.Close()
}
