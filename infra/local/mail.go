package main

import (
	"context"
	"fmt"
	"io"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"

	"keydesk/infra/local/doubles"
	"keydesk/shared/awsenv"
)

// senders are the domains that mail may come from: the sample's, and those that documentation may use. As SES does, moto refuses others,
// until CreateEmailIdentity names them.
var senders = []string{"orchard.example", "example.com", "example.net", "example.org"}

func verifySenders(ctx context.Context, cfg aws.Config) error {
	client := sesv2.NewFromConfig(cfg, func(o *sesv2.Options) { o.BaseEndpoint = awsenv.Endpoint(doubles.SESVariable) })
	for _, domain := range senders {
		if _, err := client.CreateEmailIdentity(ctx, &sesv2.CreateEmailIdentityInput{EmailIdentity: &domain}); err != nil {
			return fmt.Errorf("let %s send mail: %w", domain, err)
		}
	}
	return nil
}

// mailEvery is how often to look for mail.
const mailEvery = 200 * time.Millisecond

// announce says in a line of each message that comes into the folder, and of those that are there, whom it is for, what it is about, and
// where it can be read.
func announce(ctx context.Context, folder string, to io.Writer) {
	look := time.NewTicker(mailEvery)
	defer look.Stop()
	last := ""
	for {
		files, _ := os.ReadDir(folder) // in the order of their names, which begin with the time; an error will be the next look's
		for _, file := range files {
			if name := file.Name(); name > last && !strings.HasPrefix(name, ".") {
				last = name
				_, _ = fmt.Fprintln(to, line(filepath.Join(folder, name)))
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func line(file string) string {
	shown := file
	if here, err := os.Getwd(); err == nil {
		if below, err := filepath.Rel(here, file); err == nil && !strings.HasPrefix(below, "..") {
			shown = below
		}
	}
	text, err := os.Open(file)
	if err != nil {
		return "mail: " + err.Error()
	}
	defer func() { _ = text.Close() }()
	message, err := mail.ReadMessage(text)
	if err != nil {
		return "mail that cannot be read: " + shown
	}
	about := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, message.Header.Get("To")+": "+message.Header.Get("Subject"))
	return "mail to " + about + "   " + shown
}
