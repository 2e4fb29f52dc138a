package vault_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"keydesk/infra/faults"
	"keydesk/shared/portal"
	"keydesk/shared/vault"
)

// TestSigningIsMadeOnce has many processes ask for an organisation's secret that has none yet. There is one.
func TestSigningIsMadeOnce(t *testing.T) {
	t.Parallel()
	const many = 20
	for weather, rules := range map[string][]faults.Rule{
		"fair": nil,
		"rough": {
			{Operation: "GetSecretValue", Fault: faults.Late, Nth: many + 1, Times: 30},
			{Operation: "CreateSecret", Fault: faults.AnswerLost, Times: 3},
			{Operation: "GetSecretValue", Fault: faults.Throttle, Nth: many + 1, Times: 2},
		},
	} {
		t.Run(weather, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			for _, rule := range rules {
				o.Add(rule)
			}
			o.Gate("CreateSecret", many)
			found := make([]vault.Signing, many)
			var racing sync.WaitGroup
			for n := range many {
				racing.Go(func() {
					var err error
					if found[n], err = o.signers().Of(t.Context(), org); err != nil {
						t.Error(err)
					}
				})
			}
			racing.Wait()
			for _, signing := range found {
				if got := revealed(signing); len(got) != 1 || !slices.Equal(got, revealed(found[0])) {
					t.Errorf("%d secrets, or another than the first was given", len(got))
				}
			}
			again, err := o.signers().Of(t.Context(), org)
			if err != nil || !slices.Equal(revealed(again), revealed(found[0])) {
				t.Errorf("later another is given, or none: %v", err)
			}
			if !regexp.MustCompile(`^whsec_[A-Za-z0-9+/]{43}=$`).MatchString(revealed(again)[0]) {
				t.Error("it is not whsec_ and 32 bytes")
			}
			for _, created := range o.kept.created {
				if *created.Name != o.shelf+"/"+org+"/webhook" || *created.KmsKeyId != "the-key-of-keys" {
					t.Errorf("created %s, encrypted by %s", *created.Name, *created.KmsKeyId)
				}
			}
		})
	}
}

