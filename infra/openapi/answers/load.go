package answers

import (
	"encoding/json"
	"fmt"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"go.yaml.in/yaml/v3"

	"keydesk/infra/openapi"
)

// load reads the contract once, closed.
var load = sync.OnceValues(func() (*openapi3.T, error) {
	for _, text := range []string{"text/html", "text/css", "text/javascript"} {
		openapi3filter.RegisterBodyDecoder(text, openapi3filter.PlainBodyDecoder)
	}
	return parse(openapi.Text)
})

func parse(text []byte) (*openapi3.T, error) {
	var document any
	if err := yaml.Unmarshal(text, &document); err != nil {
		return nil, fmt.Errorf("the contract: %w", err)
	}
	closeObjects(document)
	closed, err := json.Marshal(document)
	if err != nil {
		return nil, fmt.Errorf("the contract: %w", err)
	}
	contract, err := openapi3.NewLoader().LoadFromData(closed)
	if err != nil {
		return nil, fmt.Errorf("the contract: %w", err)
	}
	return contract, nil
}

// closeObjects lets objects have the members that their schema names and no others, unless it speaks of others itself. The contract
// leaves them open, for clients should let new members pass; the desk's own tests should not.
func closeObjects(node any) {
	switch node := node.(type) {
	case map[string]any:
		_, named := node["properties"]
		if _, others := node["additionalProperties"]; named && !others {
			node["additionalProperties"] = false
		}
		for _, child := range node {
			closeObjects(child)
		}
	case []any:
		for _, child := range node {
			closeObjects(child)
		}
	}
}
