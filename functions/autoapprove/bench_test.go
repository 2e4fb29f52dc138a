package main

import (
	"testing"
	"time"

	"keydesk/infra/fixture"
)

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

// BenchmarkFlood is a run that finds a flood of one organisation and, due after it, a few things of another. It tells how many items and how
// long the other waits: it would wait for all of the flood if the longest due came first.
func BenchmarkFlood(b *testing.B) {
	d := open(b)
	const flood, few = 2000, 3
	d.noticesDue(fixture.Org, fixture.Pending, flood, time.Now().Add(-time.Hour))
	d.noticesDue(fixture.OtherOrg, fixture.Theirs, few, time.Now().Add(-time.Minute))
	var items, wait float64
	for later := time.Duration(0); b.Loop(); later += 2 * time.Hour { // each run puts the notices an hour off
		o := &order{}
		s := d.by(d.Issuer(o.watch), later)
		s.page = atATime
		began := time.Now()
		if r, err := s.Invoke(b.Context()); err != nil || r.SentAgain != flood+few {
			b.Fatal(r.text(), err)
		}
		last, _ := o.lastOf(fixture.OtherOrg)
		items, wait = items+float64(last), wait+o.times[last-1].Sub(began).Seconds()
	}
	b.ReportMetric(items/float64(b.N), "items-before-the-other-is-done")
	b.ReportMetric(1000*wait/float64(b.N), "ms-before-the-other-is-done")
}
