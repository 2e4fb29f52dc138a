package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"keydesk/infra/local/doubles"
)

// environment is the caller's for SAM CLI, without the names of the caller's own AWS account, which no local function may
// get to see, and with the local one's. SAM CLI asks STS for the number of its account at every start: moto tells it.
func environment(own []string) []string {
	own = slices.DeleteFunc(own, func(pair string) bool { return strings.HasPrefix(pair, "AWS_") })
	return append(own,
		"AWS_DEFAULT_REGION="+os.Getenv("AWS_REGION"),
		"AWS_ACCESS_KEY_ID="+os.Getenv("AWS_ACCESS_KEY_ID"),
		"AWS_SECRET_ACCESS_KEY="+os.Getenv("AWS_SECRET_ACCESS_KEY"),
		"AWS_ENDPOINT_URL_STS="+os.Getenv(doubles.SecretsManagerVariable),
		"SAM_CLI_TELEMETRY=0",
		"ARCH="+architecture(), // for the Makefile, which SAM CLI calls
	)
}

// writeVariables writes the file that SAM CLI's --env-vars takes. "Parameters" is its word for all functions; what stands under a
// function's name wins. What the template does not declare for a function does not reach it.
func writeVariables(ctx context.Context, path string, own map[string]string) error {
	all := maps.Clone(own)
	all["KEYDESK_BOX_KMS_KEY"] = "" // the template's key is none that moto knows
	all["KEYDESK_PRIVATE_WEBHOOKS"] = "on"
	for _, variable := range []string{doubles.DynamoDBVariable, doubles.SecretsManagerVariable, doubles.SESVariable} {
		address, err := bridge(ctx, os.Getenv(variable))
		if err != nil {
			return fmt.Errorf("%s: %w", variable, err)
		}
		all[variable] = address
	}
	text, err := json.Marshal(map[string]any{"Parameters": all, "Deliver": map[string]string{
		"KEYDESK_PUBLIC_URL": cmp.Or(own["KEYDESK_PUBLIC_URL"], "http://"+loopback), // the template has the API's own, which SAM does not know
	}})
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}

// writeEnvironment writes what `make run` writes too, for `. file`: how to call what is served, with the credentials to do so.
func writeEnvironment(path, url string) error {
	var text strings.Builder
	for _, pair := range slices.Sorted(slices.Values(os.Environ())) {
		name, value, _ := strings.Cut(pair, "=")
		if name == "KEYDESK_URL" {
			value = url
		}
		if strings.HasPrefix(name, "KEYDESK_") || strings.HasPrefix(name, "AWS_") {
			fmt.Fprintf(&text, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
		}
	}
	return os.WriteFile(path, []byte(text.String()), 0o600)
}
