package portal

import (
	"encoding/json"
	"errors"
)

var configurationShape = shapeOf(`{` + configMembers + `,
	"oauth_usage_limit": 0, "mails_a_day": 10000,
	"event_options": {"key_request_event": {"webhook": "", "email": ""}},
	"auto_approve": false, "four_eyes": false, "redirect_origins": [],
	"max_keys_per_developer": 100, "max_open_requests": 10000, "max_developers": 100000
}`)

// maxConfigurationBytes is how long a configuration may be, its e-mails included.
const maxConfigurationBytes = 128 << 10

// mostMailsADay is the highest mails_a_day that can be set.
const mostMailsADay = 1_000_000

// Configuration is an organisation's portal configuration and its own switches of Keydesk's. It is shown as its owner wrote
// it; the members below are those that the desk itself reads.
type Configuration struct {
	ID string // empty: the organisation has none yet, and what it would have goes
	Config
	AutoApprove     bool     // the schedule decides what nobody needs to be asked about
	FourEyes        bool     // nobody decides on a request of their own where its entry needs approval
	RedirectOrigins []string // where an entry may send developers
	Email           string   // of who hears of new requests
	NoticeEmail     string   // of somebody else who does
	Webhook         string   // where events are sent; empty: nowhere
	Mail            Mail
	MailsADay       int // how many mails are sent for the organisation in a day of UTC
	document        Object
}

// Mail is from whom developers hear, and in which words. Without From they hear nothing.
type Mail struct {
	FromName, From              string
	Welcome, Key, ResetPassword EmailCopy
}

// EmailCopy is what an organisation has written for one kind of mail.
type EmailCopy struct {
	Enabled                bool
	Subject, Body, SignOff string
}

// NewConfiguration is the configuration that a client sends. Its id and its organisation are the desk's to say.
func NewConfiguration(org, id string, sent Object) (Configuration, error) {
	d, err := readDocument("The configuration", sent, configurationShape)
	if err != nil {
		return Configuration{}, err
	}
	c := configurationOf(d.set("id", quote(id)).set("org_id", quote(org)))
	if len(c.document) > maxConfigurationBytes {
		return Configuration{}, Refuse(Invalid, "The configuration is %d bytes long; at most %d are kept.", len(c.document), maxConfigurationBytes)
	}
	if err := c.validate(d); err != nil {
		return Configuration{}, err
	}
	return c, nil
}

func (c *Configuration) validate(d document) error {
	if err := c.readOrigins(d); err != nil {
		return err
	}
	if err := validLimits(d); err != nil {
		return err
	}
	if c.MailsADay < 1 || c.MailsADay > mostMailsADay {
		return Refuse(Invalid, "mails_a_day: must be from 1 to %d, got %d.", mostMailsADay, c.MailsADay)
	}
	if err := c.Config.validate("", d); err != nil {
		return err
	}
	if c.Webhook != "" {
		if _, err := address("event_options.key_request_event.webhook", c.Webhook, "https", "http"); err != nil {
			return err
		}
	}
	if c.Email != "" {
		if err := ValidEmail("email", c.Email); err != nil {
			return err
		}
	}
	if c.NoticeEmail != "" {
		if err := ValidEmail("event_options.key_request_event.email", c.NoticeEmail); err != nil {
			return err
		}
	}
	if c.Mail.From != "" {
		if err := ValidEmail("mail_options.mail_from_email", c.Mail.From); err != nil {
			return err
		}
	}
	return c.Allows("", c.Config)
}

// readOrigins reads redirect_origins, and refuses what are none.
func (c *Configuration) readOrigins(d document) error {
	err := unmarshal("redirect_origins", []byte(d.get("redirect_origins")), &c.RedirectOrigins, "")
	var refusal *Error
	switch {
	case errors.As(err, &refusal):
		return err
	case err != nil:
		return Refuse(Invalid, "redirect_origins: a list of origins is expected, such as https://pay.example.")
	}
	return validOrigins("redirect_origins", c.RedirectOrigins)
}

// WithID is the configuration under an id that it had before.
func (c Configuration) WithID(id string) Configuration {
	return configurationOf(takeApart(string(c.document)).set("id", quote(id)))
}

func configurationOf(d document) Configuration {
	event := d.getObject("event_options").getObject("key_request_event")
	mail := d.getObject("mail_options")
	words := mail.getObject("email_copy")
	c := Configuration{
		ID: d.getText("id"), Config: configOf(d), AutoApprove: d.getBool("auto_approve"), FourEyes: d.getBool("four_eyes"),
		Email: d.getText("email"), NoticeEmail: event.getText("email"), Webhook: event.getText("webhook"),
		Mail: Mail{
			FromName: mail.getText("mail_from_name"), From: mail.getText("mail_from_email"),
			Welcome: emailCopy(words, "welcome_email"), Key: emailCopy(words, "key_email"), ResetPassword: emailCopy(words, "reset_password_email"),
		},
		MailsADay: d.getInt("mails_a_day"), document: Object(d.text()),
	}
	_ = json.Unmarshal([]byte(d.get("redirect_origins")), &c.RedirectOrigins) // seen by validate when it came
	return c
}

func emailCopy(words document, name string) EmailCopy {
	d := words.getObject(name)
	return EmailCopy{Enabled: d.getBool("enabled"), Subject: d.getText("subject"), Body: d.getText("body"), SignOff: d.getText("sign_off")}
}

// UnmarshalJSON reads a configuration, and completes it with what it lacks.
func (c *Configuration) UnmarshalJSON(text []byte) error {
	var sent Object
	if err := json.Unmarshal(text, &sent); err != nil {
		return err
	}
	d, err := complete(sent, configurationShape)
	if err == nil {
		*c = configurationOf(d)
	}
	return err
}

// Equal tells whether two configurations are the same document.
func (c *Configuration) Equal(other *Configuration) bool { return c.document == other.document }

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
