package gateway

import "testing"

// BenchmarkWarm is what the gateway adds to a warm function's own time.
func BenchmarkWarm(b *testing.B) {
	d := serve(b, api())
	d.ask("GET", "/?do=answer", "")
	for b.Loop() {
		d.ask("GET", "/?do=answer", "")
	}
}

// BenchmarkParallel is the same from all sides.
func BenchmarkParallel(b *testing.B) {
	d := serve(b, api())
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			d.ask("GET", "/?do=answer", "")
		}
	})
}

// BenchmarkCold starts a process for every request, for the one before has ended.
func BenchmarkCold(b *testing.B) {
	d := serve(b, api())
	for b.Loop() {
		d.ask("GET", "/?do=exit", "")
	}
}
