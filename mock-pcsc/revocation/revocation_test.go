package revocation_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"balcao/mock-pcsc/pki"
	"balcao/mock-pcsc/revocation"
	"balcao/mock-pcsc/travel"
)

const issuerSlug = "auc-0014"

var (
	good      = pki.Issued{Issuer: issuerSlug, Serial: big.NewInt(1)}
	revoked   = pki.Issued{Issuer: issuerSlug, Serial: big.NewInt(2), RevokedAt: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Reason: pki.ReasonKeyCompromise}
	suspended = pki.Issued{Issuer: issuerSlug, Serial: big.NewInt(3), RevokedAt: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Reason: pki.ReasonCertificateHold}
)

func TestOCSP(t *testing.T) {
	server, issuer := start(t)
	for name, want := range map[string]struct {
		serial         *big.Int
		status, reason int
	}{
		"Good": {good.Serial, ocsp.Good, 0}, "Revoked": {revoked.Serial, ocsp.Revoked, 1},
		"Suspended": {suspended.Serial, ocsp.Revoked, 6}, "NeverIssued": {big.NewInt(99), ocsp.Unknown, 0},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: want.serial}, issuer, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ocsp.ParseResponse(post(t, server.URL+"/ocsp/"+issuerSlug, request), issuer)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != want.status || got.RevocationReason != want.reason || got.SerialNumber.Cmp(want.serial) != 0 {
				t.Errorf("got status %d, reason %d, want %d, %d", got.Status, got.RevocationReason, want.status, want.reason)
			}
		})
	}
	t.Run("Get", func(t *testing.T) {
		for serial := range int64(40) { // enough for a request with "//" or "+" in base64
			request, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: big.NewInt(0xffffff0 + serial)}, issuer, nil)
			if err != nil {
				t.Fatal(err)
			}
			path := url.PathEscape(base64.StdEncoding.EncodeToString(request))
			got, err := ocsp.ParseResponse(get(t, server.URL+"/ocsp/"+issuerSlug+"/"+path), issuer)
			if err != nil || got.Status != ocsp.Unknown {
				t.Fatalf("got %+v, %v", got, err)
			}
		}
	})
	t.Run("ForgedIssuer", func(t *testing.T) {
		forged, err := pki.New().Authority("forged-auc-0014")
		if err != nil {
			t.Fatal(err)
		}
		request, err := ocsp.CreateRequest(&x509.Certificate{SerialNumber: good.Serial}, forged.Certificate, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := post(t, server.URL+"/ocsp/"+issuerSlug, request); !bytes.Equal(got, ocsp.UnauthorizedErrorResponse) {
			t.Errorf("got %x, want unauthorized", got)
		}
	})
	t.Run("Malformed", func(t *testing.T) {
		if got := post(t, server.URL+"/ocsp/"+issuerSlug, []byte("?")); !bytes.Equal(got, ocsp.MalformedRequestErrorResponse) {
			t.Errorf("got %x, want malformed", got)
		}
	})
	t.Run("Stale", func(t *testing.T) {
		if got := post(t, server.URL+"/ocsp/stale", []byte("?")); !bytes.Equal(got, ocsp.TryLaterErrorResponse) {
			t.Errorf("got %x, want try later", got)
		}
	})
	t.Run("Silent", func(t *testing.T) {
		for _, path := range []string{"/ocsp/silent", "/crl/silent.crl"} {
			if r, err := http.Get(server.URL + path); err == nil { //nolint:bodyclose // there is none
				t.Errorf("%s: got %s, want no answer", path, r.Status)
			}
		}
	})
}

// TestOpenSSL asks as another program does: with a nonce that must come back, and by GET-less POST.
func TestOpenSSL(t *testing.T) {
	server, issuer := start(t)
	dir := t.TempDir()
	file := filepath.Join(dir, "issuer.der")
	if err := os.WriteFile(file, issuer.Raw, 0o600); err != nil {
		t.Fatal(err)
	}
	pem := filepath.Join(dir, "issuer.pem")
	if out, err := exec.Command("openssl", "x509", "-inform", "der", "-in", file, "-out", pem).CombinedOutput(); err != nil {
		t.Fatalf("openssl x509: %v\n%s", err, out)
	}
	for serial, want := range map[string]string{"1": "1: good", "2": "2: revoked", "3": "certificateHold"} {
		out, err := exec.Command("openssl", "ocsp", "-issuer", pem, "-serial", serial, "-nonce", "-partial_chain", "-CAfile", pem,
			"-url", server.URL+"/ocsp/"+issuerSlug).CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) || !strings.Contains(string(out), "Response verify OK") ||
			strings.Contains(string(out), "no nonce") {
			t.Errorf("serial %s: %v\n%s", serial, err, out)
		}
	}
}

