package faults_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"testing"
	"time"
)

func TestRounds(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Hold(15 * time.Millisecond)
		sideBySide := func(calls ...func()) {
			var all sync.WaitGroup
			for _, call := range calls {
				all.Go(call)
			}
			all.Wait()
		}
		get := func() { _, _ = c.get(t.Context(), true) }
		open := func() { _ = c.open(t.Context()) }
		put := func() { time.Sleep(10 * time.Millisecond); _ = c.put(t.Context()) }
		sideBySide(put, open, get)
		get()
		sideBySide(func() { get(); open() }, put) // what waited for a call that put overlaps too: a round of its own
		want := [][]string{{"GetItem", "GetSecretValue", "PutItem"}, {"GetItem"}, {"GetItem", "PutItem"}, {"GetSecretValue"}}
		if got := c.plan.Rounds(); !reflect.DeepEqual(got, want) {
			t.Errorf("rounds %v, want %v", got, want)
		}
		if got := c.plan.Calls(); len(got) != 7 || got[2] != "PutItem" || got[3] != "GetItem" {
			t.Errorf("calls %v", got)
		}
		c.plan.Reset()
		if calls, rounds := c.plan.Calls(), c.plan.Rounds(); len(calls) != 0 || len(rounds) != 0 {
			t.Errorf("after Reset: %v, %v", calls, rounds)
		}
	})
}

func TestGate(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Gate("TransactWriteItems", 3)
		began := time.Now()
		var all sync.WaitGroup
		for i := range 3 {
			all.Go(func() {
				time.Sleep(time.Duration(i) * time.Second)
				if err := c.transact(t.Context()); err != nil {
					t.Error(err)
				}
				if waited := time.Since(began); waited != 2*time.Second+c.latency {
					t.Errorf("call %d was done after %v", i, waited)
				}
			})
		}
		if err := c.put(t.Context()); err != nil || time.Since(began) > time.Second {
			t.Errorf("another operation waited %v, %v", time.Since(began), err)
		}
		all.Wait()
		if err := c.transact(t.Context()); err != nil || time.Since(began) > 3*time.Second {
			t.Errorf("an open gate held a call for %v, %v", time.Since(began), err)
		}
	})
}

func TestGateEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T, c *cloud) {
		c.plan.Gate("PutItem", 2)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.put(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
		c.want(t, "PutItem", 1, 0)
	})
}
