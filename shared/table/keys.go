// Package table is all of DynamoDB: one table, its keys, and each question that the desk asks of it, a file a noun. What two
// writers could both decide is decided here, in the condition of the write itself and never on a copy read before.
package table

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"keydesk/shared/portal"
)

// Every key of the table is made in this file and nowhere else.
//
//	what                     PK                            SK                          answers
//	credential               CRED#<sha256>                 CRED                        who is asking?
//	organisation             ORG#<org>                     ORGANISATION                who is served here?
//	organisation's settings  ORG#<org>                     CONFIGURATION               what counts where an entry does not override?
//	catalogue                ORG#<org>                     CATALOGUE                   which entries, in which order, at which revision?
//	  an entry of it         same                          CATALOGUE#<policy>[#<n>]    what can be asked for? (a number: not the policy's first)
//	policy                   ORG#<org>                     POLICY#<policy>             what does a key of this plan get?
//	portal's page            ORG#<org>                     PAGE#<id>                   what does a page of the portal show? (DOCUMENTATION#<id> likewise)
//	  how many               same                          PAGE                        has the organisation room for one more? (DOCUMENTATION likewise)
//	portal's menus, CSS      ORG#<org>                     MENUS, CSS                  which menus and which CSS has the portal?
//	developer                ORG#<org>#DEVELOPER#<id>      DEVELOPER                   who is this?
//	  a key of theirs        same                          KEY#<newest first>          which keys do they hold? (newest first, beside DEVELOPER)
//	  a grant to be claimed  same                          KEYGRANT#<request>          which keys may they claim? (they count as keys)
//	  a plan of theirs       same                          PLAN#<policy>[#<n>]         has this plan been asked for already? (a number: the n-th OAuth client of it)
//	  how many keys          same                          COUNT                       has this developer room for one more? (open requests included)
//	mails of a day           ORG#<org>                     MAILS#<day of UTC>          how many were sent for it on this day?
//	how many of something    ORG#<org>                     USAGE#<what>                has the organisation reached a limit? (only where it had)
//	e-mail taken             ORG#<org>#EMAIL#<e-mail>      EMAIL                       whose e-mail is this?
//	sso_key taken            ORG#<org>#SSOKEY#<sha256>     SSOKEY                      whose name in single sign-on is this?
//	attempts to log in       ORG#<org>#LOGIN#<sha256>      LOGIN                       has this name been tried too often?
//	request                  ORG#<org>#REQUEST#<id>        REQUEST                     where does it stand?
//	  its history            same                          HISTORY#<revision>[#<id>]   who did what, when? (an id: the key was given again)
//	a notice of any of these same                          NOTICE#<what>               has it been sent?
//	a delivery secret's end  that of request or key        SECRET                      which secret is deleted, when?
//	issued key               KEY#<sha256>                  KEY                         is this key good, and for what?
//	  its history            same                          HISTORY#<revision>[#<id>]   who revoked, rotated, changed it? (an id: it was given again)
//	shown hash               ORG#<org>#SHOWN#<hash>        <sha256>                    which key is shown by this hash?
//	idempotent create        ORG#<org>#IDEM#<sha256>       IDEM                        was this POST answered before?
//
//	index      hash                               range  holds
//	list       ORG#<org>#LIST                     id     requests of the plain list: open and approved, newest last
//	           ORG#<org>#DEVELOPERS               id     an organisation's developers, by their e-mails: small items
//	           ORG#<org>#CREDENTIALS              id     an organisation's credentials, for the operator's tool
//	           ORGANISATIONS                      id     all organisations, for the same: one partition, a few writes a year
//	           ORG#<org>#DEAD                     id     an organisation's notices that could not be sent, for the same
//	view       ORG#<org>#VIEW#<view>              id     requests that are open, approved or closed
//	developer  ORG#<org>#DEVELOPER#<id>           id     all requests of a developer
//	due        DUE#<0-15>                         DueSK  what the schedule has to do with requests, secrets and notices: <time>#<org>#<id>
type key struct{ PK, SK string }

func credentialKey(hash string) key    { return key{"CRED#" + hash, "CRED"} }
func organisationKey(org string) key   { return key{"ORG#" + org, "ORGANISATION"} }
func configurationKey(org string) key  { return key{"ORG#" + org, "CONFIGURATION"} }
func catalogueKey(org string) key      { return key{"ORG#" + org, "CATALOGUE"} }
func entryKey(org, place string) key   { return key{"ORG#" + org, "CATALOGUE#" + place} }
func policyKey(org, policy string) key { return key{"ORG#" + org, "POLICY#" + policy} }
func mailsKey(org, day string) key     { return key{"ORG#" + org, "MAILS#" + day} }

// contentKey is a document of a portal. Without an id it is the one of its kind, or where those of the kind are counted.
func contentKey(org string, kind portal.ContentKind, id string) key {
	sort := strings.ToUpper(string(kind))
	if id != "" {
		sort += "#" + id
	}
	return key{"ORG#" + org, sort}
}

