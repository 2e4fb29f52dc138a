package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"keydesk/infra/template"
	"keydesk/shared/caller"
)

// What this function calls unknown is what the matrix does not have; so the matrix must have every route of the template, and no other.
func TestTheMatrixHasTheTemplatesRoutes(t *testing.T) {
	api, err := template.Load("../../template.yaml", nil)
	if err != nil {
		t.Fatal(err)
	}
	var routes []string // apart from those that catch a slash at a path's end, or verbs of any name
	for _, r := range api.Routes {
		if r.Method != "ANY" && !strings.Contains(r.Path, "+}") && r.Path != "" {
			routes = append(routes, r.Method+" "+r.Path)
		}
	}
	known := slices.Concat(caller.Routes(), caller.Signed, caller.Public, caller.Protected)
	slices.Sort(known)
	if slices.Sort(routes); !reflect.DeepEqual(routes, known) {
		t.Errorf("the template has\n%v\nthe matrix has\n%v", routes, known)
	}
}
