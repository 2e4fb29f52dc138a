// Package table is all of DynamoDB: one table, its keys, and each question that the desk asks of it, a file a noun. What two
// writers could both decide is decided here, in the condition of the write itself and never on a copy read before.
package table

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"

	"keydesk/shared/portal"
)

// Every key of the table is made in this file and nowhere else.
//
//	what                     PK                            SK                          answers
//	credential               CRED#<sha256>                 CRED                        who is asking?
//	organisation's settings  ORG#<org>                     CONFIGURATION               what counts where an entry does not override?
//	catalogue entry          ORG#<org>                     CATALOGUE#<entry>           what can be asked for? (entry = its policy's id)
//	policy                   ORG#<org>                     POLICY#<policy>             what does a key of this plan get?
//	developer                ORG#<org>#DEVELOPER#<id>      DEVELOPER                   who is this?
//	  a key of theirs        same                          KEY#<newest first>          which keys do they hold? (newest first, beside DEVELOPER)
//	  a plan of theirs       same                          PLAN#<policy>               has this plan been asked for already?
//	e-mail taken             ORG#<org>#EMAIL#<e-mail>      EMAIL                       whose e-mail is this?
//	request                  ORG#<org>#REQUEST#<id>        REQUEST                     where does it stand?
//	  its history            same                          HISTORY#<revision>[#<id>]   who did what, when? (an id: the key was given again)
//	issued key               KEY#<sha256>                  KEY                         is this key good, and for what?
//	shown hash               ORG#<org>#SHOWN#<hash>        <sha256>                    which key is shown by this hash?
//	idempotent create        ORG#<org>#IDEM#<sha256>       IDEM                        was this POST answered before?
//
//	index      hash                               range  holds
//	list       ORG#<org>#LIST                     id     requests of the plain list: open and approved, newest last
//	           ORG#<org>#DEVELOPERS               id     an organisation's developers
//	view       ORG#<org>#VIEW#<view>              id     requests that are open, approved or closed
//	developer  ORG#<org>#DEVELOPER#<id>           id     all requests of a developer
//	due        DUE#<0-15>                         DueSK  what the schedule has to do, by time
type key struct{ PK, SK string }

func credentialKey(hash string) key      { return key{"CRED#" + hash, "CRED"} }
func configurationKey(org string) key    { return key{"ORG#" + org, "CONFIGURATION"} }
func entryKey(org, policy string) key    { return key{"ORG#" + org, "CATALOGUE#" + policy} }
func policyKey(org, policy string) key   { return key{"ORG#" + org, "POLICY#" + policy} }
func developerKey(org, id string) key    { return key{developerPK(org, id), "DEVELOPER"} }
func emailKey(org, email string) key     { return key{"ORG#" + org + "#EMAIL#" + email, "EMAIL"} }
func requestKey(org, id string) key      { return key{"ORG#" + org + "#REQUEST#" + id, "REQUEST"} }
func issuedKey(digest string) key        { return key{"KEY#" + digest, "KEY"} }
func shownKey(org, hash, sum string) key { return key{"ORG#" + org + "#SHOWN#" + hash, sum} }
func planKey(org, developer, policy string) key {
	return key{developerPK(org, developer), "PLAN#" + policy}
}

func developerPK(org, id string) string { return "ORG#" + org + "#DEVELOPER#" + id }

// historyKey sorts by revision; a replay, which changes nothing, stands beside the revision that it repeats.
func historyKey(org, request string, revision int, replay string) key {
	sort := fmt.Sprintf("HISTORY#%010d", revision)
	if replay != "" {
		sort += "#" + replay
	}
	return key{requestKey(org, request).PK, sort}
}

// developersKeyKey counts down from the newest id, so that one ascending Query from DEVELOPER on reads the developer and then
// their newest keys, however many there are.
func developersKeyKey(org, developer, id string) key {
	var bytes [12]byte
	_, _ = hex.Decode(bytes[:], []byte(id)) // an id of our own making
	for i := range bytes {
		bytes[i] = ^bytes[i]
	}
	return key{developerPK(org, developer), "KEY#" + hex.EncodeToString(bytes[:])}
}

func idempotencyKey(org, credential, given string) key {
	sum := sha256.Sum256([]byte(credential + "\x00" + given))
	return key{"ORG#" + org + "#IDEM#" + hex.EncodeToString(sum[:]), "IDEM"}
}

func listPK(org string) string       { return "ORG#" + org + "#LIST" }
func developersPK(org string) string { return "ORG#" + org + "#DEVELOPERS" }
func viewPK(org, view string) string { return "ORG#" + org + "#VIEW#" + view }

// duePK spreads what falls due over sixteen partitions, so that no second of a busy day falls on one of them.
func duePK(request string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(request))
	return fmt.Sprintf("DUE#%d", hash.Sum32()%16)
}

func dueSK(at time.Time, request string) string { return portal.Timestamp(at) + "#" + request }

// cursorMark binds a cursor to the organisation and the question that it was given for.
func cursorMark(org, question, id string) string {
	sum := sha256.Sum256([]byte(org + "\x00" + question + "\x00" + id))
	return fmt.Sprintf("%016x", binary.BigEndian.Uint64(sum[:8]))
}
