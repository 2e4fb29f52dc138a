package portal

import "encoding/json"

var configurationShape = shapeOf(`{` + configMembers + `,
	"oauth_usage_limit": 0,
	"auto_approve": false
}`)

// maxConfigurationBytes is how long a configuration may be, its e-mails included.
const maxConfigurationBytes = 128 << 10

// Configuration is an organisation's portal configuration and its own switches of Keydesk's. It is shown as its owner wrote
// it; the members below are those that the desk itself reads.
type Configuration struct {
	ID string // empty: the organisation has none yet, and what it would have goes
	Config
	AutoApprove bool
	document    Object
}

// NewConfiguration is the configuration that a client sends. Its id and its organisation are the desk's to say.
func NewConfiguration(org, id string, sent Object) (Configuration, error) {
	d, err := readDocument("The configuration", "", sent, configurationShape)
	if err != nil {
		return Configuration{}, err
	}
	c := configurationOf(d.set("id", quote(id)).set("org_id", quote(org)))
	if len(c.document) > maxConfigurationBytes {
		return Configuration{}, Refuse(Invalid, "The configuration is %d bytes long; at most %d are kept.", len(c.document), maxConfigurationBytes)
	}
	return c, nil
}

// WithID is the configuration under an id that it had before.
func (c Configuration) WithID(id string) Configuration {
	return configurationOf(takeApart(string(c.document)).set("id", quote(id)))
}

func configurationOf(d document) Configuration {
	return Configuration{ID: d.getText("id"), Config: configOf(d), AutoApprove: d.getBool("auto_approve"), document: Object(d.text())}
}

// UnmarshalJSON reads a configuration, and completes it with what it lacks.
func (c *Configuration) UnmarshalJSON(text []byte) error {
	var sent Object
	if err := json.Unmarshal(text, &sent); err != nil {
		return err
	}
	d, err := complete("", sent, configurationShape)
	if err == nil {
		*c = configurationOf(d)
	}
	return err
}

// MarshalJSON gives the document back as it came.
func (c Configuration) MarshalJSON() ([]byte, error) { return c.document.MarshalJSON() }

// WithoutToken is the configuration for those who may not write it: the token that logs in to somebody's identity provider is
// blank.
func (c Configuration) WithoutToken() Configuration {
	if c.document != "" {
		c.document = Object(takeApart(string(c.document)).blank("dcr_options", "access_token").text())
	}
	return c
}
