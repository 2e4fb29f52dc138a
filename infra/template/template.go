// Package template reads template.yaml once for everything in infra/ that must agree with it: the local gateway (routes,
// binaries, time limits), the local table (schema) and the tests (permissions, contract). Nothing of it is deployed.
package template

import (
	"strings"
	"time"
)

// Template is what template.yaml says after its parameters and references have been filled in.
type Template struct {
	Functions []Function // in the file's order
	Routes    []Route    // of the HTTP API, in the file's order
	Schedules []Schedule
	Streams   []Stream
	Table     Table
}

// Function is one AWS::Serverless::Function.
type Function struct {
	LogicalID    string            // "ApproveRequest": also the folder of its build and the suffix of its make target
	Folder       string            // "functions/requests/approve": where its package main is
	Architecture string            // "arm64" or "x86_64", as Lambda names them
	Timeout      time.Duration     // how long one invocation may take
	MemoryMB     int               //
	Environment  map[string]string // Globals and its own, references resolved
	Statements   []Statement       // its role's permissions, references resolved
}

// Route is one route of the HTTP API. API Gateway prefers a route of the very path and method, then ANY of that path, then the
// longest greedy one ("/{name+}" at the end takes the rest of the path, an empty one too), then $default.
type Route struct {
	Method     string // "GET", ..., "ANY"; empty for $default
	Path       string // "/api/portal/requests/{id}", "/api/portal/requests/{id}/{slash+}"; empty for $default
	Function   string // the logical id of the function that answers
	Authorizer string // that of the function which says before whether the call may pass; empty: it may
}

// Canonical tells whether the route is one that clients are told of. The others catch what is written otherwise: a slash at a
// path's end, an odd verb, a path that there is not.
func (r Route) Canonical() bool {
	return r.Method != "" && r.Method != "ANY" && !strings.HasSuffix(r.Path, "+}")
}

// Schedule has a function invoked again and again, whatever became of the time before.
type Schedule struct {
	Function   string // the logical id
	Rate       time.Duration
	Statements []Statement // the permissions of the role that it invokes the function with
}

// Stream hands a function what happens in the table, from the stream's beginning on, each shard's records in their order.
type Stream struct {
	Function             string // the logical id
	BatchSize            int    // the most records of one invocation
	MaximumRetryAttempts int
	MaximumRecordAge     time.Duration // an older record is tried no more
	Bisect               bool          // a batch that failed is halved
	ReportFailures       bool          // the answer names the records that failed
	Filters              []Filter      // what any one of them wants is handed over
}

// Statement is one statement of a role; all of them allow.
type Statement struct {
	Actions    []string
	Resources  []string
	Conditions map[string][]string // "kms:ViaService" -> the values it may have
}

// Table is the one DynamoDB table.
type Table struct {
	LogicalID  string
	HashKey    string
	RangeKey   string
	Attributes map[string]string // name -> "S", "N" or "B"
	Indexes    []Index
	StreamView string // "NEW_AND_OLD_IMAGES"
	TTL        string // the attribute that ends an item
}

// Index is one global secondary index of the table.
type Index struct {
	Name       string
	HashKey    string
	RangeKey   string
	Projection string   // "ALL", "KEYS_ONLY" or "INCLUDE"
	Included   []string // the attributes that INCLUDE names
}
