package country

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/icao"
)

// revocationList is a revocation list of a country with whoever signed it, which is found out when it is first asked.
type revocationList struct {
	*icao.RevocationList
	signer func() (*icao.Certificate, error)
}

func (c *Authorities) newList(l *icao.RevocationList) *revocationList {
	return &revocationList{RevocationList: l, signer: sync.OnceValues(func() (*icao.Certificate, error) { return c.findListSigner(l) })}
}

// findListSigner returns the CA that signed a list: one of its country, trusted, allowed to, and valid then.
func (c *Authorities) findListSigner(l *icao.RevocationList) (*icao.Certificate, error) {
	for _, ca := range c.authorities[l.Country] {
		mayNot := ca.KeyUsage != 0 && ca.KeyUsage&x509.KeyUsageCRLSign == 0
		if mayNot || !l.IssuedBy(ca) || l.CheckSignatureFrom(ca) != nil {
			continue
		}
		if outside(ca.NotBefore.Add(-dayOfIssue), ca.NotAfter, l.ThisUpdate) != nil {
			continue
		}
		if ca.SelfSigned() {
			return ca, nil
		}
		if _, err := c.climb(ca, nil); err == nil {
			return ca, nil
		}
	}
	return nil, errors.New("no CA of the country signed the list")
}

// ListsEnd is when the newest list of the State whose ends first ends; it may have ended. Zero when there is no list.
func (c *Authorities) ListsEnd() (first time.Time) {
	for _, end := range c.listEnds() {
		if first.IsZero() || end.Before(first) {
			first = end
		}
	}
	return first
}

// ListsEnded are the States, in order, whose newest list has ended. Of one whose certificates name where to fetch
// another, that is asked for.
func (c *Authorities) ListsEnded(at time.Time) (countries []string) {
	for country, end := range c.listEnds() {
		if end.Before(at) {
			countries = append(countries, country)
		}
	}
	slices.Sort(countries)
	return countries
}

// listEnds is when the newest list of each State ends that has any.
func (c *Authorities) listEnds() map[string]time.Time {
	ends := map[string]time.Time{}
	if c == nil {
		return ends
	}
	for country, lists := range c.lists {
		for _, l := range lists {
			if l.NextUpdate.After(ends[country]) {
				ends[country] = l.NextUpdate
			}
		}
	}
	return ends
}

// ErrNobodyToAsk says that the status is unknown because there is no revocation list to look into: none of the
// country was loaded, and the certificate names none that can be fetched. It wraps ErrUnknown.
var ErrNobodyToAsk = fmt.Errorf("%w: no revocation list", trust.ErrUnknown)

// Status looks a certificate up in the revocation lists that were loaded; the issuer is the next in its verified
// chain. Of several lists that speak of it the newest counts. When there is none that is in its dates the error wraps
// ErrUnknown, which is never a yes; when there is none at all, ErrNobodyToAsk. While a list of the country cannot be read
// nothing is good: the error then wraps its *BadFile as well.
func (c *Authorities) Status(cert, issuer *icao.Certificate, at time.Time) (trust.Answer, error) {
	if c == nil {
		return trust.Answer{}, fmt.Errorf("%w: no country signing certificates", trust.ErrUnknown)
	}
	var best trust.Answer
	var failures []error
	for _, l := range c.lists[issuer.Country] {
		answer, err := c.ask(l, cert, issuer, at)
		switch {
		case err != nil:
			failures = append(failures, err)
		case answer.ThisUpdate.After(best.ThisUpdate):
			best = answer
		}
	}
	best.Source = listFolder
	switch bad := c.badList(""); {
	case best.Status != "" || c.badList(issuer.Country) != nil:
		return c.unlessBad(best, issuer.Country)
	case bad != nil: // which may be of any country
		return trust.Answer{}, fmt.Errorf("%w: %w", trust.ErrUnknown, bad)
	case len(failures) == 0:
		return trust.Answer{}, fmt.Errorf("%w: of country %s", ErrNobodyToAsk, issuer.Country)
	}
	return trust.Answer{}, fmt.Errorf("%w: %w", trust.ErrUnknown, errors.Join(failures...))
}

// unlessBad lets an answer pass, but no good one while a list of the country cannot be read: the operator put it there so
// that it is asked, and it may say what others do not say yet.
func (c *Authorities) unlessBad(answer trust.Answer, country string) (trust.Answer, error) {
	bad := c.badList(country)
	if bad == nil || answer.Status == trust.Revoked || answer.Status == trust.Suspended {
		return answer, nil
	}
	return trust.Answer{}, fmt.Errorf("%w: %w", trust.ErrUnknown, bad)
}

// ask looks a certificate up in one list, when the list may speak of it at all.
func (c *Authorities) ask(l *revocationList, cert, issuer *icao.Certificate, at time.Time) (trust.Answer, error) {
	if l.Country != cert.Country || l.Country != issuer.Country {
		return trust.Answer{}, errors.New("the list is another country's")
	}
	if l.Partial {
		return trust.Answer{}, errors.New("the list does not speak of all certificates") // forbidden by Doc 9303-12 table 10
	}
	if len(l.UnknownCritical) > 0 {
		return trust.Answer{}, fmt.Errorf("the list has an unknown critical extension %v", l.UnknownCritical[0])
	}
	if err := fetch.Current(at, l.ThisUpdate, l.NextUpdate); err != nil {
		return trust.Answer{}, err
	}
	signer, err := l.signer()
	if err != nil {
		return trust.Answer{}, err
	}
	if !c.speaksFor(l, signer, issuer) {
		return trust.Answer{}, errors.New("the list is another CA's")
	}
	status := trust.StatusOf(l.Reason(cert.Serial))
	return trust.Answer{Status: status, Method: trust.MethodCRL, ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate}, nil
}

// speaksFor reports whether a list covers the certificates of an issuer. A CA signs its one list with its newest key,
// under its newest name, for all that it ever issued (Doc 9303-12 §4.1.5, §7.1.4 note 1). The note lets the country alone
// decide, since a country has one CA; in fact some have several (China, Hong Kong and Macao share a country code), and
// a list that does not know a certificate must not pass it. So it has to be the issuer's name, or one that the list
// says its issuer had, or that of a CA which link certificates make the same.
func (c *Authorities) speaksFor(l *revocationList, signer, issuer *icao.Certificate) bool {
	if icao.SameName(l.RawIssuer, issuer.RawSubject) {
		return true
	}
	for _, name := range l.OtherNames {
		if icao.SameName(name, issuer.RawSubject) {
			return true
		}
	}
	return c.sameAuthority(issuer, signer)
}

// sameAuthority reports whether two certificates are of one CA under two names: whether link certificates, common names
// and common keys lead from the one to the other.
func (c *Authorities) sameAuthority(from, to *icao.Certificate) bool {
	reached := []*icao.Certificate{from}
	for next := 0; next < len(reached); next++ {
		here := reached[next]
		if here.Equal(to) {
			return true
		}
		for _, ca := range c.authorities[here.Country] {
			if !slices.ContainsFunc(reached, ca.Equal) && (neighbours(here, ca) || neighbours(ca, here)) {
				reached = append(reached, ca)
			}
		}
	}
	return false
}

// neighbours reports whether one of a CA's certificates has the other's name or key, or was issued with it.
func neighbours(a, b *icao.Certificate) bool {
	return icao.SameName(a.RawSubject, b.RawSubject) || bytes.Equal(a.SPKI, b.SPKI) ||
		a.IssuedBy(b) && a.CheckSignatureFrom(b) == nil
}
