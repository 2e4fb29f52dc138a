package portal

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
)

// Refusals of chains, and of a CA's certificate in the place of a client's.
var (
	errOnlyCA = Refuse(Invalid, "certificate: this is a CA's certificate, which signs those of clients; send the client's own, or its SHA-256 fingerprint.")
	errNoLeaf = Refuse(Invalid, "certificate: more than one of the certificates may be the client's; send that one alone, or its SHA-256 fingerprint.")
)

// chained is what of a certificate says where it stands in a chain. The rest is not for here: who speaks TLS with its holder reads it,
// and takes some that Go does not.
type chained struct {
	Signed struct {
		Version                   int `asn1:"optional,explicit,default:0,tag:0"`
		Serial, Algorithm         asn1.RawValue
		Issuer, Validity, Subject asn1.RawValue
		PublicKey                 asn1.RawValue
		IssuerID                  asn1.BitString   `asn1:"optional,tag:1"`
		SubjectID                 asn1.BitString   `asn1:"optional,tag:2"`
		Extensions                []pkix.Extension `asn1:"optional,explicit,tag:3"`
	}
	Algorithm asn1.RawValue
	Signature asn1.BitString
}

// isCertificate tells whether DER has the shape of one.
func isCertificate(der []byte) bool {
	var certificate struct {
		Signed, Algorithm asn1.RawValue
		Signature         asn1.BitString
	}
	rest, err := asn1.Unmarshal(der, &certificate)
	return err == nil && len(rest) == 0
}

// leafOf finds the client's own certificate in a chain, whatever its order: it is no CA's, and signs no other. One that is alone and
// cannot be read so far is taken: it says nothing that speaks against it.
func leafOf(chain [][]byte) ([]byte, error) {
	chain = slices.CompactFunc(slices.SortedFunc(slices.Values(chain), bytes.Compare), bytes.Equal)
	read := make([]chained, len(chain))
	for i, der := range chain {
		_, _ = asn1.Unmarshal(der, &read[i])
	}
	var leaves [][]byte
	for i, der := range chain {
		signs := func(other chained) bool {
			return bytes.Equal(other.Signed.Issuer.FullBytes, read[i].Signed.Subject.FullBytes)
		}
		if !read[i].isCA() && !slices.ContainsFunc(slices.Delete(slices.Clone(read), i, i+1), signs) {
			leaves = append(leaves, der)
		}
	}
	switch {
	case len(leaves) == 1:
		return leaves[0], nil
	case len(leaves) == 0 && !slices.ContainsFunc(read, func(c chained) bool { return !c.isCA() }):
		return nil, errOnlyCA
	}
	return nil, errNoLeaf
}

// isCA tells whether a certificate says that it is a CA's (RFC 5280, 4.2.1.9).
func (c *chained) isCA() bool { return slices.ContainsFunc(c.Signed.Extensions, saysCA) }

func saysCA(e pkix.Extension) bool {
	basicConstraints := asn1.ObjectIdentifier{2, 5, 29, 19}
	var constraints struct {
		CA      bool `asn1:"optional"`
		PathLen int  `asn1:"optional,default:-1"`
	}
	_, err := asn1.Unmarshal(e.Value, &constraints)
	return e.Id.Equal(basicConstraints) && err == nil && constraints.CA
}
