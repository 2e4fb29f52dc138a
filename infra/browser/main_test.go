//go:build browser

package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"keydesk/shared/awsenv"
	"keydesk/shared/claim"
	"keydesk/shared/vault"
)

// The desk that serves the pages, from the environment, and who calls it beside the people at their browsers.
var (
	base, org               string
	admin, reviewer, portal client
	links                   claim.Key // in place of the mails that links come in
)

// browsers is the context that all people's browsers are opened in: one Chromium, in which nobody has anything of another's.
var browsers context.Context

func TestMain(m *testing.M) {
	if err := fromEnv(); err != nil {
		fmt.Fprintf(os.Stderr, "browser: %v: run `make test-browser`\n", err)
		os.Exit(1)
	}
	var end context.CancelFunc
	browsers, end = chromedp.NewContext(context.Background())
	if err := chromedp.Do(browsers); err != nil {
		fmt.Fprintf(os.Stderr, "browser: Chromium does not start: %v\n", err)
		os.Exit(1)
	}
	code := m.Run()
	end()
	os.Exit(code)
}

func fromEnv() error {
	var secret string
	var missing []string
	for name, into := range map[string]*string{
		"KEYDESK_URL": &base, "KEYDESK_ORG": &org, "KEYDESK_CLAIM_KEY": &secret,
		"KEYDESK_ADMIN": &admin.credential, "KEYDESK_REVIEWER": &reviewer.credential, "KEYDESK_PORTAL": &portal.credential,
	} {
		if *into = os.Getenv(name); *into == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("not set: %s", strings.Join(missing, ", "))
	}
	base = strings.TrimSuffix(base, "/")
	if _, err := os.Stat(axe); err != nil {
		return errors.New("axe-core is not there")
	}
	var err error
	links, err = vault.NewClaimKey(awsenv.Config(), secret).Get(context.Background())
	return err
}
