package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"keydesk/infra/canary"
	"keydesk/infra/desktest"
	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/claim"
	"keydesk/shared/portal"
)

const (
	retention = 7 * 24 * time.Hour
	publicURL = "https://desk.example"
)

// office is a desk whose organisation hears of everything, by webhooks and mails.
type office struct {
	*desktest.Desk
	plan  *faults.Plan // of all calls but those of webhooks
	hooks *receiver
	post  *post
	now   time.Time
	log   *bytes.Buffer
	t     *testing.T
	local *http.Client // of the webhooks; nil: the deliverer's own
}

// everything is a configuration by which everybody hears of everything: of a webhook, and of the address that mails come from.
const everything = `{
	"auto_approve": true, "email": "reviewers@example.com",
	"event_options": {"key_request_event": {"webhook": %q, "email": "watchers@example.com"}},
	"mail_options": {
		"mail_from_name": "The Orchard", "mail_from_email": %q,
		"email_copy": {
			"welcome_email": {"enabled": true, "subject": "Welcome to the Orchard", "body": "Good to see you.", "sign_off": "The gardeners"},
			"key_email": {"enabled": true}, "reset_password_email": {"enabled": true}
		}
	}
}`

// open sets up an office.
func open(t *testing.T) *office {
	t.Helper()
	plan := faults.New(t)
	return openAt(t, plan, desktest.New(t, fixture.Desk, plan.Install))
}

// openAt sets up an office at a desk.
func openAt(t *testing.T, plan *faults.Plan, desk *desktest.Desk) *office {
	t.Helper()
	o := &office{Desk: desk, plan: plan, hooks: receive(t), now: time.Now(), log: &bytes.Buffer{}, t: t}
	o.post = &post{domain: o.Table.Name() + ".example"}
	o.post.isVerified(t)
	o.configure(fixture.Org, o.settings())
	for range 2 { // it is made, then read; from then on it is known
		if _, err := o.Signers.Of(t.Context(), fixture.Org); err != nil {
			t.Fatal(err)
		}
	}
	plan.Reset()
	t.Cleanup(func() {
		if secret := canary.Find(o.log.Bytes()); secret != "" {
			t.Errorf("the log shows %s", secret)
		}
	})
	return o
}

// settings are those by which everybody hears of everything.
func (o *office) settings() string { return fmt.Sprintf(everything, o.hooks.URL, o.post.from()) }

// configure writes an organisation's configuration.
func (o *office) configure(org, document string) {
	o.t.Helper()
	c, err := portal.NewConfiguration(org, "5e9d9545a1dcd60001d0ed21", portal.Object(document))
	if err == nil {
		err = o.Table.PutConfiguration(o.t.Context(), org, c)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// deliverer is one process of the function.
func (o *office) deliverer() *deliverer {
	d := &deliverer{
		table: o.Table, webhooks: newWebhooks(o.Signers, true), now: func() time.Time { return o.now },
		log: slog.New(slog.NewJSONHandler(o.log, nil)),
		mail: &mailer{
			ses: newSES(tabletest.Config(o.t, o.plan.Install, o.post.install)), publicURL: publicURL, retention: retention,
			claimKey: func(context.Context) (claim.Key, error) { return o.ClaimKey, nil },
		},
	}
	if o.local != nil {
		d.webhooks.client = o.local
	}
	return d
}

// deliver has a fresh process handle the records, and gives the sequence numbers of those that have to come once more.
func (o *office) deliver(ctx context.Context, records []events.DynamoDBEventRecord) []string {
	o.t.Helper()
	answer, err := o.deliverer().Invoke(ctx, events.DynamoDBEvent{Records: records})
	if err != nil {
		o.t.Fatal(err)
	}
	var failed []string
	for _, f := range answer.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

// told has what is done delivered, at once and whole, and gives what was sent, as summaries.
func (o *office) told(do func()) []string {
	o.t.Helper()
	o.forget()
	if failed := o.deliver(o.t.Context(), o.stream(do)); failed != nil {
		o.t.Errorf("to come once more: %v", failed)
	}
	return o.summaries()
}

func (o *office) forget() {
	o.hooks.forget()
	o.post.forget()
}

// summaries are all that was sent: "webhook key_request_event.approved", "mail to ada@example.com: Your request ...".
func (o *office) summaries() []string {
	var all []string
	for _, h := range o.hooks.all() {
		all = append(all, "webhook "+h.body.Event)
	}
	for _, m := range o.post.all() {
		all = append(all, "mail to "+m.Destination.ToAddresses[0]+": "+*m.Content.Simple.Subject.Data)
	}
	slices.Sort(all)
	return all
}

// ledger is what is noted of each notice, by its event and whom it is for.
func (o *office) ledger() map[string]tabletest.Item { return o.ledgerOf(fixture.Org) }

func (o *office) ledgerOf(org string) map[string]tabletest.Item {
	o.t.Helper()
	found := map[string]tabletest.Item{}
	for _, it := range tabletest.Items(o.t, o.Table) {
		if strings.HasPrefix(fmt.Sprint(it["SK"]), "NOTICE#") && it["org_id"] == org {
			found[fmt.Sprint(it["event"], " ", it["to"])] = it
		}
	}
	return found
}
