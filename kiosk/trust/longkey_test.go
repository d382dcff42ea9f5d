package trust_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"balcao/kiosk/trust"
	"balcao/kiosk/trust/fetch"
	"balcao/kiosk/trust/sod"
	"balcao/kiosk/trust/trusttest"
)

// longKey states a public key with which verifying takes seconds, and makes signatures of its length that are none.
type longKey struct{ bits uint }

func (k longKey) Public() crypto.PublicKey {
	n := new(big.Int).Lsh(big.NewInt(1), k.bits-1)
	return &rsa.PublicKey{N: n.SetBit(n, 0, 1), E: 1<<31 - 1}
}

func (k longKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return bytes.Repeat([]byte{0x55}, int(k.bits/8)), nil
}

// issue makes a certificate of such a key.
func (k longKey) issue(t *testing.T, template x509.Certificate, by *trusttest.Authority) *trusttest.Authority {
	t.Helper()
	template.SignatureAlgorithm = 0
	template.SerialNumber = trusttest.NextSerial()
	template.BasicConstraintsValid = true
	template.NotBefore, template.NotAfter = trusttest.Day(2020), trusttest.Day(2050)
	der, err := x509.CreateCertificate(nil, &template, by.Cert, k.Public(), by.Key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &trusttest.Authority{Cert: c, Key: k}
}

// Whoever brings a certificate chooses its key: none is computed with whose length makes that dear, though it and a
// signature of that length fit into a SOD.
func TestLongKeys(t *testing.T) {
	w := trusttest.MustWorld(t)
	long := longKey{200_000}
	signer := long.issue(t, trusttest.SignerTemplate(), w.Cards)
	object := trusttest.MustMarshal(t, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)})
	dear, plain := trusttest.MustSOD(t, signer, object), bytes.Clone(trusttest.MustSOD(t, w.Signer, object))
	if _, err := trust.ReadSOD(dear); !errors.Is(err, sod.ErrSignature) {
		t.Errorf("a signer in its SOD: got %v", err)
	}
	reading := func(data []byte) func() { return func() { _, _ = trust.ReadSOD(data) } }
	if ratio := least(reading(dear)) / least(reading(plain)); ratio > 50 {
		t.Errorf("it was refused in %.0f times the time of a good one", ratio)
	}
	store := w.Store(t)
	if _, err := store.Chain(long.issue(t, trusttest.CitizenTemplate(), w.Auth).Cert, nil, trusttest.Now); trust.FaultOf(err) != trust.FaultUntrusted {
		t.Errorf("a leaf: got %v", err)
	}
	forged := long.issue(t, trusttest.CaTemplate(w.Auth.Cert.Subject.CommonName), w.Cards)
	forged.Cert.RawSubject = w.Auth.Cert.RawSubject
	if _, err := store.Chain(w.Citizen.Cert, []*x509.Certificate{forged.Cert}, trusttest.Now); err != nil {
		t.Errorf("an authority that came along: got %v", err)
	}
}

// Whoever answers for a responder chooses the certificate in the response: nothing is computed with its key before the
// issuer vouches for it, and nothing with a long one that the issuer vouches for.
func TestLongKeys_OCSP(t *testing.T) {
	s := mustScene(t)
	long := longKey{200_000}
	stranger := trusttest.MustIssue(t, trusttest.CaTemplate(s.ca.Cert.Subject.CommonName), nil, trusttest.MustKey(t))
	check := func() (trust.Answer, error) {
		s.revocation = &trust.Revocation{HTTP: fetch.Client(true), Now: func() time.Time { return trusttest.Now }}
		return s.revocation.Check(context.Background(), s.leaf.Cert, s.ca.Cert)
	}
	answering := func() { _, _ = check() }
	s.ocsp = s.ocspAnswer(t, trusttest.MustIssue(t, responderTemplate(), s.ca, trusttest.MustKey(t)), nil)
	plain := least(answering)
	for name, issuer := range map[string]*trusttest.Authority{"a stranger's": stranger, "the issuer's": s.ca} {
		signer := long.issue(t, responderTemplate(), issuer)
		s.ocsp = s.ocspAnswer(t, signer, func(r *ocsp.Response) { r.SignatureAlgorithm = x509.SHA256WithRSA })
		if answer, err := check(); !errors.Is(err, trust.ErrUnknown) || !strings.Contains(err.Error(), "signer") {
			t.Errorf("%s: got %+v, %v", name, answer, err)
		}
		if ratio := least(answering) / plain; ratio > 50 {
			t.Errorf("%s: refused in %.0f times the time of a good one", name, ratio)
		}
	}
}

// least is the least time that something takes, in seconds: what else the computer does can only add to it.
func least(do func()) float64 {
	best := time.Hour
	for range 5 {
		began := time.Now()
		do()
		best = min(best, time.Since(began))
	}
	return best.Seconds()
}
