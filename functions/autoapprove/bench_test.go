package main

import "testing"

// BenchmarkRun is a run that finds a thousand requests to approve, against DynamoDB Local and moto.
func BenchmarkRun(b *testing.B) {
	d := open(b)
	const many = 1000
	for b.Loop() {
		b.StopTimer()
		d.asked(many, spread)
		b.StartTimer()
		r, err := d.by(d.Unharmed(), 0).Invoke(b.Context())
		if err != nil || r.Approved != many {
			b.Fatal(r.text(), err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N)/many, "ms/request")
	b.ReportMetric(float64(many*b.N)/b.Elapsed().Seconds(), "requests/s")
}

// BenchmarkIdle is what a run costs that finds nothing: so many a day.
func BenchmarkIdle(b *testing.B) {
	d := open(b)
	s := d.by(d.Unharmed(), 0)
	for b.Loop() {
		if r, err := s.Invoke(b.Context()); err != nil || r.LookedAt > 0 {
			b.Fatal(r.text(), err)
		}
	}
}
