package desktest

import (
	"fmt"
	"strings"

	"keydesk/infra/tabletest"
)

// find gives the items, in the order of their keys, whose partition ends in an id and whose sort key begins so.
func (d *Desk) find(id, sort string) []tabletest.Item {
	d.t.Helper()
	var found []tabletest.Item
	for _, item := range tabletest.Items(d.t, d.Table) {
		if strings.HasSuffix(fmt.Sprint(item["PK"]), "#"+id) && strings.HasPrefix(fmt.Sprint(item["SK"]), sort) {
			found = append(found, item)
		}
	}
	return found
}

// Stored is the request's item, that of a deleted one too.
func (d *Desk) Stored(id string) tabletest.Item {
	d.t.Helper()
	found := d.find(id, "REQUEST")
	if len(found) != 1 {
		d.t.Fatalf("%d requests %s", len(found), id)
	}
	return found[0]
}

// History is what was done to a request and by whom: "approved by reviewer".
func (d *Desk) History(id string) []string {
	d.t.Helper()
	var lines []string
	for _, item := range d.find(id, "HISTORY#") {
		lines = append(lines, fmt.Sprintf("%v by %v", item["act"], item["by"]))
	}
	return lines
}

// Holder is the request that has the developer's plan; empty where it is free.
func (d *Desk) Holder(developer, policy string) string {
	d.t.Helper()
	for _, item := range d.find(developer, "PLAN#"+policy) {
		return fmt.Sprint(item["held_by"])
	}
	return ""
}

// KeysOf are the developer's keys, as they stand beside the developer.
func (d *Desk) KeysOf(developer string) []tabletest.Item {
	d.t.Helper()
	return d.find(developer, "KEY#")
}

// Issued are the issued keys of a request.
func (d *Desk) Issued(request string) []tabletest.Item {
	d.t.Helper()
	var keys []tabletest.Item
	for _, item := range tabletest.Items(d.t, d.Table) {
		if item["SK"] == "KEY" && item["request"] == request {
			keys = append(keys, item)
		}
	}
	return keys
}
