package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
)

// ids are so many, each another.
func ids(n int) []string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf("5efde61749960c0001%06x", i))
	}
	return all
}

func listed(all []string) string {
	text, err := json.Marshal(all)
	if err != nil {
		panic(err) // they are texts
	}
	return string(text)
}

func TestDecodeMany(t *testing.T) {
	one := ids(1)[0]
	for body, want := range map[string]rest.Many{
		`{"ids": ["` + one + `"]}`: {IDs: ids(1)},
		`{"ids": ` + listed(ids(100)) + `, "reason": "", "revisions": null}`:                       {IDs: ids(100)},
		`{"ids": ["` + one + `"], "reason": "Why not", "revisions": {"` + one + `": 3} }`:          {IDs: ids(1), Reason: "Why not", Revisions: map[string]int{one: 3}},
		`{"ids": ["` + one + `"], "reason": "` + strings.Repeat("x", 2000) + `", "revisions": {}}`: {IDs: ids(1), Reason: strings.Repeat("x", 2000), Revisions: map[string]int{}},
	} {
		if got, err := rest.DecodeMany(rest.In{Body: []byte(body)}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%.80s: %+v, %v", body, got, err)
		}
	}
	for body, words := range map[string]string{
		``:                                  "The body is empty; send a JSON object.",
		`["` + one + `"]`:                   "Request body malformed. Send a JSON object.",
		`{}`:                                "ids: from 1 to 100 requests are decided at once, not 0.",
		`{"ids": []}`:                       "ids: from 1 to 100 requests are decided at once, not 0.",
		`{"ids": null}`:                     "ids: from 1 to 100 requests are decided at once, not 0.",
		`{"ids": "` + one + `"}`:            "ids: a list of strings is expected, not a string.",
		`{"ids": [5]}`:                      "ids",
		`{"ids": {}}`:                       "ids: a list of strings is expected, not an object.",
		`{"ids": ` + listed(ids(101)) + `}`: "ids: from 1 to 100 requests are decided at once, not 101.",
		`{"ids": ["` + one + `", ""]}`:      "ids[1] is not an id; send requests' ids, 24 hexadecimal digits each.",
		`{"ids": ["` + strings.ToUpper(one) + `"]}`:                               "ids[0] is not an id",
		`{"ids": ["../` + one[3:] + `"]}`:                                         "ids[0] is not an id",
		`{"ids": ["` + one + `", "` + ids(2)[1] + `", "` + one + `"]}`:            "ids[2]: " + one + " is named twice.",
		`{"ids": ["` + one + `"], "revisions": {"` + ids(2)[1] + `": 1}}`:         `revisions: "` + ids(2)[1] + `": 1 is not the revision of one of ids.`,
		`{"ids": ["` + one + `"], "revisions": {"` + one + `": 0}}`:               `revisions: "` + one + `": 0 is not the revision of one of ids.`,
		`{"ids": ["` + one + `"], "revisions": {"` + one + `": "1"}}`:             "revisions",
		`{"ids": ["` + one + `"], "revisions": [1]}`:                              "revisions: an object is expected, not a list.",
		`{"ids": ["` + one + `"], "reason": 5}`:                                   "reason: a string is expected, not a number.",
		`{"ids": ["` + one + `"], "reason": "` + strings.Repeat("x", 2001) + `"}`: "reason is 2001 bytes long; at most 2000 are kept.",
	} {
		_, err := rest.DecodeMany(rest.In{Body: []byte(body)})
		var refusal *portal.Error
		if !errors.As(err, &refusal) || refusal.Kind != portal.Invalid || !strings.HasPrefix(refusal.Message, words) {
			t.Errorf("%.80s: %v; want %s", body, err, words)
		}
	}
}

// each answers with what Each makes of the ids.
func each(do func(ctx context.Context, id string) error, all ...string) rest.Endpoint {
	op := operation(reads, nil)
	op.Then = func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
		m := rest.Many{IDs: all}
		return m.Each(ctx, in, "declined", do), nil
	}
	return op
}

// result is what one of many is answered.
type result struct {
	ID              string
	Code            int
	Status, Message string
	Meta            map[string]any
}

