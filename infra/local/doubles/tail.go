package doubles

import (
	"strings"
	"sync"
)

// kept is how much of a double's output is worth showing when it fails.
const kept = 4 << 10

// tail is the end of what a process wrote.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// Write keeps the end of what was written.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - kept; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(string(t.text))
}
