// PUT /api/portal/requests/approve/{id}: a request is granted, and its key given to whoever asks first, once; or to its developer,
// who claims it. Without an id: many are granted, and their developers claim the keys.
package main

import (
	"bytes"
	"context"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

func main() {
	issuer := approval.FromEnv()
	rest.Serve(issuer.Table, operations(issuer)...)
}

func operations(issuer *approval.Issuer) []rest.Endpoint {
	return []rest.Endpoint{one(issuer), many(issuer)}
}

// decision is what First reads: the request, and what is said of its approval.
type decision struct {
	request table.Request
	says    says
}

// says is the body, of which a client need send nothing.
type says struct {
	Reason   string `json:"reason"`
	Delivery string `json:"delivery"`
}

func one(issuer *approval.Issuer) rest.Operation[decision] {
	return rest.Operation[decision]{
		Route:   "PUT /api/portal/requests/approve/{id}",
		Matches: true,
		First: func(ctx context.Context, in rest.In) (d decision, err error) {
			if d.says, err = read(in.Body); err != nil {
				return d, err
			}
			d.request, err = issuer.Table.Request(ctx, in.Org, in.ID)
			return d, err
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, d decision) (rest.Out, error) {
			act := approval.Act{
				By: who, At: in.At, Reason: d.says.Reason, IfMatch: in.IfMatch, RequestID: in.RequestID,
				ByClaim: d.says.Delivery == claim,
			}
			grant, err := issuer.Issue(ctx, d.request, act, approval.Proof(who.Holder(), in.IdempotencyKey, in.IfMatch, in.Body))
			if err != nil {
				return rest.Out{}, err
			}
			return rest.Out{Body: view.Approved(grant)}, nil
		},
	}
}

// claim has the key wait for its developer.
const claim = "claim"

// read reads what is said of an approval. Some clients send rubbish with an approve; a body that is no object says nothing.
func read(body []byte) (s says, err error) {
	if text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff"))); len(text) == 0 || text[0] != '{' && text[0] != '/' { // PowerShell's mark
		return s, nil
	}
	if err := rest.Decode(body, &s); err != nil {
		return s, err
	}
	if s.Delivery != "" && s.Delivery != claim {
		return s, portal.Refuse(portal.Invalid, "delivery: %.20q is none; send \"claim\" to have the developer claim the key, or leave it out to be given it.", s.Delivery)
	}
	return s, portal.ValidReason(s.Reason)
}
