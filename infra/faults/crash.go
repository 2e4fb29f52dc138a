package faults

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/aws/smithy-go"
)

// ErrCrashed is what every call of a dead process says. Nobody retries it, since it is a cancelled context's error too.
var ErrCrashed = fmt.Errorf("faults: the process has crashed; a new one begins with Plan.Invocation: %w", context.Canceled)

// life is that of one process: after a crash nothing that it calls succeeds, nor does it learn what had been under way.
type life struct {
	dead   atomic.Bool
	cancel context.CancelCauseFunc
}

func newLife(cancel context.CancelCauseFunc) *life { return &life{cancel: cancel} }

func (l *life) over() bool { return l.dead.Load() }

func (l *life) end() {
	l.dead.Store(true)
	l.cancel(ErrCrashed)
}

type lifeKey struct{}

// Invocation gives the context of a fresh process. A crash (CrashBefore, CrashAfter) ends just the invocation whose call it
// strikes, and cancels its context; calls made outside of any invocation share one process, which does not rise again.
func (p *Plan) Invocation(parent context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(parent)
	p.t.Cleanup(func() { cancel(nil) })
	return context.WithValue(ctx, lifeKey{}, newLife(cancel))
}

func (p *Plan) lifeOf(ctx context.Context) *life {
	if l, is := ctx.Value(lifeKey{}).(*life); is {
		return l
	}
	return p.life
}

func crashed() error { return &smithy.CanceledError{Err: ErrCrashed} }
