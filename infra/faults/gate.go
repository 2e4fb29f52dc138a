package faults

import (
	"context"
	"time"
)

// patience is how long a gate waits for the missing: longer than any test's work, shorter than a person's patience.
const patience = 10 * time.Second

// gate holds calls of one operation until enough have come.
type gate struct {
	operation       string
	missing, wanted int
	open            chan struct{}
}

// Gate holds the next n attempts of the operation until all n have come, then lets them go at once, so that they race. Later
// ones pass freely.
func (p *Plan) Gate(operation string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gates = append(p.gates, &gate{operation: operation, missing: n, wanted: n, open: make(chan struct{})})
}

// arrive counts a call at each gate that is still shut and gives those where it has to wait. The caller holds the lock.
func (p *Plan) arrive(operation string) []*gate {
	var shut []*gate
	for _, g := range p.gates {
		if g.operation != operation || g.missing == 0 {
			continue
		}
		shut = append(shut, g)
		if g.missing--; g.missing == 0 {
			close(g.open)
		}
	}
	return shut
}

// waitAt waits for the gate to open. One that stays shut fails the test and opens, so that nothing hangs.
func (p *Plan) waitAt(ctx context.Context, g *gate) {
	select {
	case <-g.open:
	case <-ctx.Done():
	case <-time.After(patience):
		p.mu.Lock()
		defer p.mu.Unlock()
		if g.missing == 0 {
			return
		}
		p.t.Errorf("faults: gate of %s: only %d of %d calls came within %v", g.operation, g.wanted-g.missing, g.wanted, patience)
		g.missing = 0
		close(g.open)
	}
}
