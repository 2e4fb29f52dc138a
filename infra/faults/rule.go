package faults

import "fmt"

// Fault is a way in which an attempt fails.
type Fault int

// The faults. The SDK retries the first three by itself; the others reach the caller, as on AWS.
const (
	none         Fault = iota
	NeverSent          // no connection: no effect
	AnswerLost         // the request takes effect, then the connection breaks
	Throttle           // ThrottlingException: no effect
	Conflict           // a write meets another transaction in flight on its item: no effect
	ThrottleItem       // a transaction is cancelled because one of its items is throttled: no effect
	Late               // a read that need not be consistent does not find yet what was written
	CrashBefore        // the process dies before the request leaves; see Invocation
	CrashAfter         // the request takes effect, then the process dies
	Deleting           // a secret was deleted a moment ago, and its name is not free yet: no effect
)

// String names the fault.
func (f Fault) String() string {
	return [...]string{
		"none", "never sent", "answer lost", "throttle", "conflict", "throttled item", "late read", "crash before", "crash after", "deleting",
	}[f]
}

// Always as a Rule's Times makes it strike for ever.
const Always = -1

// Rule makes attempts fail. It counts only attempts that its Fault can befall: a Conflict, for example, only writes.
type Rule struct {
	Operation string               // "TransactWriteItems"; empty for every operation
	If        func(input any) bool // e.g. of a *dynamodb.GetItemInput; nil for every input. It must not call the plan.
	Nth       int                  // it strikes from the n-th such attempt on; 0 means from the first
	Times     int                  // and this often; 0 means once, Always for ever
	Fault     Fault
}

// String describes the rule.
func (r Rule) String() string {
	operation := r.Operation
	if operation == "" {
		operation = "any call"
	}
	return fmt.Sprintf("%s on %s from attempt %d", r.Fault, operation, max(r.Nth, 1))
}

type rule struct {
	Rule
	matched, struck int
}

// strikes counts the call if the rule is about it and, unless another rule has struck it, tells whether it fails.
func (r *rule) strikes(c call, struck bool) bool {
	if r.Operation != "" && r.Operation != c.operation || !r.Fault.befalls(c) || r.If != nil && !r.If(c.input) {
		return false
	}
	r.matched++
	if struck || r.matched < r.Nth || r.Times != Always && r.struck >= max(r.Times, 1) {
		return false
	}
	r.struck++
	return true
}
