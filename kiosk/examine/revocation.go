package examine

import (
	"context"
	"crypto/x509"
	"slices"
	"sync"

	"balcao/kiosk"
	"balcao/kiosk/trust"
)

// request is one certificate whose issuer is asked whether it was revoked, and what it means if so.
type request struct {
	cert, issuer       *x509.Certificate
	revoked, suspended kiosk.Reason
}

// askRevocation asks in the background, once, about every certificate that the document rests on.
func (e *Examination) askRevocation() {
	if _, asked := e.checks[kiosk.CheckRevocation]; asked {
		return
	}
	requests := e.requests()
	e.ask(kiosk.CheckRevocation, func(ctx context.Context) kiosk.Check { return e.v.answerAll(ctx, requests) })
}

// requests lists the citizen's certificate first, then its CAs below the anchor, then the document
// signer and its CAs. A revoked CA revokes what it signed: nobody can tell what was signed by whom.
//
// A document signer is asked about only while it is valid and names somebody to ask: afterwards it
// leaves its CA's list (RFC 5280 §3.3), and silence about it would say nothing.
func (e *Examination) requests() []request {
	var requests []request
	add := func(chain []*x509.Certificate, revoked, suspended kiosk.Reason) {
		for i := range len(chain) - 1 {
			known := func(q request) bool { return q.cert.Equal(chain[i]) }
			if !slices.ContainsFunc(requests, known) {
				requests = append(requests, request{chain[i], chain[i+1], revoked, suspended})
			}
		}
	}
	add(e.chain, kiosk.ReasonCertificateRevoked, kiosk.ReasonCertificateSuspended)
	signer := e.sod.Chain
	if e.now.After(signer[0].NotAfter) || len(signer[0].OCSPServer)+len(signer[0].CRLDistributionPoints) == 0 {
		signer = nil
	}
	if signer != nil {
		add(signer, kiosk.ReasonSODUntrusted, kiosk.ReasonSODUntrusted)
	}
	return requests
}

// answerAll makes all requests at once, so that together they take no longer than the slowest, and
// turns the answers into one check: a "no" before an "unknown", and "yes" only when all are. The
// source is that of the citizen's certificate, or of the "no".
func (v *Examiner) answerAll(ctx context.Context, requests []request) kiosk.Check {
	unknown := kiosk.Check{Result: kiosk.Unknown, Reason: kiosk.ReasonRevocationUnknown}
	if v.Revocation == nil || len(requests) == 0 {
		return unknown
	}
	checks := make([]kiosk.Check, len(requests))
	var asking sync.WaitGroup
	for i, q := range requests {
		asking.Go(func() { checks[i] = v.answer(ctx, q) })
	}
	asking.Wait()
	for _, result := range []kiosk.Result{kiosk.Failed, kiosk.Unknown} {
		if i := slices.IndexFunc(checks, func(c kiosk.Check) bool { return c.Result == result }); i >= 0 {
			return checks[i]
		}
	}
	return checks[0]
}

// answer makes one request.
func (v *Examiner) answer(ctx context.Context, q request) kiosk.Check {
	answer, err := v.Revocation.Check(ctx, q.cert, q.issuer)
	if err == nil {
		switch answer.Status {
		case trust.Good:
			return passed(answer.Source)
		case trust.Suspended:
			return failed(q.suspended, answer.Source)
		case trust.Revoked:
			return failed(q.revoked, answer.Source)
		}
	}
	return kiosk.Check{Result: kiosk.Unknown, Reason: kiosk.ReasonRevocationUnknown}
}
