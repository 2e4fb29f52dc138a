package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// lambdas is where functions can be invoked by their names, as a gateway of another make does; empty where that cannot be done
// without AWS's own credentials.
var lambdas = os.Getenv("AWS_ENDPOINT_URL_LAMBDA")

// byInvocation leaves a test out where functions cannot be invoked.
func byInvocation(t *testing.T) {
	t.Helper()
	if lambdas == "" {
		t.Skip("AWS_ENDPOINT_URL_LAMBDA is not set: functions cannot be invoked")
	}
}

// asks invokes the check with a question, and gives its verdict.
func asks(t *testing.T, question map[string]any) map[string]any {
	t.Helper()
	byInvocation(t)
	text := invoke(t, "Authorize", object(t, question))
	var verdict map[string]any
	if json.Unmarshal(text, &verdict) != nil {
		t.Fatalf("the check is asked and says %s", text)
	}
	if key, _ := question["key"].(string); key != "" && strings.Contains(string(text), key) {
		t.Error("the verdict holds the key")
	}
	return verdict
}

// invoke has a function handle an event, and gives its answer.
func invoke(t *testing.T, function, event string) []byte {
	t.Helper()
	address := lambdas + "/2015-03-31/functions/" + function + "/invocations"
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader(event))
	if err != nil {
		t.Fatal(err)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it has been read
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK || response.Header.Get("X-Amz-Function-Error") != "" {
		t.Fatalf("%s says %d %s: %v", function, response.StatusCode, text, err)
	}
	return text
}

func wantVerdict(t *testing.T, question map[string]any, reason string) map[string]any {
	t.Helper()
	verdict := asks(t, question)
	if verdict["allowed"] != (reason == "") || verdict["reason"] != reason {
		t.Errorf("allowed is %v, reason %v; want the reason %q", verdict["allowed"], verdict["reason"], reason)
	}
	return verdict
}

// TestAskedPlainly asks the check about keys as a gateway of another make does.
func TestAskedPlainly(t *testing.T) {
	t.Parallel()
	for _, kind := range someKinds() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			g := arrives(t, kind).receives(t, offers(t, offered{kind: kind})...)
			for _, question := range []map[string]any{{"key": g.credential(t)}, {"key": g.credential(t), "org": org}} {
				if verdict := wantVerdict(t, question, ""); verdict["developer"] != g.id || verdict["org"] != org {
					t.Errorf("the verdict is about %v of %v, want %s", verdict["developer"], verdict["org"], g.id)
				}
			}
			wantVerdict(t, map[string]any{"key": g.credential(t), "org": nobodys}, "wrong_organisation")
			wantVerdict(t, map[string]any{"key": ""}, "missing")
			wantVerdict(t, map[string]any{"key": "abc"}, "malformed")
		})
	}
}

// TestCertificateAtWork asks the check about a certificate until its key is revoked.
func TestCertificateAtWork(t *testing.T) {
	t.Parallel()
	h := arrives(t, mutualTLS)
	_, fingerprint := newCertificate(t)
	wish := object(t, h.wish(offers(t, offered{kind: mutualTLS})...), map[string]any{"by_user": h.id, "certificate": fingerprint})
	id := portal.create(t, wish)
	question := map[string]any{"certificate": fingerprint, "org": org}
	wantVerdict(t, map[string]any{"certificate": strings.Repeat("0", 64), "org": org}, "unknown")
	portal.call(t, http.MethodPut, approve(id), "").want(t, http.StatusOK, "")
	if verdict := wantVerdict(t, question, ""); verdict["developer"] != h.id || verdict["auth_type"] != mutualTLS {
		t.Errorf("the verdict is about %v, of the kind %v", verdict["developer"], verdict["auth_type"])
	}
	wantVerdict(t, map[string]any{"certificate": fingerprint, "org": nobodys}, "unknown")
	portal.call(t, http.MethodDelete, grant{holder: h, request: id}.path(t), "").want(t, http.StatusOK, "Data deleted")
	for begin := time.Now(); asks(t, question)["allowed"] == true; time.Sleep(every) {
		if time.Since(begin) > kept {
			t.Fatal("a revoked certificate is still good")
		}
	}
	wantVerdict(t, question, "revoked")
}
