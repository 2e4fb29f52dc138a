package vault_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/middleware"

	"keydesk/infra/faults"
	"keydesk/infra/tabletest"
	"keydesk/shared/apikey"
	"keydesk/shared/awsenv"
	"keydesk/shared/portal"
	"keydesk/shared/vault"
)

const org = "5e9d9544a1dcd60001d0ed20"

// room is a vault for one test, under a plan.
type room struct {
	*faults.Plan
	vault   *vault.Vault
	request string
	mu      sync.Mutex
	created []secretsmanager.CreateSecretInput // as they were asked for
}

func newRoom(t *testing.T, kmsKey string) *room {
	t.Helper()
	r := &room{Plan: faults.New(t), request: portal.NewID(time.Now())}
	cfg := tabletest.Config(t, r.Install, func(cfg *aws.Config) {
		cfg.APIOptions = append(cfg.APIOptions, func(stack *middleware.Stack) error { return stack.Initialize.Add(r, middleware.After) })
		cfg.Retryer = func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxBackoff = time.Millisecond })
		}
	})
	r.vault = vault.New(cfg, "vault-test/"+rand.Text(), kmsKey)
	return r
}

// ID names the middleware that keeps what CreateSecret is asked for.
func (r *room) ID() string { return "keep" }

// HandleInitialize keeps it.
func (r *room) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	if create, is := in.Parameters.(*secretsmanager.CreateSecretInput); is {
		r.mu.Lock()
		r.created = append(r.created, *create)
		r.mu.Unlock()
	}
	return next.HandleInitialize(ctx, in)
}

func mint(t testing.TB, form apikey.Form) apikey.Key {
	t.Helper()
	key, err := apikey.Mint(rand.Reader, org, portal.AuthToken, form)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// keep puts a new key into the room's box and gives what is said to lie there.
func (r *room) keep(t testing.TB) (minted, kept apikey.Key, err error) {
	t.Helper()
	minted = mint(t, apikey.Base64)
	kept, err = r.vault.Keep(t.Context(), org, r.request, minted)
	if err != nil && strings.Contains(err.Error(), minted.Raw().Reveal()) {
		t.Error("the error tells the key")
	}
	return minted, kept, err
}

func TestFirstKeyStays(t *testing.T) {
	t.Parallel()
	for _, form := range []apikey.Form{apikey.Base64, apikey.OrgID} {
		t.Run(string(form), func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, "")
			first := mint(t, form)
			if kept, err := r.vault.Keep(t.Context(), org, r.request, first); err != nil || kept.Digest() != first.Digest() {
				t.Errorf("the first: %v, kept %t", err, kept.Digest() == first.Digest())
			}
			for range 2 {
				if _, kept, err := r.keep(t); err != nil || kept.Digest() != first.Digest() || kept.Raw().Reveal() != first.Raw().Reveal() {
					t.Errorf("a later one: %v, the first's key %t", err, kept.Digest() == first.Digest())
				}
			}
			if opened, err := r.vault.Open(t.Context(), org, r.request, portal.AuthToken); err != nil || opened.Digest() != first.Digest() {
				t.Errorf("opened: %v, the first's key %t", err, opened.Digest() == first.Digest())
			}
			other := mint(t, form)
			if kept, err := r.vault.Keep(t.Context(), org, portal.NewID(time.Now()), other); err != nil || kept.Digest() != other.Digest() {
				t.Errorf("another request: %v, its own key %t", err, kept.Digest() == other.Digest())
			}
		})
	}
}

