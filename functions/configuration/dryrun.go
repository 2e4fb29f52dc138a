package main

import (
	"context"
	"encoding/json"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"keydesk/shared/approval"
	"keydesk/shared/caller"
	"keydesk/shared/portal"
	"keydesk/shared/rest"
	"keydesk/shared/table"
)

// The bounds of a dry run: how many requests it looks back at, and how many developers' keys it counts side by side.
const (
	usualLook = 100
	mostLook  = 1000
	aside     = 32
)

// dryRun tells what rules would have done with the requests there were, and does nothing.
func dryRun(t *table.Table) rest.Operation[struct{}] {
	return rest.Operation[struct{}]{
		Route: "POST /api/portal/configuration/dry-run",
		Then: func(ctx context.Context, in rest.In, _ caller.Caller, _ struct{}) (rest.Out, error) {
			q, err := ask(in.Body)
			if err != nil {
				return rest.Out{}, err
			}
			past, err := look(ctx, t, in.Org, q)
			if err != nil {
				return rest.Out{}, err
			}
			return rest.Out{Body: past.judge()}, nil
		},
	}
}

// question is what a dry run is asked.
type question struct {
	Rules  json.RawMessage `json:"rules"`  // absent: those that are stored
	Policy string          `json:"policy"` // in the place of whose entry's rules they stand; empty: the organisation's
	Limit  int             `json:"limit"`
	rules  []portal.Rule
}

func ask(body []byte) (question, error) {
	q := question{Limit: usualLook}
	if err := rest.Decode(body, &q); err != nil {
		return q, err
	}
	if err := rest.Only(body, "rules", "policy", "limit"); err != nil {
		return q, err
	}
	stored := len(q.Rules) == 0 || string(q.Rules) == "null"
	switch {
	case q.Limit < 1 || q.Limit > mostLook:
		return q, portal.Refuse(portal.Invalid, "limit: %d is not a number of requests from 1 to %d.", q.Limit, mostLook)
	case q.Policy != "" && stored:
		return q, portal.Refuse(portal.Invalid, "policy says whose rules are tried anew; send them in rules.")
	case stored:
		q.Rules = nil
		return q, nil
	}
	if q.Policy != "" {
		if err := portal.ValidPolicies("policy", []string{q.Policy}); err != nil {
			return q, err
		}
	}
	var err error
	q.rules, err = portal.ParseRules("rules", q.Rules)
	return q, err
}

// past is all that bears on a judgement.
type past struct {
	table.Past
	books table.Books    // of no one developer
	held  map[string]int // keys, by developer, where a rule asks for that
}

// look reads which requests there are; then them, whose they are, and what the books say of all of them.
func look(ctx context.Context, t *table.Table, org string, q question) (p past, err error) {
	latest, err := t.LatestRequests(ctx, org, q.Limit)
	if err != nil {
		return p, err
	}
	policies := map[string]bool{}
	for _, l := range latest {
		for _, policy := range l.Policies {
			policies[policy] = true
		}
	}
	if q.Policy != "" {
		policies[q.Policy] = true
	}
	reads, ctxReads := errgroup.WithContext(ctx)
	reads.Go(func() (err error) {
		p.books, err = t.Books(ctxReads, org, "", slices.Sorted(maps.Keys(policies)))
		return err
	})
	reads.Go(func() (err error) {
		p.Past, err = t.Past(ctxReads, org, latest)
		return err
	})
	if err := reads.Wait(); err != nil {
		return p, err
	}
	if err := q.replace(&p.books); err != nil {
		return p, err
	}
	p.held, err = p.count(ctx, t, org)
	return p, err
}

// replace puts the rules to be tried into the books that were read.
func (q *question) replace(books *table.Books) error {
	if q.Rules == nil {
		return nil
	}
	if q.Policy == "" {
		books.Configuration.Rules = q.rules
		return nil
	}
	entry, there := books.Entries[q.Policy]
	if !there {
		return portal.Refuse(portal.Invalid, "policy: %s has no entry in the catalogue that could carry rules; leave it out to try them as the organisation's.", q.Policy)
	}
	entry.Config.Rules = q.rules
	books.Entries[q.Policy] = entry
	return nil
}

// count counts the keys of each developer for whose requests a rule asks how many they hold.
func (p *past) count(ctx context.Context, t *table.Table, org string) (map[string]int, error) {
	held := map[string]int{}
	for _, r := range p.Requests {
		if approval.CountsKeys(&p.books, r.ApplyPolicies) {
			held[r.ByUser] = 0
		}
	}
	developers := slices.Sorted(maps.Keys(held))
	counts := make([]int, len(developers))
	counting, ctx := errgroup.WithContext(ctx)
	counting.SetLimit(aside)
	for i, developer := range developers {
		counting.Go(func() (err error) {
			counts[i], err = t.KeysHeld(ctx, org, developer)
			return err
		})
	}
	err := counting.Wait()
	for i, developer := range developers {
		held[developer] = counts[i]
	}
	return held, err
}

// verdicts are what a dry run answers.
type verdicts struct {
	LookedAt int `json:"looked_at"`
	Would    struct {
		Approve int `json:"approve"`
		Decline int `json:"decline"`
		Ask     int `json:"ask"`
	} `json:"would"`
	Requests []judged `json:"requests"`
	Note     string   `json:"note"`
}

// judged is a request beside what would have become of it.
type judged struct {
	ID            string         `json:"id"`
	ByUser        string         `json:"by_user"`
	Email         string         `json:"email"` // empty: the developer is gone
	ApplyPolicies []string       `json:"apply_policies"`
	DateCreated   string         `json:"date_created"`
	State         portal.State   `json:"state"`
	DecidedBy     string         `json:"decided_by"`
	Would         portal.Outcome `json:"would"`
	Rule          string         `json:"rule"`
	Why           string         `json:"why"`
}

// The notes of a dry run.
const (
	asOfNow = "Developers, books and keys held are as they are now."
	isOff   = " auto_approve is off: as long as it is, nothing of this is done."
	isCut   = " The older ones are not looked at: requests and developers are larger together than one dry run reads."
)

func (p *past) judge() verdicts {
	v := verdicts{LookedAt: len(p.Requests), Requests: []judged{}, Note: asOfNow}
	if !p.books.Configuration.AutoApprove {
		v.Note += isOff
	}
	if p.Cut {
		v.Note += isCut
	}
	for _, r := range p.Requests {
		books := p.books
		if developer, there := p.Developers[r.ByUser]; there {
			books.Developer = &developer
		}
		verdict := approval.Judge(&books, &r.Request, p.held[r.ByUser])
		switch verdict.Outcome {
		case portal.Approve:
			v.Would.Approve++
		case portal.Decline:
			v.Would.Decline++
		default:
			v.Would.Ask++
		}
		v.Requests = append(v.Requests, judged{
			ID: r.ID, ByUser: r.ByUser, Email: p.Developers[r.ByUser].Email, ApplyPolicies: r.ApplyPolicies, DateCreated: r.DateCreated,
			State: r.State, DecidedBy: r.DecidedBy, Would: verdict.Outcome, Rule: verdict.Rule, Why: verdict.Why,
		})
	}
	return v
}
