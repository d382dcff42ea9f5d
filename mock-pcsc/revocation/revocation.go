// Package revocation answers for the certificates of the test PKI: OCSP (RFC 6960), CRLs (RFC 5280 §5) and
// the certificates of issuers, over HTTP on loopback.
//
//	/ocsp/<authority>      POST, or GET with the request in the path
//	/crl/<authority>.crl   full list; of a country's CSCA too
//	/ca/<authority>.cer    certificate of the authority
//
// Two names are no authorities, but certificates of the fixtures point to them: "silent" hangs up on
// whoever asks, "stale" tells OCSP clients to try later and serves a list that is out of date.
package revocation

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"balcao/mock-pcsc/pki"
)

// Addr is where the certificates of the test PKI say that their status is found.
const Addr = "127.0.0.1:35980"

// Names in addresses that belong to no authority.
const (
	silent = "silent"
	stale  = "stale"
)

// staleIssuer signs the list that is out of date.
const staleIssuer = "auc-0019"

// validity is how long an answer counts.
const validity = 24 * time.Hour

// A Service is the status service of all authorities. Create it with New.
type Service struct {
	Now  func() time.Time // time.Now, unless a test sets it before the first request
	pki  *pki.PKI
	book map[string]map[string]pki.Issued // by authority and serial number
	mux  *http.ServeMux

	mu         sync.Mutex
	responders map[string]*responder
}

// New returns the service for the certificates that are on the authorities' books.
func New(authorities *pki.PKI, issued []pki.Issued) *Service {
	s := &Service{
		Now: time.Now, pki: authorities, mux: http.NewServeMux(),
		book: map[string]map[string]pki.Issued{}, responders: map[string]*responder{},
	}
	for _, c := range issued {
		s.enter(c)
	}
	for _, spec := range pki.Hierarchy() {
		if spec.Issuer != "" && !strings.HasPrefix(spec.Slug, "forged-") {
			s.enter(pki.Issued{Issuer: spec.Issuer, Serial: pki.Serial(spec.Slug)})
		}
	}
	s.mux.HandleFunc("POST /ocsp/{authority}", s.postOCSP)
	s.mux.HandleFunc("GET /ocsp/{authority}", func(w http.ResponseWriter, r *http.Request) {
		s.getOCSP(w, r.PathValue("authority"), "")
	})
	s.mux.HandleFunc("GET /crl/{file}", s.getCRL)
	s.mux.HandleFunc("GET /ca/{file}", s.getAuthority)
	return s
}

func (s *Service) enter(c pki.Issued) {
	if s.book[c.Issuer] == nil {
		s.book[c.Issuer] = map[string]pki.Issued{}
	}
	s.book[c.Issuer][c.Serial.String()] = c
}

// ServeHTTP answers one request.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// ServeMux would redirect a request in base64 that contains "//", and OCSP clients follow no redirect.
	if authority, request, ok := strings.Cut(strings.TrimPrefix(r.URL.Path, "/ocsp/"), "/"); ok &&
		r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/ocsp/") {
		s.getOCSP(w, authority, request)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// authority is the State's authority with that name. The forger's are not served.
func (s *Service) authority(slug string) (*pki.Authority, error) {
	if strings.HasPrefix(slug, "forged-") {
		return nil, errors.New("the State does not answer for a forger")
	}
	return s.pki.Authority(slug)
}

func (s *Service) getAuthority(w http.ResponseWriter, r *http.Request) {
	slug, ok := strings.CutSuffix(r.PathValue("file"), ".cer")
	a, err := s.authority(slug)
	if !ok || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/pkix-cert")
	_, _ = w.Write(a.Certificate.Raw)
}

func (s *Service) getCRL(w http.ResponseWriter, r *http.Request) {
	slug, ok := strings.CutSuffix(r.PathValue("file"), ".crl")
	if slug == silent {
		hangUp()
	}
	now, issuer := s.Now().UTC(), slug
	if slug == stale {
		now, issuer = now.AddDate(0, -1, 0), staleIssuer
	}
	list, err := s.list(issuer, now)
	if !ok || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/pkix-crl")
	_, _ = w.Write(list)
}

// list makes the revocation list of an authority as of a moment.
func (s *Service) list(slug string, now time.Time) ([]byte, error) {
	if strings.HasPrefix(slug, "csca-") {
		return s.countryList(slug, now)
	}
	a, err := s.authority(slug)
	if err != nil {
		return nil, err
	}
	template := &x509.RevocationList{
		Number: big.NewInt(now.Unix()), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(validity),
	}
	for _, c := range s.book[slug] {
		if c.RevokedAt.IsZero() {
			continue
		}
		template.RevokedCertificateEntries = append(template.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: c.Serial, RevocationTime: c.RevokedAt, ReasonCode: c.Reason,
		})
	}
	list, err := x509.CreateRevocationList(nil, template, a.Certificate, a.Key)
	if err != nil {
		return nil, fmt.Errorf("making the revocation list of %s: %w", slug, err)
	}
	return list, nil
}

// countryList is the list of a CSCA, of its document signers.
func (s *Service) countryList(slug string, now time.Time) ([]byte, error) {
	a, err := s.pki.Country(slug)
	if err != nil {
		return nil, err
	}
	return a.CountryList(slices.Collect(maps.Values(s.book[slug])), now.Add(-time.Minute), now.Add(validity))
}

// hangUp closes the connection without an answer, which net/http does for this panic and no other way
// that works for HTTP/1 and HTTP/2 alike.
func hangUp() { panic(http.ErrAbortHandler) }

// responder is the delegated OCSP responder of one authority (RFC 6960 §4.2.2.2).
type responder struct {
	issuer      *pki.Authority
	certificate *x509.Certificate
}

func (s *Service) responder(slug string) (*responder, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.responders[slug]; ok {
		return r, nil
	}
	issuer, err := s.authority(slug)
	if err != nil {
		return nil, err
	}
	key, err := s.pki.ResponderKey()
	if err != nil {
		return nil, err
	}
	der, err := pki.IssueResponder(issuer, key.Public(), s.Now())
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("parsing the responder's certificate: %w", err)
	}
	r := &responder{issuer: issuer, certificate: cert}
	s.responders[slug] = r
	return r, nil
}

// Serve runs h on addr until ctx ends. Ready, if not nil, is called once with the bound address.
func Serve(ctx context.Context, addr string, h http.Handler, ready func(net.Addr)) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		return fmt.Errorf("listening for OCSP and CRL requests: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	if ready != nil {
		ready(l.Addr())
	}
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving OCSP and CRLs: %w", err)
	}
	return nil
}
