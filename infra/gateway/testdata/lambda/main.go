// The function of the gateway's tests: the query says what it does.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

var served int // invocations of this process

func main() {
	holdLeash(os.Getenv("LEASH"))
	switch os.Getenv("START") {
	case "child": // of the act "children"
		select {}
	case "fail":
		os.Exit(7)
	}
	lambda.Start(handle)
}

// holdLeash connects to the test and says who this is; the connection ends when the process does.
func holdLeash(address string) {
	if address == "" {
		return
	}
	leash, err := net.Dial("tcp", address)
	if err != nil {
		panic(err)
	}
	if _, err := fmt.Fprintln(leash, os.Getenv("START")); err != nil {
		panic(err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, leash)
		panic("the test let go of the leash")
	}()
}

func handle(ctx context.Context, raw json.RawMessage) (any, error) {
	served++
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(raw, &event); err != nil {
		return nil, err
	}
	query := event.QueryStringParameters
	if os.Getenv("START") == "authorizer" {
		return authorize(ctx, raw, query["guard"])
	}
	if url := query["wait"]; url != "" { // until the test lets it go
		response, err := http.Get(url)
		if err != nil {
			return nil, err
		}
		_ = response.Body.Close()
	}
	switch query["do"] {
	case "panic":
		panic("asked to")
	case "exit":
		os.Exit(3)
	case "fail":
		return nil, errors.New("secret detail of a failure")
	case "hang":
		time.Sleep(time.Hour)
	case "children":
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), "START=child")
		if err := child.Start(); err != nil {
			return nil, err
		}
		time.Sleep(time.Hour)
	case "print":
		fmt.Println("on standard output")
		fmt.Fprint(os.Stderr, "on standard error\n")
	case "answer": // what the body says, as it is
		return strings.NewReader(event.Body), nil
	case "half":
		return io.MultiReader(strings.NewReader("{"), failing{}), nil
	case "big":
		n, err := strconv.Atoi(query["bytes"])
		return bytes.NewReader(bytes.Repeat([]byte("x"), n)), err
	case "environment":
		return os.Environ(), nil
	case "context":
		lc, _ := lambdacontext.FromContext(ctx)
		deadline, _ := ctx.Deadline()
		folder, err := os.Getwd()
		return map[string]any{
			"request": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "trace": os.Getenv("_X_AMZN_TRACE_ID"),
			"left": time.Until(deadline).Milliseconds(), "folder": folder, "pid": os.Getpid(), "served": served,
		}, err
	}
	return events.APIGatewayV2HTTPResponse{
		StatusCode: 200, Headers: map[string]string{"content-type": "application/json"}, Body: string(raw),
	}, nil
}

// authorize answers as an authorizer does, or as one that is broken.
func authorize(ctx context.Context, raw json.RawMessage, act string) (any, error) {
	deadline, _ := ctx.Deadline()
	allow := map[string]any{"isAuthorized": true, "context": map[string]any{
		"event": string(raw), "left": time.Until(deadline).Milliseconds(), "count": 7, "good": true,
	}}
	switch act {
	case "allow bare":
		return map[string]bool{"isAuthorized": true}, nil
	case "deny":
		return map[string]any{"isAuthorized": false, "context": map[string]string{"reason": "SECRET"}}, nil
	case "silent":
		return map[string]any{"context": map[string]string{}}, nil
	case "word":
		return map[string]any{"isAuthorized": "true"}, nil
	case "no JSON":
		return strings.NewReader("yes"), nil
	case "fail":
		return allow, errors.New("secret detail of a failure")
	case "exit":
		os.Exit(3)
	case "hang":
		time.Sleep(time.Hour)
	}
	return allow, nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("broke off") }
