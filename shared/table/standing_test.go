package table_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/table"
)

// TestStanding reads how the developers and policies of keys stand, in one call each.
func TestStanding(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	if err := desk.Table.Leave(t.Context(), fixture.Org, fixture.Chen, time.Now()); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		org, developer string
		policies       []string
		active         bool
		usable         map[string]bool // of those that there are
	}{
		"good":                 {fixture.Org, fixture.Ada, []string{fixture.Petstore}, true, map[string]bool{fixture.Petstore: true}},
		"for several":          {fixture.Org, fixture.Ada, []string{fixture.Petstore, fixture.Parcels}, true, map[string]bool{fixture.Petstore: true, fixture.Parcels: true}},
		"one is over":          {fixture.Org, fixture.Ada, []string{fixture.Petstore, fixture.Beta}, true, map[string]bool{fixture.Petstore: true, fixture.Beta: false}},
		"one is gone":          {fixture.Org, fixture.Ada, []string{"gone", fixture.Petstore}, true, map[string]bool{fixture.Petstore: true}},
		"one is another's":     {fixture.Org, fixture.Ada, []string{fixture.Foreign}, true, map[string]bool{}},
		"inactive":             {fixture.Org, fixture.Dora, []string{fixture.Petstore}, false, map[string]bool{fixture.Petstore: true}},
		"on the way out":       {fixture.Org, fixture.Chen, nil, false, map[string]bool{}},
		"nobody":               {fixture.Org, "5efdbdb749960c000137ffff", nil, false, map[string]bool{}},
		"another organisation": {fixture.OtherOrg, fixture.Ada, []string{fixture.Petstore}, false, map[string]bool{}},
	} {
		plan.Reset()
		s, err := desk.Table.Standing(t.Context(), &table.IssuedKey{OrgID: c.org, Developer: c.developer, Policies: c.policies})
		usable := map[string]bool{}
		for id, policy := range s.Policies {
			usable[id] = policy.Usable()
		}
		if err != nil || s.DeveloperActive != c.active || !maps.Equal(usable, c.usable) {
			t.Errorf("%s: active %t, policies %v, %v", name, s.DeveloperActive, usable, err)
		}
		if calls := plan.Calls(); !slices.Equal(calls, []string{"BatchGetItem"}) {
			t.Errorf("%s: it called %v", name, calls)
		}
	}
	s, err := desk.Table.Standing(t.Context(), &table.IssuedKey{OrgID: fixture.Org, Developer: fixture.Ada, Policies: []string{fixture.Parcels}})
	if limits := s.Policies[fixture.Parcels].Limits; err != nil || limits.Rate != "1000" || limits.Per != "60" || limits.QuotaMax != "-1" || limits.QuotaRenewalRate != "3600" {
		t.Errorf("limits %+v, %v", limits, err)
	}
}

// No password comes near the data plane, not even as a hash.
func TestStandingReadsNoPassword(t *testing.T) {
	t.Parallel()
	var seen []string
	watch := middleware.InitializeMiddlewareFunc("watch", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
		middleware.InitializeOutput, middleware.Metadata, error,
	) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		if answer, is := out.Result.(*dynamodb.BatchGetItemOutput); is {
			for _, items := range answer.Responses {
				for _, it := range items {
					seen = slices.AppendSeq(seen, maps.Keys(it))
				}
			}
		}
		return out, metadata, err
	})
	desk := desktest.New(t, fixture.Desk, func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(watch, middleware.Before) })
	})
	if _, err := desk.Table.Standing(t.Context(), &table.IssuedKey{OrgID: fixture.Org, Developer: fixture.Ada}); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(seen, "inactive") || slices.ContainsFunc(seen, func(name string) bool { return strings.Contains(name, "password") || name == "email" }) {
		t.Errorf("it reads %v", seen)
	}
}

// TestUsed notes days. Only a later one is written, once, and what is gone does not come back by it.
func TestUsed(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	desk := desktest.New(t, fixture.Desk, plan.Install)
	k := stand(t, desk, table.IssuedKey{Shown: "s"})
	for _, step := range [][2]string{
		{"2026-11-22", "2026-11-22"}, {"2026-11-22", "2026-11-22"}, {"2026-11-21", "2026-11-22"}, {"2026-11-23", "2026-11-23"}, {"2027-01-01", "2027-01-01"},
	} {
		if err := desk.Table.Used(t.Context(), k.Digest, step[0]); err != nil {
			t.Errorf("on %s: %v", step[0], err)
		}
		if it := itemOf(t, desk, k); it["last_used"] != step[1] || it["revision"] != 1.0 {
			t.Errorf("used on %s: last used on %v, revision %v; want %s", step[0], it["last_used"], it["revision"], step[1])
		}
	}
	before := tabletest.Items(t, desk.Table)
	if err := desk.Table.Used(t.Context(), "gone", "2026-11-22"); err != nil {
		t.Errorf("one that is gone: %v", err)
	}
	if after := tabletest.Items(t, desk.Table); len(after) != len(before) {
		t.Errorf("%d items have come of it", len(after)-len(before))
	}
	plan.Add(faults.Rule{Operation: "UpdateItem", Fault: faults.Conflict})
	plan.Reset()
	if err := desk.Table.Used(t.Context(), k.Digest, "2027-01-02"); err == nil || len(plan.Calls()) != 1 {
		t.Errorf("in a conflict: %v, after %v; nobody waits for it", err, plan.Calls())
	}
}
