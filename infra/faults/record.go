package faults

import (
	"fmt"
	"slices"
	"time"
)

// attempt is one try of one call as the recorder knows it. Times are counts of events, not of seconds, so that they cannot
// tie.
type attempt struct {
	call
	began, ended int // ended is 0 while it runs
	fault        Fault
}

// String is the operation, and what befell it.
func (a *attempt) String() string {
	if a.fault == none {
		return a.operation
	}
	return fmt.Sprintf("%s (%s)", a.operation, a.fault)
}

// Hold keeps every attempt from the wire for a while, so that calls meant to run side by side are sure to overlap and Rounds
// sees it: 15 ms do.
func (p *Plan) Hold(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = d
}

// Calls names the operations of all attempts, in the order in which they began.
func (p *Plan) Calls() []string {
	return slices.Concat(p.inRounds(false)...)
}

// Rounds groups the attempts: those made side by side are one round, named in alphabetical order. A call that began after
// another of its round had ended may have waited for it, so it opens the next round.
func (p *Plan) Rounds() [][]string {
	return p.inRounds(true)
}

// Reset forgets the attempts made so far. Rules go on counting.
func (p *Plan) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.attempts = nil
}

func (p *Plan) inRounds(sorted bool) [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names [][]string
	for _, round := range rounds(p.attempts) {
		operations := make([]string, len(round))
		for i, a := range round {
			operations[i] = a.operation
		}
		if sorted {
			slices.Sort(operations)
		}
		names = append(names, operations)
	}
	return names
}

// rounds groups attempts, which stand in the order in which they began.
func rounds(attempts []*attempt) [][]*attempt {
	var all [][]*attempt
	firstEnd := 0 // of the round
	for _, a := range attempts {
		if len(all) == 0 || firstEnd != 0 && a.began > firstEnd {
			all, firstEnd = append(all, nil), 0
		}
		last := len(all) - 1
		all[last] = append(all[last], a)
		if a.ended != 0 && (firstEnd == 0 || a.ended < firstEnd) {
			firstEnd = a.ended
		}
	}
	return all
}
