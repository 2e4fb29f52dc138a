package main

import (
	"html/template"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// schema is the shape of an object, or of a text.
type schema struct {
	ID, Title string
	Words     template.HTML
	Type      template.HTML // what it is, and what it is made of
	Members   []member
	Always    []string // members of what it is made of that are always there
}

// member is a member of an object, a parameter or a header.
type member struct {
	Name, Place string
	Required    bool
	Type, Words template.HTML
}

func (r reader) schema(name string, n *yaml.Node) schema {
	s := schema{ID: "schema-" + name, Title: name, Words: words(said(n, "description")), Type: r.kind(n), Members: r.members("", n)}
	for _, required := range list(at(n, "required")) {
		if !slices.ContainsFunc(s.Members, func(m member) bool { return m.Name == required }) {
			s.Always = append(s.Always, required)
		}
	}
	return s
}

// members are those that a schema itself names; those of an object inside it follow with its name before theirs.
func (r reader) members(before string, n *yaml.Node) (all []member) {
	required := list(at(n, "required"))
	for name, m := range members(at(n, "properties")) {
		description := said(m, "description")
		if referred, _ := resolve(r.root, m); description == "" {
			description = said(referred, "description")
		}
		all = append(all, member{Name: before + name, Required: slices.Contains(required, name), Type: r.kind(m), Words: words(description)})
		all = append(all, r.members(before+name+".", m)...)
	}
	for _, part := range at(n, "allOf").Content {
		for _, m := range r.members(before, part) {
			m.Required = m.Required || slices.Contains(required, m.Name)
			all = append(all, m)
		}
	}
	return all
}

// kind says in a few words what a value is.
func (r reader) kind(n *yaml.Node) template.HTML {
	if _, name := resolve(r.root, n); name != "" {
		return link(name)
	}
	switch {
	case at(n, "const") != nothing:
		return "always " + code(pretty(at(n, "const")))
	case at(n, "enum") != nothing:
		return "one of " + r.join(at(n, "enum"), ", ", func(v *yaml.Node) template.HTML { return code(pretty(v)) })
	case at(n, "anyOf") != nothing:
		return r.join(at(n, "anyOf"), " or ", r.kind)
	case at(n, "allOf") != nothing:
		return r.made(n)
	case said(n, "type") == "array":
		return r.limited("list of "+r.kind(at(n, "items")), n)
	case at(n, "additionalProperties").Kind == yaml.MappingNode:
		return "object of " + r.kind(at(n, "additionalProperties"))
	case at(n, "type").Kind == yaml.SequenceNode:
		return phrase(strings.Join(list(at(n, "type")), " or "))
	}
	return r.limited(phrase(said(n, "type")), n)
}

// made says what schemas an object is made of.
func (r reader) made(n *yaml.Node) template.HTML {
	var all []string
	for _, part := range at(n, "allOf").Content {
		if _, name := resolve(r.root, part); name != "" {
			all = append(all, string(link(name)))
		}
	}
	html := strings.Join(all, " and ")
	if required := list(at(n, "required")); len(required) == 1 {
		html += " with " + string(code(required[0]))
	}
	return template.HTML(html) //nolint:gosec // made of escaped parts
}

// limits are the words for the bounds of a value; N stands for the bound.
var limits = []struct{ keyword, words string }{
	{"minimum", "at least N"},
	{"maximum", "at most N"},
	{"maxLength", "up to N characters"},
	{"minItems", "at least N"},
	{"maxItems", "at most N"},
	{"maxProperties", "with N members"},
	{"format", "N"},
}

func (r reader) limited(kind template.HTML, n *yaml.Node) template.HTML {
	html := string(kind)
	for _, limit := range limits {
		if bound := said(n, limit.keyword); bound != "" {
			html += ", " + template.HTMLEscapeString(strings.Replace(limit.words, "N", bound, 1))
		}
	}
	if pattern := said(n, "pattern"); pattern != "" {
		html += ", like " + string(code(pattern))
	}
	return template.HTML(html) //nolint:gosec // made of escaped parts
}

func (r reader) join(n *yaml.Node, between string, kind func(*yaml.Node) template.HTML) template.HTML {
	var all []string
	for _, one := range n.Content {
		all = append(all, string(kind(one)))
	}
	return template.HTML(strings.Join(all, between)) //nolint:gosec // made of escaped parts
}

func link(schema string) template.HTML {
	name := template.HTMLEscapeString(schema)
	return template.HTML(`<a href="#schema-` + name + `">` + name + `</a>`) //nolint:gosec // escaped
}

func code(text string) template.HTML {
	return template.HTML("<code>" + template.HTMLEscapeString(text) + "</code>") //nolint:gosec // escaped
}
