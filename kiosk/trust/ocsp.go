package trust

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"

	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/icao"
)

// maxOCSPAge is how old an answer without NextUpdate may be. Such a responder claims to answer from
// current data each time (RFC 6960 §2.4).
const maxOCSPAge = time.Hour

// askOCSP asks one responder. Only a signed "good" or "revoked" in its dates is an answer.
func (r *Revocation) askOCSP(ctx context.Context, address string, cert, issuer *x509.Certificate) (Answer, error) {
	named := *issuer // the name that is hashed is the issuer's as the certificate has it (RFC 6960 §4.1.1)
	named.RawSubject = cert.RawIssuer
	request, err := ocsp.CreateRequest(cert, &named, nil)
	if err != nil {
		return Answer{}, fmt.Errorf("making the request: %w", err)
	}
	body, err := fetch.Do(ctx, r.HTTP, address, "application/ocsp-request", request, maxOCSP)
	if err != nil {
		return Answer{}, err
	}
	now := r.now()
	response, err := verifyOCSP(body, request, cert, issuer, now)
	if err != nil {
		return Answer{}, err
	}
	next := response.NextUpdate
	if next.IsZero() {
		next = response.ThisUpdate.Add(maxOCSPAge)
	}
	if err := fetch.Current(now, response.ThisUpdate, next); err != nil {
		return Answer{}, err
	}
	answer := Answer{
		Method: MethodOCSP, Source: fetch.Host(address),
		ThisUpdate: response.ThisUpdate, NextUpdate: response.NextUpdate,
	}
	switch {
	case response.Status == ocsp.Good:
		answer.Status = Good
	case response.Status == ocsp.Revoked && response.RevocationReason == ocsp.CertificateHold:
		answer.Status = Suspended
	case response.Status == ocsp.Revoked:
		answer.Status = Revoked
	default:
		return Answer{}, errors.New("responder does not know the certificate")
	}
	return answer, nil
}

// verifyOCSP parses a response, and checks that the issuer or a responder of its own signed it and that
// it is about this certificate of this issuer.
func verifyOCSP(body, request []byte, cert, issuer *x509.Certificate, now time.Time) (*ocsp.Response, error) {
	// The library verifies the response with the key of the certificate in it, whosever that is. So whose it is, and
	// what it may do, is checked before.
	signer, err := embedded(body)
	if err == nil && signer != nil && !signer.Equal(issuer) {
		err = checkResponder(signer, issuer, now)
	}
	if err != nil {
		return nil, fmt.Errorf("the response's signer: %w", err)
	}
	response, err := ocsp.ParseResponseForCert(body, cert, nil)
	if err != nil {
		return nil, fmt.Errorf("reading the response: %w", err)
	}
	switch {
	case signer == nil && response.Certificate == nil:
		err = response.CheckSignatureFrom(issuer)
	case signer == nil || !signer.Equal(response.Certificate):
		err = errors.New("another than the one that was checked")
	}
	if err != nil {
		return nil, fmt.Errorf("the response's signer: %w", err)
	}
	if err := matchCertID(response, request, issuer); err != nil {
		return nil, err
	}
	return response, nil
}

// embedded reads the certificate in a response of which the library takes the key: the first (RFC 6960 §4.2.1). It is
// nil when there is none, as in a response that is an error.
func embedded(body []byte) (*x509.Certificate, error) {
	var response struct {
		Status asn1.Enumerated
		Bytes  struct {
			Type  asn1.ObjectIdentifier
			Basic []byte
		} `asn1:"explicit,tag:0,optional"`
	}
	var basic struct {
		Data         asn1.RawValue
		Algorithm    pkix.AlgorithmIdentifier
		Signature    asn1.BitString
		Certificates []asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	if _, err := asn1.Unmarshal(body, &response); err != nil || len(response.Bytes.Basic) == 0 {
		return nil, err
	}
	if _, err := asn1.Unmarshal(response.Bytes.Basic, &basic); err != nil || len(basic.Certificates) == 0 {
		return nil, err
	}
	return x509.ParseCertificate(basic.Certificates[0].FullBytes)
}

// checkResponder checks a delegated responder (RFC 6960 §4.2.2.2): the issuer itself has to have
// certified it for signing OCSP answers. Its own key is judged last, and nothing is computed with it.
func checkResponder(responder, issuer *x509.Certificate, now time.Time) error {
	switch {
	case !icao.SameName(responder.RawIssuer, issuer.RawSubject):
		return errors.New("certified by another CA")
	case !slices.Contains(responder.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning):
		return errors.New("not certified for OCSP")
	case responder.KeyUsage != 0 && responder.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return errors.New("its key may not sign")
	case now.Before(responder.NotBefore.Add(-fetch.Skew)) || now.After(responder.NotAfter.Add(fetch.Skew)):
		return errors.New("its certificate is out of its dates")
	}
	if err := issuer.CheckSignature(responder.SignatureAlgorithm, responder.RawTBSCertificate, responder.Signature); err != nil {
		return err
	}
	return checkKey(responder)
}

// certID names a certificate by its issuer's name and key, hashed, and its number (RFC 6960 §4.1.1).
type certID struct {
	Algorithm pkix.AlgorithmIdentifier
	NameHash  []byte
	KeyHash   []byte
	Serial    *big.Int
}

// matchCertID compares the issuer in the response with that of the request. The library compares the
// serial number alone, and numbers of two CAs may coincide. The name may be hashed as the issuer's own certificate has it.
func matchCertID(response *ocsp.Response, request []byte, issuer *x509.Certificate) error {
	asked, err := ocsp.ParseRequest(request)
	if err != nil {
		return err
	}
	var data struct {
		Raw       asn1.RawContent
		Version   int `asn1:"optional,default:0,explicit,tag:0"`
		Responder asn1.RawValue
		Produced  time.Time `asn1:"generalized"`
		Responses []struct {
			ID   certID
			Rest asn1.RawValue
			This time.Time     `asn1:"generalized"`
			Next time.Time     `asn1:"generalized,explicit,tag:0,optional"`
			Ext  asn1.RawValue `asn1:"optional"`
		}
		Ext asn1.RawValue `asn1:"optional"`
	}
	own := sha1.Sum(issuer.RawSubject) //nolint:gosec // the hash that names an issuer, no signature
	if _, err := asn1.Unmarshal(response.TBSResponseData, &data); err != nil {
		return fmt.Errorf("reading the response: %w", err)
	}
	for _, single := range data.Responses {
		if single.ID.Serial.Cmp(asked.SerialNumber) != 0 {
			continue
		}
		// The first of this number is the one that the library read.
		if response.IssuerHash != crypto.SHA1 ||
			!bytes.Equal(single.ID.NameHash, asked.IssuerNameHash) && !bytes.Equal(single.ID.NameHash, own[:]) ||
			!bytes.Equal(single.ID.KeyHash, asked.IssuerKeyHash) {
			break
		}
		return nil
	}
	return errors.New("the response is about another certificate")
}
