package template

import (
	"fmt"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Load reads the template at path. The parameters given win over the template's defaults ("Architecture": "x86_64"); a pseudo
// parameter ("AWS::StackName") and a resource's logical id ("Table": its name) may be given there too.
func Load(path string, parameters map[string]string) (*Template, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the template: %w", err)
	}
	var file document
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	resources, err := file.resources(path)
	if err != nil {
		return nil, err
	}
	scope, err := newScope(path, &file, resources, parameters)
	if err != nil {
		return nil, err
	}
	return scope.template(file.Globals.Function, resources)
}

// document is the file as it is written; what holds references stays a node until a scope fills it in.
type document struct {
	Parameters map[string]parameter `yaml:"Parameters"`
	Conditions map[string]yaml.Node `yaml:"Conditions"`
	Globals    struct {
		Function yaml.Node `yaml:"Function"`
	} `yaml:"Globals"`
	Resources yaml.Node `yaml:"Resources"`
}

type resource struct {
	LogicalID  string
	Type       string    `yaml:"Type"`
	Properties yaml.Node `yaml:"Properties"`
}

// resources keeps the file's order, which a Go map would lose.
func (d *document) resources(path string) ([]resource, error) {
	var all []resource
	for name, body := range pairs(&d.Resources) {
		r := resource{LogicalID: name}
		if err := body.Decode(&r); err != nil {
			return nil, fmt.Errorf("%s:%d: resource %s: %w", path, body.Line, name, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func (s *scope) template(globals yaml.Node, resources []resource) (*Template, error) {
	roles, err := s.roles(resources)
	if err != nil {
		return nil, err
	}
	authorizers, err := s.authorizers(resources)
	if err != nil {
		return nil, err
	}
	var t Template
	for _, r := range resources {
		switch r.Type {
		case "AWS::Serverless::Function":
			f, events, err := s.function(r, globals, roles)
			if err != nil {
				return nil, err
			}
			routes, err := s.routes(r.LogicalID, events, authorizers)
			if err != nil {
				return nil, err
			}
			t.Functions = append(t.Functions, f)
			t.Routes = append(t.Routes, routes...)
		case "AWS::DynamoDB::Table":
			if t.Table.LogicalID != "" {
				return nil, fmt.Errorf("%s: two tables, %s and %s; Keydesk has one", s.path, t.Table.LogicalID, r.LogicalID)
			}
			if t.Table, err = s.table(r); err != nil {
				return nil, err
			}
		}
	}
	return &t, nil
}

type functionProperties struct {
	CodeURI       string   `yaml:"CodeUri"`
	Architectures []string `yaml:"Architectures"`
	Timeout       int      `yaml:"Timeout"`
	MemorySize    int      `yaml:"MemorySize"`
	Role          string   `yaml:"Role"`
	Environment   struct {
		Variables map[string]string `yaml:"Variables"`
	} `yaml:"Environment"`
	Events yaml.Node `yaml:"Events"`
}

func (s *scope) function(r resource, globals yaml.Node, roles map[string][]Statement) (f Function, events *yaml.Node, err error) {
	var p functionProperties
	for _, node := range []*yaml.Node{&globals, &r.Properties} { // what the function says itself wins
		if err := s.decode(node, &p); err != nil {
			return Function{}, nil, err
		}
	}
	statements, ok := roles[p.Role]
	if !ok { // SAM would make one with a managed policy that allows more than this function needs
		return Function{}, nil, fmt.Errorf("%s:%d: function %s needs a Role of its own in this template", s.path, r.Properties.Line, r.LogicalID)
	}
	if len(p.Architectures) != 1 {
		return Function{}, nil, fmt.Errorf("%s:%d: function %s needs exactly one of Architectures", s.path, r.Properties.Line, r.LogicalID)
	}
	return Function{
		LogicalID:    r.LogicalID,
		Folder:       p.CodeURI,
		Architecture: p.Architectures[0],
		Timeout:      time.Duration(p.Timeout) * time.Second,
		MemoryMB:     p.MemorySize,
		Environment:  p.Environment.Variables,
		Statements:   statements,
	}, &p.Events, nil
}

func (s *scope) routes(function string, events *yaml.Node, authorizers map[string]string) ([]Route, error) {
	var routes []Route
	for name, node := range pairs(events) {
		var event struct {
			Type       string `yaml:"Type"`
			Properties struct {
				Method string `yaml:"Method"`
				Path   string `yaml:"Path"`
				Auth   struct {
					Authorizer string `yaml:"Authorizer"`
				} `yaml:"Auth"`
			} `yaml:"Properties"`
		}
		if err := s.decode(node, &event); err != nil {
			return nil, err
		}
		guard := event.Properties.Auth.Authorizer
		route := Route{
			Method: strings.ToUpper(event.Properties.Method), Path: event.Properties.Path, Function: function, Authorizer: authorizers[guard],
		}
		switch {
		case event.Type != "HttpApi":
			continue // a schedule or a stream is no route
		case route.Path == "$default":
			route.Method, route.Path = "", ""
		case route.Method == "" || !strings.HasPrefix(route.Path, "/"):
			return nil, fmt.Errorf("%s:%d: event %s of %s needs a Method and a Path that begins with /", s.path, node.Line, name, function)
		case guard != "" && route.Authorizer == "": // SAM local would let everybody pass
			return nil, fmt.Errorf("%s:%d: event %s of %s names the authorizer %q, which no API here has", s.path, node.Line, name, function, guard)
		}
		routes = append(routes, route)
	}
	return routes, nil
}
