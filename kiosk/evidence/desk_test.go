package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"balcao/kiosk/evidence"
	"balcao/kiosk/transcript"
	"balcao/kiosk/trust/trusttest"
)

// A citizen's enrolment takes no desk's signature for a card's.
func TestVerify_DeskSignature(t *testing.T) {
	e, c := mustEnrolment(t), mustTravelCase(t)
	jws, err := transcript.SignAsDesk(e.transcript, c.desk.Key, c.chain)
	if err != nil {
		t.Fatal(err)
	}
	e.sent.JWS, e.expect.DeskAuthority = jws, c.authority.Cert
	var refusal *evidence.Refusal
	if got, err := e.bind(t); got != nil || !errors.As(err, &refusal) || refusal.Reason != evidence.RefusedSignature {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSignAsDesk_Refused(t *testing.T) {
	c := mustTravelCase(t)
	agreed := transcriptOf(t, c)
	if _, err := transcript.SignAsDesk(agreed, trusttest.MustKey(t), c.chain); !errors.Is(err, transcript.ErrKeyMismatch) {
		t.Errorf("another key: got %v", err)
	}
	if _, err := transcript.SignAsDesk(agreed, trusttest.RsaKey(), c.chain); !errors.Is(err, transcript.ErrKeyKind) {
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

// A certificate of the desks' authority for a key of another kind is no desk's, though a citizen might have such a key.
func TestVerifyTravel_DeskKeyKind(t *testing.T) {
	c := mustTravelCase(t)
	agreed := transcriptOf(t, c)
	c.desk = trusttest.MustIssue(t, deskTemplate(deskName), c.authority, trusttest.RsaKey())
	payload, err := agreed.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c.sent.JWS = mustJWS(t, &enrolment{card: c.desk}, `{"alg":"RS256","typ":"balcao-desk","x5c":`+x5c(c.desk.Cert.Raw)+`}`, payload)
	var refusal *evidence.Refusal
	if got, err := c.bind(t); got != nil || !errors.As(err, &refusal) || refusal.Reason != evidence.RefusedAuthority {
		t.Errorf("got %v, %v", got, err)
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
