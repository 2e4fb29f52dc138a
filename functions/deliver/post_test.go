package main

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"keydesk/infra/tabletest"
)

// post is what SES was given and has taken.
type post struct {
	domain string // that mails come from
	mu     sync.Mutex
	mails  []*sesv2.SendEmailInput
}

func (p *post) from() string { return "desk@" + p.domain }

// isVerified has SES send mails from the domain.
func (p *post) isVerified(t *testing.T) {
	t.Helper()
	if _, err := newSES(tabletest.Config(t)).CreateEmailIdentity(t.Context(), &sesv2.CreateEmailIdentityInput{EmailIdentity: &p.domain}); err != nil {
		t.Fatal(err)
	}
}

type inputKey struct{}

// install watches the wire: what never leaves, and what SES refuses, is not there.
func (p *post) install(cfg *aws.Config) {
	cfg.APIOptions = append(slices.Clip(cfg.APIOptions), func(stack *middleware.Stack) error {
		keep := middleware.InitializeMiddlewareFunc("post.Input", func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			return next.HandleInitialize(middleware.WithStackValue(ctx, inputKey{}, in.Parameters), in)
		})
		if err := stack.Initialize.Add(keep, middleware.After); err != nil {
			return err
		}
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("post.Sent", func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
			out, metadata, err := next.HandleDeserialize(ctx, in)
			if mail, is := middleware.GetStackValue(ctx, inputKey{}).(*sesv2.SendEmailInput); is && err == nil && accepted(out) {
				p.mu.Lock()
				p.mails = append(p.mails, mail)
				p.mu.Unlock()
			}
			return out, metadata, err
		}), middleware.After)
	})
}

func (p *post) all() []*sesv2.SendEmailInput {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.mails)
}

func (p *post) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mails = nil
}

func accepted(out middleware.DeserializeOutput) bool {
	response, is := out.RawResponse.(*smithyhttp.Response)
	return is && response.StatusCode == http.StatusOK
}
