package gateway

import (
	"errors"
	"fmt"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"
)

// initLimit is how long a process may take until it first asks for work
// (docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
const initLimit = 10 * time.Second

// worker is one process of a function, seen from the Runtime API: it polls, receives work, answers, polls again.
type worker struct {
	id      string // its part of the Runtime API's path, unguessable
	arn     string // of its function
	service *service
	built   time.Time // modification time of its binary
	pid     int       // guarded by service.mu; 0 until it has started

	poll    chan struct{}              // it asks for work
	work    chan *invocation           // and receives it
	current atomic.Pointer[invocation] // what it is at
	gone    chan struct{}              // closed when the process has ended
	exit    error                      // how, once gone is closed
}

var errSilent = errors.New("the process does not ask for work")

// deliver hands the invocation to a process that has polled.
func (w *worker) deliver(inv *invocation) error {
	select {
	case w.work <- inv:
		return nil
	case <-w.gone:
		return w.exit
	}
}

// await is the process's answer to the invocation; a process that overstays the limit is killed.
func (w *worker) await(inv *invocation, limit time.Duration) outcome {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case o := <-inv.answer:
		return o
	case <-timer.C:
		w.kill()
		return outcome{err: fmt.Errorf("task timed out after %v", limit)}
	case <-w.gone:
	}
	select {
	case o := <-inv.answer: // it answered, then ended
		return o
	default:
		return outcome{err: w.exit}
	}
}

// polls waits until the process asks for work.
func (w *worker) polls(limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-w.poll:
		return nil
	case <-w.gone:
		return w.exit
	case <-timer.C:
		return errSilent
	}
}

func (w *worker) alive() bool {
	select {
	case <-w.gone:
		return false
	default:
		return true
	}
}

// kill ends the process and all that it started.
func (w *worker) kill() {
	w.service.mu.Lock()
	defer w.service.mu.Unlock()
	if w.pid != 0 && w.alive() {
		_ = syscall.Kill(-w.pid, syscall.SIGKILL) // it may have ended by itself meanwhile
	}
}

// reap waits for the process's end, ends what it left behind, and tells those who wait for it.
func (w *worker) reap(cmd *exec.Cmd, output *lineWriter) {
	_ = cmd.Wait()                                      // ProcessState says how it ended
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // its children, if it has any
	output.flush()
	if w.exit = errClosed; !w.service.forget(w) {
		w.exit = fmt.Errorf("the process ended: %s", cmd.ProcessState)
	}
	close(w.gone)
}
