package trust

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"balcao/kiosk/trust/cms"
)

// CountryRevocation asks whether a document signer's certificate was revoked: the lists in the trust folder,
// and when none of them is current, those at the addresses in the certificate, HTTP and HTTPS only. Ask only about
// certificates of a chain that Countries returned: then the addresses are those that the State wrote.
//
// It is safe for concurrent use and must not be copied after first use. Without Countries nobody knows anything.
type CountryRevocation struct {
	Countries *Countries
	HTTP      *http.Client     // for its transport; timeout and redirects are set here. http.DefaultTransport when nil
	Now       func() time.Time // time.Now when nil

	mu      sync.Mutex
	fetched map[string]fetchedList // by address
}

type fetchedList struct {
	list *countryList
	at   time.Time
}

// Check asks about one certificate; the issuer is the next in its verified chain. When there is no usable list the
// error wraps ErrUnknown and what was wrong with each, or ErrNobodyToAsk when there was none to try.
func (r *CountryRevocation) Check(ctx context.Context, cert, issuer *cms.Certificate) (Answer, error) {
	now := time.Now()
	if r.Now != nil {
		now = r.Now()
	}
	answer, err := r.Countries.Status(cert, issuer, now)
	if err == nil || r.Countries == nil {
		return answer, err
	}
	failures := []error{err}
	if errors.Is(err, ErrNobodyToAsk) {
		// In words only: that no list was at hand must not be mistaken for that there is none anywhere.
		failures[0] = errors.New(err.Error())
	}
	for _, address := range head(httpOnly(cert.CRLDistributionPoints)) {
		answer, err := r.askAt(ctx, address, cert, issuer, now)
		if err == nil {
			return r.Countries.unlessBad(answer, issuer.Country)
		}
		failures = append(failures, fmt.Errorf("CRL: %w", err))
	}
	if len(failures) == 1 {
		return Answer{}, fmt.Errorf("%w; the certificate names no list to fetch", err)
	}
	return Answer{}, fmt.Errorf("%w: %w", ErrUnknown, errors.Join(failures...))
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

func (r *CountryRevocation) askAt(ctx context.Context, address string, cert, issuer *cms.Certificate, now time.Time) (Answer, error) {
	list, err := r.list(ctx, address, now)
	if err != nil {
		return Answer{}, err
	}
	answer, err := r.Countries.ask(list, cert, issuer, now)
	if err != nil {
		return Answer{}, err
	}
	answer.Source = hostOf(address)
	return answer, nil
}

// list returns a list from memory or from its address. One that is due for renewal but cannot be fetched serves until its
// NextUpdate.
func (r *CountryRevocation) list(ctx context.Context, address string, now time.Time) (*countryList, error) {
	r.mu.Lock()
	kept := r.fetched[address]
	r.mu.Unlock()
	if kept.list != nil && now.Before(kept.at.Add(keepCRL)) && now.Before(kept.list.NextUpdate) {
		return kept.list, nil
	}
	fresh, err := r.fetch(ctx, address, now)
	if err != nil {
		if kept.list != nil {
			return kept.list, nil
		}
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fetched == nil || len(r.fetched) >= maxLists {
		r.fetched = make(map[string]fetchedList)
	}
	r.fetched[address] = fetchedList{list: fresh, at: now}
	return fresh, nil
}

// fetch accepts only what could be used: a list that somebody else put there must not take the place of
// one that is kept.
func (r *CountryRevocation) fetch(ctx context.Context, address string, now time.Time) (*countryList, error) {
	body, err := exchange(ctx, r.HTTP, address, "", nil, maxCRL)
	if err != nil {
		return nil, err
	}
	parsed, err := cms.ParseRevocationList(body)
	if err != nil {
		return nil, err
	}
	if err := current(now, parsed.ThisUpdate, parsed.NextUpdate); err != nil {
		return nil, err
	}
	list := r.Countries.newList(parsed)
	if _, err := list.signer(); err != nil {
		return nil, err
	}
	return list, nil
}
