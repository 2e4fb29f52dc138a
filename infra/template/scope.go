package template

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// scope is what the references in the template may name, and what they stand for.
type scope struct {
	path       string
	values     map[string]string    // parameters, pseudo parameters, resources (the name of each is its logical id)
	types      map[string]string    // logical id -> type
	conditions map[string]yaml.Node // name -> what it tests
}

type parameter struct {
	Default       *string  `yaml:"Default"`
	AllowedValues []string `yaml:"AllowedValues"`
}

func newScope(path string, file *document, resources []resource, given map[string]string) (*scope, error) {
	s := &scope{path: path, types: map[string]string{}, conditions: file.Conditions, values: map[string]string{
		"AWS::AccountId": "123456789012",
		"AWS::Partition": "aws",
		"AWS::Region":    "us-east-1",
		"AWS::StackName": "keydesk",
		"AWS::URLSuffix": "amazonaws.com",
	}}
	for _, r := range resources {
		s.values[r.LogicalID], s.types[r.LogicalID] = r.LogicalID, r.Type
	}
	for name, value := range given {
		_, isParameter := file.Parameters[name]
		if _, ok := s.values[name]; !ok && !isParameter {
			return nil, fmt.Errorf("%s has no parameter %s (it has %s)", path, name, strings.Join(slices.Sorted(maps.Keys(file.Parameters)), ", "))
		}
		s.values[name] = value
	}
	for name, p := range file.Parameters {
		if _, ok := given[name]; !ok {
			if p.Default == nil {
				return nil, fmt.Errorf("%s: parameter %s has no default: give it a value", path, name)
			}
			s.values[name] = *p.Default
		}
		if value := s.values[name]; len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, value) {
			return nil, fmt.Errorf("%s: parameter %s is one of %s, not %q", path, name, strings.Join(p.AllowedValues, ", "), value)
		}
	}
	return s, nil
}

// decode fills in the references below node and stores the result in v.
func (s *scope) decode(node *yaml.Node, v any) error {
	filled, err := s.fill(node)
	if err != nil {
		return err
	}
	if err := filled.Decode(v); err != nil {
		return s.errorf(node, "%w", err)
	}
	return nil
}

