package main

import (
	"bytes"
	"context"
	"time"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
	"keydesk/shared/view"
)

// usualGrace is how long the older key goes on where the caller does not say: long enough to bring the new one everywhere.
const usualGrace = 24 * time.Hour

// rotated is what First reads: which key is meant, and how it is rotated.
type rotated struct {
	key      table.KeyName
	rotation approval.Rotation
}

// POST /api/portal/developers/{id}/keys/{key}/rotate: a new key takes the key's place, which is good for a grace period yet.
func rotate(issuer *approval.Issuer) rest.Operation[rotated] {
	return rest.Operation[rotated]{
		Route: "POST /api/portal/developers/{id}/keys/{key}/rotate",
		First: func(ctx context.Context, in rest.In) (r rotated, err error) {
			if r.rotation, err = readRotation(in); err != nil {
				return r, err
			}
			r.key, err = named(issuer.Table)(ctx, in)
			return r, err
		},
		Then: func(ctx context.Context, in rest.In, who caller.Caller, r rotated) (rest.Out, error) {
			act := approval.Act{By: who, At: in.At, RequestID: in.RequestID}
			r.rotation.Proof = approval.Proof(who.Holder(), in.IdempotencyKey, 0, in.Body)
			k, err := living(ctx, issuer.Table, r.key)
			if err != nil {
				return rest.Out{}, err
			}
			done, err := issuer.Rotate(ctx, *k, act, r.rotation)
			if err != nil {
				return rest.Out{}, err
			}
			return rest.Out{Body: view.Rotated(done)}, nil
		},
	}
}

// readRotation reads what a caller says of a rotation; they need say nothing.
func readRotation(in rest.In) (rotation approval.Rotation, err error) {
	var input struct {
		GraceSeconds *int           `json:"grace_seconds"`
		JWTSecret    portal.SentKey `json:"jwt_secret"`
		Certificate  string         `json:"certificate"`
	}
	if len(bytes.TrimSpace(in.Body)) > 0 {
		if err := rest.Decode(in.Body, &input); err != nil {
			return rotation, err
		}
		if err := rest.Only(in.Body, "grace_seconds", "jwt_secret", "certificate"); err != nil { // a grace that is misspelt must not become the usual one
			return rotation, err
		}
	}
	rotation.Grace = usualGrace
	if n := input.GraceSeconds; n != nil {
		if *n < 0 || *n > int(approval.LongestGrace/time.Second) {
			return rotation, portal.Refuse(portal.Invalid, "grace_seconds: %d is not from 0 to %d, thirty days.", *n, int(approval.LongestGrace/time.Second))
		}
		rotation.Grace = time.Duration(*n) * time.Second
	}
	if !input.JWTSecret.IsZero() {
		if rotation.PublicKey, err = portal.PublicKey(input.JWTSecret.Value); err != nil {
			return rotation, err
		}
	}
	if input.Certificate != "" {
		rotation.Certificate, err = portal.Fingerprint(in.Org, input.Certificate)
	}
	return rotation, err
}
