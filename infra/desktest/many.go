package desktest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Result is what one of many is answered.
type Result struct {
	ID              string
	Code            int
	Status, Message string
	Meta            map[string]any
}

// Many has the function approve or decline requests in one call, and gives what became of each. More is the rest of the body, with a
// comma before it.
func (d *Desk) Many(function Function, verb, credential, more string, ids ...string) (Said, map[string]Result) {
	d.t.Helper()
	body := `{"ids": ["` + strings.Join(ids, `", "`) + `"]` + more + `}`
	said := d.Say(function, Call(credential, http.MethodPut, "/api/portal/requests/"+verb, body))
	all := map[string]Result{}
	if said.Status != http.StatusOK {
		return said, all
	}
	var meta struct{ Results []Result }
	if err := json.Unmarshal(said.Meta, &meta); err != nil || len(meta.Results) != len(ids) {
		d.t.Fatalf("%s: %v", said.Text, err)
	}
	for n, r := range meta.Results {
		if r.ID != ids[n] {
			d.t.Errorf("result %d is of %s, want %s", n, r.ID, ids[n])
		}
		all[r.ID] = r
	}
	return said, all
}
