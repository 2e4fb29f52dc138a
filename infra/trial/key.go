package trial

import (
	"encoding/hex"
	"slices"
	"time"

	"keydesk/shared/apikey"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// auditKey holds that a key is the one that was to come of the request, or to succeed an older one, and that all that belongs to it is
// there.
func (d *Desk) auditKey(r *Record, k, older *Key) {
	d.t.Helper()
	if k.Developer != r.ByUser || k.OrgID != r.OrgID || k.AuthType != r.AuthType {
		d.t.Errorf("the issued key %+v is not what request %+v asks for", k.IssuedKey, r.Request.Request)
	}
	box, first := r.Box, r.ApplyPolicies
	if older != nil {
		box, first = older.Next, older.Policies
		d.auditSuccessor(k, older)
	}
	if edited(k) == 0 && !slices.Equal(k.Policies, first) {
		d.t.Errorf("the issued key has the policies %v, want %v", k.Policies, first)
	}
	if older == nil && k.ID != r.KeyID {
		d.t.Errorf("the issued key is %s, and the request says %s", k.ID, r.KeyID)
	}
	if k.AuthType == portal.MutualTLS || !box.IsZero() { // else the box was emptied
		d.auditKind(k, box)
	}
	d.auditEnding("key", !k.Next.IsZero(), k.Ending)
	d.auditStanding(k, r.around)
	d.auditHistory(k, r.around)
}

// auditSuccessor holds that a key took the place of an older one.
func (d *Desk) auditSuccessor(k, older *Key) {
	d.t.Helper()
	if k.Expires != older.Expires && edited(k) == 0 {
		d.t.Errorf("the successor ends at %d, and the older key at %d", k.Expires, older.Expires)
	}
	if older.Rotation.Shown != k.Shown || len(older.Holds) > 0 || k.Digest == older.Digest {
		d.t.Errorf("the older key says that %s succeeds it, which is %s, and has the places %v", older.Rotation.Shown, k.Shown, older.Holds)
	}
}

// edited is how often the key's policies were changed.
func edited(k *Key) int {
	return len(slices.DeleteFunc(slices.Clone(k.History), func(line table.KeyHistory) bool { return line.Act != "edited" }))
}

// auditKind holds that a key is what its kind is made of: the very one that lies in the box, or a certificate's.
func (d *Desk) auditKind(k *Key, box apikey.Key) {
	d.t.Helper()
	want, shown := box.Digest(), box.Shown()
	if k.AuthType == portal.MutualTLS {
		digest := apikey.CertificateDigest(k.OrgID, k.Certificate)
		want, shown = hex.EncodeToString(digest[:]), k.Shown
	}
	if k.Digest != want || k.Shown != shown {
		d.t.Errorf("the issued key is not the one in the box")
	}
	if box.IsZero() != (k.AuthType == portal.MutualTLS) || !box.IsZero() && box.Kind() != k.AuthType {
		d.t.Errorf("a key of the kind %s, and in the box lies one of the kind %q", k.AuthType, box.Kind())
	}
	if (k.PublicKey != "") != (k.AuthType == portal.JWT) || (k.Certificate != "") != (k.AuthType == portal.MutualTLS) || (k.Client != nil) != (k.AuthType == portal.OAuth) {
		d.t.Errorf("a key of the kind %s has a public key %t, a certificate %t, a client %t", k.AuthType, k.PublicKey != "", k.Certificate != "", k.Client != nil)
	}
	if k.Client != nil && (k.Client.ClientID != box.Name() || k.Client.Secret != "") {
		d.t.Errorf("the client is %+v, and in the box lies that of %s", k.Client, box.Name())
	}
}

// auditStanding holds that a living key stands once beside its developer, just as it is, and is shown by one hash; that one which is
// over stands nowhere.
func (d *Desk) auditStanding(k *Key, around *surroundings) {
	d.t.Helper()
	living := 1
	if k.Over() {
		living = 0
	}
	if len(k.beside) != living || k.shown != living {
		d.t.Errorf("a key that is %s stands %d times beside its developer, and has %d shown hashes", k.State, len(k.beside), k.shown)
	}
	for _, b := range k.beside {
		if b.Shown != k.Shown || !slices.Equal(b.Policies, k.Policies) || b.Ends != end(k) {
			d.t.Errorf("beside its developer stands %+v for the key %+v", b, k.IssuedKey)
		}
	}
	at, err := time.Parse(time.RFC3339, k.RevokedAt)
	if k.Over() && around.there && (err != nil || len(k.Holds) > 0 && !k.Ended(at)) {
		d.t.Errorf("a key that is %s since %q has the places %v", k.State, k.RevokedAt, k.Holds)
	}
}

// end is when a key opens nothing any more; 0: never.
func end(k *Key) int64 {
	if k.Rotation != nil && (k.Expires == 0 || k.Rotation.Ends < k.Expires) {
		return k.Rotation.Ends
	}
	return k.Expires
}

// auditHistory holds that each revision of a key after the first has its line, and that the last says what the key is. What becomes of
// the keys of a developer who goes is not told of each.
func (d *Desk) auditHistory(k *Key, around *surroundings) {
	d.t.Helper()
	untold := k.Revision - 1 - len(k.History)
	if untold != 0 && (untold != 1 || around.there || k.State != table.Revoked) {
		d.t.Errorf("%d lines of history of a key at revision %d", len(k.History), k.Revision)
	}
	for i, line := range k.History {
		if line.Revision != i+2 {
			d.t.Errorf("revision %d of a key's history is in place %d", line.Revision, i+2)
		}
	}
	if n := len(k.History); n > 0 && untold == 0 {
		if last := k.History[n-1]; last.State != k.State || !slices.Equal(last.Policies, k.Policies) {
			d.t.Errorf("the last line of a key's history is %+v, and the key is %s, for %v", last, k.State, k.Policies)
		}
	}
}
