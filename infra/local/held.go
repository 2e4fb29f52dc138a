package main

import (
	"bytes"
	"io"
	"sync"
)

// held keeps the log of the sample data's own requests from view: only where they fail is it worth reading.
type held struct {
	mu   sync.Mutex
	kept bytes.Buffer
	to   io.Writer // nil while it is held
}

// Write keeps what is written, or passes it on once pass was called.
func (h *held) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.to == nil {
		return h.kept.Write(p)
	}
	return h.to.Write(p)
}

// pass sends on what is written from now on.
func (h *held) pass(to io.Writer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.to = to
}

// show sends on what was kept.
func (h *held) show(to io.Writer) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := h.kept.WriteTo(to)
	return err
}
