package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// parentEvery is how often to look whether whoever started this is still there.
const parentEvery = 500 * time.Millisecond

// run serves a desk in the foreground until Ctrl-C, or until whoever started it is gone. The file of the environment that
// leads to it is there as long as it runs.
func run(port int, file string) error {
	listener, err := listen(port)
	if err != nil {
		return err
	}
	alone := orphaned()
	var log held
	d, err := open(listener, settings{folder: filepath.Dir(file), log: &log, clock: true})
	if err != nil {
		return errors.Join(log.show(os.Stderr), err)
	}
	if err := writeEnvironment(file, d.environment); err != nil {
		return errors.Join(err, d.close())
	}
	fmt.Printf(ready, d.environment["KEYDESK_URL"])
	log.pass(os.Stdout)
	go announce(d.ctx, d.environment["KEYDESK_MAIL"], os.Stdout)
	err = waitForEnd(d, alone)
	return errors.Join(err, forgetEnvironment(file, d.environment), d.close())
}

const ready = `
Keydesk is ready on %[1]s until Ctrl-C. In another terminal, in this folder:

  . .local/env
  # what waits for a decision
  curl -s "$KEYDESK_URL/api/portal/requests?approved=false" -H "Authorization: $KEYDESK_REVIEWER"
  # a portal asks for a key for a developer: Message is the request's id
  curl -s "$KEYDESK_URL/api/portal/requests" -H "Authorization: $KEYDESK_PORTAL" \
    -d '{"by_user": "'$KEYDESK_DEVELOPER'", "apply_policies": ["'$KEYDESK_POLICY'"]}'
  # a reviewer approves it (put its id for ID) and receives the key, once
  curl -s -X PUT "$KEYDESK_URL/api/portal/requests/approve/ID" -H "Authorization: $KEYDESK_REVIEWER"
  # the key (its RawKey, for KEY) opens a sample of an API, which answers with the key's id
  curl -s "$KEYDESK_URL/hello" -H "Authorization: KEY"
  # revoked (put the key's id for KEY-ID), it is refused, within ten seconds
  curl -s -X DELETE "$KEYDESK_URL/api/portal/developers/$KEYDESK_DEVELOPER/keys/KEY-ID" -H "Authorization: $KEYDESK_REVIEWER"
  # another kind of key, an OAuth client of the Cards API, which nobody reviews; the catalogue has a plan of each kind
  curl -s "$KEYDESK_URL/api/portal/developers/$KEYDESK_DEVELOPER/keys" -H "Authorization: $KEYDESK_PORTAL" \
    -d '{"apply_policies": ["` + cards + `"], "oauth_info": {"redirect_uri": "https://app.example.org/callback"}}'
  # a plan that nobody reviews is granted by the schedule: every minute, or now
  curl -s "$KEYDESK_URL/api/portal/requests" -H "Authorization: $KEYDESK_PORTAL" \
    -d '{"by_user": "'$KEYDESK_DEVELOPER'", "apply_policies": ["'$KEYDESK_POLICY_AUTO'"]}' && make tick
  # and its developer takes the key by a link, in a browser: mails are kept, and announced below
  cat "$(ls "$KEYDESK_MAIL"/* | tail -n 1)"

Every route is shown at %[1]s/docs, and README.md has more. Each request that is answered, and each mail, is one line here:
`

// listen takes the port before anything is started for it.
func listen(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("port %d is taken: end what listens there, or choose another, as in: make run PORT=%d", port, port+1)
	}
	return listener, err
}

// waitForEnd returns nil when it is asked to end, or why it cannot go on.
func waitForEnd(d *desk, alone <-chan struct{}) error {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGINT, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signal.Notify(asked, syscall.SIGHUP)
	}
	failed := make(chan error, 1)
	go func() { failed <- d.failed() }()
	select {
	case <-asked:
		fmt.Println("ending")
		return nil
	case <-alone:
		return nil
	case err := <-failed:
		return err
	}
}

// orphaned is closed when whoever started this program is gone: make that was killed cannot say so.
func orphaned() <-chan struct{} {
	parent := os.Getppid()
	alone := make(chan struct{})
	go func() {
		for os.Getppid() == parent {
			time.Sleep(parentEvery)
		}
		close(alone)
	}()
	return alone
}
