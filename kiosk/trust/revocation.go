package trust

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"balcao/kiosk/trust/fetch"
)

// Bounds of asking for revocation.
const (
	maxOCSP   = 64 << 10 // a response with its responder's chain has 4 KB
	maxCached = 256      // answers of OCSP
)

// How long an answer is repeated without asking again, always within its own NextUpdate.
const (
	keepOCSP = time.Minute
)

// Status is what an issuer says of a certificate of its own.
type Status string

// What an issuer can say. There is no "unknown": that is ErrUnknown.
const (
	Good      Status = "good"
	Revoked   Status = "revoked"
	Suspended Status = "suspended" // on hold: may come back
)

// Methods of asking.
const (
	MethodOCSP = "OCSP"
	MethodCRL  = "CRL"
)

// Answer is what an issuer says, signed and in date.
type Answer struct {
	Status     Status
	Method     string // MethodOCSP or MethodCRL
	Source     string // the host that was asked
	ThisUpdate time.Time
	NextUpdate time.Time // zero when OCSP gives none
}

// ErrUnknown says that nobody gave a usable answer. It is never a yes.
var ErrUnknown = errors.New("revocation status unknown")

// Revocation asks whether certificates were revoked: OCSP (RFC 6960), then CRLs (RFC 5280 §5), at
// the addresses in the certificate itself, HTTP and HTTPS only. Ask only about certificates whose chain was
// verified: then the addresses are those the issuer wrote, and not a stranger's.
//
// Not covered: OCSP nonces (golang.org/x/crypto/ocsp has none; a replayed answer lives no longer than
// its NextUpdate), delta CRLs (the full one is read), indirect CRLs (refused), and revocation of a
// delegated responder's own certificate (its issuer marks it id-pkix-ocsp-nocheck).
//
// The zero value works, with services on the public Internet. It is safe for concurrent use and must not be copied after first use.
type Revocation struct {
	HTTP *http.Client     // for its transport; timeout and redirects are set here. fetch.Client(false) when nil
	Now  func() time.Time // time.Now when nil

	mu      sync.Mutex
	answers map[fingerprint]cachedAnswer
	lists   fetch.Lists[*revocationList]
}

type cachedAnswer struct {
	answer Answer
	until  time.Time
}

// Check asks about one certificate; the issuer is the next in its verified chain. When nobody gives
// a usable answer the error wraps ErrUnknown and the reasons of each source.
func (r *Revocation) Check(ctx context.Context, cert, issuer *x509.Certificate) (Answer, error) {
	if answer, ok := r.cached(cert); ok {
		return answer, nil
	}
	var failures []error
	for _, address := range fetch.Head(cert.OCSPServer) {
		answer, err := r.askOCSP(ctx, address, cert, issuer)
		if err == nil {
			r.keep(cert, answer)
			return answer, nil
		}
		failures = append(failures, fmt.Errorf("OCSP: %w", err))
	}
	for _, address := range fetch.Head(cert.CRLDistributionPoints) {
		answer, err := r.askCRL(ctx, address, cert, issuer)
		if err == nil {
			return answer, nil
		}
		failures = append(failures, fmt.Errorf("CRL: %w", err))
	}
	if len(failures) == 0 {
		return Answer{}, fmt.Errorf("%w: the certificate names nobody to ask", ErrUnknown)
	}
	return Answer{}, fmt.Errorf("%w: %w", ErrUnknown, errors.Join(failures...))
}

func (r *Revocation) now() time.Time {
	if r.Now != nil {
		return r.Now()
	}
	return time.Now()
}

func (r *Revocation) cached(cert *x509.Certificate) (Answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.answers[fingerprintOf(cert)]
	if !ok || !r.now().Before(c.until) {
		return Answer{}, false
	}
	return c.answer, true
}

// keep remembers an OCSP answer for a short while: a desk and its screens ask more than once. When
// full, everything is forgotten, which costs a question and no bookkeeping.
func (r *Revocation) keep(cert *x509.Certificate, answer Answer) {
	until := r.now().Add(keepOCSP)
	if !answer.NextUpdate.IsZero() && answer.NextUpdate.Before(until) {
		until = answer.NextUpdate
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.answers == nil || len(r.answers) >= maxCached {
		r.answers = make(map[fingerprint]cachedAnswer)
	}
	r.answers[fingerprintOf(cert)] = cachedAnswer{answer: answer, until: until}
}
