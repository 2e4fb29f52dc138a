package main

import (
	"strings"
	"testing"
)

// A new organisation's requests wait for a person until its admin says otherwise.
func TestANewOrganisationDecidesNothingByItself(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	org := o.gets(idShape, "organisation", "create", "--name", "Orchard Bank")
	c, err := o.desk.Configuration(t.Context(), org)
	if err != nil || c.ID != "" || c.AutoApprove || len(c.Rules) > 0 {
		t.Errorf("its configuration is %+v (%v), want none, and auto_approve off", c, err)
	}
}

// Two organisations may have one name; whoever makes the second may not have meant to.
func TestASecondOfOneName(t *testing.T) {
	t.Parallel()
	o := newOperator(t)
	create := []string{"organisation", "create", "--name", "Orchard Bank"}
	if s := o.does(create...); s.failed || strings.Contains(s.err, "already") {
		t.Errorf("the first: %+v", s)
	}
	all, err := o.desk.Organisations(t.Context())
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	if s := o.does(create...); s.failed || !strings.Contains(s.err, all[0].ID+" is called Orchard Bank already") {
		t.Errorf("the second: %+v", s)
	}
}
