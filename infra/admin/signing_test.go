package main

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"keydesk/infra/tabletest"
	"keydesk/shared/vault"
)

const secretShape = `whsec_[A-Za-z0-9+/]{43}=` //nolint:gosec // what one looks like

// signer is an operator who sees the signing secrets, too.
type signer struct {
	operator
	org, prefix string
}

func newSigner(t *testing.T) signer {
	t.Helper()
	o := newOperator(t)
	o.environment = []string{variables[itsSecrets] + "=" + o.desk.Name()}
	return signer{o, o.gets(idShape, "organisation", "create", "--name", "Orchard Bank"), o.desk.Name()}
}

// functions are the signing secrets as a function sees them that has just begun.
func (s signer) functions() *vault.Signers {
	return vault.NewSigners(tabletest.Config(s.t), s.prefix, "")
}

// signed is a message as an organisation's system signs it that has got this secret.
func (s signer) signed(secret string) (header http.Header, body []byte) {
	s.t.Helper()
	hook, err := webhooks.NewWebhook(secret)
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now()
	body = []byte(`{"approved":true}`)
	signature, err := hook.Sign("msg_1", now, body)
	if err != nil {
		s.t.Fatal(err)
	}
	header = http.Header{}
	header.Set("webhook-id", "msg_1")
	header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	header.Set("webhook-signature", signature)
	return header, body
}

// taken tells which of the secrets may sign what the desk is sent.
func (s signer) taken(secrets ...string) (all []bool) {
	s.t.Helper()
	for _, secret := range secrets {
		header, body := s.signed(secret)
		all = append(all, s.functions().Verify(s.t.Context(), s.org, header, body) == nil)
	}
	return all
}

// show are the lines that show prints.
func (s signer) show() []string {
	s.t.Helper()
	said := s.does("webhook-secret", "show", "--organisation", s.org)
	if said.failed {
		s.t.Fatal(said.err)
	}
	return strings.Fields(said.out)
}

func TestTheLifeOfASigningSecret(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	first := s.gets(secretShape, "webhook-secret", "show", "--organisation", s.org)
	if again := s.show(); !slices.Equal(again, []string{first}) {
		t.Error("it is another when it is shown again")
	}
	const grace = 3 * time.Second
	second := s.gets(secretShape, "webhook-secret", "rotate", "--organisation", s.org, "--grace", grace.String())
	if got := s.show(); !slices.Equal(got, []string{second, first}) || first == second {
		t.Errorf("within the grace %d secrets are shown, want the new one and the old one", len(got))
	}
	if got := s.taken(first, second); !slices.Equal(got, []bool{true, true}) {
		t.Errorf("within the grace the old one and the new one are taken: %v", got)
	}
	s.signs(first, second)
	time.Sleep(grace)
	if got := s.taken(first, second); !slices.Equal(got, []bool{false, true}) || len(s.show()) != 1 {
		t.Errorf("after the grace the old one and the new one are taken: %v", got)
	}
	third := s.gets(secretShape, "webhook-secret", "rotate", "--organisation", s.org, "--grace", "0", "--yes")
	if got := s.taken(second, third); !slices.Equal(got, []bool{false, true}) {
		t.Errorf("without a grace the old one and the new one are taken: %v", got)
	}
}

// signs holds that whoever has any of the secrets can verify what the desk sends.
func (s signer) signs(secrets ...string) {
	s.t.Helper()
	signing, err := s.functions().Of(s.t.Context(), s.org)
	if err != nil {
		s.t.Fatal(err)
	}
	now := time.Now()
	signature, err := signing.Sign("msg_2", now, []byte("{}"))
	if err != nil {
		s.t.Fatal(err)
	}
	header := http.Header{}
	header.Set("webhook-id", "msg_2")
	header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	header.Set("webhook-signature", signature)
	for i, secret := range secrets {
		hook, err := webhooks.NewWebhook(secret)
		if err != nil {
			s.t.Fatal(err)
		}
		if err := hook.Verify([]byte("{}"), header); err != nil {
			s.t.Errorf("secret %d does not verify what the desk sends: %v", i, err)
		}
	}
}

// A secret is made for organisations that there are, where it can be seen, and taken away from nobody unasked.
func TestSigningSecretsThatAreNotMade(t *testing.T) {
	t.Parallel()
	s := newSigner(t)
	first := s.gets(secretShape, "webhook-secret", "show", "--organisation", s.org)
	rotate := []string{"webhook-secret", "rotate", "--organisation", s.org}
	s.refuses(append(rotate, "--grace", "0"), "--grace 0: webhooks would fail to verify")
	s.refuses(append(rotate, "--grace", "31d"), "--grace: a time such as")
	s.refuses([]string{"webhook-secret", "show", "--organisation", anOrganisation}, "no organisation "+anOrganisation)
	for _, redirection := range []string{">&-", ">/dev/null"} {
		if said := s.doesInShell(redirection, rotate...); !said.failed || !strings.Contains(said.err, "stdout") {
			t.Errorf("%s: %+v", redirection, said)
		}
	}
	if got := s.show(); !slices.Equal(got, []string{first}) {
		t.Error("what was refused has changed the secret")
	}
	if header, body := s.signed(first); s.functions().Verify(t.Context(), anOrganisation, header, body) == nil {
		t.Error("an organisation that there is not has a secret")
	}
	s.environment = nil
	s.refuses([]string{"webhook-secret", "show", "--organisation", s.org}, "nothing says what the desk's "+itsSecrets+" is")
}
