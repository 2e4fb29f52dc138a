package main

import (
	"strings"
	"testing"
)

// TestDeliverable sends addresses where deliver would never go, and some where it would.
func TestDeliverable(t *testing.T) {
	t.Parallel()
	const https, host = ": send an address that begins with https://.", " is not a public host, and no event would be sent there;"
	for address, words := range map[string]string{
		"": "", "https://hooks.example/x?y": "", "https://hooks.example.:8443/": "", "https://8.8.8.8/": "", "https://[2606:4700:4700::1111]/": "",
		"HTTPS://hooks.example": "", "https://local.example/": "", "https://1.example": "",
		"http://hooks.example": https, "HTTP://hooks.example": https, "http://169.254.169.254/": https,
		"https://169.254.169.254/": host, "https://127.0.0.1:8443/": host, "https://10.1.2.3": host, "https://172.16.0.1": host, "https://192.168.1.1": host,
		"https://100.64.0.1": host, "https://0.0.0.0": host, "https://224.0.0.1": host, "https://255.255.255.255": host,
		"https://[::1]/": host, "https://[fe80::1]/": host, "https://[fd00::1]/": host, "https://[::ffff:169.254.169.254]/": host, "https://[::]/": host,
		"https://[64:ff9b::a9fe:a9fe]/": host,
		"https://2852039166/":           host, "https://0xa9fea9fe/": host, "https://127.1/": host, "https://0x7f.0.0.1/": host, "https://0177.0.0.1/": host,
		"https://127.0.0.0x1/": host, "https://localhost": host, "https://LOCALHOST.:443": host, "https://a.localhost": host, "https://metadata": host,
		"https://metadata.google.internal/": host, "https://printer.local": host,
	} {
		err := deliverable(address)
		if words == "" && err != nil || words != "" && (err == nil || !strings.Contains(err.Error(), webhookField) || !strings.Contains(err.Error(), words)) {
			t.Errorf("%s: %v, want %q", address, err, words)
		}
	}
}
