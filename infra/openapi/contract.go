// Package openapi holds the API's contract. It is data, and no code: functions/contract serves it, and package answers holds
// what the desk says to it.
package openapi

import _ "embed" // for the contract

// Text is the contract as it is written: YAML, with its comments.
//
//go:embed keydesk.yaml
var Text []byte
