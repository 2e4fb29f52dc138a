package table_test

import (
	"context"
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
		policies = append(policies, fmt.Sprintf("policy-%d", n))
	}
	put(t, books, policies)
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
		policies = append(policies, fmt.Sprintf("policy-%d", n))
	}
	put(t, books, policies)
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

// put writes policies, and a catalogue of them.
func put(t *testing.T, books *table.Table, policies []string) {
	t.Helper()
	var entries []string
	for _, id := range policies {
		policy, err := portal.NewPolicy(fixture.Org, portal.Object(fmt.Sprintf(`{"_id": %q, "name": "a plan"}`, id)), time.Now())
		if err == nil {
			err = books.CreatePolicy(t.Context(), fixture.Org, policy)
		}
		if err != nil {
			t.Fatal(err)
		}
		entries = append(entries, fmt.Sprintf(`{"policy_id": %q}`, id))
	}
	catalogue := catalogueOf(t, entries...)
	if err := books.WriteCatalogue(t.Context(), fixture.Org, table.Catalogue{}, catalogue); err != nil {
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
	tabletest.Restore(t, books, []map[string]types.AttributeValue{{
		"PK": text("ORG#" + fixture.Org), "SK": text("POLICY#broken"), "document": text(`{"active": "yes"}`),
	}})
	_, err := books.Books(t.Context(), fixture.Org, "", []string{"broken"})
	if err == nil || !strings.Contains(err.Error(), "POLICY#broken") {
		t.Errorf("%v does not name what is broken", err)
	}
	var refusal *portal.Error
	if errors.As(err, &refusal) {
		t.Errorf("clients are told: %v", err)
	}
}