func results(t *testing.T, said desktest.Said) []result {
	t.Helper()
	var meta struct{ Results []result }
	if err := json.Unmarshal(said.Meta, &meta); err != nil || said.Status != http.StatusOK {
		t.Fatalf("%d %s: %v", said.Status, said.Text, err)
	}
	return meta.Results
}

// Each is answered as a call for it alone would be, in the order that they were named in; what one meets is nothing to the others. What
// is a fault of the desk's own stands in the log.
func TestEach(t *testing.T) {
	desk := desktest.New(t, fixture.Desk)
	all := ids(5)
	stale := portal.Refuse(portal.Stale, "If-Match: the request is at revision %d.", 7)
	stale.Meta = map[string]any{"revision": 7}
	met := map[string]error{all[1]: stale, all[2]: errors.New("a fault of our own"), all[3]: fmt.Errorf("write: %w", portal.ErrNotFound), all[4]: context.DeadlineExceeded}
	op := each(func(_ context.Context, id string) error {
		time.Sleep(time.Duration(len(all)-slices.Index(all, id)) * 10 * time.Millisecond)
		return met[id]
	}, all...)
	var said desktest.Said
	text := logged(t, func() rest.Handler { return rest.Handle(desk.Table, op) }, func(handle rest.Handler) {
		said = desk.Say(func(*desktest.Desk) rest.Handler { return handle }, call(fixture.AdminCredential))
	})
	const request = "JKJaXmPLvHcESHA="
	want := []result{
		{all[0], 200, "OK", "declined", nil},
		{all[1], 412, "Error", "If-Match: the request is at revision 7.", map[string]any{"revision": 7.0}},
		{all[2], 500, "Error", "Internal error", map[string]any{"request_id": request}},
		{all[3], 404, "Error", "Could not retrieve portal object.", nil},
		{all[4], 500, "Error", "The call ran out of time; ask what became of it before you repeat it.", map[string]any{"request_id": request}},
	}
	if got := results(t, said); !reflect.DeepEqual(got, want) || said.Message != "1 of 5 declined" {
		t.Errorf("%s: %+v\nwant %+v", said.Message, got, want)
	}
	if strings.Contains(said.Text, "fault") {
		t.Errorf("a client reads %s", said.Text)
	}
	var line map[string]any
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if told := fmt.Sprint(line["error"]); line["status"] != 200.0 || told != all[2]+": a fault of our own\n"+all[4]+": context deadline exceeded" {
		t.Errorf("the log says %q", told)
	}
}

// TestEachOutOfTime holds that what the call has no time for is not begun, and says that nothing was changed.
func TestEachOutOfTime(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	var begun atomic.Int32
	op := each(func(ctx context.Context, _ string) error {
		begun.Add(1)
		<-ctx.Done()
		return nil // in time, just
	}, ids(100)...)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	response, err := rest.Handle(desk.Table, op)(ctx, call(fixture.AdminCredential))
	if err != nil {
		t.Fatal(err)
	}
	said := desktest.Said{Status: response.StatusCode, Text: response.Body}
	if err := json.Unmarshal([]byte(response.Body), &said); err != nil {
		t.Fatal(err)
	}
	late := 0
	for _, r := range results(t, said) {
		if r.Code == http.StatusTooManyRequests && r.Message == "The call ran out of time before this one; nothing was changed. Send it again." {
			late++
		}
	}
	if n := int(begun.Load()); n != 8 || late != 100-n || said.Message != fmt.Sprintf("%d of 100 declined", n) {
		t.Errorf("%d were begun, %d are to be sent again, %s", n, late, said.Message)
	}
}

// TestEachAside holds that several are worked on at a time, and not all.
func TestEachAside(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	var now, most atomic.Int32
	op := each(func(context.Context, string) error {
		for n := now.Add(1); ; {
			if before := most.Load(); n <= before || most.CompareAndSwap(before, n) {
				break
			}
		}
		time.Sleep(5 * time.Millisecond)
		now.Add(-1)
		return nil
	}, ids(100)...)
	if all := results(t, says(t, desk, op, call(fixture.AdminCredential))); len(all) != 100 || most.Load() != 8 {
		t.Errorf("%d results, of which %d were worked on at a time", len(all), most.Load())
	}
}
