package template

import "go.yaml.in/yaml/v3"

type apiProperties struct {
	Auth struct {
		DefaultAuthorizer string    `yaml:"DefaultAuthorizer"`
		Authorizers       yaml.Node `yaml:"Authorizers"`
	} `yaml:"Auth"`
}

type authorizerProperties struct {
	FunctionArn                      string         `yaml:"FunctionArn"`
	AuthorizerPayloadFormatVersion   string         `yaml:"AuthorizerPayloadFormatVersion"`
	EnableSimpleResponses            bool           `yaml:"EnableSimpleResponses"`
	EnableFunctionDefaultPermissions bool           `yaml:"EnableFunctionDefaultPermissions"`
	Identity                         map[string]any `yaml:"Identity"`
}

// authorizers reads which function stands behind each authorizer of the HTTP API, by the authorizer's name.
func (s *scope) authorizers(resources []resource) (map[string]string, error) {
	functions := map[string]string{} // by ARN
	for _, r := range resources {
		if r.Type != "AWS::Serverless::Function" {
			continue
		}
		arn, err := s.getAtt(&r.Properties, r.LogicalID, "Arn")
		if err != nil {
			return nil, err
		}
		functions[arn] = r.LogicalID
	}
	named := map[string]string{}
	for _, r := range resources {
		if r.Type != "AWS::Serverless::HttpApi" {
			continue
		}
		var api apiProperties
		if err := s.decode(&r.Properties, &api); err != nil {
			return nil, err
		}
		if api.Auth.DefaultAuthorizer != "" {
			return nil, s.errorf(&r.Properties, "%s has a DefaultAuthorizer: name the authorizer at each route that has one", r.LogicalID)
		}
		for name, node := range pairs(&api.Auth.Authorizers) {
			arn, err := s.authorizer(name, node)
			if err != nil {
				return nil, err
			}
			if named[name] = functions[arn]; named[name] == "" {
				return nil, s.errorf(node, "authorizer %s needs the Arn of a function of this template", name)
			}
		}
	}
	return named, nil
}

// authorizer gives the ARN of the function. It refuses what infra/gateway does not play: other payloads, sources of identity without
// which the function is not asked, answers that are kept.
func (s *scope) authorizer(name string, node *yaml.Node) (arn string, err error) {
	var p authorizerProperties
	if err := s.decode(node, &p); err != nil {
		return "", err
	}
	if p.AuthorizerPayloadFormatVersion != "2.0" || !p.EnableSimpleResponses || !p.EnableFunctionDefaultPermissions {
		return "", s.errorf(node, "authorizer %s: only payload 2.0, simple responses and the default permissions are understood here", name)
	}
	if len(p.Identity) != 1 || p.Identity["ReauthorizeEvery"] != 0 {
		return "", s.errorf(node, "authorizer %s: only the Identity {ReauthorizeEvery: 0} is understood here", name)
	}
	return p.FunctionArn, nil
}
