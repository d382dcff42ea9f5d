package country

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/icao"
)

// Revocation asks whether a document signer's certificate was revoked: the lists in the trust folder,
// and when none of them is current, those at the addresses in the certificate, HTTP and HTTPS only. Ask only about
// certificates of a chain that Authorities returned: then the addresses are those that the State wrote.
//
// It is safe for concurrent use and must not be copied after first use. Without Authorities nobody knows anything.
type Revocation struct {
	Authorities *Authorities
	HTTP        *http.Client     // for its transport; timeout and redirects are set here. fetch.Client(false) when nil
	Now         func() time.Time // time.Now when nil

	fetched fetch.Lists[*revocationList]
}

// Check asks about one certificate; the issuer is the next in its verified chain. When there is no usable list the
// error wraps ErrUnknown and what was wrong with each, or ErrNobodyToAsk when there was none to try.
func (r *Revocation) Check(ctx context.Context, cert, issuer *icao.Certificate) (trust.Answer, error) {
	now := time.Now()
	if r.Now != nil {
		now = r.Now()
	}
	answer, err := r.Authorities.Status(cert, issuer, now)
	if err == nil || r.Authorities == nil {
		return answer, err
	}
	failures := []error{err}
	if errors.Is(err, ErrNobodyToAsk) {
		// In words only: that no list was at hand must not be mistaken for that there is none anywhere.
		failures[0] = errors.New(err.Error())
	}
	for _, address := range fetch.Head(httpOnly(cert.CRLDistributionPoints)) {
		answer, err := r.askAt(ctx, address, cert, issuer, now)
		if err == nil {
			return r.Authorities.unlessBad(answer, issuer.Country)
		}
		failures = append(failures, fmt.Errorf("CRL: %w", err))
	}
	if len(failures) == 1 {
		return trust.Answer{}, fmt.Errorf("%w; the certificate names no list to fetch", err)
	}
	return trust.Answer{}, fmt.Errorf("%w: %w", trust.ErrUnknown, errors.Join(failures...))
}

// httpOnly leaves out the directories (LDAP) that many States name first.
func httpOnly(addresses []string) []string {
	var kept []string
	for _, a := range addresses {
		scheme, _, _ := strings.Cut(strings.ToLower(a), ":")
		if scheme == "http" || scheme == "https" {
			kept = append(kept, a)
		}
	}
	return kept
}

func (r *Revocation) askAt(ctx context.Context, address string, cert, issuer *icao.Certificate, now time.Time) (trust.Answer, error) {
	list, err := r.list(ctx, address, now)
	if err != nil {
		return trust.Answer{}, err
	}
	answer, err := r.Authorities.ask(list, cert, issuer, now)
	if err != nil {
		return trust.Answer{}, err
	}
	answer.Source = fetch.Host(address)
	return answer, nil
}

// list returns a list from memory or from its address. One that nobody trusted signed is refused: what somebody else put
// there must not take the place of one that is kept.
func (r *Revocation) list(ctx context.Context, address string, now time.Time) (*revocationList, error) {
	return r.fetched.Get(ctx, r.HTTP, address, "", now, func(body []byte) (list *revocationList, thisUpdate, nextUpdate time.Time, err error) {
		parsed, err := icao.ParseRevocationList(body)
		if err != nil {
			return nil, thisUpdate, nextUpdate, err
		}
		list = r.Authorities.newList(parsed)
		_, err = list.signer()
		return list, parsed.ThisUpdate, parsed.NextUpdate, err
	})
}
