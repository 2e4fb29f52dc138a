// Package e2e is the black-box suite. It speaks HTTP to a desk that runs somewhere and knows nothing of its insides, so that one
// suite judges every front end: the local gateway, SAM's start-api, a stage on AWS. KEYDESK_URL and the credentials and ids of
// .local/env say which desk; KEYDESK_FRONT_END says what stands before its functions (see frontEnds). Go remembers a test that
// passed, and does not see that the desk has changed since: -count=1 asks anew.
//
// Each test makes the requests, developers, policies and entries of the catalogue that it needs and deletes them again, so that
// the suite can run against one desk for ever.
package e2e

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// The desk under test, from the environment.
var (
	base       *url.URL
	org        string
	developer  string
	policy     string // a reviewer decides about it
	policyAuto string // nobody needs to decide about it
	admin      client
	reviewer   client
	portal     client
	front      frontEnd
)

// frontEnd is what stands between the clients and the functions, as far as clients can tell.
type frontEnd struct {
	update    bool          // hands the documents' verb UPDATE on
	tooLarge  int           // its own answer to a body larger than Lambda takes
	approvers int           // how many calls at once it can be asked to bear
	skew      time.Duration // how far its clock may be from this one
	slow      int           // how many times longer than usual calls may take
}

// frontEnds are those of KEYDESK_FRONT_END. It is unset for infra/gateway.
var frontEnds = map[string]frontEnd{
	"":      {update: true, tooLarge: http.StatusRequestEntityTooLarge, approvers: 50, slow: 1},
	"sam":   {tooLarge: http.StatusInternalServerError, approvers: 8, slow: 5},
	"stage": {tooLarge: http.StatusRequestEntityTooLarge, approvers: 50, skew: 2 * time.Second, slow: 2},
}

// decidedByFunctions leaves a test out where calls are slow: no front end has anything to do with what it finds.
func decidedByFunctions(t *testing.T) {
	t.Helper()
	if front.slow > 2 {
		t.Skip("left to the gateway: what it finds is the functions' doing alone, and this front end is slow")
	}
}

func TestMain(m *testing.M) {
	err := fromEnv()
	if err == nil {
		err = reach()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: %v: run `make test`, or `make run` and beside it `make test-e2e`\n", err)
		os.Exit(1)
	}
	if logFile == "" {
		fmt.Fprintln(os.Stderr, "e2e: KEYDESK_LOG is not set: whether the log says why a key was refused is left out")
	}
	flag.Parse()
	_ = flag.Set("test.parallel", "16") // tests here wait for the desk, and not for a processor
	os.Exit(m.Run())
}

func fromEnv() error {
	var address string
	var missing []string
	for name, into := range map[string]*string{
		"KEYDESK_URL": &address, "KEYDESK_ORG": &org, "KEYDESK_DEVELOPER": &developer,
		"KEYDESK_POLICY": &policy, "KEYDESK_POLICY_AUTO": &policyAuto,
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
	var err error
	if base, err = url.Parse(strings.TrimSuffix(address, "/")); err != nil {
		return fmt.Errorf("KEYDESK_URL: %w", err)
	}
	var known bool
	if front, known = frontEnds[os.Getenv("KEYDESK_FRONT_END")]; !known {
		return errors.New("KEYDESK_FRONT_END is sam, stage, or unset")
	}
	return nil
}

// reach tells once, and not in every test, that nobody serves.
func reach() error {
	connection, err := dial()
	if err != nil {
		return fmt.Errorf("KEYDESK_URL: %w", err)
	}
	return connection.Close()
}
