package main

import (
	"context"
	"time"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/vault"
	"keydesk/shared/view"
)

// says is the body. The token is the link's; the proof is a text that the page has made up, by which the desk knows the page again.
type says struct {
	Token string `json:"token"`
	Proof string `json:"proof"`
	Saved bool   `json:"saved"` // the key stands somewhere safe: nobody will ask for it again
}

// claimed is what the page is answered: the key, and what it needs to know to show it.
type claimed struct {
	view.Granted
	AuthType   string `json:"auth_type"`
	AgainUntil string `json:"again_until"` // the same proof is given the key until then
}

// claimKey looks at the token before it reads anything: who has none learns nothing of what there is.
func claimKey(issuer *approval.Issuer, links *vault.ClaimKey) rest.Unguarded {
	return rest.Unguarded{
		Route: "POST /api/portal/requests/{id}/claim",
		Answer: func(ctx context.Context, in rest.In) (caller.Caller, rest.Out, error) {
			said, err := read(in.Body)
			if err != nil {
				return caller.Caller{}, rest.Out{}, err
			}
			key, err := links.Get(ctx)
			if err != nil {
				return caller.Caller{}, rest.Out{}, err
			}
			org, link, ok := key.Read(in.ID, said.Token)
			if !ok {
				return caller.Caller{}, rest.Out{}, portal.ErrNotFound
			}
			who := approval.Developer(org)
			out, err := hand(ctx, issuer, in, who, said, link)
			return who, out, err
		},
	}
}

// hand gives the developer the key, or notes that they have saved it.
func hand(ctx context.Context, issuer *approval.Issuer, in rest.In, who caller.Caller, said says, link int) (rest.Out, error) {
	r, err := issuer.Table.Request(ctx, who.Org, in.ID)
	if err != nil {
		return rest.Out{}, err
	}
	act := approval.Act{By: who, At: in.At, RequestID: in.RequestID}
	proof := approval.Proof("claim", said.Proof, 0, nil) // the page's own text is stored nowhere but there
	if said.Saved {
		return rest.OK(in.ID), issuer.Saved(ctx, r, act, proof)
	}
	grant, err := issuer.Claim(ctx, r, act, proof, link)
	if err != nil {
		return rest.Out{}, err
	}
	at, err := time.Parse(time.RFC3339Nano, grant.Request.Delivery.At)
	return rest.Out{Body: claimed{view.Approved(grant), grant.Request.AuthType, portal.Timestamp(at.Add(approval.Again))}}, err
}

// A proof is long enough to be nobody else's.
const shortestProof, longestProof = 32, 128

func read(body []byte) (s says, err error) {
	if err := rest.Decode(body, &s); err != nil {
		return s, err
	}
	switch {
	case s.Token == "":
		return s, portal.Refuse(portal.Invalid, "token: send what stands in the link after the request's id and a dot.")
	case len(s.Proof) < shortestProof || len(s.Proof) > longestProof:
		return s, portal.Refuse(portal.Invalid, "proof is %d bytes long; send a random text of your own, of %d to %d bytes.", len(s.Proof), shortestProof, longestProof)
	}
	return s, nil
}