// TestSigningOfAnother holds that no two organisations have one secret, and that one is kept for a while.
func TestSigningOfAnother(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	signers := o.signers()
	mine, err := signers.Of(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := signers.Of(t.Context(), portal.NewID(time.Now()))
	if err != nil || revealed(mine)[0] == revealed(theirs)[0] {
		t.Errorf("two organisations have one secret, or %v", err)
	}
	if _, err := signers.Of(t.Context(), org); err != nil {
		t.Fatal(err)
	}
	o.Reset()
	for range 3 {
		if again, err := signers.Of(t.Context(), org); err != nil || revealed(again)[0] != revealed(mine)[0] {
			t.Errorf("not the same again: %v", err)
		}
	}
	if calls := o.Calls(); len(calls) > 0 {
		t.Errorf("it is read each time: %v", calls)
	}
}

// TestSignature holds that the library of Standard Webhooks, which others use as well, takes what is signed, and that Verify takes what
// it signs.
func TestSignature(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	signers := o.signers()
	signing, err := signers.Of(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	hook, err := webhooks.NewWebhook(revealed(signing)[0])
	if err != nil {
		t.Fatal(err)
	}
	body, at := []byte(`{"a": 1}`), time.Now()
	signature, err := signing.Sign("msg", at, body)
	if err != nil || hook.Verify(body, message("msg", at, signature)) != nil {
		t.Errorf("what is signed as %q is not taken: %v", signature, err)
	}
	if err := signers.Verify(t.Context(), org, signs(t, revealed(signing)[0], body), body); err != nil {
		t.Errorf("what the library signs is not taken: %v", err)
	}
	for what, h := range map[string]http.Header{
		"another id":     message("another", at, signature),
		"another time":   message("msg", at.Add(time.Second), signature),
		"no id":          message("", at, signature),
		"no signature":   message("msg", at, ""),
		"no such secret": signs(t, "whsec_"+strings.Repeat("A", 43)+"=", body),
		"too old":        message("msg", at.Add(-6*time.Minute), mustSign(t, signing, at.Add(-6*time.Minute), body)),
		"nothing":        {},
	} {
		refusedAsNobody(t, what, signers.Verify(t.Context(), org, h, body), revealed(signing)...)
	}
	refusedAsNobody(t, "another body", signers.Verify(t.Context(), org, message("msg", at, signature), []byte(`{"a": 2}`)), revealed(signing)...)
	refusedAsNobody(t, "another organisation's", signers.Verify(t.Context(), portal.NewID(at), message("msg", at, signature), body), revealed(signing)...)
}

// TestVerifyMakesNothing holds that whoever sends a message to an organisation that has no secret does not have one made for it.
func TestVerifyMakesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	h := signs(t, "whsec_"+strings.Repeat("A", 43)+"=", nil)
	refusedAsNobody(t, "of an unknown organisation", o.signers().Verify(t.Context(), org, h, nil))
	refusedAsNobody(t, "unsigned", o.signers().Verify(t.Context(), org, http.Header{}, nil))
	if calls := o.Calls(); !slices.Equal(calls, []string{"GetSecretValue"}) {
		t.Errorf("it called %v", calls)
	}
}

// TestRotate puts a new secret in the place of the one before, which is valid for the grace, and no longer.
func TestRotate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	now, body := time.Now(), []byte("{}")
	first, err := o.signers().Rotate(t.Context(), org, time.Hour, now) // there is none before
	if err != nil || len(first.Secrets()) != 1 {
		t.Fatalf("%d secrets, %v", len(first.Secrets()), err)
	}
	second, err := o.signers().Rotate(t.Context(), org, time.Hour, now)
	if err != nil || len(second.Secrets()) != 2 || revealed(second)[1] != revealed(first)[0] || revealed(second)[0] == revealed(first)[0] {
		t.Fatalf("%d secrets, the newest first %t, %v", len(second.Secrets()), len(second.Secrets()) == 2, err)
	}
	for which, secret := range revealed(second) {
		if err := o.signers().Verify(t.Context(), org, signs(t, secret, body), body); err != nil {
			t.Errorf("signed by secret %d: %v", which, err)
		}
		hook, err := webhooks.NewWebhook(secret)
		if err != nil || hook.Verify(body, message("msg", now, mustSign(t, second, now, body))) != nil {
			t.Errorf("who has secret %d alone does not take what is signed: %v", which, err)
		}
	}
}

