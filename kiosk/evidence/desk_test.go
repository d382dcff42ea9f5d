package evidence_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"balcao/kiosk"
	"balcao/kiosk/evidence"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/trusttest"
)

// Every transcript is signed by the desk that opened the enrolment, a Citizen Card's by the card before it. One thing is
// wrong at a time; each is refused for what it is.
func TestVerify_Signatures(t *testing.T) {
	authority, desk := mustDesk(t)
	issue := func(t *testing.T, change func(*x509.Certificate)) *trusttest.Authority {
		t.Helper()
		template := deskTemplate(deskName)
		change(&template)
		return trusttest.MustIssue(t, template, authority, trusttest.MustKey(t))
	}
	// countersigned is the honest enrolment, but for who signs as the desk. The centre knows its certificate.
	countersigned := func(by func(*testing.T) *trusttest.Authority) func(*testing.T, *enrolment) {
		return func(t *testing.T, e *enrolment) {
			d := by(t)
			jws, err := transcript.Countersign(byCard(t, e), d.Key, [][]byte{d.Cert.Raw})
			if err != nil {
				t.Fatal(err)
			}
			e.sent.JWS, e.expect.DeskCertificates = jws, known(desk, d)
		}
	}
	// arranged puts the two honest signatures together in another way.
	arranged := func(change func(t *testing.T, e *enrolment, g *general)) func(*testing.T, *enrolment) {
		return func(t *testing.T, e *enrolment) {
			var g general
			if err := json.Unmarshal(mustCountersign(t, byCard(t, e)), &g); err != nil {
				t.Fatal(err)
			}
			change(t, e, &g)
			e.sent.JWS = mustJSON(t, g)
		}
	}
	cases := map[string]struct {
		want   string
		change func(*testing.T, *enrolment)
	}{
		"the honest desk": {"", countersigned(func(*testing.T) *trusttest.Authority { return desk })},
		"its second certificate": {"", countersigned(func(t *testing.T) *trusttest.Authority {
			return issue(t, func(*x509.Certificate) {})
		})},
		"no signature of a desk": {evidence.RefusedDesk, func(t *testing.T, e *enrolment) { e.sent.JWS = byCard(t, e) }},
		"another desk's": {evidence.RefusedDesk, countersigned(func(t *testing.T) *trusttest.Authority {
			return issue(t, func(c *x509.Certificate) { c.Subject.CommonName = "coimbra-01" })
		})},
		"of an authority of the same name": {evidence.RefusedAuthority, countersigned(func(t *testing.T) *trusttest.Authority {
			forged := trusttest.MustIssue(t, trusttest.CaTemplate("(Test) desks"), nil, trusttest.MustKey(t))
			return trusttest.MustIssue(t, deskTemplate(deskName), forged, trusttest.MustKey(t))
		})},
		"self-made": {evidence.RefusedAuthority, countersigned(func(t *testing.T) *trusttest.Authority {
			return trusttest.MustIssue(t, deskTemplate(deskName), nil, trusttest.MustKey(t))
		})},
		"the authority's own":     {evidence.RefusedAuthority, countersigned(func(*testing.T) *trusttest.Authority { return authority })},
		"no authority configured": {evidence.RefusedAuthority, func(_ *testing.T, e *enrolment) { e.expect.DeskAuthority = nil }},
		"certificate of a server": {evidence.RefusedAuthority, countersigned(func(t *testing.T) *trusttest.Authority {
			return issue(t, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} })
		})},
		"certificate revoked": {evidence.RefusedAuthority, func(t *testing.T, e *enrolment) {
			e.expect.DeskCertificates = known(issue(t, func(*x509.Certificate) {}))
		}},
		"all certificates revoked": {evidence.RefusedAuthority, func(_ *testing.T, e *enrolment) { e.expect.DeskCertificates = nil }},
		"expired when it signed": {evidence.RefusedAuthority, countersigned(func(t *testing.T) *trusttest.Authority {
			return issue(t, func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now().AddDate(-2, 0, 0), time.Now().AddDate(0, 0, -1)
			})
		})},
		"not valid yet when it signed": {evidence.RefusedAuthority, countersigned(func(t *testing.T) *trusttest.Authority {
			return issue(t, func(c *x509.Certificate) {
				c.NotBefore, c.NotAfter = time.Now(), time.Now().AddDate(1, 0, 0)
			})
		})},
		"the desk's alone": {evidence.RefusedSignature, func(t *testing.T, e *enrolment) {
			jws, err := transcript.SignAsDesk(e.transcript, desk.Key, [][]byte{desk.Cert.Raw})
			if err != nil {
				t.Fatal(err)
			}
			e.sent.JWS = jws
		}},
		"two of the citizen": {evidence.RefusedDesk, arranged(func(_ *testing.T, _ *enrolment, g *general) {
			g.Signatures[1] = g.Signatures[0]
		})},
		"order swapped": {evidence.RefusedSignature, arranged(func(_ *testing.T, _ *enrolment, g *general) {
			slices.Reverse(g.Signatures)
		})},
		"the citizen's over another payload": {evidence.RefusedSignature, arranged(func(t *testing.T, e *enrolment, g *general) {
			g.Payload, g.Signatures[1] = b64(anotherPayload(t, e)), byDesk(t, anotherPayload(t, e))
		})},
		"the desk's over another payload": {evidence.RefusedSignature, arranged(func(t *testing.T, e *enrolment, g *general) {
			g.Signatures[1] = byDesk(t, anotherPayload(t, e))
		})},
		"another key under the desk's certificate": {evidence.RefusedSignature, arranged(func(t *testing.T, e *enrolment, g *general) {
			payload, err := e.transcript.Encode()
			if err != nil {
				t.Fatal(err)
			}
			thief := &trusttest.Authority{Cert: desk.Cert, Key: trusttest.MustKey(t)}
			g.Signatures[1] = signedWith(t, thief, `{"alg":"ES256","typ":"balcao-desk","x5c":`+x5c(desk.Cert.Raw)+`}`, payload)
		})},
		"the desk's authority came along": {evidence.RefusedAuthority, arranged(func(t *testing.T, e *enrolment, g *general) {
			payload, err := e.transcript.Encode()
			if err != nil {
				t.Fatal(err)
			}
			header := `{"alg":"ES256","typ":"balcao-desk","x5c":` + x5c(desk.Cert.Raw, authority.Cert.Raw) + `}`
			g.Signatures[1] = signedWith(t, desk, header, payload)
		})},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			e := mustEnrolment(t)
			tt.change(t, e)
			got, err := e.bind(t)
			var refusal *evidence.Refusal
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (got != nil || !errors.As(err, &refusal) || refusal.Reason != tt.want):
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// byCard is what the card signed, without the desk's signature.
func byCard(t *testing.T, e *enrolment) []byte {
	t.Helper()
	jws, err := transcript.Sign(t.Context(), e.transcript, e.chain, examinetest.SoftCard{Key: e.card.Key})
	if err != nil {
		t.Fatal(err)
	}
	return jws
}

