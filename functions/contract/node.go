package main

import (
	"iter"
	"strings"

	"go.yaml.in/yaml/v3"
)

// nothing is what a node lacks.
var nothing = &yaml.Node{}

// members are an object's, in their order.
func members(n *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		if n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i].Value, n.Content[i+1]) {
				return
			}
		}
	}
}

// at is what stands below a node under these names.
func at(n *yaml.Node, names ...string) *yaml.Node {
	for _, name := range names {
		found := nothing
		for member, value := range members(n) {
			if member == name {
				found = value
				break
			}
		}
		n = found
	}
	return n
}

// said is the text of a member; empty where there is none.
func said(n *yaml.Node, name string) string { return at(n, name).Value }

// list is the texts of a list.
func list(n *yaml.Node) []string {
	var all []string
	for _, item := range n.Content {
		all = append(all, item.Value)
	}
	return all
}

// resolve follows a reference, and gives the name of what it leads to.
func resolve(root, n *yaml.Node) (found *yaml.Node, name string) {
	reference := said(n, "$ref")
	if reference == "" {
		return n, ""
	}
	names := strings.Split(strings.TrimPrefix(reference, "#/"), "/")
	return at(root, names...), names[len(names)-1]
}
