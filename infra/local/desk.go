package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"keydesk/infra/gateway"
	"keydesk/infra/local/doubles"
	"keydesk/infra/stream"
	"keydesk/infra/template"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
)

const (
	tableName = "keydesk"
	stack     = "local"
	claimKey  = "keydesk-claim/" + stack
	lastCalls = 2 * time.Second // given to the requests in flight when the desk closes
)

// desk is all of Keydesk, running on this machine.
type desk struct {
	environment map[string]string // what leads to it; see design: .local/env
	doubles     *doubles.Doubles
	gateway     *gateway.Gateway
	servers     []*http.Server
	ended       chan error // what the desk needs and has ended by itself
	ctx         context.Context
	cancel      context.CancelFunc // ends what follows the table and the clock
	following   sync.WaitGroup
}

// settings say how a desk runs.
type settings struct {
	folder string    // for the mail that it sends, and for what its functions could not do
	log    io.Writer // what it has to say about its requests
	clock  bool      // schedules are fired by the clock; otherwise `local tick` does so alone
}

// open starts a desk that serves on the listener, with sample data in it.
func open(listener net.Listener, s settings) (*desk, error) {
	d := &desk{ended: make(chan error, 3)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	if err := d.open(listener, s); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *desk) open(listener net.Listener, s settings) error {
	mail, err := emptied(s.folder, "mail")
	if err != nil {
		return err
	}
	failures, err := emptied(s.folder, "failures")
	if err != nil {
		return err
	}
	if d.doubles, err = doubles.Start(".", mail); err != nil {
		return err
	}
	d.environment = d.doubles.Environment()
	if err := export(d.environment); err != nil {
		return err
	}
	t, err := template.Load("template.yaml", map[string]string{
		"Architecture": architecture(), "Table": tableName, "AWS::StackName": stack, "ProtectedOrganisation": org,
		"ClaimKey": claimKey, "PrivateWebhooks": "on",
	})
	if err != nil {
		return err
	}
	if err := provide(d.ctx, t); err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	if err := d.start(t, listener, url, s.log); err != nil {
		return err
	}
	d.follow(t, failures, s)

	known, err := writeSample(d.ctx, table.New(awsenv.Config(), tableName))
	if err != nil {
		return err
	}
	maps.Copy(d.environment, known)
	maps.Copy(d.environment, map[string]string{
		"KEYDESK_URL": url, "KEYDESK_TABLE": tableName, "KEYDESK_CLAIM_KEY": claimKey, "KEYDESK_WEBHOOK_PREFIX": "keydesk-webhook/" + stack,
		"KEYDESK_MAIL": mail,
	})
	return tellStory(d.ctx, d.environment)
}

// provide makes what CloudFormation makes: the table and the key of claim links; and what a person does by hand: mail may be sent.
func provide(ctx context.Context, t *template.Template) error {
	cfg := awsenv.Config()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return doubles.CreateTable(ctx, cfg, t.Table, tableName) })
	group.Go(func() error { return createClaimKey(ctx, cfg) })
	group.Go(func() error { return verifySenders(ctx, cfg) })
	return group.Wait()
}

// start serves the functions: what the API's clients call, and what invokes them by their names.
func (d *desk) start(t *template.Template, listener net.Listener, url string, log io.Writer) error {
	functions := maps.Clone(d.environment)
	functions["KEYDESK_PUBLIC_URL"] = url
	var err error
	if d.gateway, err = gateway.New(t, gateway.Options{Build: "build", Environment: functions, Log: log}); err != nil {
		return err
	}
	d.serve(listener, d.gateway)
	lambda, err := listen(0)
	if err != nil {
		return err
	}
	d.serve(lambda, d.gateway.Invoker())
	d.environment["AWS_ENDPOINT_URL_LAMBDA"] = "http://" + lambda.Addr().String()
	return nil
}

func (d *desk) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	d.servers = append(d.servers, server)
	go func() { d.ended <- fmt.Errorf("serve: %w", server.Serve(listener)) }()
}

// follow has the functions invoked that no call comes to: by what happens in the table, and by the clock.
func (d *desk) follow(t *template.Template, failures string, s settings) {
	for _, mapping := range t.Streams {
		f := stream.Follower{Mapping: mapping, Invoke: d.gateway.Invoke, Failures: failures, Log: s.log}
		d.following.Go(func() {
			if err := f.Follow(d.ctx, awsenv.Config(), tableName); err != nil {
				d.ended <- err
			}
		})
	}
	for _, schedule := range t.Schedules {
		if s.clock {
			d.following.Go(func() { keepTime(d.ctx, schedule, d.gateway.Invoke) })
		}
	}
}

// failed waits until something that the desk needs has ended by itself.
func (d *desk) failed() error {
	doubles := make(chan error, 1)
	go func() { doubles <- d.doubles.Failed() }()
	select {
	case err := <-doubles:
		return err
	case err := <-d.ended:
		return err
	}
}

// close ends everything that open started, last things first.
func (d *desk) close() error {
	d.cancel()
	d.following.Wait()
	var err error
	ctx, cancel := context.WithTimeout(context.Background(), lastCalls)
	defer cancel()
	for _, server := range d.servers {
		ended := server.Shutdown(ctx)
		if errors.Is(ended, context.DeadlineExceeded) {
			ended = server.Close() // whoever still waits is told by the end of the connection
		}
		err = errors.Join(err, ended)
	}
	if d.gateway != nil {
		err = errors.Join(err, d.gateway.Close())
	}
	if d.doubles != nil {
		d.doubles.Stop()
	}
	return err
}

// architecture is this machine's, as Lambda names it: the functions were built for it.
func architecture() string {
	if runtime.GOARCH == "arm64" {
		return "arm64"
	}
	return "x86_64"
}

func export(environment map[string]string) error {
	for name, value := range environment {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	return nil
}

// emptied makes a folder for this desk's own: what an earlier one left in it goes. What stands in there may give somebody a key.
func emptied(above, name string) (string, error) {
	folder, err := filepath.Abs(filepath.Join(above, name))
	if err != nil {
		return "", err
	}
	if err := os.RemoveAll(folder); err != nil {
		return "", err
	}
	return folder, os.MkdirAll(folder, 0o700)
}
