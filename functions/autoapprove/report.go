package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"keydesk/shared/approval"
	"keydesk/shared/portal"
)

// report is what a run says of itself. What it has looked at is the sum of all that follows but what it left.
type report struct {
	LookedAt  int `json:"looked_at"`
	Approved  int `json:"approved"`
	Declined  int `json:"declined"`
	Asked     int `json:"asked"` // left to a person
	Reminded  int `json:"reminded"`
	Expired   int `json:"expired"`
	Lapsed    int `json:"lapsed"`
	Emptied   int `json:"emptied"`
	SentAgain int `json:"sent_again"`
	Deleted   int `json:"deleted"`   // developers whose deletion had stopped half-way, and went on
	Overtaken int `json:"overtaken"` // nothing was due any more: somebody was faster
	Failed    int `json:"failed"`

	Left int   `json:"left"` // due, and not done for want of time
	More bool  `json:"more"` // there may be more left than was counted
	Why  []why `json:"why"`  // of what failed
}

// why tells why something failed, in words that hold nothing of a client's.
type why struct {
	ID    string `json:"id"`
	Error string `json:"error"`
}

// sentAgain is what becomes of a notice.
const sentAgain approval.Done = "sent_again"

// Bounds of what is told.
const (
	mostTold     = 20
	longestWords = 500
)

func (r *report) figures() map[approval.Done]*int {
	return map[approval.Done]*int{
		approval.Approved: &r.Approved, approval.Declined: &r.Declined, approval.Asked: &r.Asked, approval.Reminded: &r.Reminded,
		approval.Expired: &r.Expired, approval.Lapsed: &r.Lapsed, approval.Emptied: &r.Emptied, approval.Overtaken: &r.Overtaken,
		sentAgain: &r.SentAgain, approval.Deleted: &r.Deleted,
	}
}

func (r *report) tell(id, words string) {
	if len(r.Why) < mostTold {
		r.Why = append(r.Why, why{id, words})
	}
}

func (r *report) text() string {
	text, _ := json.Marshal(r) // numbers and texts
	return string(text)
}

// words are an error's, without what a client sent.
func words(err error) string {
	said := portal.Loggable(err)
	if len(said) > longestWords {
		said = strings.ToValidUTF8(said[:longestWords], "") + "..."
	}
	return said
}

// patience is how often something may fail before somebody is told of it.
const patience = 3

// tally is a report in the making, to which many add.
type tally struct {
	mu     sync.Mutex
	report report
	stuck  int // items that have lost our patience, or could not even be put off
	unread int // partitions that could not be read
}

func (t *tally) count(done approval.Done) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.LookedAt++
	*t.report.figures()[done]++
}

func (t *tally) fail(id, words string, stuck bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.LookedAt++
	t.report.Failed++
	t.report.tell(id, words)
	if stuck {
		t.stuck++
	}
}

// leave counts what is due and is not done. More says that there may be more of it.
func (t *tally) leave(n int, more bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.report.Left += n
	t.report.More = t.report.More || more
}

// blind notes a partition that could not be read. Nothing of it is put off, and nobody would hear of it.
func (t *tally) blind(partition int, words string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.unread++
	t.report.More = true
	t.report.tell(fmt.Sprintf("partition %d", partition), words)
}

// failure is what somebody has to hear of, beside the report.
func (t *tally) failure() error {
	switch {
	case t.unread > 0:
		return fmt.Errorf("what is due could not be read of %d partitions", t.unread)
	case t.stuck > 0:
		return fmt.Errorf("%d things that are due have failed %d times or more", t.stuck, patience)
	}
	return nil
}