// When the grace is over, or where there is none, what the secret before signs is nobody's.
func TestGraceIsOver(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	now, body := time.Now(), []byte("{}")
	first, err := o.signers().Of(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	over, err := o.signers().Rotate(t.Context(), org, time.Hour, now.Add(-time.Hour)) // an hour ago
	if err != nil || len(over.Secrets()) != 2 {
		t.Fatalf("when it is rotated, %d secrets, %v", len(over.Secrets()), err)
	}
	third, err := o.signers().Of(t.Context(), org)
	if err != nil || len(third.Secrets()) != 1 || revealed(third)[0] != revealed(over)[0] {
		t.Errorf("after the grace %d secrets, %v", len(third.Secrets()), err)
	}
	former := revealed(first)[0]
	refusedAsNobody(t, "by the one before", o.signers().Verify(t.Context(), org, signs(t, former, body), body), former)
	fourth, err := o.signers().Rotate(t.Context(), org, 0, now)
	if err != nil || len(fourth.Secrets()) != 1 || revealed(fourth)[0] == revealed(third)[0] {
		t.Errorf("without a grace %d secrets, %v", len(fourth.Secrets()), err)
	}
}

// TestNoSigningIsTold has something else lie where the secret should. Nobody may sign by it, and no error tells what it is.
func TestNoSigningIsTold(t *testing.T) {
	t.Parallel()
	const hush = "c2hlIHNlbGxzIHNlYSBzaGVsbHM"
	for name, contents := range map[string]string{
		"no JSON": hush, "another shape": `{"secret": "` + hush + `"}`, "an empty secret": `{"current": "", "x": "` + hush + `"}`, "a prefix": `{"current": "whsec_", "x": "` + hush + `"}`,
		"a list": `["` + hush + `"]`, "no base64": `{"current": "whsec_` + hush + hush + `%"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			o.put(t, contents)
			empty := signs(t, "whsec_", []byte("{}"))
			for what, do := range map[string]func(context.Context) error{
				"sign": func(ctx context.Context) error {
					signing, err := o.signers().Of(ctx, org)
					if err == nil {
						_, err = signing.Sign("msg", time.Now(), nil)
					}
					return err
				},
				"verify": func(ctx context.Context) error { return o.signers().Verify(ctx, org, empty, []byte("{}")) },
			} {
				err := do(t.Context())
				if err == nil || errors.Is(err, portal.ErrNotAuthorised) || strings.Contains(err.Error(), hush[:8]) {
					t.Errorf("%s: an error %t, of nobody we know %t, that tells what lies there %t", what, err != nil, errors.Is(err, portal.ErrNotAuthorised),
						strings.Contains(fmt.Sprint(err), hush[:8]))
				}
			}
		})
	}
}

// TestSigningIsNotPrinted prints what holds a secret in every way that there is.
func TestSigningIsNotPrinted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	signers := o.signers()
	signing, err := signers.Of(t.Context(), org)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signers.Of(t.Context(), org); err != nil { // which keeps it
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q"} {
		if text := fmt.Sprintf(verb, signing) + fmt.Sprintf(verb, &signing); strings.Contains(text, revealed(signing)[0][6:]) {
			t.Errorf("%s tells the secret", verb)
		}
	}
}

// TestSigningFaults has Secrets Manager fail for good: that is an error, and nobody's fault.
func TestSigningFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operation string
		fault     faults.Fault
	}{{"GetSecretValue", faults.NeverSent}, {"GetSecretValue", faults.Throttle}, {"CreateSecret", faults.NeverSent}} {
		o := newOffice(t)
		o.Add(faults.Rule{Operation: c.operation, Fault: c.fault, Times: faults.Always})
		if _, err := o.signers().Of(t.Context(), org); err == nil || errors.Is(err, portal.ErrNotAuthorised) {
			t.Errorf("%s of %s: %v", c.fault, c.operation, err)
		}
		err := o.signers().Verify(t.Context(), org, signs(t, "whsec_"+strings.Repeat("A", 43)+"=", nil), nil)
		if c.operation == "GetSecretValue" && (err == nil || errors.Is(err, portal.ErrNotAuthorised)) {
			t.Errorf("%s of %s: a message is refused with %v", c.fault, c.operation, err)
		}
	}
}

// TestSigningIsBusy has Secrets Manager refuse for a moment: the caller is told to try again, and no message counts as forged.
func TestSigningIsBusy(t *testing.T) {
	t.Parallel()
	busy := func(what string, err error) {
		t.Helper()
		var refusal *portal.Error
		if !errors.As(err, &refusal) || refusal.Kind != portal.Busy || !strings.HasSuffix(refusal.Message, "Try again in a moment.") {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, fault := range []faults.Fault{faults.Throttle, faults.Deleting} {
		for _, operation := range []string{"GetSecretValue", "CreateSecret"} {
			o := newOffice(t)
			o.Add(faults.Rule{Operation: operation, Fault: fault, Times: faults.Always})
			_, err := o.signers().Of(t.Context(), org)
			busy(fmt.Sprint(fault, " of ", operation), err)
		}
		o := newOffice(t)
		if _, err := o.signers().Of(t.Context(), org); err != nil {
			t.Fatal(err)
		}
		o.Add(faults.Rule{Operation: "PutSecretValue", Fault: fault, Times: faults.Always})
		_, err := o.signers().Rotate(t.Context(), org, 0, time.Now())
		busy(fmt.Sprint(fault, " of PutSecretValue"), err)
		o.Add(faults.Rule{Operation: "GetSecretValue", Fault: fault, Times: faults.Always})
		busy(fmt.Sprint(fault, " at a message"), o.signers().Verify(t.Context(), org, signs(t, "whsec_"+strings.Repeat("A", 43)+"=", nil), nil))
	}
}
