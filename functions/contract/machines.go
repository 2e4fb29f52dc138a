package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// forMachines is the contract as JSON, its members in the order in which they are written.
func forMachines(contract []byte) (text, error) {
	root, err := parse(contract)
	if err != nil {
		return text{}, err
	}
	var body strings.Builder
	if err := writeJSON(&body, root); err != nil {
		return text{}, err
	}
	return text{body.String() + "\n", map[string]string{"Content-Type": "application/json"}}, nil
}

// parse reads the contract and names the address that it is served from as its server.
func parse(contract []byte) (*yaml.Node, error) {
	var file yaml.Node
	if err := yaml.Unmarshal(contract, &file); err != nil {
		return nil, fmt.Errorf("the contract: %w", err)
	}
	root := file.Content[0]
	for _, server := range at(root, "servers").Content {
		at(server, "url").Value = here
	}
	return root, nil
}

func writeJSON(into *strings.Builder, n *yaml.Node) error {
	switch {
	case n.Kind == yaml.MappingNode:
		return writeAll(into, '{', n, '}')
	case n.Kind == yaml.SequenceNode:
		return writeAll(into, '[', n, ']')
	case n.Kind != yaml.ScalarNode:
		return fmt.Errorf("the contract, line %d: JSON has no anchors", n.Line)
	}
	var value any
	if err := n.Decode(&value); err != nil {
		return fmt.Errorf("the contract, line %d: %w", n.Line, err)
	}
	var scalar strings.Builder
	encoder := json.NewEncoder(&scalar)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	into.WriteString(strings.TrimSuffix(scalar.String(), "\n"))
	return err
}

// writeAll writes the members of an object, which stand in Content as name, value, name, value, or those of a list.
func writeAll(into *strings.Builder, begin byte, n *yaml.Node, end byte) error {
	into.WriteByte(begin)
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 1:
			into.WriteByte(':')
		case i > 0:
			into.WriteByte(',')
		}
		if err := writeJSON(into, child); err != nil {
			return err
		}
	}
	into.WriteByte(end)
	return nil
}
