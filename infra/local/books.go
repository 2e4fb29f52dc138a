package main

import "keydesk/shared/portal"

// The organisation's configuration counts where an entry of the catalogue does not override it. A request that nobody decides is reminded
// of after two days, and expires after thirty.
const configuration = `{
	"signup_fields": [], "key_request_fields": ["usecase"],
	"require_key_approval": true, "secure_key_approval": false, "enable_multi_selection": true,
	"redirect_on_key_request": false, "redirect_to": "", "redirect_origins": ["https://pay.orchard.example"], "oauth_usage_limit": 0,
	"remind_after": 172800, "expire_after": 2592000, "rules": [],
	"disable_login": false, "disable_signup": false, "disable_auto_login": false, "catalogue_login_only": false,
	"email": "api@orchard.example", "override": false, "auto_approve": true, "four_eyes": false,
	"mail_options": {
		"mail_from_name": "Orchard Bank", "mail_from_email": "keys@orchard.example",
		"email_copy": {
			"welcome_email": {"enabled": false, "subject": "", "body": "", "sign_off": ""},
			"reset_password_email": {"enabled": false, "subject": "", "body": "", "sign_off": ""},
			"key_email": {
				"enabled": true, "subject": "Your key is ready",
				"body": "Hello, and thank you for building with Orchard Bank. Your request was approved.",
				"sign_off": "The API team of Orchard Bank"
			}
		}
	}
}`

var policies = []portal.Object{
	`{"_id": "` + payments + `", "name": "Payments", "active": true, "is_inactive": false,
		"rate": 20, "per": 1, "quota_max": 100000, "quota_renewal_rate": 86400, "key_expires_in": 31536000}`,
	`{"_id": "` + rates + `", "name": "Exchange rates", "active": true, "is_inactive": false,
		"rate": 5, "per": 1, "quota_max": 1000, "quota_renewal_rate": 86400, "key_expires_in": 0}`,
	`{"_id": "` + accounts + `", "name": "Accounts", "active": true, "is_inactive": false,
		"rate": 10, "per": 1, "quota_max": 20000, "quota_renewal_rate": 86400, "key_expires_in": 7776000}`,
	`{"_id": "` + records + `", "name": "Records", "active": true, "is_inactive": false,
		"rate": 1, "per": 60, "quota_max": -1, "quota_renewal_rate": 86400, "key_expires_in": 0}`,
	`{"_id": "` + live + `", "name": "Live rates", "active": true, "is_inactive": false,
		"rate": 100, "per": 1, "quota_max": -1, "quota_renewal_rate": 86400, "key_expires_in": 2592000}`,
	`{"_id": "` + cards + `", "name": "Cards", "active": true, "is_inactive": false,
		"rate": 10, "per": 1, "quota_max": 10000, "quota_renewal_rate": 86400, "key_expires_in": 31536000}`,
	`{"_id": "` + treasury + `", "name": "Treasury", "active": true, "is_inactive": false,
		"rate": 5, "per": 1, "quota_max": 5000, "quota_renewal_rate": 86400, "key_expires_in": 31536000}`,
	`{"_id": "` + clearing + `", "name": "Clearing", "active": true, "is_inactive": false,
		"rate": 50, "per": 1, "quota_max": -1, "quota_renewal_rate": 86400, "key_expires_in": 31536000}`,
}

// The catalogue, in the order in which a portal shows it.
const catalogue = `{"email": "api@orchard.example", "apis": [
	{
		"name": "Payments API", "short_description": "Take payments from an Orchard account.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + payments + `", "version": "v2", "is_keyless": false,
		"auth_type": "authToken", "fields": {}, "config": {"override": false}
	},
	{
		"name": "Exchange rates API", "short_description": "Today's rates. For everybody.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + rates + `", "version": "v2", "is_keyless": false,
		"auth_type": "authToken", "fields": {},
		"config": {"override": true, "require_key_approval": false, "enable_multi_selection": true, "key_request_fields": ["usecase"],
			"remind_after": 86400, "expire_after": 1209600,
			"rules": [
				{"name": "who sells them on", "when": {"field": {"usecase": ["resale", "price comparison"]}}, "outcome": "ask",
					"reason": "We would like to talk to you first: rates that are sold on need a contract."}
			]}
	},
	{
		"name": "Accounts API", "short_description": "Read an account and its movements, with its owner's consent.",
		"long_description": "", "show": true, "api_id": "", "policy_id": "` + accounts + `", "version": "v2",
		"is_keyless": false, "auth_type": "authToken", "fields": {},
		"config": {"override": true, "require_key_approval": true, "enable_multi_selection": false,
			"key_request_fields": ["usecase"]}
	},
	{
		"name": "Records API", "short_description": "Last year's statements, for accounting programs.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + records + `", "version": "v2", "is_keyless": false,
		"auth_type": "basic", "fields": {}, "config": {"override": false}
	},
	{
		"name": "Live rates API", "short_description": "Rates as they change. You subscribe first.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + live + `", "version": "v2", "is_keyless": false,
		"auth_type": "authToken", "fields": {},
		"config": {"override": true, "require_key_approval": true, "enable_multi_selection": true, "key_request_fields": [],
			"redirect_on_key_request": true, "redirect_to": "https://pay.orchard.example/subscribe",
			"callback_within": 3600, "callback_default": "decline"}
	},
	{
		"name": "Cards API", "short_description": "Show customers their cards. Your app is an OAuth client.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + cards + `", "version": "v2", "is_keyless": false,
		"auth_type": "oauth", "fields": {},
		"config": {"override": true, "require_key_approval": false, "enable_multi_selection": true, "oauth_usage_limit": 5,
			"key_request_fields": []}
	},
	{
		"name": "Treasury API", "short_description": "Move money between your accounts. Your app signs its own tokens (JWT).", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + treasury + `", "version": "v2", "is_keyless": false,
		"auth_type": "jwt", "fields": {},
		"config": {"override": true, "require_key_approval": false, "enable_multi_selection": true, "key_request_fields": []}
	},
	{
		"name": "Clearing API", "short_description": "Settle between banks. Your app shows a client certificate.", "long_description": "",
		"show": true, "api_id": "", "policy_id": "` + clearing + `", "version": "v2", "is_keyless": false,
		"auth_type": "mutualTLS", "fields": {},
		"config": {"override": true, "require_key_approval": false, "enable_multi_selection": true, "key_request_fields": []}
	}
]}`
