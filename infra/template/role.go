package template

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

type roleProperties struct {
	ManagedPolicyArns []string `yaml:"ManagedPolicyArns"`
	Policies          []struct {
		PolicyDocument struct {
			Statement []struct {
				Effect    string                          `yaml:"Effect"`
				Action    oneOrMore                       `yaml:"Action"`
				Resource  oneOrMore                       `yaml:"Resource"`
				Condition map[string]map[string]oneOrMore `yaml:"Condition"`
			} `yaml:"Statement"`
		} `yaml:"PolicyDocument"`
	} `yaml:"Policies"`
}

// roles reads what each role allows, by its ARN.
func (s *scope) roles(resources []resource) (map[string][]Statement, error) {
	roles := map[string][]Statement{}
	for _, r := range resources {
		if r.Type != "AWS::IAM::Role" {
			continue
		}
		arn, err := s.getAtt(&r.Properties, r.LogicalID, "Arn")
		if err != nil {
			return nil, err
		}
		if roles[arn], err = s.statements(r); err != nil {
			return nil, err
		}
	}
	return roles, nil
}

// statements refuses what would allow or deny something that a Statement does not show.
func (s *scope) statements(r resource) ([]Statement, error) {
	var p roleProperties
	if err := s.decode(&r.Properties, &p); err != nil {
		return nil, err
	}
	if len(p.ManagedPolicyArns) > 0 {
		return nil, fmt.Errorf("%s:%d: role %s has a managed policy: write its permissions into the template", s.path, r.Properties.Line, r.LogicalID)
	}
	var all []Statement
	for _, policy := range p.Policies {
		for _, statement := range policy.PolicyDocument.Statement {
			if statement.Effect != "Allow" {
				return nil, fmt.Errorf("%s:%d: role %s has a statement whose Effect is %q: only Allow is understood here",
					s.path, r.Properties.Line, r.LogicalID, statement.Effect)
			}
			conditions := map[string][]string{}
			for _, tests := range statement.Condition {
				for key, values := range tests {
					conditions[key] = values
				}
			}
			all = append(all, Statement{Actions: statement.Action, Resources: statement.Resource, Conditions: conditions})
		}
	}
	return all, nil
}

// oneOrMore is a list that IAM lets one write without brackets when it has one member.
type oneOrMore []string

func (o *oneOrMore) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		*o = oneOrMore{node.Value}
		return nil
	}
	return node.Decode((*[]string)(o))
}
