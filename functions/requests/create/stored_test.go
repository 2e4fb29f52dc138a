package main

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

const requests = "../../../events/requests/create/"

// create has the function answer, and gives the id that it answers.
func create(t *testing.T, d *desktest.Desk, event desktest.Event) (id string, status int) {
	t.Helper()
	answer := d.Answer(function, event)
	var said struct{ Message string }
	if err := json.Unmarshal([]byte(answer.Body), &said); err != nil {
		t.Fatal(err)
	}
	return said.Message, answer.StatusCode
}

// stored is what the function makes of an event.
func stored(t *testing.T, d *desktest.Desk, event desktest.Event) table.Request {
	t.Helper()
	id, status := create(t, d, event)
	if status != http.StatusOK {
		t.Fatalf("%d: %s", status, id)
	}
	r, err := d.Table.Request(t.Context(), fixture.Org, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whatever a client says of id, organisation, state and approval, the server says it better.
func TestServerSaysWhatIsItsToSay(t *testing.T) {
	t.Parallel()
	for name, developer := range map[string]string{"approved-true": fixture.Ben, "seed-001": fixture.Ada} {
		d := desktest.New(t, fixture.Desk)
		r := stored(t, d, desktest.Read(t, requests+name+".json"))
		want := portal.Request{
			ID: r.ID, OrgID: fixture.Org, ByUser: developer, ApplyPolicies: r.ApplyPolicies, ForPlan: r.ApplyPolicies[0],
			RemovePolicies: []string{}, Fields: r.Fields, DateCreated: r.DateCreated, Version: r.Version,
			State: portal.Pending, Revision: 1,
		}
		if !reflect.DeepEqual(r.Request, want) {
			t.Errorf("%s: stored %+v, want %+v", name, r.Request, want)
		}
		if r.CreatedBy != caller.Hash(fixture.PortalCredential) {
			t.Errorf("%s: created by %s, which is not the portal's credential", name, r.CreatedBy)
		}
	}
}

func TestClientSaysTheRest(t *testing.T) {
	t.Parallel()
	minute := func(date string) bool {
		at, err := time.Parse(time.RFC3339, date)
		return err == nil && time.Since(at).Abs() < time.Minute
	}
	for name, holds := range map[string]func(table.Request) bool{
		"for-plan":       func(r table.Request) bool { return reflect.DeepEqual(r.ApplyPolicies, []string{fixture.Payments}) },
		"apply-policies": func(r table.Request) bool { return r.ForPlan == fixture.Payments },
		"two-policies": func(r table.Request) bool {
			return reflect.DeepEqual(r.ApplyPolicies, []string{fixture.Payments, fixture.Weather}) && r.ForPlan == fixture.Payments
		},
		"wordpress":       func(r table.Request) bool { return r.DateCreated == "2019-06-04T07:21:35.000Z" && r.Version == "v2" },
		"seed-003":        func(r table.Request) bool { return r.DateCreated == "2015-05-08T08:49:20.992Z" },
		"seed-000":        func(r table.Request) bool { return minute(r.DateCreated) && r.Version == "" },
		"version-empty":   func(r table.Request) bool { return r.Version == "" },
		"no-content-type": func(r table.Request) bool { return r.Fields == `{"usecase": "payroll", "traffic": "10 a day"}` },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := stored(t, desktest.New(t, fixture.Desk), desktest.Read(t, requests+name+".json"))
			if !holds(r) {
				t.Errorf("stored %+v", r)
			}
		})
	}
}

// What nobody has to decide falls due at once; a plan that may be asked for once is taken, and history begins.
func TestWhatComesWithIt(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		task  table.Task
		holds []string
	}{
		"seed-001":        {table.Decide, []string{fixture.Petstore}},
		"for-plan":        {"", []string{fixture.Payments}},
		"no-entry":        {"", []string{fixture.Weather}},
		"another-of-many": {"", []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := desktest.New(t, fixture.Desk)
			r := stored(t, d, desktest.Read(t, requests+name+".json"))
			if r.Task != want.task || !reflect.DeepEqual(r.Holds, want.holds) {
				t.Errorf("task %q, holds %v; want %q, %v", r.Task, r.Holds, want.task, want.holds)
			}
			var history []string
			for _, item := range tabletest.Items(t, d.Table) {
				if pk := item["PK"].(string); strings.HasSuffix(pk, r.ID) && strings.HasPrefix(item["SK"].(string), "HISTORY#") {
					history = append(history, item["act"].(string)+" by "+item["by"].(string))
				}
			}
			if !reflect.DeepEqual(history, []string{"created by portal"}) {
				t.Errorf("history %v", history)
			}
		})
	}
}

