package main

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	"code.dny.dev/ssrf"

	"keydesk/shared/portal"
)

const webhookField = "event_options.key_request_event.webhook"

// deliverable refuses an address to which no event would ever be sent: deliver sends by https alone, and to public addresses alone.
// What a name leads to is seen there, each time.
func deliverable(webhook string) error {
	if webhook == "" {
		return nil
	}
	to, err := url.Parse(webhook)
	if err != nil || to.Scheme != "https" {
		return portal.Refuse(portal.Invalid, webhookField+": send an address that begins with https://.")
	}
	if !public(to.Hostname()) {
		return portal.Refuse(portal.Invalid, webhookField+": %q is not a public host, and no event would be sent there; send one that the internet reaches.", to.Hostname())
	}
	return nil
}

// public tells whether a host may be one of the internet's. Deliver's own guard judges IP addresses.
func public(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		network := "tcp4"
		if ip.Is6() {
			network = "tcp6"
		}
		return ssrf.New(ssrf.WithAnyPort()).Safe(network, net.JoinHostPort(host, "443"), nil) == nil
	}
	labels := strings.Split(strings.ToLower(strings.TrimSuffix(host, ".")), ".")
	switch last := labels[len(labels)-1]; {
	case len(labels) == 1: // localhost, a name of a local network, or an IP address as one number
		return false
	case last == "localhost" || last == "local" || last == "internal": // RFC 6761, RFC 6762, and reserved by ICANN
		return false
	default:
		return !isNumber(last) // 127.1, 0x7f.0.0.1: some programs read an IP address there
	}
}

func isNumber(label string) bool {
	return strings.Trim(label, "0123456789") == "" || strings.HasPrefix(label, "0x")
}
