package portal_test

import (
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"keydesk/shared/portal"
	"keydesk/shared/secret"
)

// shown is a hash that a key is shown by.
const shown = "cac572e018c60de0"

// asked is the request that a client of the developer's asks for.
func asked(t *testing.T, members string) (portal.Request, error) {
	t.Helper()
	return portal.NewRequest(org, input(t, `{"by_user": "`+developer+`", `+members+`}`), now)
}

func TestRequestToEditAKey(t *testing.T) {
	for members, want := range map[string]portal.Request{
		`"apply_policies": ["a", "b"]`:                             {ApplyPolicies: []string{"a", "b"}, ForPlan: "a", RemovePolicies: []string{}},
		`"for_plan": "a"`:                                          {ApplyPolicies: []string{"a"}, ForPlan: "a", RemovePolicies: []string{}},
		`"remove_policies": ["c", "d"]`:                            {ApplyPolicies: []string{}, RemovePolicies: []string{"c", "d"}},
		`"apply_policies": ["a"], "remove_policies": ["c"]`:        {ApplyPolicies: []string{"a"}, ForPlan: "a", RemovePolicies: []string{"c"}},
		`"apply_policies": ["a"], "remove_policies": []`:           {ApplyPolicies: []string{"a"}, ForPlan: "a", RemovePolicies: []string{}},
		`"apply_policies": ["a"], "for_plan": "", "for_api": "an"`: {ApplyPolicies: []string{"a"}, ForPlan: "a", RemovePolicies: []string{}},
	} {
		r, err := asked(t, `"key": "`+shown+`", `+members)
		if err != nil || r.Key != shown || r.ForPlan != want.ForPlan || !slices.Equal(r.ApplyPolicies, want.ApplyPolicies) ||
			!slices.Equal(r.RemovePolicies, want.RemovePolicies) || r.State != portal.Pending {
			t.Errorf("%s: %+v, %v", members, r, err)
		}
		if text := written(t, r); strings.Contains(text, `policies":null`) {
			t.Errorf("%s: written as %s", members, text)
		}
	}
}

func TestRequestToEditIsRefused(t *testing.T) {
	const noName, key = "key is not the hash that a key is shown by;", `"key": "` + shown + `", `
	for members, words := range map[string]string{
		key + `"version": "v2"`:                                  "key is to be edited; name policies in apply_policies to add,",
		key + `"apply_policies": [], "remove_policies": []`:      "key is to be edited;",
		key + `"for_api": "an"`:                                  "key is to be edited;",
		`"remove_policies": ["a"]`:                               "remove_policies takes policies from a key;",
		`"key": "", "remove_policies": ["a"]`:                    "remove_policies takes policies from a key;",
		`"apply_policies": ["a"], "remove_policies": ["b"]`:      "remove_policies takes policies from a key;",
		key + `"remove_policies": ["a", "a"]`:                    "remove_policies names the policy a twice;",
		key + `"remove_policies": ["a#b"]`:                       `remove_policies: "a#b" cannot be a policy's id;`,
		key + `"remove_policies": ` + policies(21):               "remove_policies names 21 policies; at most 20 are taken.",
		key + `"apply_policies": ` + policies(21):                "apply_policies names 21 policies;",
		`"key": "no hash", "apply_policies": ["a"]`:              noName,
		`"key": "CAC572E018C60DE0", "apply_policies": ["a"]`:     noName,
		`"key": "` + rawKey + `", "apply_policies": ["a"]`:       noName,
		`"key": "0` + fingerprint + `", "apply_policies": ["a"]`: noName,
		`"key": "a#b", "apply_policies": ["a"]`:                  noName,
	} {
		_, err := asked(t, members)
		refused(t, members, err, portal.Invalid, words)
		if err != nil && strings.Contains(err.Error(), rawKey[:20]) {
			t.Errorf("the refusal quotes the key: %v", err)
		}
	}
	if _, err := asked(t, key+`"apply_policies": `+policies(20)+`, "remove_policies": `+policies(20)); err != nil {
		t.Errorf("as many policies as are taken: %v", err)
	}
}

// rawKey is what people paste who do not know the hash of their key.
const rawKey = "eyJvcmciOiI1ZTlkOTU0NGExZGNkNjAwMDFkMGVkMjAiLCJpZCI6ImQ0NzIzOWUxMjg3NTRjMGM5MTQ4MzYzMjg2YjhlZDQ2IiwiaCI6Im11cm11cjY0In0="

// rawOrgID is the same of an older key, which has digits only as hashes have.
const rawOrgID = "53ac07777cbb8c2d5300000215811f02c21540dd5257eb68d3d73f35"

// policies is a list of so many.
func policies(n int) string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf(`"p%d"`, i))
	}
	return "[" + strings.Join(ids, ",") + "]"
}

