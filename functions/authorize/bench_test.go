package main

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
	"keydesk/shared/table"
)

// BenchmarkCheck is what a verdict takes, from a key to an answer: remembered, or asked of a table that answers at once.
func BenchmarkCheck(b *testing.B) {
	eachCase(b, func(b *testing.B, a *authorizer, c *measured) {
		q := question{org: org, key: secret.New(c.key)}
		for b.Loop() {
			d, err := a.decide(b.Context(), &q)
			if err != nil || d.reason != c.reason {
				b.Fatal(d.reason, err)
			}
			d.answer(false)
		}
	})
}

// BenchmarkInvoke is the whole of it, from API Gateway's event to the answer, with the line in the log.
func BenchmarkInvoke(b *testing.B) {
	eachCase(b, func(b *testing.B, a *authorizer, c *measured) {
		e, said := event(c.key), []byte(`"isAuthorized":`+strconv.FormatBool(c.reason == good))
		e.Headers["host"], e.Headers["x-amzn-trace-id"] = "abcdefghij.execute-api.eu-west-1.amazonaws.com", "Root=1-6a212b38-4f1d2c3b5a69788796a5b4c3"
		e.Headers["x-forwarded-for"], e.Headers["x-forwarded-port"], e.Headers["x-forwarded-proto"] = "203.0.113.7", "443", "https"
		event := payload(b, e)
		for b.Loop() {
			if answer, err := a.Invoke(b.Context(), event); err != nil || !bytes.Contains(answer, said) {
				b.Fatalf("%s, %v", answer, err)
			}
		}
	})
}

// measured is one case of a benchmark.
type measured struct {
	name, key string
	stored    table.IssuedKey
	reason    reason
	misses    bool // nothing is remembered
	fresh     bool // no token is
}

func eachCase(b *testing.B, run func(*testing.B, *authorizer, *measured)) {
	d := desk{t: b}
	key, stored := d.mint(portal.AuthToken)
	token := sent(key)
	never := map[string]any{"exp": noon.AddDate(900, 0, 0).Unix()}
	cases := []measured{
		{name: "hit", key: token, stored: stored},
		{name: "miss", key: token, stored: stored, misses: true},
		{name: "malformed", key: token[:40] + "!" + token[41:], stored: stored, reason: malformed},
		{name: "malformed, 10 KB", key: "ey" + strings.Repeat("v", 10<<10), stored: stored, reason: malformed},
	}
	for _, way := range [][2]string{{"RS256", "RSA"}, {"ES256", "P-256"}} {
		kid, k := jwtKey(b, way[1])
		jwt := signed(b, way[0], map[string]any{"kid": kid}, never, pairs()[way[1]])
		cases = append(cases, measured{name: "hit of a JWT, " + way[0], key: jwt, stored: k},
			measured{name: "fresh JWT of a known key, " + way[0], key: jwt, stored: k, fresh: true},
			measured{name: "miss of a JWT, " + way[0], key: jwt, stored: k, misses: true, fresh: true})
	}
	for _, c := range cases {
		b.Run(c.name, func(b *testing.B) {
			c.stored.LastUsed = "9999-12-31"
			a := &authorizer{
				settings: settings{header: "Authorization", org: org},
				check:    newCheck(tableOf(b, c.stored), slog.New(slog.NewJSONHandler(io.Discard, nil))), //nolint:sloglint // the line is to be written, then thrown away
			}
			clock := noon
			a.now = func() time.Time {
				if c.misses {
					clock = clock.Add(longest)
				}
				if c.fresh {
					a.tokens.Purge()
				}
				return clock
			}
			b.ReportAllocs()
			run(b, a, &c)
		})
	}
}

// tableOf is a table that holds one key, with its developer and policy. It answers at once, in DynamoDB's words, so that all that a
// function itself does is done.
func tableOf(b *testing.B, k table.IssuedKey) *table.Table {
	b.Helper()
	stored, err := attributevalue.MarshalMapWithOptions(k, func(o *attributevalue.EncoderOptions) { o.TagKey = "json" })
	if err != nil {
		b.Fatal(err)
	}
	cfg := aws.Config{
		Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("bench", "bench", ""), HTTPClient: &canned{key: wire(stored)},
	}
	return table.New(cfg, "table")
}

// canned is DynamoDB's end of the wire. It makes up its answers when it is first asked, and keeps them.
type canned struct {
	key     map[string]any
	answers map[string][]byte
}

func (c *canned) Do(r *http.Request) (*http.Response, error) {
	operation := r.Header.Get("X-Amz-Target")
	if c.answers[operation] == nil {
		text, err := c.answer(r.Body)
		if err != nil {
			return nil, err
		}
		if c.answers == nil {
			c.answers = map[string][]byte{}
		}
		c.answers[operation] = text
	}
	text := c.answers[operation]
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)),
	}, nil
}

func (c *canned) answer(question io.Reader) ([]byte, error) {
	var asked struct {
		RequestItems map[string]struct{ Keys []map[string]any }
	}
	if err := json.NewDecoder(question).Decode(&asked); err != nil {
		return nil, err
	}
	if asked.RequestItems == nil {
		return json.Marshal(map[string]any{"Item": c.key})
	}
	found := map[string]any{}
	for table, items := range asked.RequestItems {
		for _, item := range items.Keys {
			item["inactive"] = map[string]bool{"BOOL": false}
			item["document"] = map[string]string{"S": `{"_id":"` + gold + `","org_id":"` + org + `","name":"Gold","rate":1000,"per":60,"quota_max":-1,"quota_renewal_rate":3600,"active":true}`}
		}
		found[table] = items.Keys
	}
	return json.Marshal(map[string]any{"Responses": found})
}

// wire is an item as DynamoDB writes it.
func wire(item map[string]types.AttributeValue) map[string]any {
	all := map[string]any{}
	for name, value := range item {
		switch v := value.(type) {
		case *types.AttributeValueMemberS:
			all[name] = map[string]string{"S": v.Value}
		case *types.AttributeValueMemberN:
			all[name] = map[string]string{"N": v.Value}
		case *types.AttributeValueMemberL:
			var list []any
			for _, element := range v.Value {
				list = append(list, wire(map[string]types.AttributeValue{"": element})[""])
			}
			all[name] = map[string]any{"L": list}
		}
	}
	return all
}
