package trust

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/icao"
)

// CRL entry reasons (RFC 5280 §5.3.1).
const (
	reasonHold          = 6
	reasonRemoveFromCRL = 8
)

var oidIssuingDistributionPoint = asn1.ObjectIdentifier{2, 5, 29, 28}

// revocationList is a verified CRL boiled down to what is asked of it.
type revocationList struct {
	revoked    map[string]int // reason by serial number, big-endian
	scope      scope
	thisUpdate time.Time
	nextUpdate time.Time
}

// scope is which certificates a CRL speaks of (RFC 5280 §5.2.5).
type scope struct {
	points   []string // distribution points it was made for; empty when not stated
	onlyUser bool
	onlyCA   bool
}

// askCRL looks a certificate up in its issuer's CRL.
func (r *Revocation) askCRL(ctx context.Context, address string, cert, issuer *x509.Certificate) (Answer, error) {
	list, err := r.list(ctx, address, issuer)
	if err != nil {
		return Answer{}, err
	}
	if !list.scope.covers(cert, address) {
		return Answer{}, errors.New("the list does not speak of such certificates")
	}
	reason, listed := list.revoked[string(cert.SerialNumber.Bytes())]
	return Answer{
		Status: StatusOf(reason, listed), Method: MethodCRL, Source: fetch.Host(address),
		ThisUpdate: list.thisUpdate, NextUpdate: list.nextUpdate,
	}, nil
}

// StatusOf is what a CRL's entry says, or with listed false that there is none.
func StatusOf(reason int, listed bool) Status {
	switch {
	case !listed || reason == reasonRemoveFromCRL:
		return Good
	case reason == reasonHold:
		return Suspended
	}
	return Revoked
}

// list returns a CRL from memory or from its address.
func (r *Revocation) list(ctx context.Context, address string, issuer *x509.Certificate) (*revocationList, error) {
	key := fingerprintOf(issuer)
	return r.lists.Get(ctx, r.HTTP, address, string(key[:]), r.now(), func(body []byte) (*revocationList, time.Time, time.Time, error) {
		list, err := verifyCRL(body, issuer)
		if err != nil {
			return nil, time.Time{}, time.Time{}, err
		}
		return list, list.thisUpdate, list.nextUpdate, nil
	})
}

// verifyCRL parses a CRL and checks that the issuer itself signed it and that every part of it that must be
// understood is.
func verifyCRL(der []byte, issuer *x509.Certificate) (*revocationList, error) {
	crl, err := x509.ParseRevocationList(der)
	if err != nil {
		return nil, fmt.Errorf("reading the list: %w", err)
	}
	if !icao.SameName(crl.RawIssuer, issuer.RawSubject) {
		return nil, errors.New("the list is another CA's")
	}
	if err := crl.CheckSignatureFrom(issuer); err != nil {
		return nil, fmt.Errorf("the list's signature: %w", err)
	}
	if crl.NextUpdate.IsZero() {
		return nil, errors.New("the list does not say how long it holds")
	}
	list := &revocationList{
		revoked:    make(map[string]int, len(crl.RevokedCertificateEntries)),
		thisUpdate: crl.ThisUpdate, nextUpdate: crl.NextUpdate,
	}
	for _, extension := range crl.Extensions {
		switch {
		case extension.Id.Equal(oidIssuingDistributionPoint):
			if list.scope, err = parseScope(extension.Value); err != nil {
				return nil, err
			}
		case extension.Critical: // delta CRLs among them (RFC 5280 §5.2.4)
			return nil, fmt.Errorf("the list has an unknown critical extension %v", extension.Id)
		}
	}
	for _, entry := range crl.RevokedCertificateEntries {
		for _, extension := range entry.Extensions {
			if extension.Critical { // certificateIssuer of an indirect CRL (§5.3.3)
				return nil, fmt.Errorf("the list has an entry with a critical extension %v", extension.Id)
			}
		}
		if entry.ReasonCode != reasonRemoveFromCRL {
			list.revoked[string(entry.SerialNumber.Bytes())] = entry.ReasonCode
		}
	}
	return list, nil
}

// parseScope reads IssuingDistributionPoint. Lists for some reasons only, for attribute
// certificates, or for other CAs' certificates are refused: they cannot say "good".
func parseScope(der []byte) (scope, error) {
	var s scope
	unusable := errors.New("the list is of a kind that is not read here")
	input := cryptobyte.String(der)
	var idp, point cryptobyte.String
	var hasPoint bool
	if !input.ReadASN1(&idp, cbasn1.SEQUENCE) || !input.Empty() ||
		!idp.ReadOptionalASN1(&point, &hasPoint, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return s, unusable
	}
	if hasPoint {
		var names cryptobyte.String
		if !point.ReadASN1(&names, cbasn1.Tag(0).ContextSpecific().Constructed()) {
			return s, unusable // a name relative to the CRL issuer
		}
		for !names.Empty() {
			var name cryptobyte.String
			var tag cbasn1.Tag
			if !names.ReadAnyASN1(&name, &tag) {
				return s, unusable
			}
			if tag == cbasn1.Tag(6).ContextSpecific() {
				s.points = append(s.points, string(name))
			}
		}
	}
	for !idp.Empty() {
		var value cryptobyte.String
		var tag cbasn1.Tag
		if !idp.ReadAnyASN1(&value, &tag) {
			return s, unusable
		}
		set := len(value) == 1 && value[0] != 0
		switch tag {
		case cbasn1.Tag(1).ContextSpecific():
			s.onlyUser = set
		case cbasn1.Tag(2).ContextSpecific():
			s.onlyCA = set
		default:
			if len(value) != 1 || value[0] != 0 {
				return s, unusable
			}
		}
	}
	return s, nil
}

// covers reports whether the list speaks of a certificate that names it at this address.
func (s scope) covers(cert *x509.Certificate, address string) bool {
	if cert.IsCA && s.onlyUser || !cert.IsCA && s.onlyCA {
		return false
	}
	return len(s.points) == 0 || slices.ContainsFunc(s.points, func(p string) bool { return strings.EqualFold(p, address) })
}
