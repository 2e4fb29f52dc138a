package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// worker is whose path the request came to; nil, and answered: nobody's.
func (s *service) worker(rw http.ResponseWriter, r *http.Request) *worker {
	s.mu.Lock()
	defer s.mu.Unlock()
	w, ok := s.workers[r.PathValue("worker")]
	if !ok {
		refuse(rw, http.StatusForbidden, "UnknownProcess", "no process of the gateway has this path")
	}
	return w
}

// next keeps the process waiting until there is work for it.
func (s *service) next(rw http.ResponseWriter, r *http.Request) {
	w := s.worker(rw, r)
	if w == nil {
		return
	}
	select {
	case w.poll <- struct{}{}:
	case <-r.Context().Done():
		return
	}
	select {
	case inv := <-w.work:
		w.current.Store(inv)
		h := rw.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", inv.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(inv.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", w.arn)
		h.Set("Lambda-Runtime-Trace-Id", inv.trace)
		_, _ = rw.Write(inv.event) // a process that has ended is noticed by its end
	case <-r.Context().Done():
	}
}

// response takes the function's answer.
func (s *service) response(rw http.ResponseWriter, r *http.Request) {
	s.settle(rw, r, func() outcome {
		payload, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer+1))
		if err != nil {
			return outcome{err: fmt.Errorf("read the function's answer: %w", err)}
		}
		if len(payload) > maxAnswer {
			_, _ = io.Copy(io.Discard, r.Body) // so that the process reads the refusal
			return outcome{err: errTooLarge}
		}
		// A function that streams may fail half-way; it says so after the body.
		if kind := r.Trailer.Get("Lambda-Runtime-Function-Error-Type"); kind != "" {
			return outcome{err: fmt.Errorf("the function failed while it answered: %s", kind)}
		}
		return outcome{payload: payload}
	})
}

// errFailed is for the log and says no more, for the function has written its error to its log, and it may quote what must not be repeated.
var errFailed = errors.New("the function failed")

var errTooLarge = fmt.Errorf("the function's answer is larger than %d bytes", maxAnswer)

// failure takes a function's error. Whether the process lives on is its own affair: the next poll or its end will tell.
func (s *service) failure(rw http.ResponseWriter, r *http.Request) {
	s.settle(rw, r, func() outcome {
		said, err := io.ReadAll(io.LimitReader(r.Body, maxAnswer))
		if err != nil || !json.Valid(said) {
			said = nil
		}
		return outcome{payload: said, err: errFailed}
	})
}

// settle gives the process's current invocation its outcome, once.
func (s *service) settle(rw http.ResponseWriter, r *http.Request, read func() outcome) {
	w := s.worker(rw, r)
	if w == nil {
		return
	}
	inv := w.current.Load()
	if inv == nil || inv.id != r.PathValue("id") {
		refuse(rw, http.StatusBadRequest, "InvalidRequestID", "the process is not at this invocation")
		return
	}
	o := read()
	if !w.current.CompareAndSwap(inv, nil) {
		refuse(rw, http.StatusBadRequest, "InvalidRequestID", "the invocation has been answered")
		return
	}
	inv.answer <- o
	if errors.Is(o.err, errTooLarge) {
		refuse(rw, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge",
			fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", maxAnswer))
		return
	}
	accept(rw)
}

// initFailure is told by runtimes other than Go's before they exit; their log says why.
func (s *service) initFailure(rw http.ResponseWriter, r *http.Request) {
	if s.worker(rw, r) != nil {
		accept(rw)
	}
}

func accept(rw http.ResponseWriter) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(rw, `{"status":"OK"}`)
}

func refuse(rw http.ResponseWriter, status int, kind, text string) {
	rw.Header().Set("Content-Type", "application/json")
	rw.WriteHeader(status)
	_, _ = fmt.Fprintf(rw, `{"errorType":%q,"errorMessage":%q}`, kind, text)
}