func TestIdempotencyKey(t *testing.T) {
	t.Parallel()
	plan := faults.New(t)
	d := desktest.New(t, fixture.Desk, plan.Install)
	event := desktest.Read(t, requests+"another-of-many.json") // which may be asked for again and again
	first := stored(t, d, event).ID
	if again := stored(t, d, event).ID; again == first {
		t.Fatalf("without a key, two calls made one request, %s", first)
	}
	event.Headers["idempotency-key"] = "a"
	kept := stored(t, d, event).ID
	count := len(tabletest.Items(t, d.Table))
	plan.Reset()
	if again := stored(t, d, event).ID; again != kept {
		t.Errorf("the same call again made %s after %s", again, kept)
	}
	if slices.Contains(plan.Calls(), "TransactWriteItems") {
		t.Errorf("what was answered before is written again: %v", plan.Calls())
	}

	other := event
	other.Body = strings.Replace(event.Body, fixture.Identity, fixture.Weather, 1)
	const refusal = "Idempotency-Key was used before with another body; use a new one for another request."
	if said, status := create(t, d, other); status != http.StatusConflict || said != refusal {
		t.Errorf("another body: %d %s", status, said)
	}
	if now := len(tabletest.Items(t, d.Table)); now != count {
		t.Errorf("the table has grown from %d items to %d", count, now)
	}

	event.Headers["authorization"] = fixture.AdminCredential
	if again := stored(t, d, event).ID; again == kept {
		t.Errorf("somebody else's call was answered with %s", kept)
	}
}

// A rotation takes nothing from its holder: what was asked for with one credential is not made again when it is asked for with
// the next, or with the one after that.
func TestIdempotencyKeyOutlivesRotations(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	event := desktest.Read(t, requests+"another-of-many.json")
	event.Headers["idempotency-key"] = "a"
	kept := stored(t, d, event)
	for range 2 {
		event.Headers["authorization"] = d.Rotate(event.Headers["authorization"])
		if again := stored(t, d, event).ID; again != kept.ID {
			t.Errorf("after a rotation the same call made %s after %s", again, kept.ID)
		}
	}
	event.Headers["idempotency-key"] = "b"
	if later := stored(t, d, event); later.ID == kept.ID || later.CreatedBy != kept.CreatedBy || stored(t, d, event).ID != later.ID {
		t.Errorf("created by %s, and before by %s", later.CreatedBy, kept.CreatedBy)
	}
}

// DynamoDB deletes what has expired days later; the key is good again on time.
func TestIdempotencyKeyIsForgotten(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	event := desktest.Read(t, requests+"another-of-many.json")
	event.Headers["idempotency-key"] = "a"
	first := stored(t, d, event).ID
	items := tabletest.Dump(t, d.Table)
	for _, item := range items {
		if _, expires := item["expires_at"]; expires {
			item["expires_at"] = &types.AttributeValueMemberN{Value: strconv.FormatInt(time.Now().Unix()-1, 10)}
		}
	}
	tabletest.Restore(t, d.Table, items)
	if again := stored(t, d, event).ID; again == first {
		t.Errorf("a day later the call is still answered with %s", first)
	}
}

// Bodies made to be hard to read are refused like any other nonsense, and soon.
func TestHardBodies(t *testing.T) {
	t.Parallel()
	d := desktest.New(t, fixture.Desk)
	before := tabletest.Items(t, d.Table)
	nested := func(open, end string, size int) string {
		n := (size - 100) / (len(open) + len(end))
		return strings.Repeat(open, n) + strings.Repeat(end, n)
	}
	const malformed = "Request body malformed."
	const tooMany = "The body has more than 200000 members, items, objects and lists in all; leave some out."
	for name, c := range map[string]struct {
		body, want string
		status     int
	}{
		"1 MB of nested arrays":               {nested("[", "]", 1<<20), malformed + " Send a JSON object.", 400},
		"1 MB of nested arrays in a member":   {`{"fields": {"a": ` + nested("[", "]", 1<<20) + "}}", tooMany, 400},
		"1 MB of nested arrays of no member":  {`{"x": ` + nested("[", "]", 1<<20) + "}", tooMany, 400},
		"64 KB of nested objects and comment": {"// \n" + `{"fields": ` + nested(`{"a":`, "}", 60_000) + "}", malformed, 400},
		"1 MB and a byte":                     {`{"x": "` + strings.Repeat("y", 1<<20-8) + `"}`, "The body is 1048577 bytes long; at most 1048576 are read.", 413},
		"fields of 17 KB": {
			`{"by_user": "` + fixture.Ben + `", "for_plan": "` + fixture.Payments + `", "fields": {"a": "` + strings.Repeat("y", 17_408) + `"}}`,
			"fields is 17417 bytes long; at most 16384 are kept. Send shorter answers, or a link to the rest.", 400,
		},
	} {
		event := desktest.Read(t, requests+"for-plan.json")
		event.Body = c.body
		if said, status := create(t, d, event); status != c.status || said != c.want {
			t.Errorf("%s: %d %s, want %d %s", name, status, said, c.status, c.want)
		}
	}
	if after := tabletest.Items(t, d.Table); !reflect.DeepEqual(before, after) {
		t.Error("something has changed")
	}
}
