package evidence_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/kiosk"
	"balcao/kiosk/examine"
	"balcao/kiosk/examine/examinetest"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
	"balcao/mock-pcsc/card"
	"balcao/mock-pcsc/fixtures"
)

// mustBench is the fixtures, and a verifier that trusts its State and asks its revocation service.
func mustBench(t testing.TB) (*fixtures.Fixtures, *examine.Examiner) {
	t.Helper()
	d, err := fixtures.Open()
	if err != nil {
		t.Fatal(err)
	}
	return d, kiosktest.Examiner(t, d.Issued())
}

// examineCard reads a card and lets it sign a challenge, as a desk does. Errors of reading become the reason
// that a desk makes of them.
func examineCard(ctx context.Context, v *examine.Examiner, c card.Card, pin string) (examine.Verdict, kiosk.Reason) {
	c.PowerOn()
	defer c.PowerOff()
	ex := v.Examine(ctx, nil)
	err := readAndSign(ctx, v, ex, c, pin)
	verdict := ex.Wait()
	switch {
	case err == nil:
		return verdict, ""
	case errors.Is(err, citizencard.ErrUnknownCard):
		return verdict, kiosk.ReasonUnknownCard
	case errors.Is(err, citizencard.ErrMalformed):
		return verdict, kiosk.ReasonMalformed
	case errors.Is(err, cardreader.ErrSilent):
		return verdict, kiosk.ReasonSilent
	case errors.Is(err, cardreader.ErrRemoved):
		return verdict, kiosk.ReasonRemoved
	}
	return verdict, kiosk.Reason("internal: " + err.Error())
}

func readAndSign(ctx context.Context, v *examine.Examiner, ex *examine.Examination, c card.Card, pin string) error {
	var files citizencard.Files
	cc, err := citizencard.Open(ctx, kiosktest.Laid{Card: c})
	if err != nil {
		return err
	}
	files.Generation = cc.Generation()
	if files.Identity, err = cc.ReadIdentity(ctx); err != nil {
		return err
	}
	ex.Update(files)
	if files.SOD, err = cc.ReadSOD(ctx); err != nil {
		return err
	}
	ex.Update(files)
	certificate, err := cc.ReadCertificate(ctx)
	if err != nil {
		return err
	}
	if v.NeedsIssuers(certificate) {
		if files.Issuers, err = cc.ReadIssuers(ctx); err != nil {
			return err
		}
	}
	files.Certificate = certificate
	ex.Update(files)
	tries, err := cc.PINTries(ctx)
	if err != nil {
		return err
	}
	ex.PIN(tries)
	portrait, err := cc.ReadPhoto(ctx, nil)
	if err != nil {
		return err
	}
	files.Photo, files.MRZ, files.CardKey = portrait.Photo, portrait.MRZ, portrait.CardKey
	ex.Update(files)
	ex.Photo(files.Photo)
	if tries == 0 {
		return nil
	}
	challenge := make([]byte, 32)
	_, _ = rand.Read(challenge)
	digest := sha256.Sum256(challenge)
	if err := cc.VerifyPIN(ctx, []byte(pin)); err != nil {
		return err
	}
	signature, err := cc.Sign(ctx, digest[:])
	if err != nil {
		return err
	}
	ex.Key(digest[:], signature)
	return nil
}

// contactCards are the cards of a contact reader: Citizen Cards, and what is no document at all.
func contactCards(d *fixtures.Fixtures) []fixtures.Entry {
	return slices.DeleteFunc(d.Entries(), func(e fixtures.Entry) bool { return len(e.MRZ) > 0 || e.CAN != "" })
}

// Every card of a contact reader is refused for exactly its reason, and good ones reach the highest level.
func TestFixtures(t *testing.T) {
	d, v := mustBench(t)
	for _, entry := range contactCards(d) {
		t.Run(entry.Name, func(t *testing.T) {
			t.Parallel()
			c, err := d.Card(entry.Name)
			if err != nil {
				t.Fatal(err)
			}
			verdict, reason := examineCard(t.Context(), v, c, entry.PIN)
			got := verdict.Reasons
			if reason != "" {
				got = append(got, reason)
			}
			var want []kiosk.Reason
			if entry.RefusedFor != "" {
				want = []kiosk.Reason{kiosk.Reason(entry.RefusedFor)}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got %v, want %v\n%s", got, want, examinetest.Table(verdict.Checks))
			}
			if entry.RefusedFor == "" && (verdict.Assurance.Level != kiosk.LevelHigh || len(verdict.Assurance.Missing) > 0) {
				t.Errorf("got %+v, want level high\n%s", verdict.Assurance, examinetest.Table(verdict.Checks))
			}
			if entry.RefusedFor == string(kiosk.ReasonKeyMismatch) && verdict.Assurance.Level != kiosk.LevelNone {
				t.Errorf("a clone reaches level %q", verdict.Assurance.Level)
			}
		})
	}
}

// A desk signs with a card and the centre verifies, for each key of a good card; no other card's
// signature over the same person's transcript is accepted.
func TestFixtures_SignAndVerify(t *testing.T) {
	d, v := mustBench(t)
	for _, entry := range contactCards(d) {
		if entry.RefusedFor != "" {
			continue
		}
		t.Run(entry.Name, func(t *testing.T) {
			c, err := d.Card(entry.Name)
			if err != nil {
				t.Fatal(err)
			}
			c.PowerOn()
			defer c.PowerOff()
			ctx := t.Context()
			cc, err := citizencard.Open(ctx, kiosktest.Laid{Card: c})
			if err != nil {
				t.Fatal(err)
			}
			files, chain := mustRead(t, v, cc)
			if err := cc.VerifyPIN(ctx, []byte(entry.PIN)); err != nil {
				t.Fatal(err)
			}
			expect := expectFor(t, files)
			jws := mustSign(t, transcriptFor(t, files, expect), chain, cardSigner{cc})
			sent := transcript.Evidence{JWS: jws, Identity: files.Identity, SOD: files.SOD, SealedPIN: sealedPIN}
			verified, err := verify(ctx, v, sent, expect)
			if err != nil {
				t.Fatal(err)
			}
			if verified.Level != kiosk.LevelHigh || verified.Identity.FullName() != entry.Holder {
				t.Errorf("got level %q for another person than the card's", verified.Level)
			}
			if bytes.Contains(jws, []byte("\n")) {
				t.Error("the JWS is not in its one form")
			}
		})
	}
}

type cardSigner struct{ card *citizencard.Card }

func (s cardSigner) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return s.card.Sign(ctx, digest)
}

func mustRead(t testing.TB, v *examine.Examiner, cc *citizencard.Card) (citizencard.Files, [][]byte) {
	t.Helper()
	ctx := t.Context()
	files := citizencard.Files{Generation: cc.Generation()}
	must := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	files.Identity = must(cc.ReadIdentity(ctx))
	files.SOD = must(cc.ReadSOD(ctx))
	files.Certificate = must(cc.ReadCertificate(ctx))
	var err error
	if files.Issuers, err = cc.ReadIssuers(ctx); err != nil {
		t.Fatal(err)
	}
	ex := v.Examine(ctx, nil)
	ex.Update(files)
	if verdict := ex.Wait(); len(verdict.Reasons) > 0 {
		t.Fatalf("refused: %v", verdict.Reasons)
	}
	return files, ex.Chain()
}
