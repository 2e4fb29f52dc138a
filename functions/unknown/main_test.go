package main

import (
	"testing"

	"keydesk/infra/desktest"
	"keydesk/shared/rest"
)

func TestEvents(t *testing.T) {
	desktest.Play(t, "../../events", "Unknown", func(*desktest.Desk) rest.Handler { return handle })
}
