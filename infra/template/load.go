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

// referred is what functions and their events refer to.
type referred struct {
	roles       map[string][]Statement // by ARN
	authorizers map[string]string      // their functions, by name
	stream      string                 // the ARN of the table's
}

func (s *scope) template(globals yaml.Node, resources []resource) (*Template, error) {
	var t Template
	var to referred
	var err error
	if to.roles, err = s.roles(resources); err != nil {
		return nil, err
	}
	if to.authorizers, err = s.authorizers(resources); err != nil {
		return nil, err
	}
	for _, r := range resources {
		if r.Type != "AWS::DynamoDB::Table" {
			continue
		}
		if t.Table.LogicalID != "" {
			return nil, fmt.Errorf("%s: two tables, %s and %s; Keydesk has one", s.path, t.Table.LogicalID, r.LogicalID)
		}
		if t.Table, err = s.table(r); err != nil {
			return nil, err
		}
		if to.stream, err = s.getAtt(&r.Properties, r.LogicalID, "StreamArn"); err != nil {
			return nil, err
		}
	}
	for _, r := range resources {
		if r.Type != "AWS::Serverless::Function" {
			continue
		}
		f, events, err := s.function(r, globals, to.roles)
		if err != nil {
			return nil, err
		}
		t.Functions = append(t.Functions, f)
		if err := s.events(&t, r.LogicalID, events, &to); err != nil {
			return nil, err
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

// events sorts the function's events by what brings them.
func (s *scope) events(t *Template, function string, events *yaml.Node, to *referred) error {
	for name, node := range pairs(events) {
		var event struct {
			Type       string    `yaml:"Type"`
			Properties yaml.Node `yaml:"Properties"`
		}
		if err := node.Decode(&event); err != nil {
			return s.errorf(node, "%w", err)
		}
		name = fmt.Sprintf("event %s of %s", name, function)
		var err error
		switch event.Type {
		case "HttpApi":
			var route Route
			route, err = s.route(name, &event.Properties, to.authorizers)
			route.Function = function
			t.Routes = append(t.Routes, route)
		case "ScheduleV2":
			var schedule Schedule
			schedule, err = s.schedule(name, &event.Properties, to.roles)
			schedule.Function = function
			t.Schedules = append(t.Schedules, schedule)
		case "DynamoDB":
			var stream Stream
			stream, err = s.stream(name, &event.Properties, to.stream)
			stream.Function = function
			t.Streams = append(t.Streams, stream)
		default:
			err = s.errorf(node, "%s is of the type %q, which is not understood here: teach it to infra/template", name, event.Type)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) route(name string, node *yaml.Node, authorizers map[string]string) (Route, error) {
	var p struct {
		Method string `yaml:"Method"`
		Path   string `yaml:"Path"`
		Auth   struct {
			Authorizer string `yaml:"Authorizer"`
		} `yaml:"Auth"`
	}
	if err := s.decode(node, &p); err != nil {
		return Route{}, err
	}
	route := Route{Method: strings.ToUpper(p.Method), Path: p.Path, Authorizer: authorizers[p.Auth.Authorizer]}
	switch {
	case route.Path == "$default":
		route.Method, route.Path = "", ""
	case route.Method == "" || !strings.HasPrefix(route.Path, "/"):
		return Route{}, s.errorf(node, "%s needs a Method and a Path that begins with /", name)
	case p.Auth.Authorizer != "" && route.Authorizer == "": // SAM local would let everybody pass
		return Route{}, s.errorf(node, "%s names the authorizer %q, which no API here has", name, p.Auth.Authorizer)
	}
	return route, nil
}
