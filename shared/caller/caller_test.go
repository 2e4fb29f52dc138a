package caller_test

import (
	"strings"
	"testing"

	"keydesk/shared/caller"
	"keydesk/shared/portal"
)

const org = "5e9d9544a1dcd60001d0ed20"

func TestParse(t *testing.T) {
	const credential = "kd_" + org + "_reviewerreviewerreviewerreviewerreviewerreviewerrev2"
	want := caller.Presented{Org: org, Hash: caller.Hash(credential)}
	for _, header := range []string{credential, " " + credential + "\t", "Bearer " + credential, "bearer  " + credential, "BEARER " + credential} {
		if got, ok := caller.Parse(header); !ok || got != want {
			t.Errorf("Parse(%q) = %v, %v", header, got, ok)
		}
	}
	for name, header := range map[string]string{
		"nothing":                  "",
		"white space":              "   ",
		"a scheme alone":           "Bearer ",
		"another scheme":           "Basic " + credential,
		"a scheme twice":           "Bearer bearer " + credential,
		"a scheme without a space": "Bearer" + credential,
		"Tyk's own":                "7a7b140f-2480-4d5a-4e78-24049e3ba7f8",
		"too short":                credential[:79],
		"too long":                 credential + "a",
		"another prefix":           "ke" + credential[2:],
		"no organisation":          "kd_" + strings.Repeat("_", 24) + credential[27:],
		"organisation of letters":  "kd_" + strings.Repeat("x", 24) + credential[27:],
		"upper case":               strings.ToUpper(credential),
		"chance with a 1":          credential[:79] + "1",
		"chance with a key's mark": credential[:79] + "#",
		"chance with an underline": credential[:40] + "_" + credential[41:],
		"two lines":                credential[:79] + "\n",
		"a line break after it":    credential + "\n",
		"a space of no header's":   "\u00a0" + credential,
	} {
		if got, ok := caller.Parse(header); ok {
			t.Errorf("%s: Parse(%q) = %v", name, header, got)
		}
	}
}

func TestMint(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		minted, hash := caller.Mint(org)
		credential := minted.Reveal()
		presented, ok := caller.Parse(credential)
		if !ok || presented.Org != org || presented.Hash != hash || hash != caller.Hash(credential) {
			t.Fatalf("a minted credential is read as %v, %v", presented, ok)
		}
		if len(presented.Hash) != 64 || strings.Contains(presented.Hash, credential[28:40]) {
			t.Fatalf("hash %s", presented.Hash)
		}
		seen[credential] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d of 1,000 credentials were minted twice", 1000-len(seen))
	}
}

// However often a credential is rotated, its holder is the same.
func TestHolder(t *testing.T) {
	first := caller.Caller{Credential: "the first"}
	third := caller.Caller{Credential: "the third", First: first.Holder()}
	other := caller.Caller{Credential: "another's"}
	if third.Holder() != "the first" || first.Holder() != "the first" || other.Holder() != "another's" {
		t.Errorf("%s, %s, %s", first.Holder(), third.Holder(), other.Holder())
	}
}

// FuzzParse holds that whatever is taken for a credential is the one spelling of it that its hash is of.
func FuzzParse(f *testing.F) {
	f.Add("kd_" + org + "_" + strings.Repeat("a", 52))
	f.Add("Bearer kd_" + org + "_" + strings.Repeat("7", 52))
	f.Add("kd__")
	f.Fuzz(func(t *testing.T, header string) {
		presented, ok := caller.Parse(header)
		if !ok {
			return
		}
		_, text, _ := strings.Cut(header, "kd_")
		credential := "kd_" + text[:min(len(text), 77)]
		if presented.Hash != caller.Hash(credential) || !portal.ValidID(presented.Org) || presented.Org != credential[3:27] {
			t.Errorf("%q is read as %v", header, presented)
		}
	})
}