// usageKey is a count of something that the organisation may have only so many of.
func usageKey(org string, what Limited) key {
	return key{"ORG#" + org, "USAGE#" + string(what)}
}

func developerKey(org, id string) key { return key{developerPK(org, id), "DEVELOPER"} }
func emailKey(org, email string) key {
	return key{"ORG#" + org + "#EMAIL#" + portal.CanonicalEmail(email), "EMAIL"}
}

// ssoKey hides the sso_key, so that no name of an item and no log of a call repeats it.
func ssoKey(org, text string) key {
	sum := sha256.Sum256([]byte(norm.NFC.String(text)))
	return key{"ORG#" + org + "#SSOKEY#" + hex.EncodeToString(sum[:]), "SSOKEY"}
}
func requestKey(org, id string) key      { return key{"ORG#" + org + "#REQUEST#" + id, "REQUEST"} }
func issuedKey(digest string) key        { return key{"KEY#" + digest, "KEY"} }
func shownKey(org, hash, sum string) key { return key{"ORG#" + org + "#SHOWN#" + hash, sum} }
func planKey(org, developer, plan string) key {
	return key{developerPK(org, developer), "PLAN#" + plan}
}

// Place names the n-th place that a developer has in a policy; the first bears the policy's own name, which is how a plan that
// only one key can have is taken.
func Place(policy string, n int) string {
	if n == 0 {
		return policy
	}
	return policy + "#" + strconv.Itoa(n)
}

// places is the range of sort keys of the places in a policy, and placeOf the place that one of them is of. "$" follows "#".
func places(policy string) (first, last string) { return "PLAN#" + policy, "PLAN#" + policy + "$" }
func placeOf(sort string) string                { return strings.TrimPrefix(sort, "PLAN#") }

// PlanOf is the policy that a place is in.
func PlanOf(place string) string {
	policy, _, _ := strings.Cut(place, "#")
	return policy
}

// loginKey hides the name: people type their passwords there.
func loginKey(org, name string) key {
	sum := sha256.Sum256([]byte(portal.CanonicalEmail(name)))
	return key{"ORG#" + org + "#LOGIN#" + hex.EncodeToString(sum[:]), "LOGIN"}
}

// countKey sorts before DEVELOPER, and so outside all ranges that are read from there on.
func countKey(org, developer string) key { return key{developerPK(org, developer), "COUNT"} }

func developerPK(org, id string) string { return "ORG#" + org + "#DEVELOPER#" + id }

// historyKey is a line of the history of a request or an issued key. It sorts by revision; a replay, which changes nothing, stands
// beside the revision that it repeats.
func historyKey(of key, revision int, replay string) key {
	sort := fmt.Sprintf("HISTORY#%010d", revision)
	if replay != "" {
		sort += "#" + replay
	}
	return key{of.PK, sort}
}

// developersKeyKey counts down from the newest id, so that one ascending Query from DEVELOPER on reads the developer and then
// their newest keys, however many there are.
func developersKeyKey(org, developer, id string) key {
	return key{developerPK(org, developer), "KEY#" + countdown(id)}
}

// firstKey begins the range of sort keys of a developer's keys from the one after an id on ("": from the newest); lastKey ends it.
func firstKey(after string) string {
	if after == "" {
		return "KEY#"
	}
	return developersKeyKey("", "", after).SK + "$"
}

const lastKey = "KEY$"

// unclaimedKey is a grant's that is to be claimed. It sorts behind the keys, so that one Query reads both.
func unclaimedKey(org, developer, request string) key {
	return key{developerPK(org, developer), "KEYGRANT#" + request}
}

const lastUnclaimed = "KEYGRANT$"

// unclaimed are the requests whose grants stand among items next to a developer.
func unclaimed(items []item) (requests []string) {
	for _, it := range items {
		if id, is := strings.CutPrefix(text(it["SK"]), "KEYGRANT#"); is {
			requests = append(requests, id)
		}
	}
	return requests
}

// secretTaskKey is that of the task which ends a delivery secret, next to the request or key that the secret is for.
func secretTaskKey(of key) key { return key{of.PK, "SECRET"} }

// keyID is the id that stands in a sort key of developersKeyKey's.
func keyID(sort string) string { return countdown(strings.TrimPrefix(sort, "KEY#")) }

// countdown turns the order of ids round, and back again.
func countdown(id string) string {
	var bytes [12]byte
	_, _ = hex.Decode(bytes[:], []byte(id)) // an id of our own making
	for i := range bytes {
		bytes[i] = ^bytes[i]
	}
	return hex.EncodeToString(bytes[:])
}

func idempotencyKey(org, holder, given string) key {
	sum := sha256.Sum256([]byte(holder + "\x00" + given))
	return key{"ORG#" + org + "#IDEM#" + hex.EncodeToString(sum[:]), "IDEM"}
}

// noticeKey is a notice's, beside what it tells of.
func noticeKey(of key, what string) key { return key{of.PK, "NOTICE#" + what} }

