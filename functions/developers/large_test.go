package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/infra/trial"
	"keydesk/shared/caller"
)

// multiplyAda makes many more developers like Ada, each with 63 KB of fields, and gives their ids, the newest first.
func multiplyAda(t *testing.T, d *trial.Desk, many int) (ids []string) {
	t.Helper()
	text := func(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }
	org := "ORG#" + fixture.Org
	var items []map[string]types.AttributeValue
	for n := range many {
		ids = append(ids, fmt.Sprintf("6f0c0000000000000000%04d", n))
	}
	for _, it := range tabletest.Dump(t, d.Books) {
		sk, pk := it["SK"].(*types.AttributeValueMemberS).Value, it["PK"].(*types.AttributeValueMemberS).Value
		developer, email := pk == org+"#DEVELOPER#"+fixture.Ada && sk == "DEVELOPER", pk == org+"#EMAIL#"+fixture.AdaEmail
		for n := 0; n < many && (developer || email); n++ {
			another := maps.Clone(it)
			another["id"] = text(ids[n])
			if developer {
				another["PK"], another["fields"] = text(org+"#DEVELOPER#"+ids[n]), text(`{"essay":"`+strings.Repeat("x", 63_000)+`"}`)
			} else {
				another["PK"] = text(fmt.Sprintf("%s#EMAIL#%d@example.com", org, n))
			}
			items = append(items, another)
		}
	}
	tabletest.Restore(t, d.Books, items)
	slices.Reverse(ids)
	return ids
}

// What no answer holds is not read to its end: of everything, a hundred developers and no more. In pages each is shown once, by the Links of
// pages that end early, and of numbered ones.
func TestLargeDevelopers(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	many := multiplyAda(t, d, 110)
	who := d.Person(caller.Reviewer)
	large := paging
	large.Size = 100
	d.Reset()
	if said := callPaged(t, d, large, who, "?p=-1"); said.status != http.StatusRequestEntityTooLarge || len(d.Calls()) > 1+1+100 {
		t.Errorf("everything: %d %.200s, after %d calls", said.status, said.text, len(d.Calls()))
	}
	var all []string
	pages := 0
	for query := "?p=1"; query != ""; pages++ {
		var page struct{ Data []struct{ ID string } }
		said := callPaged(t, d, large, who, query)
		said.into(t, &page)
		for _, developer := range page.Data {
			all = append(all, developer.ID)
		}
		if query = ""; said.next != "" {
			query = "?" + said.next
		}
	}
	if len(all) != len(many)+4 || !slices.Equal(all[:len(many)], many) || pages != 2 {
		t.Errorf("on %d pages there are %d developers: %v", pages, len(all), all)
	}
}
