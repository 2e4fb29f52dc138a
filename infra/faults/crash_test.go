package faults_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"keydesk/infra/faults"
)

func TestCrash(t *testing.T) {
	for fault, effects := range map[faults.Fault]int{faults.CrashBefore: 0, faults.CrashAfter: 1} {
		t.Run(fault.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, c *cloud) {
				c.plan.Add(faults.Rule{Operation: "TransactWriteItems", Fault: fault})
				first, other := c.plan.Invocation(t.Context()), c.plan.Invocation(t.Context())
				if err := c.transact(first); !errors.Is(err, faults.ErrCrashed) || !errors.Is(err, context.Canceled) {
					t.Errorf("error %v, want ErrCrashed", err)
				}
				c.want(t, "TransactWriteItems", 1, effects)
				if !errors.Is(context.Cause(first), faults.ErrCrashed) {
					t.Error("the invocation's context lives on")
				}
				if err := c.open(context.WithoutCancel(first)); !errors.Is(err, faults.ErrCrashed) {
					t.Errorf("a dead process got %v", err)
				}
				c.want(t, "GetSecretValue", 1, 0)
				for name, alive := range map[string]context.Context{"other": other, "new": c.plan.Invocation(t.Context()), "none": t.Context()} {
					if err := c.transact(alive); err != nil {
						t.Errorf("%s invocation: %v", name, err)
					}
				}
			})
		})
	}
}

func TestCrashOutsideOfInvocations(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Fault: faults.CrashAfter})
		for range 2 {
			if err := c.put(t.Context()); !errors.Is(err, faults.ErrCrashed) {
				t.Errorf("error %v, want ErrCrashed", err)
			}
		}
		c.want(t, "PutItem", 2, 1)
	})
}

// Side by side with a call that crashes the process, a slower one takes effect, but its answer finds nobody.
func TestCrashTakesCallsUnderWay(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Add(faults.Rule{Operation: "PutItem", Fault: faults.CrashBefore})
		slow := make(chan error)
		go func() { slow <- c.transact(t.Context()) }()
		synctest.Wait()
		if err := c.put(t.Context()); !errors.Is(err, faults.ErrCrashed) {
			t.Errorf("error %v, want ErrCrashed", err)
		}
		if err := <-slow; !errors.Is(err, faults.ErrCrashed) {
			t.Errorf("error %v, want ErrCrashed", err)
		}
		c.want(t, "TransactWriteItems", 1, 1)
	})
}
