package gateway

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"keydesk/infra/template"
)

// lingerLimit is long for a process that has nothing more to do, even on a busy machine.
const lingerLimit = time.Second

var (
	errIntegrationTimeout = errors.New("no answer within the integration's time limit")
	errClosed             = errors.New("the gateway is closed")
)

// function is one Lambda function: its binary and the processes that run it. As in Lambda a process handles one invocation at a
// time, is started when no idle one is left, and is used again.
type function struct {
	template.Function
	binary      string
	environment map[string]string
	service     *service
	slots       chan struct{} // one for each invocation that may run now; further ones wait in order

	mu   sync.Mutex
	idle []*worker // the last one used is the first one used again
}

// invocation is one event on its way through a process.
type invocation struct {
	id       string // Lambda's request id
	event    []byte
	trace    string
	deadline time.Time    // set when a process receives it
	answer   chan outcome // from the Runtime API, once
}

// outcome is what became of an invocation.
type outcome struct {
	payload []byte
	cold    bool // a process had to be started for it
	err     error
}

func newFunction(f template.Function, binary string, o Options, s *service) *function {
	environment := lambdaEnvironment(f, filepath.Dir(binary))
	maps.Copy(environment, f.Environment)
	maps.Copy(environment, o.Environment)
	return &function{Function: f, binary: binary, environment: environment, service: s, slots: make(chan struct{}, o.MaxWorkers)}
}

// lambdaEnvironment is what Lambda itself gives a function on provided.al2023; nothing of this process's own environment is in it
// (docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime).
func lambdaEnvironment(f template.Function, root string) map[string]string {
	return map[string]string{
		"AWS_LAMBDA_FUNCTION_NAME":        f.LogicalID,
		"AWS_LAMBDA_FUNCTION_VERSION":     "$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_INITIALIZATION_TYPE":  "on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME":       "/aws/lambda/" + f.LogicalID,
		"AWS_REGION":                      "us-east-1",
		"AWS_DEFAULT_REGION":              "us-east-1",
		"AWS_ACCESS_KEY_ID":               "local",
		"AWS_SECRET_ACCESS_KEY":           "local",
		"AWS_SESSION_TOKEN":               "local",
		"LAMBDA_TASK_ROOT":                root,
		"LAMBDA_RUNTIME_DIR":              root,
		"LANG":                            "en_US.UTF-8",
		"PATH":                            "/usr/local/bin:/usr/bin:/bin:/opt/bin",
		"TZ":                              ":UTC",
		"_HANDLER":                        "bootstrap",
	}
}

// invoke has the event handled and waits for the answer at most limit. Once begun, the invocation goes on to its own end whether
// or not anybody still waits, as in Lambda.
func (f *function) invoke(ctx context.Context, event []byte, trace string, limit time.Duration) outcome {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errIntegrationTimeout)
	defer cancel()
	select {
	case f.slots <- struct{}{}:
	case <-ctx.Done():
		return outcome{err: context.Cause(ctx)}
	case <-f.service.closing:
		return outcome{err: errClosed}
	}
	answered := make(chan outcome, 1)
	begun := f.service.run(func() {
		defer func() { <-f.slots }()
		f.handle(&invocation{id: uuid(), event: event, trace: trace, answer: make(chan outcome, 1)}, answered)
	})
	if !begun {
		<-f.slots
		return outcome{err: errClosed}
	}
	select {
	case o := <-answered:
		return o
	case <-ctx.Done():
		return outcome{err: context.Cause(ctx)}
	}
}

// handle runs the invocation on a process, answers, and keeps the process for the next one if it asks for more.
func (f *function) handle(inv *invocation, answered chan<- outcome) {
	for {
		w, cold, err := f.worker()
		if err != nil {
			answered <- outcome{cold: cold, err: err}
			return
		}
		inv.deadline = time.Now().Add(f.Timeout)
		if err := w.deliver(inv); err != nil {
			if !cold {
				continue // it died while idle: the invocation has not begun
			}
			answered <- outcome{cold: cold, err: err}
			return
		}
		o := w.await(inv, f.Timeout)
		o.cold = cold
		// The process asks for more at once, or ends. The client hears of its answer thereafter, so that its next request finds
		// the process warm or replaced; but it need not wait for a function that has more to do.
		ready := w.polls(lingerLimit)
		answered <- o
		if errors.Is(ready, errSilent) {
			ready = w.polls(time.Until(inv.deadline))
		}
		if ready != nil {
			w.kill()
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.idle = append(f.idle, w)
		return
	}
}

// worker is the idle process that was used last, or else a new one. Idle processes of a binary that has been built anew since are
// ended, so that a developer always talks to the latest build.
func (f *function) worker() (w *worker, cold bool, err error) {
	var built time.Time
	if info, err := os.Stat(f.binary); err == nil {
		built = info.ModTime()
	}
	f.mu.Lock()
	for len(f.idle) > 0 {
		w := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		if w.alive() && w.built.Equal(built) {
			f.mu.Unlock()
			return w, false, nil
		}
		w.kill()
	}
	f.mu.Unlock()

	w, err = f.service.start(f, built)
	if err != nil {
		return nil, true, fmt.Errorf("start %s (was it built for this machine? `make build`): %w", f.binary, err)
	}
	if err := w.polls(initLimit); err != nil {
		w.kill()
		return nil, true, fmt.Errorf("initialisation: %w", err)
	}
	return w, true, nil
}

func (f *function) arn() string {
	return fmt.Sprintf("arn:aws:lambda:%s:%s:function:%s", f.environment["AWS_REGION"], accountID, f.LogicalID)
}

// uuid is a random one, RFC 9562 version 4.
func uuid() string {
	b := random(16)
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
