package approval

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"keydesk/shared/portal"
	"keydesk/shared/table"
	"keydesk/shared/vault"
)

// Redirected is where a portal sends the developer of a request that waits for a third party, who can tell by the signature that the desk
// has sent them: it is that of Standard Webhooks over the request's id, the timestamp and "<request id>.<asked>".
type Redirected struct {
	RedirectTo string `json:"redirect_to"` // with all the others as parameters
	RequestID  string `json:"request_id"`
	Asked      string `json:"asked"`    // the Digest of what is asked: what the third party answers to
	Revision   int    `json:"revision"` // for information
	Timestamp  int64  `json:"timestamp"`
	Signature  string `json:"signature"`
}

// Redirects tells whether a third party decides on one of the policies.
func Redirects(books *table.Books, policies []string) bool {
	return slices.ContainsFunc(policies, func(id string) bool { return books.Settings(id).Redirect })
}

// Redirect signs the way to the third party that decides on a request; nil where none does.
func Redirect(ctx context.Context, signers *vault.Signers, r *table.Request, now time.Time) (*Redirected, error) {
	if r.State != portal.Waiting || r.RedirectTo == "" {
		return nil, nil //nolint:nilnil // nobody is sent anywhere: an answer, not a fault
	}
	signing, err := signers.Of(ctx, r.OrgID)
	if err != nil {
		return nil, err
	}
	asked := Digest(r)
	signature, err := signing.Sign(r.ID, now, []byte(r.ID+"."+asked))
	if err != nil {
		return nil, err
	}
	there, err := url.Parse(r.RedirectTo) // it was one when it was written
	if err != nil {
		return nil, err
	}
	way := Redirected{RequestID: r.ID, Asked: asked, Revision: r.Revision, Timestamp: now.Unix(), Signature: signature}
	says := there.Query()
	says.Set("request_id", way.RequestID)
	says.Set("asked", way.Asked)
	says.Set("revision", strconv.Itoa(way.Revision))
	says.Set("timestamp", strconv.FormatInt(way.Timestamp, 10))
	says.Set("signature", way.Signature)
	there.RawQuery = says.Encode()
	way.RedirectTo = there.String()
	return &way, nil
}
