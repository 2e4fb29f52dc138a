package table_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go/middleware"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// One BatchGetItem asks for 100 items at most, and 60 policies with their entries are more.
func TestBooksOfManyPolicies(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	books := tabletest.New(t, plan.Install)
	var policies []string
	for n := range 60 {
		id := fmt.Sprintf("policy-%d", n)
		policies = append(policies, id)
		put(t, books, id, fmt.Sprintf(`{"_id": %q, "active": true}`, id))
	}
	plan.Reset()
	got, err := books.Books(t.Context(), fixture.Org, fixture.Ada, append(policies, policies...))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Policies) != 60 || len(got.Entries) != 60 || got.Policies["policy-59"].ID != "policy-59" || got.Entries["policy-59"].PolicyID != "policy-59" {
		t.Errorf("%d policies, %d entries", len(got.Policies), len(got.Entries))
	}
	if calls := plan.Calls(); len(calls) != 2 {
		t.Errorf("read in %v, want two BatchGetItem", calls)
	}
}

// What DynamoDB leaves out of an answer, for its length or its own load, is asked for again.
func TestBooksAnsweredByHalves(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	books := tabletest.New(t, plan.Install, byHalves)
	var policies []string
	for n := range 8 {
		id := fmt.Sprintf("policy-%d", n)
		policies = append(policies, id)
		put(t, books, id, fmt.Sprintf(`{"_id": %q, "active": true}`, id))
	}
	plan.Reset()
	got, err := books.Books(t.Context(), fixture.Org, fixture.Ada, policies)
	if err != nil || len(got.Policies) != 8 || len(got.Entries) != 8 {
		t.Errorf("%d policies, %d entries, %v", len(got.Policies), len(got.Entries), err)
	}
	if calls := plan.Calls(); len(calls) != 5 { // of 16, 8, 4, 2 and 1 items
		t.Errorf("read in %v, want five BatchGetItem", calls)
	}
}

// byHalves has each BatchGetItem leave the second half of what it found to the next.
func byHalves(cfg *aws.Config) {
	halve := middleware.InitializeMiddlewareFunc("byHalves", func(ctx context.Context, in middleware.InitializeInput,
		next middleware.InitializeHandler,
	) (middleware.InitializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleInitialize(ctx, in)
		answer, is := out.Result.(*dynamodb.BatchGetItemOutput)
		if !is {
			return out, metadata, err
		}
		for name, found := range answer.Responses {
			half := (len(found) + 1) / 2
			answer.Responses[name] = found[:half]
			for _, item := range found[half:] {
				left := answer.UnprocessedKeys[name]
				left.Keys = append(left.Keys, map[string]types.AttributeValue{"PK": item["PK"], "SK": item["SK"]})
				answer.UnprocessedKeys[name] = left
			}
		}
		return out, metadata, err
	})
	cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error {
		return stack.Initialize.Add(halve, middleware.Before)
	})
}

func put(t *testing.T, books *table.Table, policy, document string) {
	t.Helper()
	if err := books.PutPolicy(t.Context(), fixture.Org, policy, json.RawMessage(document)); err != nil {
		t.Fatal(err)
	}
	if err := books.PutEntry(t.Context(), fixture.Org, policy, json.RawMessage(fmt.Sprintf(`{"policy_id": %q}`, policy))); err != nil {
		t.Fatal(err)
	}
}

func TestBooksWithoutPages(t *testing.T) {
	t.Parallel()
	got, err := desktest.New(t, fixture.Desk).Table.Books(t.Context(), fixture.OtherOrg, fixture.Ada, []string{fixture.Payments})
	if err != nil {
		t.Fatal(err)
	}
	if got.Developer != nil || len(got.Policies) != 0 || len(got.Entries) != 0 {
		t.Errorf("another organisation's books: %+v", got)
	}
	if entry := got.Entry(fixture.Payments); entry.AuthType != portal.AuthToken {
		t.Errorf("without an entry: keys of the kind %s", entry.AuthType)
	}
	if settings := got.Settings(fixture.Payments); !settings.RequireKeyApproval {
		t.Error("without an entry, nobody needs to be asked")
	}
}

func TestBrokenDocument(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	put(t, books, "broken", `{"active": "yes"}`)
	_, err := books.Books(t.Context(), fixture.Org, "", []string{"broken"})
	if err == nil || !strings.Contains(err.Error(), "POLICY#broken") {
		t.Errorf("%v does not name what is broken", err)
	}
	var refusal *portal.Error
	if errors.As(err, &refusal) {
		t.Errorf("clients are told: %v", err)
	}
}

func TestCaller(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	now := time.Now().Unix()
	for hash, expires := range map[string]int64{"good": 0, "late": now + 60, "expired": now, "long expired": 1} {
		who := caller.Caller{Org: fixture.Org, Name: hash, Role: caller.Reviewer, Email: "r@example.com", Expires: expires, Credential: hash}
		if err := books.PutCaller(t.Context(), who); err != nil {
			t.Fatal(err)
		}
	}
	for presented, want := range map[caller.Presented]string{
		{Org: fixture.Org, Hash: "good"}:         "good",
		{Org: fixture.Org, Hash: "late"}:         "late",
		{Org: fixture.Org, Hash: "expired"}:      "",
		{Org: fixture.Org, Hash: "long expired"}: "",
		{Org: fixture.Org, Hash: "unknown"}:      "",
		{Org: fixture.OtherOrg, Hash: "good"}:    "",
	} {
		who, err := books.Caller(t.Context(), presented)
		switch {
		case want == "" && (!errors.Is(err, portal.ErrNotAuthorised) || who != caller.Caller{}):
			t.Errorf("%v is %+v, %v", presented, who, err)
		case want != "" && (err != nil || who.Name != want || who.Role != caller.Reviewer || who.Credential != want || who.Email != "r@example.com"):
			t.Errorf("%v is %+v, %v", presented, who, err)
		}
	}
}
