package faults_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"keydesk/infra/faults"
)

// judged is a test that may fail without failing this one.
type judged struct {
	testing.TB
	errors, logs []string
	cleanups     []func()
}

func (j *judged) Errorf(format string, args ...any) {
	j.errors = append(j.errors, fmt.Sprintf(format, args...))
}
func (j *judged) Logf(format string, args ...any) {
	j.logs = append(j.logs, fmt.Sprintf(format, args...))
}
func (j *judged) Failed() bool         { return len(j.errors) > 0 }
func (j *judged) Cleanup(after func()) { j.cleanups = append(j.cleanups, after) }

// judge runs test under a plan of a judged test, to its end.
func judge(t *testing.T, test func(t *testing.T, c *cloud, j *judged)) (errors, logs string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		j := &judged{TB: t}
		test(t, newCloud(j), j)
		for _, cleanup := range j.cleanups {
			cleanup()
		}
		errors, logs = strings.Join(j.errors, "\n"), strings.Join(j.logs, "\n")
	})
	return errors, logs
}

func TestRuleThatNeverStruckFailsItsTest(t *testing.T) {
	errors, _ := judge(t, func(t *testing.T, c *cloud, _ *judged) {
		c.plan.Add(faults.Rule{Operation: "PutItem", Fault: faults.NeverSent, Nth: 2})
		c.plan.Add(faults.Rule{Fault: faults.NeverSent})
		if err := c.put(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if errors != "" { // the SDK's second attempt was PutItem's second
		t.Errorf("failed, though both rules struck: %s", errors)
	}
	errors, _ = judge(t, func(t *testing.T, c *cloud, _ *judged) {
		c.plan.Add(faults.Rule{Operation: "PutItem", Fault: faults.NeverSent, Nth: 2})
		_ = c.put(t.Context())
	})
	if errors != "faults: never sent on PutItem from attempt 2 never struck (1 attempts matched): the test did not test it" {
		t.Errorf("said %q", errors)
	}
}

func TestStormThatNeverStruckFailsItsTest(t *testing.T) {
	errors, _ := judge(t, func(t *testing.T, c *cloud, _ *judged) {
		c.plan.Storm(1, 0)
		_ = c.put(t.Context())
	})
	if !strings.Contains(errors, "the storm never struck") {
		t.Errorf("said %q", errors)
	}
}

func TestGateThatStaysShutFailsItsTest(t *testing.T) {
	errors, _ := judge(t, func(t *testing.T, c *cloud, _ *judged) {
		c.plan.Gate("PutItem", 2)
		if err := c.put(t.Context()); err != nil {
			t.Error(err)
		}
		c.want(t, "PutItem", 1, 1)
	})
	if errors != "faults: gate of PutItem: only 1 of 2 calls came within 10s" {
		t.Errorf("said %q", errors)
	}
}

func TestFailedTestTellsWhatHappened(t *testing.T) {
	_, logs := judge(t, func(t *testing.T, c *cloud, j *judged) {
		c.plan.Add(faults.Rule{Operation: "PutItem", Fault: faults.AnswerLost})
		c.plan.Storm(77, 1)
		_ = c.put(t.Context())
		j.Errorf("wrong")
	})
	if !strings.Contains(logs, "seed 77") || !strings.Contains(logs, "round 1: [PutItem (answer lost)]") {
		t.Errorf("logged %q", logs)
	}
}
