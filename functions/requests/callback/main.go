// POST /api/portal/requests/{id}/callback: a third party, to which the developer was sent, says yes or no. It signs its answer by the
// organisation's signing secret, as Standard Webhooks says (standardwebhooks.com).
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/vault"
)

func main() {
	issuer := approval.FromEnv()
	rest.Serve(issuer.Table, operation(issuer, vault.SignersFromEnv()))
}

// says is the body.
type says struct {
	OrgID     string `json:"org_id"`
	RequestID string `json:"request_id"`
	Asked     string `json:"asked"`    // what the developer came with, and what is answered to
	Revision  int    `json:"revision"` // the same in an answer without it
	Approved  *bool  `json:"approved"`
	Reason    string `json:"reason"`
}

// operation tells nothing to whoever has not signed, and refuses them as cheaply as can be: a look at the time costs nothing, and the
// request is a cheaper read than the secret, which is read only for who knows of a request.
func operation(issuer *approval.Issuer, signers *vault.Signers) rest.Unguarded {
	return rest.Unguarded{
		Route: "POST /api/portal/requests/{id}/callback",
		Answer: func(ctx context.Context, in rest.In) (caller.Caller, rest.Out, error) {
			said, err := read(in)
			if err == nil {
				err = recent(in)
			}
			if err != nil {
				return caller.Caller{}, rest.Out{}, err
			}
			r, err := issuer.Table.Request(ctx, said.OrgID, in.ID)
			if errors.Is(err, portal.ErrNotFound) {
				err = notAuthorised("the organisation has no such request")
			}
			if err == nil {
				err = signers.Verify(ctx, said.OrgID, in.Webhook, in.Body)
			}
			if err != nil {
				return caller.Caller{}, rest.Out{}, err
			}
			who := approval.ThirdParty(said.OrgID)
			act := approval.Act{By: who, At: in.At, Reason: said.Reason, RequestID: in.RequestID}
			return who, rest.OK(in.ID), issuer.Callback(ctx, r, act, said.answer(in))
		},
	}
}

// tolerance is how far a message's time may be from ours, as Standard Webhooks says.
const tolerance = 5 * time.Minute

// recent refuses what was not sent just now. Whether it was sent at the time that it says is for the signature to tell, which covers it.
func recent(in rest.In) error {
	seconds, err := strconv.ParseInt(in.Webhook.Get("webhook-timestamp"), 10, 64)
	if err != nil || in.At.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return notAuthorised("the timestamp is none, or not within five minutes of now")
	}
	return nil
}

// notAuthorised is what everybody is told who is not let in, with a reason for the log.
func notAuthorised(reason string) error { return fmt.Errorf("%w: %s", portal.ErrNotAuthorised, reason) }

// answer is a yes or a no, under the message's id: sent again it is the same answer, and the other one under the same id is not.
func (s *says) answer(in rest.In) approval.Answer {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%t", in.Webhook.Get("webhook-id"), *s.Approved))
	return approval.Answer{Approved: *s.Approved, Message: hex.EncodeToString(sum[:]), Asked: s.Asked, Revision: s.Revision}
}

// digest is what approval.Digest looks like.
var digest = regexp.MustCompile("^[0-9a-f]{64}$")

func read(in rest.In) (s says, err error) {
	if err := rest.Decode(in.Body, &s); err != nil {
		return s, err
	}
	switch {
	case !portal.ValidID(s.OrgID):
		return s, portal.Refuse(portal.Invalid, "org_id: the organisation's id is expected, 24 lower-case hexadecimal digits.")
	case s.RequestID != in.ID:
		return s, portal.Refuse(portal.Invalid, "request_id: the request that the path names is expected.")
	case s.Asked == "" && s.Revision < 1:
		return s, portal.Refuse(portal.Invalid, "asked is missing; send the value that the developer came with.")
	case s.Asked != "" && !digest.MatchString(s.Asked):
		return s, portal.Refuse(portal.Invalid, "asked: the value that the developer came with is expected, 64 lower-case hexadecimal digits.")
	case s.Approved == nil:
		return s, portal.Refuse(portal.Invalid, "approved: true or false is expected.")
	}
	return s, portal.ValidReason(s.Reason)
}
