package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"keydesk/infra/stream"
)

type listFailures struct {
	Drop []string `help:"Take these out of their queue, by the ids that are shown." placeholder:"ID"`
}

// Help is shown by --help.
func (listFailures) Help() string {
	return "A run of the schedule needs no replay: what was due is due until a run has done it. The records of a batch that failed can be\n" +
		"handed to the function again for 24 hours from their writing; notices records prints them.\n\n" +
		examples("notices failures", "notices failures --drop 5fea7756-0ea4-451a-a703-a558b933e274")
}

// mostFailures is how many messages of a queue are looked at.
const mostFailures = 100

// Run shows what lies in the queues of failures.
func (c *listFailures) Run(ctx context.Context, d *desk) error {
	lines := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(lines, "ID\tWHEN\tWHAT\tWHY") // the writer keeps an error for Flush
	for _, queue := range []string{runFailures, lostBatches} {
		found, err := d.failures(ctx, queue)
		if err != nil {
			return err
		}
		left := 0
		for i := range found {
			f := &found[i]
			if slices.Contains(c.Drop, f.id) {
				if err := d.drop(ctx, f); err != nil {
					return err
				}
				continue
			}
			left++
			_, _ = fmt.Fprintf(lines, "%s\t%s\t%s\t%s\n", f.id, stamp(f.sent), f.what(), f.why())
		}
		d.advise(queue, left)
	}
	return lines.Flush()
}

// advise says what to do about what is left in a queue.
func (d *desk) advise(queue string, left int) {
	switch {
	case left == 0:
	case queue == runFailures:
		_, _ = fmt.Fprintf(d.say, "admin: %d runs of the schedule failed; the log of AutoApprove says why. Nothing is lost: the next run does what is due. "+
			"Drop them by --drop\n", left)
	default:
		_, _ = fmt.Fprintf(d.say, "admin: %d batches of the stream failed; the log of Deliver says why. Within 24 hours of the writing: %s notices records ID | "+
			"aws lambda invoke --function-name %s --cli-binary-format raw-in-base64-out --payload file:///dev/stdin /dev/stdout, and where "+
			"batchItemFailures is empty, --drop ID\n", left, program, cmp.Or(d.parts[itsDeliver], "(that of Deliver)"))
	}
}

type printRecords struct {
	Batch string `arg:"" name:"id" help:"The batch that failed, as notices failures shows it."`
}

// Help is shown by --help.
func (printRecords) Help() string {
	return "They are printed as the function Deliver receives them, for aws lambda invoke; notices failures says how. It tells of what it has\n" +
		"told before no second time.\n\n" + examples("notices records 5fea7756-0ea4-451a-a703-a558b933e274")
}

// Run prints the records of a batch that failed, as an event.
func (c *printRecords) Run(ctx context.Context, d *desk) error {
	found, err := d.failures(ctx, lostBatches)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(found, func(f failure) bool { return f.id == c.Batch && f.Batch != nil })
	if i < 0 {
		return errors.New("<id>: there is no such batch among those that failed; notices failures shows them")
	}
	event, err := found[i].Batch.Event(ctx, d.cfg)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(d.out, "%s\n", event)
	return err
}

// failure is what Lambda, or EventBridge Scheduler, leaves in a queue of what failed to the end.
type failure struct {
	Request struct {
		ID        string `json:"requestId"`
		Condition string `json:"condition"`
	} `json:"requestContext"`
	Response struct {
		Message string `json:"errorMessage"`
	} `json:"responsePayload"`
	Batch *stream.Stretch `json:"DDBStreamBatchInfo"`

	id, queue, handle string
	sent              int64
	refused           string // why Lambda did not take it
}

func (f *failure) what() string {
	switch {
	case f.Batch != nil:
		return fmt.Sprintf("%d records of the stream, from %s on", f.Batch.Size, f.Batch.From)
	case f.Request.ID != "":
		return "the run " + f.Request.ID
	default:
		return "a run that Lambda did not take"
	}
}

func (f *failure) why() string {
	said := strings.Fields(cmp.Or(f.Response.Message, f.refused)) // in one line
	return strings.Join(append([]string{f.Request.Condition}, said...), " ")
}

// failures are the messages in a queue; nobody else reads them.
func (d *desk) failures(ctx context.Context, queue string) ([]failure, error) {
	url, err := d.part(queue)
	if err != nil {
		return nil, err
	}
	var found []failure
	for len(found) < mostFailures {
		out, err := sqs.NewFromConfig(d.cfg).ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 1, VisibilityTimeout: 2,
			MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []types.MessageSystemAttributeName{sentAt},
		})
		if err != nil {
			return nil, err
		}
		before := len(found)
		for _, m := range out.Messages {
			if f := read(url, &m); !slices.ContainsFunc(found, func(other failure) bool { return other.id == f.id }) {
				found = append(found, f)
			}
		}
		if len(found) == before {
			break
		}
	}
	return found, nil
}

const sentAt = types.MessageSystemAttributeNameSentTimestamp

// read reads a message. What is not as expected is shown all the same: by its id.
func read(url string, m *types.Message) failure {
	var f failure
	_ = json.Unmarshal([]byte(aws.ToString(m.Body)), &f)
	f.id, f.queue, f.handle = aws.ToString(m.MessageId), url, aws.ToString(m.ReceiptHandle)
	milliseconds, _ := strconv.ParseInt(m.Attributes[string(sentAt)], 10, 64)
	f.sent = milliseconds / 1000
	for _, name := range []string{"ERROR_CODE", "ERROR_MESSAGE"} {
		f.refused += aws.ToString(m.MessageAttributes[name].StringValue) + " "
	}
	return f
}

func (d *desk) drop(ctx context.Context, f *failure) error {
	_, err := sqs.NewFromConfig(d.cfg).DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &f.queue, ReceiptHandle: &f.handle})
	return err
}
