package main

import (
	"encoding/json"
	"strings"

	"keydesk/shared/portal"
	"keydesk/shared/table"
)

// listed makes a policy's id fit for a list with commas: an id may have one itself.
var listed = strings.NewReplacer("%", "%25", ",", "%2C")

// contextOf is what an API is told of the key that opened it: flat, and all of it text, so that it reads alike behind any
// gateway. What a policy says stands in the order of policies. It is written once a verdict, and copied into each answer.
func contextOf(k *table.IssuedKey, policies map[string]portal.Policy) (string, error) {
	lists := map[string][]string{}
	for _, id := range k.Policies {
		limits := policies[id].Limits
		for name, value := range map[string]string{
			"policies": listed.Replace(id), "rate": limits.Rate, "per": limits.Per, "quota_max": limits.QuotaMax,
			"quota_renewal_rate": limits.QuotaRenewalRate,
		} {
			lists[name] = append(lists[name], value)
		}
	}
	members := map[string]string{"org": k.OrgID, "developer": k.Developer, "key": k.ID, "auth_type": k.AuthType}
	for name, values := range lists {
		members[name] = strings.Join(values, ",")
	}
	for name, value := range k.Fields {
		members["field_"+name] = value
	}
	text, err := json.Marshal(members)
	return string(text), err
}
