package e2e

import (
	"net/http"
	"testing"
)

const manyClients = 20

// TestUsageLimit has a developer ask for as many OAuth clients as may be, and for one more.
func TestUsageLimit(t *testing.T) {
	decidedByFunctions(t)
	t.Parallel()
	plans := offers(t, offered{kind: oauth, clients: 2}, offered{kind: oauth, asks: true, clients: 1})
	h := arrives(t, oauth)
	first := h.receives(t, plans[0])
	waiting := portal.create(t, h.asking(t, plans[0])) // what is asked for counts
	h.refusedOne(t, plans[0])
	portal.call(t, http.MethodDelete, item(waiting), "").want(t, http.StatusOK, "Data deleted")
	second := h.receives(t, plans[0])
	h.refusedOne(t, plans[0])
	portal.call(t, http.MethodDelete, developers+"/oauth/"+first.name, "").want(t, http.StatusOK, "Data deleted")
	h.receives(t, plans[0])
	h.refusedOne(t, plans[0])
	second.opens(t, plans[0])

	declined := portal.create(t, h.asking(t, plans[1]))
	portal.call(t, http.MethodPost, collection, h.asking(t, plans[1])).want(t, http.StatusOK, declined) // the same once more is that request
	reviewer.call(t, http.MethodPut, decline(declined), "").want(t, http.StatusOK, declined)
	h.receives(t, plans[1])
	h.refusedOne(t, plans[1])
	arrives(t, oauth).receives(t, plans[1]).opens(t, plans[1]) // another's are their own
}

// refusedOne wants the developer not to be granted one client more.
func (h holder) refusedOne(t *testing.T, plan string) {
	t.Helper()
	for _, a := range []answer{
		portal.call(t, http.MethodPost, collection, h.asking(t, plan)), portal.call(t, http.MethodPost, keysOfDeveloper(h.id), object(t, h.wish(plan))),
	} {
		if a.status != http.StatusConflict || a.message() == "" {
			t.Errorf("%s for one OAuth client more than may be: %d %s", a.call, a.status, a.text)
		}
	}
}

// TestRaceForClients has one developer ask for many OAuth clients at once.
func TestRaceForClients(t *testing.T) {
	t.Parallel()
	const limit = 3
	plan := offers(t, offered{kind: oauth, clients: limit})[0]
	h := asksItself(t, oauth)
	var clients []grant
	for i, a := range atOnce(manyClients, func(int) answer {
		return portal.call(t, http.MethodPost, keysOfDeveloper(h.id), object(t, h.wish(plan)))
	}) {
		switch a.status {
		case http.StatusOK:
			clients = append(clients, h.taking(t, a))
		case http.StatusConflict:
		default:
			t.Errorf("caller %d: %d %s", i, a.status, a.text)
		}
	}
	if rows := portal.call(t, http.MethodGet, keysOfDeveloper(h.id), "").rows(t); len(clients) != limit || len(rows) != limit {
		t.Errorf("%d of %d who asked at once were given a client, and %d are listed; want %d", len(clients), manyClients, len(rows), limit)
	}
	for _, g := range clients {
		g.opens(t, plan)
	}
}
