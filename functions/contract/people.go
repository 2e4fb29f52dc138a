package main

import (
	"crypto/sha256"
	_ "embed" // for the page
	"encoding/base64"
	"html/template"
	"strings"

	"go.yaml.in/yaml/v3"

	"keydesk/shared/caller"
)

//go:embed page.html
var pageHTML string

// page is the contract as the page shows it.
type page struct {
	Title, Version, Summary, Here string

	Intro    template.HTML
	Topics   []topic
	Sections []section
	Refusals []answer // those that several calls may be answered
	Schemas  []schema
}

// topic is what holds of all calls, under a heading of the introduction.
type topic struct {
	ID, Title string
	Words     template.HTML
}

// section is a resource: a tag of the contract.
type section struct {
	ID, Title  string
	Words      template.HTML
	Operations []operation
}

type operation struct {
	ID, Verb, Path, Summary string

	Words      template.HTML
	Permission string        // empty: it asks for no credential
	Needs      template.HTML // what it asks for in place of one; empty: nothing
	Sent       bool          // a call that Keydesk makes
	Roles      []caller.Role
	Parameters []member
	Body       *content
	Answers    []answer
}

// answer is what a call may be answered.
type answer struct {
	ID, Status string
	Shared     string // where it is told in full, if not here
	Open       bool   // told at once
	Words      template.HTML
	Headers    []member
	content
}

// content is a body that is sent or answered.
type content struct {
	Words    template.HTML
	Type     template.HTML
	Examples []example
}

type example struct {
	Title template.HTML
	Text  string
}

// forPeople is the contract as a page that needs nothing but itself.
func forPeople(contract []byte) (text, error) {
	root, err := parse(contract)
	if err != nil {
		return text{}, err
	}
	made, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return text{}, err
	}
	var body strings.Builder
	if err := made.Execute(&body, reader{root}.page()); err != nil {
		return text{}, err
	}
	return text{body.String(), map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy(body.String()), "Referrer-Policy": "no-referrer",
	}}, nil
}

// policy lets the page have its own style and nothing else.
func policy(page string) string {
	_, rest, _ := strings.Cut(page, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// reader reads the contract for the page.
type reader struct{ root *yaml.Node }

func (r reader) page() page {
	info := at(r.root, "info")
	intro, topics := introduction(said(info, "description"))
	p := page{
		Title: said(info, "title"), Version: said(info, "version"), Summary: said(info, "summary"), Here: here, Intro: intro, Topics: topics,
	}
	for _, tag := range at(r.root, "tags").Content {
		name := said(tag, "name")
		p.Sections = append(p.Sections, section{slug(name), name, words(said(tag, "description")), r.operations(name)})
	}
	for name, response := range members(at(r.root, "components", "responses")) {
		if a := r.answer("answer-"+name, r.status(name), response); refuses(a.Status) {
			a.Open = true
			p.Refusals = append(p.Refusals, a)
		}
	}
	for name, s := range members(at(r.root, "components", "schemas")) {
		p.Schemas = append(p.Schemas, r.schema(name, s))
	}
	return p
}

// operations are those of a tag, in the contract's order: calls that are made to Keydesk, and then those that it makes.
func (r reader) operations(tag string) (all []operation) {
	for _, kind := range []string{"paths", "webhooks"} {
		for path, item := range members(at(r.root, kind)) {
			for verb, o := range members(item) {
				if tags := list(at(o, "tags")); len(tags) == 1 && tags[0] == tag {
					made := r.operation(strings.ToUpper(verb), path, item, o)
					made.Sent = kind == "webhooks"
					all = append(all, made)
				}
			}
		}
	}
	return all
}

func (r reader) operation(verb, path string, item, o *yaml.Node) operation {
	permission := caller.Permission(said(o, "x-permission"))
	made := operation{
		ID: said(o, "operationId"), Verb: verb, Path: path, Summary: said(o, "summary"), Words: words(said(o, "description")),
		Permission: string(permission), Needs: phrase(said(o, "x-needs")),
	}
	for _, role := range caller.Roles {
		if role.May(permission) {
			made.Roles = append(made.Roles, role)
		}
	}
	for _, shared := range []*yaml.Node{item, o} {
		for _, p := range at(shared, "parameters").Content {
			made.Parameters = append(made.Parameters, r.parameter(p))
		}
	}
	if body := at(o, "requestBody"); body != nothing {
		c := r.content(body)
		made.Body = &c
	}
	for status, response := range members(at(o, "responses")) {
		response, name := resolve(r.root, response)
		a := r.answer(made.ID+"-"+status, status, response)
		if name != "" && refuses(status) {
			a.Shared = "answer-" + name
		}
		made.Answers = append(made.Answers, a)
	}
	return made
}

func refuses(status string) bool { return status >= "4" }

// status is the one that a shared answer has, wherever it is referred to.
func (r reader) status(name string) string {
	for _, item := range members(at(r.root, "paths")) {
		for _, o := range members(item) {
			for status, response := range members(at(o, "responses")) {
				if _, referred := resolve(r.root, response); referred == name {
					return status
				}
			}
		}
	}
	for status, response := range members(at(r.root, "x-answers-to-what-is-not-below")) {
		if _, referred := resolve(r.root, response); referred == name {
			return status
		}
	}
	return ""
}

func (r reader) answer(id, status string, response *yaml.Node) answer {
	a := answer{ID: id, Status: status, Words: phrase(said(response, "description")), content: r.content(response)}
	for name, header := range members(at(response, "headers")) {
		header, _ := resolve(r.root, header)
		a.Headers = append(a.Headers, member{Name: name, Type: r.kind(at(header, "schema")), Words: words(said(header, "description"))})
	}
	return a
}

func (r reader) parameter(n *yaml.Node) member {
	n, _ = resolve(r.root, n)
	return member{
		Name: said(n, "name"), Place: said(n, "in"), Required: said(n, "required") == "true",
		Type: r.kind(at(n, "schema")), Words: words(said(n, "description")),
	}
}

// content is the first form of a body; the contract has no body with two.
func (r reader) content(body *yaml.Node) content {
	made := content{Words: words(said(body, "description"))}
	for _, media := range members(at(body, "content")) {
		made.Type = r.kind(at(media, "schema"))
		for _, e := range members(at(media, "examples")) {
			e, _ := resolve(r.root, e)
			made.Examples = append(made.Examples, example{phrase(said(e, "summary")), pretty(at(e, "value"))})
		}
	}
	return made
}
