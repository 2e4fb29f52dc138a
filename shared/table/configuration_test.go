package table_test

import (
	"errors"
	"reflect"
	"testing"

	"keydesk/infra/fixture"
	"keydesk/infra/tabletest"
	"keydesk/shared/portal"
	"keydesk/shared/table"
)

func configurationOf(t *testing.T, id, document string) portal.Configuration {
	t.Helper()
	c, err := portal.NewConfiguration(fixture.Org, id, portal.Object(document))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	books := tabletest.New(t)
	if got, err := books.Configuration(t.Context(), fixture.Org); err != nil || !reflect.DeepEqual(got, configurationOf(t, "", `{}`)) {
		t.Errorf("before there is one: %+v, %v", got, err)
	}
	first, second := configurationOf(t, "c", `{"auto_approve": true}`), configurationOf(t, "d", `{"x": 1}`)
	if err := books.CreateConfiguration(t.Context(), fixture.Org, first); err != nil {
		t.Fatal(err)
	}
	err := books.CreateConfiguration(t.Context(), fixture.Org, second)
	var there *table.ConfigurationExists
	if !errors.As(err, &there) || there.ID != "c" {
		t.Errorf("created again: %v", err)
	}
	if got, err := books.Configuration(t.Context(), fixture.Org); err != nil || !reflect.DeepEqual(got, first) || !got.AutoApprove {
		t.Errorf("there is %+v, %v", got, err)
	}
	if err := books.PutConfiguration(t.Context(), fixture.Org, second); err != nil {
		t.Fatal(err)
	}
	if got, err := books.Configuration(t.Context(), fixture.Org); err != nil || !reflect.DeepEqual(got, second) {
		t.Errorf("there is %+v, %v", got, err)
	}
}
