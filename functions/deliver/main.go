// Deliver tells people and other programs what happened at the desk: it follows the table's stream, after the write that makes a notice
// true. Each notice is looked up in the ledger, sent, and noted there; so it is sent once however often a record comes, but for what
// falls between sending and noting.
package main

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"golang.org/x/sync/errgroup"

	"keydesk/shared/approval"
	"keydesk/shared/awsenv"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

func main() { lambda.Start(fromEnv().Invoke) }

// deliverer is what Lambda calls.
type deliverer struct {
	table    *table.Table
	webhooks *webhooks
	mail     *mailer
	usages   usages
	now      func() time.Time
	log      *slog.Logger
}

// fromEnv is the deliverer that the template sets up. It panics where a setting is missing or makes no sense.
func fromEnv() *deliverer {
	private := awsenv.Must("KEYDESK_PRIVATE_WEBHOOKS")
	if private != "on" && private != "off" {
		panic("KEYDESK_PRIVATE_WEBHOOKS is neither on nor off")
	}
	return &deliverer{
		table: table.FromEnv(), now: time.Now, log: slog.New(slog.NewJSONHandler(os.Stdout, nil)),
		webhooks: newWebhooks(vault.SignersFromEnv(), private == "on"),
		mail: &mailer{
			ses: newSES(awsenv.Config()), claimKey: vault.ClaimKeyFromEnv().Get, publicURL: awsenv.Must("KEYDESK_PUBLIC_URL"),
			retention: approval.RetentionFromEnv(),
		},
	}
}

// Limits of one batch. What there is no time for is left to the next: Lambda brings its records once more.
const (
	aside        = 16              // subjects whose records are told of side by side
	forOne       = 8 * time.Second // that the notices of one record may take, their notes included
	timeToAnswer = time.Second     // that is kept back of Lambda's time limit
)

// Invoke tells what a batch of the stream gives to tell. Records of one subject are handled in their order, those of others beside them.
// One that could not be handled is named in the answer: Lambda brings it, and all after it, once more.
func (d *deliverer) Invoke(ctx context.Context, batch events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
	ctx, cancel := awsenv.TimeToAnswer(ctx, timeToAnswer)
	defer cancel()
	start, r := time.Now(), newReport()
	subjects, records := bySubject(batch.Records)
	var all errgroup.Group
	all.SetLimit(aside)
	for _, subject := range subjects {
		all.Go(func() error {
			d.tellOf(ctx, r, subject, records[subject])
			return nil
		})
	}
	_ = all.Wait() // none of them fails
	d.log.InfoContext(ctx, "batch", "records", len(batch.Records), "subjects", len(subjects), "sent", r.noted[table.Sent],
		"skipped", r.noted[table.Skipped], "waiting", r.noted[table.Waiting], "failed", r.noted[table.Failed], "dead", r.noted[table.Dead], "once_more", len(r.answer.BatchItemFailures),
		"ms", time.Since(start).Milliseconds())
	return r.answer, nil
}

// bySubject are the records that give something to tell, by what they tell of.
func bySubject(all []events.DynamoDBEventRecord) (subjects []table.Subject, records map[table.Subject][]record) {
	records = map[table.Subject][]record{}
	for _, one := range all {
		for _, r := range recordsOf(one) {
			if records[r.Subject] == nil {
				subjects = append(subjects, r.Subject)
			}
			records[r.Subject] = append(records[r.Subject], r)
		}
	}
	return subjects, records
}

// report is what became of a batch.
type report struct {
	mu     sync.Mutex
	noted  map[table.NoticeState]int // notices
	full   map[mailDay]bool          // where no mail may be sent any more
	answer events.DynamoDBEventResponse
}

func newReport() *report {
	r := &report{noted: map[table.NoticeState]int{}, full: map[mailDay]bool{}}
	r.answer.BatchItemFailures = []events.DynamoDBBatchItemFailure{} // none is said by an empty list
	return r
}

// onceMore notes that records have to come once more.
func (r *report) onceMore(records []record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range records {
		r.answer.BatchItemFailures = append(r.answer.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: one.sequence})
	}
}

// count counts a notice that was noted.
func (r *report) count(state table.NoticeState) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noted[state]++
}
