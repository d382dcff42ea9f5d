package revocation

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // requests name the issuer by hashes, mostly SHA-1
	_ "crypto/sha256"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"io"
	"net/http"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
	"golang.org/x/crypto/ocsp"
)

// maxRequest is far above any OCSP request, and bounds what a client can make us read.
const maxRequest = 64 << 10

func (s *Service) postOCSP(w http.ResponseWriter, r *http.Request) {
	request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		http.Error(w, "request too long", http.StatusRequestEntityTooLarge)
		return
	}
	s.respond(w, r.PathValue("authority"), request)
}

// getOCSP is RFC 6960 §A.1: the request in base64 at the end of the path, whose URL encoding net/http
// has undone.
func (s *Service) getOCSP(w http.ResponseWriter, authority, text string) {
	request, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		request = nil // answered as malformed
	}
	s.respond(w, authority, request)
}

func (s *Service) respond(w http.ResponseWriter, slug string, request []byte) {
	w.Header().Set("Content-Type", "application/ocsp-response")
	switch slug {
	case silent:
		hangUp()
	case stale:
		_, _ = w.Write(ocsp.TryLaterErrorResponse)
		return
	}
	_, _ = w.Write(s.answer(slug, request))
}

// answer makes a signed response, or one of the unsigned errors of RFC 6960 §2.3.
func (s *Service) answer(slug string, raw []byte) []byte {
	request, err := ocsp.ParseRequest(raw)
	if err != nil {
		return ocsp.MalformedRequestErrorResponse
	}
	r, err := s.responder(slug)
	if err != nil || !names(request, r) {
		return ocsp.UnauthorizedErrorResponse
	}
	now := s.Now().UTC().Truncate(time.Second)
	template := ocsp.Response{
		Status: ocsp.Unknown, SerialNumber: request.SerialNumber, IssuerHash: request.HashAlgorithm,
		ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(validity), Certificate: r.certificate,
	}
	if c, ok := s.book[slug][request.SerialNumber.String()]; ok {
		template.Status = ocsp.Good
		if !c.RevokedAt.IsZero() {
			template.Status, template.RevokedAt, template.RevocationReason = ocsp.Revoked, c.RevokedAt, c.Reason
		}
	}
	key, err := s.pki.ResponderKey()
	if err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	response, err := ocsp.CreateResponse(r.issuer.Certificate, r.certificate, template, key)
	if err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	return withNonce(response, nonce(raw), key)
}

// names says whether a request is about certificates of this issuer: a forged authority has the same
// name and another key.
func names(request *ocsp.Request, r *responder) bool {
	var info struct {
		Algorithm pkix.AlgorithmIdentifier
		Key       asn1.BitString
	}
	cert := r.issuer.Certificate
	if _, err := asn1.Unmarshal(cert.RawSubjectPublicKeyInfo, &info); err != nil || !request.HashAlgorithm.Available() {
		return false
	}
	return bytes.Equal(request.IssuerNameHash, sum(request.HashAlgorithm, cert.RawSubject)) &&
		bytes.Equal(request.IssuerKeyHash, sum(request.HashAlgorithm, info.Key.RightAlign()))
}

func sum(h crypto.Hash, data []byte) []byte {
	d := h.New()
	d.Write(data)
	return d.Sum(nil)
}

// oidNonce with its encoding, as it stands in a request (RFC 8954).
var oidNonce = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}

// nonce finds the nonce extension of a request, which golang.org/x/crypto/ocsp does not parse.
func nonce(raw []byte) *pkix.Extension {
	var request struct {
		TBS struct {
			Version    int           `asn1:"explicit,tag:0,default:0,optional"`
			Name       asn1.RawValue `asn1:"explicit,tag:1,optional"`
			List       []asn1.RawValue
			Extensions []pkix.Extension `asn1:"explicit,tag:2,optional"`
		}
		Signature asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	if _, err := asn1.Unmarshal(raw, &request); err != nil {
		return nil
	}
	for _, e := range request.TBS.Extensions {
		if e.Id.Equal(oidNonce) {
			return &e
		}
	}
	return nil
}

// withNonce puts the client's nonce into a response and signs it again. The State's middleware
// insists on its nonce, and golang.org/x/crypto/ocsp cannot write one.
func withNonce(response []byte, nonce *pkix.Extension, key crypto.Signer) []byte {
	if nonce == nil {
		return response
	}
	var outer struct {
		Status   asn1.Enumerated
		Response struct {
			Type asn1.ObjectIdentifier
			Body []byte
		} `asn1:"explicit,tag:0"`
	}
	var basic struct {
		Data         asn1.RawValue
		Algorithm    pkix.AlgorithmIdentifier
		Signature    asn1.BitString
		Certificates asn1.RawValue `asn1:"optional"`
	}
	if _, err := asn1.Unmarshal(response, &outer); err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	if _, err := asn1.Unmarshal(outer.Response.Body, &basic); err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	data, err := appendExtension(basic.Data.Bytes, *nonce)
	if err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	signature, err := key.Sign(nil, sum(crypto.SHA256, data), crypto.SHA256)
	if err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	basic.Data = asn1.RawValue{FullBytes: data}
	basic.Signature = asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)}
	if outer.Response.Body, err = asn1.Marshal(basic); err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	if response, err = asn1.Marshal(outer); err != nil {
		return ocsp.InternalErrorErrorResponse
	}
	return response
}

// appendExtension adds responseExtensions, the last member of ResponseData (RFC 6960 §4.2.1).
func appendExtension(members []byte, e pkix.Extension) ([]byte, error) {
	encoded, err := asn1.Marshal([]pkix.Extension{e})
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(members)
		b.AddASN1(cbasn1.Tag(1).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(encoded) })
	})
	return b.Bytes()
}