func TestCRL(t *testing.T) {
	server, issuer := start(t)
	list, err := x509.ParseRevocationList(get(t, server.URL+"/crl/"+issuerSlug+".crl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(issuer); err != nil {
		t.Error(err)
	}
	got := map[int64]int{}
	for _, e := range list.RevokedCertificateEntries {
		got[e.SerialNumber.Int64()] = e.ReasonCode
	}
	if len(got) != 2 || got[2] != pki.ReasonKeyCompromise || got[3] != pki.ReasonCertificateHold {
		t.Errorf("got %v", got)
	}
	old, err := x509.ParseRevocationList(get(t, server.URL+"/crl/stale.crl"))
	if err != nil || time.Now().Before(old.NextUpdate) {
		t.Errorf("the stale list: %v, want one that is out of date", err)
	}
}

// TestCountryCRL lets openssl verify the lists of the countries, one of which has a signer in it.
func TestCountryCRL(t *testing.T) {
	server := httptest.NewServer(revocation.New(pki.New(), travel.Issued()))
	t.Cleanup(server.Close)
	for slug, revoked := range map[string]bool{"csca-ut-001": false, "csca-ut-002": true, "csca-pt-006": false} {
		dir := t.TempDir()
		list, authority := filepath.Join(dir, "list"), filepath.Join(dir, "authority")
		if err := os.WriteFile(list, get(t, server.URL+"/crl/"+slug+".crl"), 0o600); err != nil {
			t.Fatal(err)
		}
		run := func(args ...string) string {
			out, err := exec.Command("openssl", args...).CombinedOutput()
			if err != nil {
				t.Fatalf("openssl %s: %v\n%s", args, err, out)
			}
			return string(out)
		}
		run("x509", "-inform", "der", "-in", "../../assets/testpki/trust/csca/"+slug+".cer", "-out", authority)
		out := run("crl", "-inform", "der", "-in", list, "-CAfile", authority, "-noout", "-text")
		serial := strings.ToUpper(pki.Serial(travel.RevokedSigner).Text(16))
		if !strings.Contains(out, "verify OK") || strings.Contains(out, "Key Compromise") != revoked || strings.Contains(out, serial) != revoked {
			t.Errorf("%s: openssl says\n%s", slug, out)
		}
	}
}

func TestAuthority(t *testing.T) {
	server, issuer := start(t)
	if got := get(t, server.URL+"/ca/"+issuerSlug+".cer"); !bytes.Equal(got, issuer.Raw) {
		t.Error("not the authority's certificate")
	}
	for _, path := range []string{"/ca/forged-auc-0014.cer", "/ca/auc-0014", "/crl/nobody.crl", "/crl/csca-xx-001.crl", "/crl/forged-csca-ut-002.crl", "/crl/forged-cc-006.crl"} {
		r, err := http.Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %s", path, r.Status)
		}
	}
}

func TestServe(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	bound, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() {
		done <- revocation.Serve(ctx, "127.0.0.1:0", revocation.New(pki.New(), nil), func(a net.Addr) { bound <- a })
	}()
	addr := <-bound
	get(t, "http://"+addr.String()+"/ca/raiz-002.cer")
	if err := revocation.Serve(ctx, addr.String(), nil, nil); err == nil {
		t.Error("two services on one address")
	}
	cancel()
	if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("got %v after the end", err)
	}
}

func FuzzOCSP(f *testing.F) {
	service := revocation.New(pki.New(), nil)
	f.Add([]byte{})
	f.Add([]byte{0x30, 0x03, 0x0a, 0x01, 0x06})
	f.Fuzz(func(t *testing.T, request []byte) {
		w := httptest.NewRecorder()
		service.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/ocsp/"+issuerSlug, bytes.NewReader(request)))
		if w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("got %d with %d bytes", w.Code, w.Body.Len())
		}
	})
}

func start(t *testing.T) (*httptest.Server, *x509.Certificate) {
	t.Helper()
	authorities := pki.New()
	issuer, err := authorities.Authority(issuerSlug)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(revocation.New(authorities, []pki.Issued{good, revoked, suspended}))
	t.Cleanup(server.Close)
	return server, issuer.Certificate
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	r, err := http.Get(url)
	return body(t, r, err)
}

func post(t *testing.T, url string, data []byte) []byte {
	t.Helper()
	r, err := http.Post(url, "application/ocsp-request", bytes.NewReader(data))
	return body(t, r, err)
}

func body(t *testing.T, r *http.Response, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", r.Status, err)
	}
	return data
}
