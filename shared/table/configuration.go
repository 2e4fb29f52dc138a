package table

import (
	"context"

	"keydesk/shared/portal"
)

// Configuration reads the organisation's configuration; where it has none, what counts then, without an id.
func (t *Table) Configuration(ctx context.Context, org string) (portal.Configuration, error) {
	it, err := t.get(ctx, configurationKey(org))
	if err != nil {
		return portal.Configuration{}, err
	}
	var c portal.Configuration
	if there, err := parseDocument(it, &c); there || err != nil {
		return c, err
	}
	return portal.NewConfiguration(org, "", "")
}

// ConfigurationExists says that an organisation has a configuration already, and its id.
type ConfigurationExists struct{ ID string }

func (e *ConfigurationExists) Error() string { return "there is a configuration already, " + e.ID }

// CreateConfiguration writes the configuration of an organisation that has none.
func (t *Table) CreateConfiguration(ctx context.Context, org string, c portal.Configuration) error {
	stored, err := newDocument(c)
	if err != nil {
		return err
	}
	created, err := t.create(configurationKey(org), stored, func(found item) error {
		if text(found["attempt"]) == stored.Attempt {
			return nil
		}
		var now portal.Configuration
		if _, err := parseDocument(found, &now); err != nil {
			return err
		}
		return &ConfigurationExists{ID: now.ID}
	})
	if err != nil {
		return err
	}
	return t.transact(ctx, created)
}

// PutConfiguration writes the configuration, whatever it was before. None is ever deleted, so that its id stays.
func (t *Table) PutConfiguration(ctx context.Context, org string, c portal.Configuration) error {
	stored, err := newDocument(c)
	if err != nil {
		return err
	}
	return t.put(ctx, configurationKey(org), stored)
}
