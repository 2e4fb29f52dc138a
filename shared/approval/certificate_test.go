package approval_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"keydesk/infra/faults"
	"keydesk/infra/fixture"
	"keydesk/infra/trial"
	"keydesk/shared/apikey"
	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// many is how many processes act in the same moment.
const many = 50

// atOnce has so many processes act in the same moment, and gives what each was told.
func atOnce(n int, act func(n int) error) []error {
	told := make([]error, n)
	var racing sync.WaitGroup
	for i := range n {
		racing.Go(func() { told[i] = act(i) })
	}
	racing.Wait()
	return told
}

// count holds that all who were refused were refused for the same reason, and gives how many were not refused.
func count(t *testing.T, told []error, kind portal.Kind, words string) (done int) {
	t.Helper()
	for _, err := range told {
		switch {
		case err == nil:
			done++
		case trial.Kind(err) != kind || !strings.Contains(err.Error(), words):
			t.Errorf("told %v, want one of kind %d that says %q", err, kind, words)
		}
	}
	return done
}

// TestOneKeyACertificate has fifty developers ask for a key for one certificate. All are granted it in the same moment; one is.
func TestOneKeyACertificate(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Reviewer)
	certificate := fingerprint()
	in := portal.RequestInput{ApplyPolicies: []string{fixture.Clearing}, Certificate: &certificate}
	requests := make([]table.Request, many)
	atOnce(many, func(n int) error { requests[n] = d.AskFor(who, in); return nil })
	d.Gate("TransactWriteItems", many)
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.Conflict, Nth: 10, Times: many})
	d.Add(faults.Rule{Operation: "TransactWriteItems", Fault: faults.AnswerLost, Times: 5})
	told := atOnce(many, func(n int) error {
		key, err := issue(d, t, requests[n].ID, who.Act("approved"), "")
		if key.IsZero() == (err == nil) {
			t.Errorf("told %v, and given a key: %t", err, !key.IsZero())
		}
		return err
	})
	if done := count(t, told, portal.Conflict, table.ErrCertificateTaken.Error()); done != 1 {
		t.Errorf("%d keys for one certificate", done)
	}
	for n, r := range requests {
		if now := d.Read(r.ID); (now.State == portal.Approved) != (told[n] == nil) {
			t.Errorf("a request is %s, and was told %v", now.State, told[n])
		}
		if told[n] != nil {
			continue
		}
		toState(t, d, who, d.Audit(r.ID).Keys[0].IssuedKey, "revoked", table.Revoked)
	}
	certificateStaysTaken(t, d, who, in, requests)
}

// certificateStaysTaken holds that a certificate whose key was revoked gets no other: neither by a request that is open, nor by a new one.
func certificateStaysTaken(t *testing.T, d *trial.Desk, who trial.Person, in portal.RequestInput, requests []table.Request) {
	t.Helper()
	for _, r := range requests {
		if now := d.Read(r.ID); now.Open() {
			key, err := issue(d, t, r.ID, who.Act("approved"), "")
			refused(t, key, err, portal.Conflict, table.ErrCertificateTaken.Error())
			d.Audit(r.ID)
			break
		}
	}
	if err := ask(t, d, who, d.Developer(), in); !errors.Is(err, table.ErrCertificateTaken) {
		t.Errorf("asked for it again: %v", err)
	}
}

// ask asks on behalf of a developer, as a process of its own.
func ask(t testing.TB, d *trial.Desk, who trial.Person, developer string, in portal.RequestInput) error {
	t.Helper()
	_, err := asked(t, d, who, developer, in)
	return err
}

// asked gives the id of the request, too.
func asked(t testing.TB, d *trial.Desk, who trial.Person, developer string, in portal.RequestInput) (id string, err error) {
	t.Helper()
	ctx, books := d.Invocation(t.Context()), d.Issuer().Table
	act := who.Act("created")
	in.ByUser = &developer
	r, err := portal.NewRequest(fixture.Org, &in, act.At)
	if err != nil {
		return "", err
	}
	found, err := books.Books(ctx, fixture.Org, developer, r.ApplyPolicies)
	if err != nil {
		return "", err
	}
	first, err := approval.Ask(ctx, books, &found, approval.Wish{Request: r}, act)
	return first.ID, err
}

// A certificate is the same, whether it is sent whole or by its fingerprint.
func TestCertificateIsKnownByItsFingerprint(t *testing.T) {
	t.Parallel()
	d := trial.Open(t)
	who := d.Person(caller.Reviewer)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(der)
	inPEM, digits := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), hex.EncodeToString(sum[:])
	r := d.AskFor(who, portal.RequestInput{ApplyPolicies: []string{fixture.Clearing}, Certificate: &inPEM})
	key, err := issue(d, t, r.ID, who.Act("approved"), "proof")
	if want := apikey.OfCertificate(fixture.Org, digits, apikey.Base64); err != nil || key.Name() != digits || key.Digest() != want.Digest() {
		t.Errorf("error %v, the key of %s", err, key.Name())
	}
	if again, err := issue(d, t, r.ID, who.Act("approved"), "proof"); err != nil || again.Digest() != key.Digest() {
		t.Errorf("the same call again: %v, the key of %s", err, again.Name())
	}
	d.Audit(r.ID)
	for _, spelling := range []string{inPEM, digits, strings.ToUpper(digits), fixture.Org + digits} {
		if err := ask(t, d, who, d.Developer(), portal.RequestInput{ApplyPolicies: []string{fixture.Clearing}, Certificate: &spelling}); !errors.Is(err, table.ErrCertificateTaken) {
			t.Errorf("%.80s: %v", spelling, err)
		}
	}
}
