package trust_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"testing"
	"time"

	"balcao/kiosk/trust"
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

// Whoever brings a certificate chooses its key: none is computed with whose length makes that dear, though it and a
// signature of that length fit into a SOD.
func TestLongKeys(t *testing.T) {
	w := trusttest.MustWorld(t)
	long := longKey{200_000}
	issue := func(template x509.Certificate, by *trusttest.Authority) *trusttest.Authority {
		t.Helper()
		template.SignatureAlgorithm = 0
		template.SerialNumber = trusttest.NextSerial()
		template.BasicConstraintsValid = true
		template.NotBefore, template.NotAfter = trusttest.Day(2020), trusttest.Day(2050)
		der, err := x509.CreateCertificate(nil, &template, by.Cert, long.Public(), by.Key)
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return &trusttest.Authority{Cert: c, Key: long}
	}
	signer := issue(trusttest.SignerTemplate(), w.Cards)
	object := trusttest.MustMarshal(t, trusttest.SecurityObject{Algorithm: trusttest.Sha256ID, Hashes: trusttest.HashesOf(1, 3, 4)})
	dear, plain := trusttest.MustSOD(t, signer, object), bytes.Clone(trusttest.MustSOD(t, w.Signer, object))
	if _, err := trust.ReadSOD(dear); !errors.Is(err, sod.ErrSignature) {
		t.Errorf("a signer in its SOD: got %v", err)
	}
	if ratio := float64(least(dear)) / float64(least(plain)); ratio > 50 {
		t.Errorf("it was refused in %.0f times the time of a good one", ratio)
	}
	store := w.Store(t)
	if _, err := store.Chain(issue(trusttest.CitizenTemplate(), w.Auth).Cert, nil, trusttest.Now); trust.FaultOf(err) != trust.FaultUntrusted {
		t.Errorf("a leaf: got %v", err)
	}
	forged := issue(trusttest.CaTemplate(w.Auth.Cert.Subject.CommonName), w.Cards)
	forged.Cert.RawSubject = w.Auth.Cert.RawSubject
	if _, err := store.Chain(w.Citizen.Cert, []*x509.Certificate{forged.Cert}, trusttest.Now); err != nil {
		t.Errorf("an authority that came along: got %v", err)
	}
}

// least is the least time in which a SOD is read: what else the computer does can only add to it.
func least(data []byte) time.Duration {
	best := time.Hour
	for range 5 {
		began := time.Now()
		_, _ = trust.ReadSOD(data)
		best = min(best, time.Since(began))
	}
	return best
}
