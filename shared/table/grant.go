package table

// A request that is granted by claim stands next to its developer until its key is claimed: such grants count as keys, and end with the
// developer's account.

// besideWrites are the grant's place next to its developer, and the end of a delivery secret.
func (t *Table) besideWrites(c Change) ([]write, error) {
	writes, err := t.unclaimedWrites(c)
	if err != nil || c.Secret == nil {
		return writes, err
	}
	task, err := t.overwrite(c.Secret.key(), c.Secret.stored())
	return append(writes, task), err
}

// unclaimedWrites put the request there, or take it away.
func (t *Table) unclaimedWrites(c Change) ([]write, error) {
	before, after := c.Before.Claimable(), c.After.Claimable()
	if c.After.Rotates != nil { // the key that is rotated stands there already
		return nil, nil
	}
	if before == after {
		return nil, nil
	}
	k := unclaimedKey(c.After.OrgID, c.After.ByUser, c.After.ID)
	if before {
		return []write{t.remove(k, "", nil, nil)}, nil
	}
	w, err := t.overwrite(k, struct{}{})
	return []write{w}, err
}
