package trust

import (
	"bytes"
	"crypto/x509"
	"maps"

	"balcao/kiosk/trust/icao"
)

// spelling gives crypto/x509 each name of a CA in one spelling. It compares names byte by byte, but a name is the same in
// another kind of string, in other case or spacing (RFC 5280 §7.1), and authorities write theirs in one way in their own
// certificates and in another in those that they issue.
type spelling struct {
	names     map[string][]byte                       // DER, by folded name
	originals map[*x509.Certificate]*x509.Certificate // of the certificates that were respelled
}

func newSpelling() spelling {
	return spelling{names: make(map[string][]byte), originals: make(map[*x509.Certificate]*x509.Certificate)}
}

func (s spelling) clone() spelling {
	return spelling{names: maps.Clone(s.names), originals: maps.Clone(s.originals)}
}

// learn keeps the first spelling of each CA's name.
func (s spelling) learn(cas ...*x509.Certificate) {
	for _, ca := range cas {
		if folded, ok := icao.FoldName(ca.RawSubject); ok && s.names[folded] == nil {
			s.names[folded] = ca.RawSubject
		}
	}
}

// respell returns a certificate with the learnt spelling of its names. Its signed bytes are not touched.
func (s spelling) respell(c *x509.Certificate) *x509.Certificate {
	issuer, subject := s.known(c.RawIssuer), s.known(c.RawSubject)
	if bytes.Equal(issuer, c.RawIssuer) && bytes.Equal(subject, c.RawSubject) {
		return c
	}
	respelled := *c
	respelled.RawIssuer, respelled.RawSubject = issuer, subject
	s.originals[&respelled] = c
	return &respelled
}

func (s spelling) known(name []byte) []byte {
	if folded, ok := icao.FoldName(name); ok && s.names[folded] != nil {
		return s.names[folded]
	}
	return name
}

// restore puts the certificates of a chain back as they were.
func (s spelling) restore(chain []*x509.Certificate) []*x509.Certificate {
	for i, c := range chain {
		if original := s.originals[c]; original != nil {
			chain[i] = original
		}
	}
	return chain
}
