package main

import (
	"fmt"
	"testing"
	"time"
)

func TestSettings(t *testing.T) {
	for name, c := range map[string]struct {
		change    map[string]string
		isPrivate bool
		says      string
	}{
		"deployed":       {nil, false, ""},
		"local":          {map[string]string{"KEYDESK_PRIVATE_WEBHOOKS": "on"}, true, ""},
		"neither":        {map[string]string{"KEYDESK_PRIVATE_WEBHOOKS": "yes"}, false, "KEYDESK_PRIVATE_WEBHOOKS is neither on nor off"},
		"no public URL":  {map[string]string{"KEYDESK_PUBLIC_URL": ""}, false, "KEYDESK_PUBLIC_URL is not set: template.yaml sets it for each function that needs it"},
		"no retention":   {map[string]string{"KEYDESK_SECRET_RETENTION_DAYS": "soon"}, false, "KEYDESK_SECRET_RETENTION_DAYS is not a number of days"},
		"no claim key":   {map[string]string{"KEYDESK_CLAIM_KEY": ""}, false, "KEYDESK_CLAIM_KEY is not set: template.yaml sets it for each function that needs it"},
		"no signing key": {map[string]string{"KEYDESK_WEBHOOK_PREFIX": ""}, false, "KEYDESK_WEBHOOK_PREFIX is not set: template.yaml sets it for each function that needs it"},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range map[string]string{
				"KEYDESK_TABLE": "table", "KEYDESK_WEBHOOK_PREFIX": "webhooks", "KEYDESK_CLAIM_KEY": "claims", "KEYDESK_PUBLIC_URL": publicURL,
				"KEYDESK_PRIVATE_WEBHOOKS": "off", "KEYDESK_SECRET_RETENTION_DAYS": "7",
			} {
				t.Setenv(name, value)
			}
			for name, value := range c.change {
				t.Setenv(name, value)
			}
			var d *deliverer
			func() {
				defer func() {
					if said := recover(); fmt.Sprint(said) != c.says && (said != nil || c.says != "") {
						t.Errorf("it panics with %v, want %q", said, c.says)
					}
				}()
				d = fromEnv()
			}()
			if c.says == "" && (d.webhooks.private != c.isPrivate || d.mail.publicURL != publicURL || d.mail.retention != 7*24*time.Hour) {
				t.Errorf("the settings are %+v, %+v", d.webhooks, d.mail)
			}
		})
	}
}