// pk is the partition of what notices tell of.
func (s Subject) pk() string {
	switch {
	case s.Request != "":
		return requestKey(s.Org, s.Request).PK
	case s.Key != "":
		return issuedKey(s.Key).PK
	default:
		return developerPK(s.Org, s.Developer)
	}
}

// subjectOf tells whose partition it is.
func subjectOf(pk string) (Subject, bool) {
	if digest, is := strings.CutPrefix(pk, "KEY#"); is {
		return Subject{Key: digest}, true
	}
	place := strings.Split(pk, "#") // ORG, the organisation, REQUEST or DEVELOPER, its id
	switch {
	case len(place) != 4 || place[0] != "ORG":
		return Subject{}, false
	case place[2] == "REQUEST":
		return Subject{Org: place[1], Request: place[3]}, true
	}
	return Subject{Org: place[1], Developer: place[3]}, place[2] == "DEVELOPER"
}

func (n NoticeName) key() key { return noticeKey(key{PK: n.pk()}, n.Line+"#"+n.To) }

// lineKey is the line of history that a notice tells of.
func (n NoticeName) lineKey() key { return key{n.pk(), "HISTORY#" + n.Line} }

// NoticeOf reads the key of an item of the table: a notice's, or that of what notices may tell of, to nobody yet: a line of history, or a
// developer.
func NoticeOf(pk, sk string) (n NoticeName, ok bool) {
	if n.Subject, ok = subjectOf(pk); !ok {
		return n, false
	}
	if sk == "DEVELOPER" {
		return n, true
	}
	place := strings.Split(sk, "#")
	switch {
	case len(place) == 2 && place[0] == "HISTORY":
		n.Line = place[1]
		return n, true
	case len(place) == 3 && place[0] == "NOTICE":
		n.Line, n.To = place[1], place[2]
		return n, true
	}
	return n, false
}

func deadPK(org string) string        { return "ORG#" + org + "#DEAD" }
func listPK(org string) string        { return "ORG#" + org + "#LIST" }
func developersPK(org string) string  { return "ORG#" + org + "#DEVELOPERS" }
func credentialsPK(org string) string { return "ORG#" + org + "#CREDENTIALS" }
func viewPK(org, view string) string  { return "ORG#" + org + "#VIEW#" + view }

// organisationsPK is where all organisations are listed.
const organisationsPK = "ORGANISATIONS"

// duePK spreads what falls due over sixteen partitions, so that no second of a busy day falls on one of them.
func duePK(id string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(id))
	return duePartition(int(hash.Sum32() % DuePartitions))
}

// DuePartitions is how many partitions there are of what falls due.
const DuePartitions = 16

func duePartition(n int) string { return "DUE#" + strconv.Itoa(n) }

// dueOf tells what stands in the due index under a key of the table: a request, the task of a delivery secret, a notice, or a developer.
func dueOf(k key) (d DueItem, ok bool) {
	d.key = k
	switch {
	case strings.HasPrefix(k.SK, "NOTICE#"):
		d.Notice = true
	case k == secretTaskKey(k):
		d.Secret = true
	default:
		place := strings.Split(k.PK, "#") // ORG, the organisation, REQUEST or DEVELOPER, its id
		switch {
		case len(place) != 4:
			return d, false
		case k.SK == "REQUEST":
			d.Org, d.Request = place[1], place[3]
		case k.SK == "DEVELOPER":
			d.Org, d.Leaves = place[1], place[3]
		default:
			return d, false
		}
	}
	return d, true
}

// dueSK is a place in the due index. It names the organisation, so that the schedule can take turns without a read of each item: the
// key of an issued key does not say whose it is.
func dueSK(at time.Time, org, id string) string { return portal.Timestamp(at) + "#" + org + "#" + id }

// dueLater is the sort key of the same thing at another time.
func dueLater(sort string, at time.Time) string {
	_, whose, _ := strings.Cut(sort, "#")
	return portal.Timestamp(at) + "#" + whose
}

// dueOrg is the organisation in a sort key of dueSK's; empty in one that was written before they named it.
func dueOrg(sort string) string {
	parts := strings.Split(sort, "#")
	if len(parts) != 3 {
		return ""
	}
	return parts[1]
}

// dueUntil is the last sort key of those that are due at a time.
func dueUntil(now time.Time) string { return portal.Timestamp(now) + "$" }

// Cursor names the place after an id in a list. It shows nothing of the table's keys, and leads nowhere in another organisation
// or for another question.
func Cursor(org, question, id string) string {
	sum := sha256.Sum256([]byte(org + "\x00" + question + "\x00" + id))
	return fmt.Sprintf("%s%016x", id, binary.BigEndian.Uint64(sum[:8]))
}

// After is the id that a cursor stands for.
func After(org, question, cursor string) (string, error) {
	if len(cursor) > 24 && portal.ValidID(cursor[:24]) && Cursor(org, question, cursor[:24]) == cursor {
		return cursor[:24], nil
	}
	return "", portal.Refuse(portal.Invalid, "cursor is not one of this list; take it from the Link header of the page before, with the same filters.")
}
