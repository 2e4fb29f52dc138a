package rest_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"keydesk/infra/desktest"
	"keydesk/infra/fixture"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
)

// What Lambda counts is what its runtime writes, where some characters take six bytes.
func TestAnswerAsItTravels(t *testing.T) {
	t.Parallel()
	desk := desktest.New(t, fixture.Desk)
	for _, unit := range []string{"x", "<&>", "\u2028", "\u2029", "\x01", `"\`, "\n\t", "é", "\ufffd"} {
		body := portal.Object(`{"a":` + quoted(t, unit) + `}`)
		each := portal.Travels(string(body)) - portal.Travels(`{"a":""}`)
		for more, want := range map[int]int{-30: http.StatusOK, 10: http.StatusRequestEntityTooLarge} {
			text := strings.Repeat(strings.TrimSuffix(strings.TrimPrefix(string(body), `{"a":"`), `"}`), (portal.MaxAnswer/each)+more)
			op := operation(reads, func() (rest.Out, error) { return rest.Out{Body: portal.Object(`{"a":"` + text + `"}`)}, nil })
			handler := lambda.NewHandler(func(ctx context.Context) (events.APIGatewayV2HTTPResponse, error) {
				response, err := rest.Handle(desk.Table, op)(ctx, call(fixture.AdminCredential))
				if response.StatusCode != want {
					t.Errorf("%q: %d, want %d", unit, response.StatusCode, want)
				}
				return response, err
			})
			written, err := handler.Invoke(t.Context(), nil)
			if err != nil || len(written) > 6<<20 || want == http.StatusOK && len(written) < portal.MaxAnswer-1000 {
				t.Errorf("%q: %d bytes are sent, %v", unit, len(written), err)
			}
		}
	}
}

// quoted is a JSON string as a client may send it: what need not be escaped is not.
func quoted(t *testing.T, text string) string {
	t.Helper()
	if strings.ContainsAny(text, "\u2028\u2029<&>") {
		return `"` + text + `"`
	}
	encoded, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(encoded)
}
