package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"balcao/kiosk/evidence"
)

// A citizen's enrolment takes no desk's signature for a card's.
func TestVerify_DeskSignature(t *testing.T) {
	e, c := mustEnrolment(t), mustTravelCase(t)
	jws, err := evidence.SignAsDesk(e.transcript, c.desk.key, c.chain)
	if err != nil {
		t.Fatal(err)
	}
	e.bundle.JWS, e.expect.DeskAuthority = jws, c.authority.cert
	var refusal *evidence.Refusal
	if got, err := e.bind(t); got != nil || !errors.As(err, &refusal) || refusal.Reason != evidence.RefusedSignature {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestSignAsDesk_Refused(t *testing.T) {
	c := mustTravelCase(t)
	transcript := transcriptOf(t, c)
	if _, err := evidence.SignAsDesk(transcript, mustECKey(t), c.chain); !errors.Is(err, evidence.ErrKeyMismatch) {
		t.Errorf("another key: got %v", err)
	}
	if _, err := evidence.SignAsDesk(transcript, sharedRSAKey(), c.chain); !errors.Is(err, evidence.ErrKeyKind) {
		t.Errorf("RSA key: got %v", err)
	}
	if _, err := evidence.SignAsDesk(transcript, c.desk.key, nil); err == nil {
		t.Error("signed without a certificate")
	}
	transcript.Version = 1
	if _, err := evidence.SignAsDesk(transcript, c.desk.key, c.chain); !errors.Is(err, evidence.ErrTranscript) {
		t.Errorf("version 1: got %v", err)
	}
}

// A certificate of the desks' authority for a key of another kind is no desk's, though a citizen might have such a key.
func TestVerifyTravel_DeskKeyKind(t *testing.T) {
	c := mustTravelCase(t)
	transcript := transcriptOf(t, c)
	c.desk = mustIssue(t, deskTemplate(deskName), c.authority, sharedRSAKey())
	payload, err := transcript.Encode()
	if err != nil {
		t.Fatal(err)
	}
	c.bundle.JWS = mustJWS(t, &enrolment{card: c.desk}, `{"alg":"RS256","typ":"balcao-desk","x5c":`+x5c(c.desk.cert.Raw)+`}`, payload)
	var refusal *evidence.Refusal
	if got, err := c.bind(t); got != nil || !errors.As(err, &refusal) || refusal.Reason != evidence.RefusedAuthority {
		t.Errorf("got %v, %v", got, err)
	}
}

// A desk's key file may bring its authority along; it does not travel.
func TestSignAsDesk_OwnCertificateOnly(t *testing.T) {
	c := mustTravelCase(t)
	c.chain = [][]byte{c.desk.cert.Raw, c.authority.cert.Raw}
	if _, err := c.bind(t); err != nil {
		t.Error(err)
	}
}

func FuzzVerifyDesk(f *testing.F) {
	c := mustTravelCase(f)
	if _, err := c.bind(f); err != nil {
		f.Fatal(err)
	}
	f.Add(c.bundle.JWS, c.bundle.Proof)
	f.Add([]byte(`{"payload":"","signatures":[{"protected":"","signature":""}]}`), []byte{2})
	f.Fuzz(func(t *testing.T, jws, proof []byte) {
		bundle := c.bundle
		bundle.JWS, bundle.Proof = jws, proof
		got, err := c.verifier.Verify(context.Background(), bundle, c.expect)
		var refusal *evidence.Refusal
		switch {
		case err == nil && !bytes.Equal(jws, c.bundle.JWS):
			t.Fatal("a JWS that nobody signed was accepted")
		case err == nil && !bytes.Equal(proof[1:], c.bundle.Proof[1:]) && len(proof) == len(c.bundle.Proof):
			t.Fatal("a proof that no chip gave was accepted")
		case err != nil && (got != nil || !errors.As(err, &refusal)):
			t.Fatalf("got %v, %v", got, err)
		}
	})
}
