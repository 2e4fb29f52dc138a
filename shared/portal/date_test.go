package portal_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keydesk/shared/portal"
)

// dates are what clients send for a time, and what becomes of it. Empty: they have sent none.
var dates = map[string]string{
	"2019-06-04T07:21:35.97Z":             "2019-06-04T07:21:35.970Z",
	"2019-06-04T07:21:35+00:00":           "2019-06-04T07:21:35.000Z",
	"2015-05-08T04:49:20.992-04:00":       "2015-05-08T08:49:20.992Z",
	"2026-01-31T12:00:00":                 "2026-01-31T12:00:00.000Z",
	"2026-01-31T12:00:00.123456":          "2026-01-31T12:00:00.123Z",
	"2026-01-31T12:00:00.123456789+14:00": "2026-01-30T22:00:00.123Z",
	"":                                    "",
	portal.Never:                          "",
	"0001-01-01T00:00:00":                 "",
	"0001-01-01T00:00:00.000Z":            "",
	"2026-01-31T12:00:00,5+24:00":         "2026-01-30T12:00:00.500Z",
	"2026-01-31T12:00:00,5Z":              "2026-01-31T12:00:00.500Z",
	"2026-01-31T12:00:00+24:00":           "2026-01-30T12:00:00.000Z",
	"2026-01-31T12:00:00+0100":            "refused",
	"2026-01-31T1:00:00Z":                 "2026-01-31T01:00:00.000Z",
	"2026-02-30T12:00:00Z":                "refused",
	"0001-01-01T00:00:00+01:00":           "refused",
	"9999-12-31T23:59:59-01:00":           "refused",
	"2026-01-31 12:00:00Z":                "refused",
	"2026-01-31":                          "refused",
	"4 June 2019":                         "refused",
	"yesterday":                           "refused",
	" ":                                   "refused",
	"2026-01-31T12:00:00Z\u202e":          "refused",
	"2026-01-31T12:00:00." + strings.Repeat("0", 300) + "x": "refused",
}

// A time that a client sends is kept in one form, or refused by its name: never replaced in silence. So it is wherever one is sent.
func TestDates(t *testing.T) {
	document := func(sent string) portal.Object {
		return portal.Object(fmt.Sprintf(`{"name": "a", "date_created": %q}`, sent))
	}
	email, plan, by := "ada@example.org", "p", developer
	for what, made := range map[string]func(sent string) (string, error){
		"a request": func(sent string) (string, error) {
			r, err := portal.NewRequest(org, &portal.RequestInput{ByUser: &by, ForPlan: &plan, DateCreated: &sent}, now)
			return r.DateCreated, err
		},
		"a developer": func(sent string) (string, error) {
			d, err := portal.NewDeveloper(org, &portal.DeveloperInput{Email: &email, DateCreated: &sent}, now)
			return d.DateCreated, err
		},
		"a policy": func(sent string) (string, error) {
			p, err := portal.NewPolicy(org, document(sent), now)
			return p.DateCreated, err
		},
		"a policy that is replaced": func(sent string) (string, error) {
			p, err := portal.Policy{ID: "p", DateCreated: portal.Timestamp(now)}.Replaced(org, document(sent))
			return p.DateCreated, err
		},
	} {
		for sent, want := range dates {
			if want == "" {
				want = portal.Timestamp(now)
			}
			got, err := made(sent)
			if want == "refused" {
				if err == nil || !strings.HasPrefix(err.Error(), "date_created: ") || !strings.Contains(err.Error(), "is not a time; send it as 2026-01-31T12:00:00Z or leave it out.") {
					t.Errorf("%s of %.40q: %q, %v", what, sent, got, err)
				}
				continue
			}
			if _, wrong := time.Parse("2006-01-02T15:04:05.000Z", got); err != nil || wrong != nil || got != want {
				t.Errorf("%s of %q: %q, %v; want %q", what, sent, got, err, want)
			}
		}
	}
}

// A PUT changes no date_created, and refuses one that is none.
func TestDatesOfAnUpdate(t *testing.T) {
	bad, good := "yesterday", "2019-06-04T07:21:35Z"
	if _, err := (portal.Request{}).Revise(&portal.RequestInput{DateCreated: &bad}); err == nil {
		t.Error("a request's is taken")
	}
	if err := (&portal.DeveloperInput{DateCreated: &bad}).Validate(); err == nil {
		t.Error("a developer's is taken")
	}
	if err := (&portal.DeveloperInput{DateCreated: &good}).Validate(); err != nil {
		t.Error(err)
	}
}

// Tyk exports last_updated in seconds.
func TestLastUpdated(t *testing.T) {
	for sent, want := range map[string]string{
		"": "", "1655971200": "1655971200", "253402300799": "253402300799", "2019-06-04T07:21:35+02:00": "2019-06-04T05:21:35.000Z",
		portal.Never: "", "2534023007990": "refused", "-1": "refused", "1655971200.5": "refused", "2026-01-31T12:00:00+25:00": "refused", "today": "refused",
	} {
		p, err := portal.NewPolicy(org, portal.Object(fmt.Sprintf(`{"name": "a", "last_updated": %q}`, sent)), now)
		if want == "refused" {
			if err == nil || !strings.HasPrefix(err.Error(), "last_updated: ") {
				t.Errorf("%q: %v", sent, err)
			}
			continue
		}
		if err != nil || at(t, written(t, p), "last_updated") != want {
			t.Errorf("%q: %v", sent, err)
		}
	}
}
