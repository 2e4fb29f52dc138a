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
	"runtime"
	"time"

	"keydesk/infra/gateway"
	"keydesk/infra/local/doubles"
	"keydesk/infra/template"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
)

const (
	tableName = "keydesk"
	lastCalls = 2 * time.Second // given to the requests in flight when the desk closes
)

// desk is all of Keydesk, running on this machine.
type desk struct {
	environment map[string]string // what leads to it; see design: .local/env
	doubles     *doubles.Doubles
	gateway     *gateway.Gateway
	servers     []*http.Server
	served      chan error
}

// open starts a desk that serves on the listener, with sample data in it. What it has to say about its requests goes to log.
func open(listener net.Listener, log io.Writer) (*desk, error) {
	d := &desk{served: make(chan error, 2)}
	if err := d.open(listener, log); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *desk) open(listener net.Listener, log io.Writer) error {
	var err error
	if d.doubles, err = doubles.Start("."); err != nil {
		return err
	}
	d.environment = d.doubles.Environment()
	if err := export(d.environment); err != nil {
		return err
	}
	t, err := template.Load("template.yaml", map[string]string{
		"Architecture": architecture(), "Table": tableName, "AWS::StackName": "local", "ProtectedOrganisation": org,
	})
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := doubles.CreateTable(ctx, awsenv.Config(), t.Table, tableName); err != nil {
		return err
	}
	url := "http://" + listener.Addr().String()
	functions := maps.Clone(d.environment)
	functions["KEYDESK_PUBLIC_URL"] = url
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

	known, err := writeSample(ctx, table.New(awsenv.Config(), tableName))
	if err != nil {
		return err
	}
	maps.Copy(d.environment, known)
	d.environment["KEYDESK_TABLE"] = tableName
	d.environment["KEYDESK_URL"] = url
	return tellStory(ctx, d.environment)
}

func (d *desk) serve(listener net.Listener, handler http.Handler) {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	d.servers = append(d.servers, server)
	go func() { d.served <- server.Serve(listener) }()
}

// failed waits until something that the desk needs has ended by itself.
func (d *desk) failed() error {
	doubles := make(chan error, 1)
	go func() { doubles <- d.doubles.Failed() }()
	select {
	case err := <-doubles:
		return err
	case err := <-d.served:
		return fmt.Errorf("serve: %w", err)
	}
}

// close ends everything that open started, last things first.
func (d *desk) close() error {
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
