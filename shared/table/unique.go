package table

import "keydesk/shared/portal"

// What a developer alone may have in the organisation, an e-mail and an sso_key, has an item that says whose it is. It is taken and freed
// in the transaction that writes the account.

// takeEmail takes the account's e-mail, or says whose it is.
func (t *Table) takeEmail(a Account) (write, error) {
	return t.create(emailKey(a.OrgID, a.Email), storedEmail{ID: a.ID, ListPK: developersPK(a.OrgID)},
		taken(a.ID, portal.Refuse(portal.Conflict, "email: %s is taken by another developer.", a.Email)))
}

// moveSSOKey frees the sso_key that the account had before and takes the one that it has now, where they differ. Either may be empty.
func (t *Table) moveSSOKey(before string, a Account) (writes []write, err error) {
	free, wanted := ssoKey(a.OrgID, before), ssoKey(a.OrgID, a.SSOKey)
	if free == wanted {
		return nil, nil
	}
	if a.SSOKey != "" {
		take, err := t.create(wanted, storedSSOKey{ID: a.ID},
			taken(a.ID, portal.Refuse(portal.Conflict, "sso_key: it is taken by another developer; send another one.")))
		if err != nil {
			return nil, err
		}
		writes = append(writes, take)
	}
	if before != "" {
		writes = append(writes, t.freeSSOKey(a.OrgID, before, a.ID))
	}
	return writes, nil
}

func (t *Table) freeSSOKey(org, text, id string) write {
	return t.remove(ssoKey(org, text), "id = :id", item{":id": str(id)}, unexpected("sso_key"))
}

// taken refuses what another developer has, and says who. Taken by the account itself is taken by an earlier try of ours.
func taken(by string, refusal *portal.Error) func(item) error {
	return func(found item) error {
		if text(found["id"]) == by {
			return nil
		}
		refusal.Meta = map[string]string{"id": text(found["id"])}
		return refusal
	}
}

// storedSSOKey keeps an sso_key unique.
type storedSSOKey struct {
	ID string `json:"id"` // the developer's
}
