package main

import (
	"strings"
	"sync"
	"testing"
	"time"
)

// said is what a program has written so far.
type said struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// within waits until the text has been written.
func (s *said) within(t *testing.T, limit time.Duration, text string) {
	t.Helper()
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if strings.Contains(s.String(), text) {
			return
		}
	}
	t.Fatalf("waited %s for %q; what was said:\n%s", limit, text, s)
}
