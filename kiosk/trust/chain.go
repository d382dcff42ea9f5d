package trust

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"balcao/kiosk/trust/icao"
)

// maxChain bounds a chain from leaf to anchor. The Citizen Card's longest has five certificates.
const maxChain = 8

// maxExtra bounds how many certificates from a card are tried as intermediates. A card has three.
const maxExtra = 8

// Fault is the way in which a certificate or its chain is not acceptable.
type Fault string

// Faults of a chain.
const (
	FaultUntrusted Fault = "untrusted" // does not chain to an anchor
	FaultExpired   Fault = "expired"   // chains, but a certificate of the chain is out of its dates
	FaultPurpose   Fault = "purpose"   // chains, but is a certificate for something else
)

// ChainError says why a certificate was not accepted. Its text names no person.
type ChainError struct {
	Fault       Fault
	CA          bool // the fault lies with a CA of the chain, not with the leaf
	NotYetValid bool // for FaultExpired: its time has not come
	Detail      string
}

func (e *ChainError) Error() string {
	who := "certificate"
	if e.CA {
		who = "certificate's CA"
	}
	return fmt.Sprintf("%s %s: %s", who, e.Fault, e.Detail)
}

// FaultOf returns the fault in err, or "" when err has none.
func FaultOf(err error) Fault {
	var chain *ChainError
	if errors.As(err, &chain) {
		return chain.Fault
	}
	return ""
}

// Chain returns the chain of a leaf to a trust anchor, leaf first, anchor last. Every certificate in
// it is valid at the time given. Certificates in extra (from the card, from a message) may stand between,
// but are believed no more than the signatures on them. Any other outcome is a *ChainError: a chain
// that was good at some time of the leaf's life but is not at this one has FaultExpired.
func (s *Store) Chain(leaf *x509.Certificate, extra []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	if s == nil || len(s.anchors) == 0 {
		return nil, ErrNoAnchors
	}
	if err := checkKey(leaf); err != nil {
		return nil, &ChainError{Fault: FaultUntrusted, Detail: err.Error()}
	}
	chain, err := s.build(leaf, extra, at, 0)
	if err == nil {
		return chain, nil
	}
	for _, t := range s.momentsOf(leaf, extra) {
		past, pastErr := s.build(leaf, extra, t, 0)
		if pastErr != nil {
			continue
		}
		return nil, outOfDates(past, at)
	}
	return nil, &ChainError{Fault: FaultUntrusted, Detail: err.Error()}
}

// outOfDates says which certificate of a chain that is otherwise good is not valid at a time.
func outOfDates(chain []*x509.Certificate, at time.Time) *ChainError {
	for i, c := range chain {
		switch {
		case at.Before(c.NotBefore):
			return &ChainError{
				Fault: FaultExpired, CA: i > 0, NotYetValid: true,
				Detail: "valid from " + c.NotBefore.UTC().Format(time.DateOnly),
			}
		case at.After(c.NotAfter):
			return &ChainError{
				Fault: FaultExpired, CA: i > 0,
				Detail: "valid until " + c.NotAfter.UTC().Format(time.DateOnly),
			}
		}
	}
	// Two chains exist, each good at another time only; the one looked at is good now except for a
	// condition that does not depend on dates. It does not happen with dates alone.
	return &ChainError{Fault: FaultUntrusted, Detail: "no chain is valid at this time"}
}

// momentsOf lists the times within the leaf's validity at which the set of valid CAs changes: if the
// leaf ever had a chain, it had one at one of them.
func (s *Store) momentsOf(leaf *x509.Certificate, extra []*x509.Certificate) []time.Time {
	moments := []time.Time{leaf.NotBefore, leaf.NotAfter}
	for _, c := range slices.Concat(s.anchors, s.intermediates, limited(extra)) {
		if c.NotBefore.After(leaf.NotBefore) && c.NotBefore.Before(leaf.NotAfter) {
			moments = append(moments, c.NotBefore)
		}
	}
	return moments
}

func limited(extra []*x509.Certificate) []*x509.Certificate {
	return extra[:min(len(extra), maxExtra)]
}

// build finds a chain of which every certificate is valid at the time given. The depth counts how
// often a SHA-1 link was climbed: CAs that certify each other must not send us round in circles.
func (s *Store) build(leaf *x509.Certificate, extra []*x509.Certificate, at time.Time, depth int) ([]*x509.Certificate, error) {
	if depth > maxChain {
		return nil, errors.New("chain too long")
	}
	pool, names := s.pool.Clone(), s.names.clone()
	extra = slices.DeleteFunc(slices.Clone(limited(extra)), func(c *x509.Certificate) bool { return checkCA(c) != nil })
	names.learn(extra...)
	for _, c := range extra {
		pool.AddCert(names.respell(c))
	}
	chains, err := names.respell(leaf).Verify(x509.VerifyOptions{
		Roots:         s.roots,
		Intermediates: pool,
		CurrentTime:   at,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(chains, func(a, b []*x509.Certificate) int { return cmp.Compare(len(a), len(b)) })
	for _, chain := range chains {
		if chain, err = s.ascend(names.restore(chain), at, depth); err == nil {
			return chain, nil
		}
	}
	return nil, err
}

// ascend completes a chain that ends at a CA signed with SHA-1 up to the anchor, and checks of the
// whole what crypto/x509 has checked of its part only.
func (s *Store) ascend(chain []*x509.Certificate, at time.Time, depth int) ([]*x509.Certificate, error) {
	for len(chain) <= maxChain {
		top := chain[len(chain)-1]
		if s.isAnchor(top) {
			return chain, checkPath(chain, at)
		}
		issuer := s.legacy[fingerprintOf(top)]
		if issuer == nil {
			upper, err := s.build(top, nil, at, depth+1)
			if err != nil {
				return nil, err
			}
			chain = append(chain, upper[1:]...)
			return chain, checkPath(chain, at)
		}
		chain = append(slices.Clip(chain), issuer)
	}
	return nil, errors.New("chain too long")
}

// checkPath checks dates and path lengths of a chain from leaf to anchor (RFC 5280 §6.1.4).
func checkPath(chain []*x509.Certificate, at time.Time) error {
	if len(chain) > maxChain {
		return errors.New("chain too long")
	}
	for i, c := range chain {
		if at.Before(c.NotBefore) || at.After(c.NotAfter) {
			return fmt.Errorf("certificate %d of the chain is not valid at this time", i)
		}
		if i == 0 {
			continue
		}
		limited := c.MaxPathLen > 0 || (c.MaxPathLen == 0 && c.MaxPathLenZero)
		if limited && i-1 > c.MaxPathLen {
			return fmt.Errorf("certificate %d of the chain allows %d CAs below it", i, c.MaxPathLen)
		}
	}
	return nil
}

// checkKey refuses keys too weak to mean anything, or too long to compute with.
func checkKey(c *x509.Certificate) error {
	switch key := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return icao.CheckRSA(key)
	case *ecdsa.PublicKey:
	default:
		return errors.New("public key is neither RSA nor ECDSA")
	}
	return nil
}
