package faults

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// storm strikes at random. What befalls the n-th attempt of an operation depends on the seed, the operation and n alone, so
// that the same seed brings the same storm whatever order goroutines run in.
type storm struct {
	seed   uint64
	rate   float64
	counts map[string]uint64 // attempts by operation
	struck int
}

// Storm makes attempts that no rule strikes fail at the given rate (0 to 1), in any way that AWS knows for them. Crashes are
// left to rules.
func (p *Plan) Storm(seed uint64, rate float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.storm = &storm{seed: seed, rate: rate, counts: map[string]uint64{}}
}

// Calm ends the storm, so that the test can look at what it left.
func (p *Plan) Calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.storm != nil {
		p.storm.rate = 0
	}
}

// String is how to have the same storm again.
func (s *storm) String() string {
	return fmt.Sprintf("storm with seed %d struck %d times", s.seed, s.struck)
}

func (s *storm) draw(c call) Fault {
	s.counts[c.operation]++
	name := fnv.New64a()
	_, _ = name.Write([]byte(c.operation))
	chance := rand.New(rand.NewPCG(s.seed, name.Sum64()+s.counts[c.operation])) //nolint:gosec // repeatable, not secret
	if chance.Float64() >= s.rate {
		return none
	}
	var possible []Fault
	for f := NeverSent; f <= Late; f++ {
		if f.befalls(c) {
			possible = append(possible, f)
		}
	}
	s.struck++
	return possible[chance.IntN(len(possible))]
}
