package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/portal"
)

// Many is what a call says that is for many requests at once.
type Many struct {
	IDs       []string       `json:"ids"`
	Reason    string         `json:"reason"`
	Revisions map[string]int `json:"revisions"` // by id: which revision was seen, as If-Match says of one
}

// mostAtOnce is how many requests one call may be for; aside, how many are worked on at a time: Secrets Manager makes fifty boxes a
// second for all.
const (
	mostAtOnce = 100
	aside      = 8
)

// DecodeMany reads and checks it.
func DecodeMany(in In) (m Many, err error) {
	if err := Decode(in.Body, &m); err != nil {
		return m, err
	}
	if err := Only(in.Body, "ids", "reason", "revisions"); err != nil {
		return m, err
	}
	seen := map[string]bool{}
	for i, id := range m.IDs {
		switch {
		case !portal.ValidID(id):
			return m, portal.Refuse(portal.Invalid, "ids[%d] is not an id; send requests' ids, 24 hexadecimal digits each.", i)
		case seen[id]:
			return m, portal.Refuse(portal.Invalid, "ids[%d]: %s is named twice.", i, id)
		}
		seen[id] = true
	}
	for id, revision := range m.Revisions {
		if !seen[id] || revision < 1 {
			return m, portal.Refuse(portal.Invalid, "revisions: %.30q: %d is not the revision of one of ids.", id, revision)
		}
	}
	if len(m.IDs) == 0 || len(m.IDs) > mostAtOnce {
		return m, portal.Refuse(portal.Invalid, "ids: from 1 to %d requests are decided at once, not %d.", mostAtOnce, len(m.IDs))
	}
	return m, portal.ValidReason(m.Reason)
}

// errNoTime is the result of what the call had no time left for.
var errNoTime = portal.Refuse(portal.Busy, "The call ran out of time before this one; nothing was changed. Send it again.")

// Each does something to each, several at a time, and answers with what became of every one; done is the word for success. It starts nothing
// that it has no time for. What is a fault of the desk's own stands in the log, as if the call had been for it alone.
func (m *Many) Each(ctx context.Context, in In, done string, do func(ctx context.Context, id string) error) Out {
	results, failed := make([]result, len(m.IDs)), make([]error, len(m.IDs))
	var group errgroup.Group
	group.SetLimit(aside)
	for i, id := range m.IDs {
		group.Go(func() error {
			err := error(errNoTime)
			if ctx.Err() == nil {
				err = do(ctx, id)
			}
			if results[i] = resultOf(id, done, err, in.RequestID); results[i].Code == http.StatusInternalServerError {
				failed[i] = fmt.Errorf("%s: %w", id, err)
			}
			return nil
		})
	}
	_ = group.Wait() // what failed is in the results
	succeeded := 0
	for _, r := range results {
		if r.Code == http.StatusOK {
			succeeded++
		}
	}
	out := OKMeta(strconv.Itoa(succeeded)+" of "+strconv.Itoa(len(results))+" "+done, map[string][]result{"results": results})
	out.failed = errors.Join(failed...)
	return out
}

// result is what became of one.
type result struct {
	ID   string `json:"id"`
	Code int    `json:"code"` // the status that a call for it alone would have
	envelope
}

func resultOf(id, done string, err error, requestID string) result {
	if err == nil {
		return result{id, http.StatusOK, envelope{Status: "OK", Message: done}}
	}
	code, said := refuse(err, requestID)
	return result{id, code, said}
}