// decodeWhole is decode, but refuses what v has no place for.
func (s *scope) decodeWhole(node *yaml.Node, v any) error {
	filled, err := s.fill(node)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(filled)
	if err != nil {
		return s.errorf(node, "%w", err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(v); err != nil {
		return s.errorf(node, "%w", err)
	}
	return nil
}

// fill returns a copy of node with every intrinsic function replaced by what it stands for.
func (s *scope) fill(node *yaml.Node) (*yaml.Node, error) {
	if name, argument := intrinsic(node); name != "" {
		return s.call(name, argument)
	}
	filled := *node
	filled.Content = nil
	for _, child := range node.Content {
		c, err := s.fill(child)
		if err != nil {
			return nil, err
		}
		filled.Content = append(filled.Content, c)
	}
	return &filled, nil
}

// intrinsic recognises both spellings of a function, !Name argument and {Fn::Name: argument}.
func intrinsic(node *yaml.Node) (name string, argument *yaml.Node) {
	if short, ok := strings.CutPrefix(node.Tag, "!"); ok && !strings.HasPrefix(short, "!") {
		untagged := *node
		untagged.Tag = ""
		return short, &untagged
	}
	if node.Kind == yaml.MappingNode && len(node.Content) == 2 {
		key := node.Content[0].Value
		if long, ok := strings.CutPrefix(key, "Fn::"); ok || key == "Ref" {
			return long, node.Content[1]
		}
	}
	return "", nil
}

func (s *scope) call(name string, argument *yaml.Node) (*yaml.Node, error) {
	var value string
	var err error
	switch name {
	case "Ref":
		value, err = s.ref(argument, argument.Value)
	case "Sub":
		value, err = s.sub(argument)
	case "GetAtt":
		value, err = s.attribute(argument)
	case "Join":
		value, err = s.join(argument)
	case "If":
		return s.choose(argument)
	default:
		err = s.errorf(argument, "the function %s is not understood here: teach it to infra/template", name)
	}
	if err != nil {
		return nil, err
	}
	filled := &yaml.Node{Kind: yaml.ScalarNode, Value: value, Line: argument.Line, Column: argument.Column}
	if value == "" {
		filled.Tag = "!!str" // else it would be read as null
	}
	return filled, nil
}

func (s *scope) ref(at *yaml.Node, name string) (string, error) {
	value, ok := s.values[name]
	if !ok {
		return "", s.errorf(at, "%q is no parameter, pseudo parameter or resource", name)
	}
	return value, nil
}

func (s *scope) sub(at *yaml.Node) (string, error) {
	if at.Kind != yaml.ScalarNode {
		return "", s.errorf(at, "Sub is understood with a text only, not with variables of its own")
	}
	return s.expand(at, at.Value)
}

var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

func (s *scope) expand(at *yaml.Node, text string) (string, error) {
	var failed error
	result := placeholder.ReplaceAllStringFunc(text, func(match string) string {
		var value string
		var err error
		name := match[len("${") : len(match)-len("}")]
		if id, attribute, ok := strings.Cut(name, "."); ok {
			value, err = s.getAtt(at, id, attribute)
		} else {
			value, err = s.ref(at, name)
		}
		if err != nil {
			failed = err
		}
		return value
	})
	return result, failed
}

func (s *scope) attribute(at *yaml.Node) (string, error) {
	id, attribute, _ := strings.Cut(at.Value, ".")
	if at.Kind == yaml.SequenceNode && len(at.Content) == 2 {
		id, attribute = at.Content[0].Value, at.Content[1].Value
	}
	return s.getAtt(at, id, attribute)
}

// attributes are those that the template asks for, by the type of the resource.
var attributes = map[string]map[string]string{
	"AWS::DynamoDB::Table": {
		"Arn":       "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/%s",
		"StreamArn": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/%s/stream/label",
	},
	"AWS::IAM::Role":            {"Arn": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/%s"},
	"AWS::KMS::Key":             {"Arn": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/%s"},
	"AWS::Logs::LogGroup":       {"Arn": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:%s:*"},
	"AWS::SQS::Queue":           {"Arn": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:%s"},
	"AWS::Serverless::Function": {"Arn": "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:%s"},
	"AWS::Serverless::HttpApi":  {"ApiEndpoint": "https://%s.execute-api.${AWS::Region}.${AWS::URLSuffix}"},
}

func (s *scope) getAtt(at *yaml.Node, id, attribute string) (string, error) {
	format, ok := attributes[s.types[id]][attribute]
	if !ok {
		return "", s.errorf(at, "attribute %q of %q is not understood here: there is no such resource, or teach it to infra/template", attribute, id)
	}
	return s.expand(at, fmt.Sprintf(format, s.values[id]))
}

func (s *scope) join(at *yaml.Node) (string, error) {
	if len(at.Content) != 2 {
		return "", s.errorf(at, "Join needs a separator and a list")
	}
	var parts []string
	if err := s.decode(at.Content[1], &parts); err != nil {
		return "", err
	}
	return strings.Join(parts, at.Content[0].Value), nil
}

func (s *scope) choose(at *yaml.Node) (*yaml.Node, error) {
	if len(at.Content) != 3 {
		return nil, s.errorf(at, "If needs a condition and two values")
	}
	condition, ok := s.conditions[at.Content[0].Value]
	name, operands := intrinsic(&condition)
	if !ok || name != "Equals" || len(operands.Content) != 2 {
		return nil, s.errorf(at, "the condition %q must stand under Conditions and be an Equals of two values", at.Content[0].Value)
	}
	var values []string
	if err := s.decode(operands, &values); err != nil {
		return nil, err
	}
	if values[0] == values[1] {
		return s.fill(at.Content[1])
	}
	return s.fill(at.Content[2])
}

func (s *scope) errorf(at *yaml.Node, format string, a ...any) error {
	return fmt.Errorf("%s:%d: "+format, append([]any{s.path, at.Line}, a...)...)
}

// pairs walks a mapping in the file's order.
func pairs(mapping *yaml.Node) iter.Seq2[string, *yaml.Node] {
	return func(yield func(string, *yaml.Node) bool) {
		for i := 0; i+1 < len(mapping.Content); i += 2 {
			if !yield(mapping.Content[i].Value, mapping.Content[i+1]) {
				return
			}
		}
	}
}
