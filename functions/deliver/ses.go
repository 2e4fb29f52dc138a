package main

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"keydesk/shared/approval"
	"keydesk/shared/awsenv"
	"keydesk/shared/claim"
	"keydesk/shared/portal"
)

// mailer sends mails by SES.
type mailer struct {
	ses       *sesv2.Client
	claimKey  func(context.Context) (claim.Key, error)
	publicURL string
	retention time.Duration // how long a key waits for its developer
}

// newSES is SES as a mailer wants it. It is told again only what it has refused for the moment: a mail of which it is not known whether it
// went is for the ledger to send again, a good while later.
func newSES(cfg aws.Config) *sesv2.Client {
	return sesv2.NewFromConfig(cfg, func(o *sesv2.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SESV2")
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(patience)
		o.Retryer = retry.NewStandard(func(r *retry.StandardOptions) {
			r.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: retry.DefaultThrottleErrorCodes}}
			r.MaxBackoff = time.Second
		})
	})
}

// compose makes a mail, as SES takes it. Its error says in a few words why it could not, and not what was to be said to whom.
func (m *mailer) compose(ctx context.Context, f *facts, to string) (*sesv2.SendEmailInput, error) {
	receiver, err := recipient(f.address(to))
	if err != nil {
		return nil, err
	}
	where := places{desk: m.publicURL}
	if to == developer && f.claimable() {
		key, err := m.claimKey(ctx)
		if err != nil {
			return nil, becauseOf("the key of claim links cannot be read", err)
		}
		where.link = claim.Link(m.publicURL, f.request.ID, key.Token(f.org, f.request.ID, f.request.LinkNumber))
		where.until = approval.Lapses(f.request, m.retention)
	}
	subject, text := compose(f, to, where)
	from := f.books.Configuration.Mail
	utf8 := aws.String("UTF-8")
	return &sesv2.SendEmailInput{
		FromEmailAddress: aws.String(sender(&from)),
		Destination:      &types.Destination{ToAddresses: []string{receiver}},
		Content: &types.EmailContent{Simple: &types.Message{
			Subject: &types.Content{Data: &subject, Charset: utf8},
			Body:    &types.Body{Text: &types.Content{Data: &text, Charset: utf8}},
			Headers: []types.MessageHeader{{Name: aws.String("Auto-Submitted"), Value: aws.String("auto-generated")}}, // nobody's absence answers it
		}},
	}, nil
}

// send makes one try. Its error says no more than compose's.
func (m *mailer) send(ctx context.Context, mail *sesv2.SendEmailInput) error {
	if _, err := m.ses.SendEmail(ctx, mail); err != nil {
		return becauseOf("SES does not take the mail", err)
	}
	return nil
}

// sender is from whom mails come, as a header names it.
func sender(from *portal.Mail) string {
	return (&mail.Address{Name: oneLine(from.FromName), Address: portal.MailAddress(from.From)}).String()
}

// mostLocal is how many bytes an address may have before its @ (RFC 5321).
const mostLocal = 64

// errAddress is why SES is not asked to write to an address: it takes ASCII alone before the @.
var errAddress = refusal{errors.New("SES cannot write to the address: the part before the @ is not ASCII, or longer than 64 characters")}

// recipient is an address as SES takes it: its domain in ASCII.
func recipient(address string) (string, error) {
	local := address[:max(strings.LastIndexByte(address, '@'), 0)]
	if len(local) > mostLocal || strings.ContainsFunc(local, func(r rune) bool { return r > unicode.MaxASCII }) {
		return "", errAddress
	}
	return portal.MailAddress(address), nil
}

// refusal is a failure that no further try can mend.
type refusal struct{ error }

// refusals are SES's names for those: of a sender or receiver that is not verified, a content or an address that it does not take.
var refusals = []string{"MessageRejected", "BadRequestException"}

// becauseOf says what failed, and by AWS's name why. AWS's words may name people.
func becauseOf(what string, err error) error {
	var api smithy.APIError
	if errors.As(err, &api) {
		why := fmt.Errorf("%s: %s", what, api.ErrorCode())
		if slices.Contains(refusals, api.ErrorCode()) {
			return refusal{why}
		}
		return why
	}
	return errors.New(what + ": there is no answer")
}