// anotherPayload is the same transcript but for the language.
func anotherPayload(t *testing.T, e *enrolment) []byte {
	t.Helper()
	other := e.transcript
	other.Language = kiosk.English
	payload, err := other.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// No key computes a signature before its certificate is believed: not even one that would be little work.
func TestVerify_ChainBeforeSignature(t *testing.T) {
	e := mustEnrolment(t)
	forged := examinetest.MustState(t)
	stranger := trusttest.MustIssue(t, examinetest.Citizen(t, examinetest.Maria), forged.Auth, trusttest.MustKey(t))
	payload, err := e.transcript.Encode()
	if err != nil {
		t.Fatal(err)
	}
	header := `{"alg":"ES256","typ":"balcao-citizen","x5c":` + x5c(stranger.Cert.Raw) + `}`
	e.sent.JWS = mustJWS(t, &enrolment{card: e.card}, header, payload) // not its signature
	var refusal *evidence.Refusal
	if _, err := e.bind(t); !errors.As(err, &refusal) || refusal.Reason != string(kiosk.ReasonChainUntrusted) {
		t.Errorf("the card's: got %v", err)
	}
	e.sent.JWS = mustJSON(t, general{b64(payload), []signature{
		signedWith(t, e.card, header, payload),
		signedWith(t, e.card, `{"alg":"ES256","typ":"balcao-desk","x5c":`+x5c(stranger.Cert.Raw)+`}`, payload),
	}})
	if _, err := e.bind(t); !errors.As(err, &refusal) || refusal.Reason != evidence.RefusedAuthority {
		t.Errorf("the desk's: got %v", err)
	}
}

func TestSignAsDesk_Refused(t *testing.T) {
	c := mustTravelCase(t)
	agreed := transcriptOf(t, c)
	if _, err := transcript.SignAsDesk(agreed, trusttest.MustKey(t), c.chain); !errors.Is(err, transcript.ErrKeyMismatch) {
		t.Errorf("another key: got %v", err)
	}
	if _, err := transcript.SignAsDesk(agreed, trusttest.RsaKey(), c.chain); !errors.Is(err, transcript.ErrKeyMismatch) {
		t.Errorf("RSA key: got %v", err)
	}
	if _, err := transcript.SignAsDesk(agreed, c.desk.Key, nil); err == nil {
		t.Error("signed without a certificate")
	}
	agreed.Version = 1
	if _, err := transcript.SignAsDesk(agreed, c.desk.Key, c.chain); !errors.Is(err, transcript.ErrForm) {
		t.Errorf("version 1: got %v", err)
	}
}

// A desk's key may be of any kind that signs transcripts, as it is where hardware keeps it.
func TestVerifyTravel_DeskKeys(t *testing.T) {
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.Signer{"RSA": trusttest.RsaKey(), "P-384": p384} {
		c := mustTravelCase(t)
		c.desk = trusttest.MustIssue(t, deskTemplate(deskName), c.authority, key)
		c.chain, c.expect.DeskCertificates = [][]byte{c.desk.Cert.Raw}, known(c.desk)
		if _, err := c.bind(t); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A desk's key file may bring its authority along; it does not travel.
func TestSignAsDesk_OwnCertificateOnly(t *testing.T) {
	c := mustTravelCase(t)
	c.chain = [][]byte{c.desk.Cert.Raw, c.authority.Cert.Raw}
	if _, err := c.bind(t); err != nil {
		t.Error(err)
	}
}

func FuzzVerifyDesk(f *testing.F) {
	c := mustTravelCase(f)
	if _, err := c.bind(f); err != nil {
		f.Fatal(err)
	}
	f.Add(c.sent.JWS, c.sent.Proof)
	f.Add([]byte(`{"payload":"","signatures":[{"protected":"","signature":""}]}`), []byte{2})
	f.Fuzz(func(t *testing.T, jws, proof []byte) {
		sent := c.sent
		sent.JWS, sent.Proof = jws, proof
		got, err := verify(context.Background(), c.examiner, sent, c.expect)
		var refusal *evidence.Refusal
		switch {
		case err == nil && !bytes.Equal(jws, c.sent.JWS):
			t.Fatal("a JWS that nobody signed was accepted")
		case err == nil && !bytes.Equal(proof[1:], c.sent.Proof[1:]) && len(proof) == len(c.sent.Proof):
			t.Fatal("a proof that no chip gave was accepted")
		case err != nil && (got != nil || !errors.As(err, &refusal)):
			t.Fatalf("got %v, %v", got, err)
		}
	})
}