// TestBoxes looks at what Secrets Manager is asked for, since moto takes any name, of any length.
func TestBoxes(t *testing.T) {
	t.Parallel()
	takes := regexp.MustCompile(`^[A-Za-z0-9/_+=.@-]{1,512}$`)
	endOfARN := regexp.MustCompile(`-[A-Za-z0-9]{6}$`)
	r := newRoom(t, "")
	for range 2 {
		if _, _, err := r.keep(t); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.vault.Keep(t.Context(), org, portal.NewID(time.Now()), mint(t, apikey.Base64)); err != nil {
		t.Fatal(err)
	}
	first, again, other := r.created[0], r.created[1], r.created[2]
	if *first.Name != *again.Name || *first.ClientRequestToken != *again.ClientRequestToken {
		t.Errorf("one request, two boxes: %s %s and %s %s", *first.Name, *first.ClientRequestToken, *again.Name, *again.ClientRequestToken)
	}
	if *first.Name == *other.Name || *first.ClientRequestToken == *other.ClientRequestToken {
		t.Errorf("two requests, one box: %s %s and %s %s", *first.Name, *first.ClientRequestToken, *other.Name, *other.ClientRequestToken)
	}
	if !strings.HasSuffix(*first.Name, "/"+org+"/"+r.request+"/token") || !takes.MatchString(*first.Name) || endOfARN.MatchString(*first.Name) {
		t.Errorf("name %s", *first.Name)
	}
	if n := len(*first.ClientRequestToken); n < 32 || n > 64 {
		t.Errorf("a token of %d characters", n)
	}
}

func TestContents(t *testing.T) {
	t.Parallel()
	r := newRoom(t, "the-key-of-keys")
	if _, _, err := r.keep(t); err != nil {
		t.Fatal(err)
	}
	first := r.created[0]
	if *first.KmsKeyId != "the-key-of-keys" {
		t.Errorf("encrypted by %s", *first.KmsKeyId)
	}
	var contents map[string]string
	if err := json.Unmarshal([]byte(*first.SecretString), &contents); err != nil || len(contents) != 3 || contents["raw_key"] == "" || contents["kind"] != portal.AuthToken || contents["form"] != "base64" {
		t.Errorf("the contents are not {kind, raw_key, form}: %v", err)
	}
	plain := newRoom(t, "")
	if _, _, err := plain.keep(t); err != nil || plain.created[0].KmsKeyId != nil {
		t.Errorf("error %v, encrypted by %v, want AWS's own key", err, plain.created[0].KmsKeyId)
	}
}

// TestFaults has the vault fail. Keep goes on while it may, gives the key that lies in the box, and tells nobody the key.
func TestFaults(t *testing.T) {
	t.Parallel()
	const busy, broken = "busy", "broken"
	for _, c := range []struct {
		fault faults.Fault
		on    string
		times int
		fails string
	}{
		{faults.NeverSent, "CreateSecret", 5, ""},
		{faults.AnswerLost, "CreateSecret", 5, ""},
		{faults.Throttle, "CreateSecret", 5, ""},
		{faults.NeverSent, "GetSecretValue", 5, ""},
		{faults.Throttle, "GetSecretValue", 5, ""},
		{faults.Late, "GetSecretValue", 4, ""},
		{faults.Throttle, "CreateSecret", faults.Always, busy},
		{faults.Throttle, "GetSecretValue", faults.Always, busy},
		{faults.Late, "GetSecretValue", faults.Always, busy},
		{faults.Deleting, "CreateSecret", faults.Always, busy},
		{faults.Deleting, "GetSecretValue", faults.Always, busy},
		{faults.NeverSent, "CreateSecret", faults.Always, broken},
		{faults.AnswerLost, "CreateSecret", faults.Always, broken},
		{faults.NeverSent, "GetSecretValue", faults.Always, broken},
	} {
		t.Run(faults.Rule{Operation: c.on, Fault: c.fault}.String()+" "+c.fails, func(t *testing.T) {
			t.Parallel()
			r := newRoom(t, "")
			var want apikey.Key
			if c.on == "GetSecretValue" {
				want, _, _ = r.keep(t)
			}
			r.Add(faults.Rule{Operation: c.on, Fault: c.fault, Times: c.times})
			minted, kept, err := r.keep(t)
			if want.Digest() == "" {
				want = minted
			}
			var refusal *portal.Error
			isBusy := errors.As(err, &refusal) && refusal.Kind == portal.Busy && strings.HasSuffix(refusal.Message, "Try again in a moment.")
			switch {
			case c.fails == "" && (err != nil || kept.Digest() != want.Digest()):
				t.Errorf("error %v, the key in the box %t", err, kept.Digest() == want.Digest())
			case c.fails == busy && !isBusy, c.fails == broken && (err == nil || isBusy):
				t.Errorf("error %v, want it to say that the vault is %s", err, c.fails)
			case c.fails != "" && !kept.Raw().IsZero():
				t.Error("it failed, and there is a key")
			}
		})
	}
}

// A call that ends while it waits for a box is answered then, and waits no longer.
func TestOpenEndsWithItsCall(t *testing.T) {
	t.Parallel()
	r := newRoom(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	r.Add(faults.Rule{Operation: "GetSecretValue", Fault: faults.Late, Times: faults.Always, If: func(any) bool {
		time.AfterFunc(10*time.Millisecond, cancel)
		return true
	}})
	_, err := r.vault.Open(ctx, org, r.request, portal.AuthToken)
	if err == nil || len(r.Calls()) > 5 {
		t.Errorf("error %v after %v", err, r.Calls())
	}
}

func TestContentsAreNeverTold(t *testing.T) {
	t.Parallel()
	r := newRoom(t, "")
	if _, _, err := r.keep(t); err != nil {
		t.Fatal(err)
	}
	client := secretsmanager.NewFromConfig(tabletest.Config(t), func(o *secretsmanager.Options) {
		o.BaseEndpoint = awsenv.Endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER")
	})
	for _, contents := range []string{`{"raw_key": "almost-a-key"}`, `almost-a-key`, `{"raw_key": {"almost-a-key": 1}}`, `{}`, `"almost-a-key"`} {
		_, err := client.PutSecretValue(t.Context(), &secretsmanager.PutSecretValueInput{SecretId: r.created[0].Name, SecretString: &contents})
		if err != nil {
			t.Fatal(err)
		}
		key, err := r.vault.Open(t.Context(), org, r.request, portal.AuthToken)
		if err == nil || strings.Contains(err.Error(), "almost") || !key.Raw().IsZero() {
			t.Errorf("contents %s: error %v, a key %t", contents, err, !key.Raw().IsZero())
		}
	}
}

// TestBoxesOfKinds keeps a key of each kind for one request: each kind has a box of its own, whose name Secrets Manager does not mistake.
func TestBoxesOfKinds(t *testing.T) {
	t.Parallel()
	endOfARN := regexp.MustCompile(`-[A-Za-z0-9]{6}$`)
	r := newRoom(t, "")
	keys := map[string]apikey.Key{}
	for _, kind := range []string{portal.AuthToken, portal.Basic, portal.OAuth, portal.JWT} {
		minted, err := apikey.Mint(rand.Reader, org, kind, apikey.Base64)
		if err != nil {
			t.Fatal(err)
		}
		kept, err := r.vault.Keep(t.Context(), org, r.request, minted)
		if err != nil || kept.Digest() != minted.Digest() {
			t.Errorf("%s: %v, its own key %t", kind, err, kept.Digest() == minted.Digest())
		}
		keys[kind] = kept
	}
	names := map[string]bool{}
	for _, created := range r.created {
		names[*created.Name] = true
		if endOfARN.MatchString(*created.Name) || strings.HasSuffix(*created.Name, "/") {
			t.Errorf("name %s", *created.Name)
		}
	}
	if len(names) != len(keys) {
		t.Errorf("%d boxes: %v", len(names), names)
	}
	for kind, want := range keys {
		got, err := r.vault.Open(t.Context(), org, r.request, kind)
		if err != nil || got.Kind() != kind || got.Digest() != want.Digest() || got.Name() != want.Name() || got.Raw().Reveal() != want.Raw().Reveal() {
			t.Errorf("%s: %v, of the kind %s", kind, err, got.Kind())
		}
	}
}

// TestEmptyTwice empties a box that another call empties, which is no fault.
func TestEmptyTwice(t *testing.T) {
	t.Parallel()
	r := newRoom(t, "")
	if _, _, err := r.keep(t); err != nil {
		t.Fatal(err)
	}
	r.Add(faults.Rule{Operation: "DeleteSecret", Fault: faults.Deleting})
	for range 2 {
		if err := r.vault.Empty(t.Context(), org, r.request, portal.AuthToken); err != nil {
			t.Error(err)
		}
	}
	r.Add(faults.Rule{Operation: "DeleteSecret", Fault: faults.Throttle, Times: faults.Always})
	var refusal *portal.Error
	if err := r.vault.Empty(t.Context(), org, r.request, portal.AuthToken); !errors.As(err, &refusal) || refusal.Kind != portal.Busy {
		t.Errorf("throttled: %v", err)
	}
}