func TestReviseARequestToEdit(t *testing.T) {
	before, err := asked(t, `"key": "`+shown+`", "apply_policies": ["a"], "remove_policies": ["c"]`)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][2][]string{ // to apply, and to remove
		`{}`:                              {{"a"}, {"c"}},
		`{"key": "` + shown + `"}`:        {{"a"}, {"c"}},
		`{"key": ""}`:                     {{"a"}, {"c"}},
		`{"apply_policies": ["b"]}`:       {{"b"}, {"c"}},
		`{"remove_policies": ["d", "e"]}`: {{"a"}, {"d", "e"}},
		`{"remove_policies": []}`:         {{"a"}, {}},
		`{"remove_policies": null}`:       {{"a"}, {"c"}},
	} {
		got, err := before.Revise(input(t, text))
		if err != nil || got.Key != shown || !slices.Equal(got.ApplyPolicies, want[0]) || got.ForPlan != want[0][0] || !slices.Equal(got.RemovePolicies, want[1]) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	_, err = before.Revise(input(t, `{"key": "cac572e018c60de1"}`))
	refused(t, "another key", err, portal.Invalid, "key cannot be changed;")
	plain, err := asked(t, `"apply_policies": ["a"]`)
	if err != nil {
		t.Fatal(err)
	}
	for text, words := range map[string]string{
		`{"key": "` + shown + `"}`:   "key cannot be changed;",
		`{"remove_policies": ["c"]}`: "remove_policies takes policies from a key,",
		`{"remove_policies": ["#"]}`: "remove_policies: ",
		`{"key": "` + rawKey + `"}`:  "key is not the hash",
	} {
		_, err := plain.Revise(input(t, text))
		refused(t, text, err, portal.Invalid, words)
	}
}

func TestValidKeyName(t *testing.T) {
	for name, want := range map[string]bool{
		shown: true, "90568dfa": true, developer: true, fingerprint: true, strings.Repeat("0", 32): true,
		"": false, "0": false, "90568df": false, "90568dfa0": false, rawOrgID: false, fingerprint[:63]: false, fingerprint + "0": false, "CAC572E0": false, "cac572e g": false, "cac572e\n": false, rawKey: false, "#": false, "é": false,
	} {
		if got := portal.ValidKeyName(name); got != want {
			t.Errorf("ValidKeyName(%q) = %t", name, got)
		}
	}
}

// A public key is kept in its one dress, and gone when the client empties it. What is none is neither kept nor quoted.
func TestPublicKeyOfARequest(t *testing.T) {
	public := pkix(t, ecOf(t, elliptic.P256()).Public())
	r, err := asked(t, `"for_plan": "p", "jwt_secret": `+string(must[[]byte](t)(json.Marshal("\n"+public+"\n"))))
	if err != nil || r.JWTSecret != public {
		t.Fatalf("%v, kept %s", err, r.JWTSecret)
	}
	for text, want := range map[string]string{`{}`: public, `{"jwt_secret": null}`: public, `{"jwt_secret": ""}`: ""} {
		if got, err := r.Revise(input(t, text)); err != nil || got.JWTSecret != want {
			t.Errorf("%s: %v, kept %s", text, err, got.JWTSecret)
		}
	}
	const shared = "correct horse battery staple"
	private := inPEM("EC PRIVATE KEY", must[[]byte](t)(x509.MarshalECPrivateKey(ecOf(t, elliptic.P256()))))
	for _, sent := range []string{shared, private, strings.Repeat(shared, 600)} {
		in := portal.RequestInput{ByUser: new(developer), ForPlan: new("p"), JWTSecret: &portal.SentKey{Value: secret.New(sent)}}
		_, created := portal.NewRequest(org, &in, now)
		refused(t, sent[:20]+" in a new one", created, portal.Invalid, "jwt_secret")
		got, revised := r.Revise(&portal.RequestInput{JWTSecret: in.JWTSecret})
		refused(t, sent[:20]+" in an older one", revised, portal.Invalid, "jwt_secret")
		for _, text := range []string{fmt.Sprint(created), fmt.Sprint(revised), fmt.Sprintf("%+v", in), got.JWTSecret} {
			if quotes(text, sent) {
				t.Errorf("it is quoted: %s", text)
			}
		}
	}
}

// A certificate is kept by its fingerprint, which is kept as it was sent. People send the whole file, and with it what must not be kept.
func TestCertificateOfARequest(t *testing.T) {
	private := ecOf(t, elliptic.P256())
	text, _ := certificateOf(t, private)
	digest, err := portal.Fingerprint(org, text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := asked(t, `"for_plan": "p", "certificate": `+string(must[[]byte](t)(json.Marshal(text))))
	if err != nil || r.Certificate != digest {
		t.Fatalf("%v, kept %s", err, r.Certificate)
	}
	for _, sent := range []string{fingerprint, withColons(), org + withColons(), "sha256 Fingerprint=" + withColons(), ""} {
		if got, err := r.Revise(input(t, `{"certificate": "`+sent+`"}`)); err != nil || got.Certificate != sent {
			t.Errorf("%s: %v, kept %s", sent, err, got.Certificate)
		}
	}
	for _, sent := range []string{"c", " ", fingerprint[1:], strings.Repeat("0", 4<<10)} {
		_, err := r.Revise(&portal.RequestInput{Certificate: &sent})
		refused(t, sent[:1], err, portal.Invalid, "certificate: send the SHA-256 fingerprint")
	}
	for _, kind := range []string{"EC PRIVATE KEY", "PRIVATE KEY", "RSA PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "OPENSSH PRIVATE KEY"} {
		secret := inPEM(kind, must[[]byte](t)(x509.MarshalECPrivateKey(private)))
		for _, sent := range []string{text + secret, secret + text, secret, strings.ReplaceAll(text+secret, "\n", " ")} {
			_, created := portal.NewRequest(org, &portal.RequestInput{ByUser: new(developer), ForPlan: new("p"), Certificate: &sent}, now)
			refused(t, kind, created, portal.Invalid, "certificate: there is a private key in it, and it was not stored;")
			_, revised := r.Revise(&portal.RequestInput{Certificate: &sent})
			refused(t, kind, revised, portal.Invalid, "certificate: there is a private key in it, and it was not stored;")
			if quotes(fmt.Sprint(created, revised), sent) {
				t.Errorf("it is quoted: %v, %v", created, revised)
			}
		}
	}
}
