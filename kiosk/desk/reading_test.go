package desk_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"balcao/cardreader"
	"balcao/cardreader/citizencard"
	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
	"balcao/cardreader/travel/lds"
	"balcao/kiosk"
	"balcao/kiosk/desk"
	"balcao/kiosk/kiosktest"
	"balcao/kiosk/transcript"
)

func TestJudge(t *testing.T) {
	tests := []struct {
		err     error
		reason  kiosk.Reason
		problem kiosk.ProblemCode
	}{
		{nil, "", ""},
		{citizencard.ErrUnknownCard, kiosk.ReasonUnknownCard, ""},
		{citizencard.ErrMalformed, kiosk.ReasonMalformed, ""},
		{iso7816.ErrTLV, kiosk.ReasonMalformed, ""},
		// What is damaged is content that was read: a status word alone says that the chip refused.
		{&iso7816.StatusError{SW: 0x6A82}, kiosk.ReasonRefused, ""},
		{&iso7816.StatusError{SW: 0x6985}, kiosk.ReasonRefused, ""},
		{&iso7816.StatusError{SW: 0x6700}, kiosk.ReasonRefused, ""},
		{&iso7816.StatusError{SW: 0x6B00}, kiosk.ReasonRefused, ""},
		{&iso7816.StatusError{SW: 0x6F00}, kiosk.ReasonRefused, ""},
		{iso7816.ErrEndOfFile, kiosk.ReasonRefused, ""},
		{travel.ErrNoFile, kiosk.ReasonRefused, ""},
		{travel.ErrMalformed, kiosk.ReasonMalformed, ""},
		{travel.ErrLocked, kiosk.ReasonAccessFailed, ""},
		{fmt.Errorf("%w: %w", travel.ErrSecureMessaging, &iso7816.StatusError{SW: 0x6985}), kiosk.ReasonAccessFailed, ""},
		{fmt.Errorf("%w: %w", travel.ErrSecureMessaging, iso7816.ErrTLV), kiosk.ReasonAccessFailed, ""},
		{lds.ErrMalformed, kiosk.ReasonMalformed, ""},
		{cardreader.ErrSilent, kiosk.ReasonSilent, ""},
		{context.DeadlineExceeded, kiosk.ReasonSilent, ""},
		{cardreader.ErrRemoved, kiosk.ReasonRemoved, ""},
		{cardreader.ErrTransport, kiosk.ReasonRemoved, ""},
		{citizencard.ErrPINBlocked, kiosk.ReasonPINBlocked, ""},
		{transcript.ErrKeyMismatch, kiosk.ReasonKeyMismatch, ""},
		{transcript.ErrKeyKind, kiosk.ReasonCertificatePurpose, ""},
		{cardreader.ErrReset, "", kiosk.ProblemReaderBusy},
		{cardreader.ErrBusy, "", kiosk.ProblemReaderBusy},
		{citizencard.ErrPINRequired, "", kiosk.ProblemReaderBusy},
		{cardreader.ErrUnresponsive, "", kiosk.ProblemCardUnresponsive},
		{cardreader.ErrServiceGone, "", kiosk.ProblemServiceStopped},
		{cardreader.ErrNotAuthorised, "", kiosk.ProblemNotAuthorised},
		{cardreader.ErrStuck, "", kiosk.ProblemServiceStuck},
		// Nothing that is not known passes for a yes.
		{context.Canceled, "", kiosk.ProblemInternal},
		{citizencard.ErrPINFormat, "", kiosk.ProblemInternal},
		{exec.ErrNotFound, "", kiosk.ProblemInternal}, // the decoder is not installed
		{errors.New("something else"), "", kiosk.ProblemInternal},
	}
	for _, test := range tests {
		err := test.err
		if err != nil {
			err = fmt.Errorf("reading the photograph: %w", err)
		}
		reason, p := desk.Judge(err)
		var code kiosk.ProblemCode
		if p != nil {
			code = p.Code
		}
		if reason != test.reason || code != test.problem {
			t.Errorf("%v: got %q, %q, want %q, %q", err, reason, code, test.reason, test.problem)
		}
		if p != nil && p.Fatal != (code == kiosk.ProblemInternal) {
			t.Errorf("%v: fatal is %t", err, p.Fatal)
		}
	}
}

// onCard is a Reader's session with a card of the fixtures, without a desk.
func onCard(t *testing.T, name string) (*bench, *kiosktest.Slots, desk.CardSession) {
	t.Helper()
	b := newCards(t)
	c, _ := b.card(name)
	b.slots.Insert(1, c)
	s, err := b.slots.Connect(t.Context(), kiosktest.ReaderNames[1], nil)
	b.check(err)
	t.Cleanup(func() { b.check(s.Close()) })
	return b, b.slots, s
}

// The identity is told before anything else was read, each check when it is in, and the photograph when
// the card is free for others again: decoding it takes longer than reading many a file.
func TestReader_Order(t *testing.T) {
	for _, name := range []string{"cc1-rsa2048", "cc2024"} {
		t.Run(name, func(t *testing.T) {
			b, slots, card := onCard(t, name)
			var order []string
			identityAt := 0
			emit := func(e kiosk.CaseEvent) {
				slots.Lock()
				defer slots.Unlock()
				switch e := e.(type) {
				case kiosk.IdentityRead:
					identityAt = slots.Sent
					order = append(order, "identity")
				case kiosk.CheckDone:
					if e.Check.Name != kiosk.CheckRevocation { // its answer comes when it comes
						order = append(order, string(e.Check.Name))
					}
				case kiosk.PhotoRead:
					order = append(order, "photo")
					if e.Photo == nil || card.(interface{ Held() bool }).Held() {
						t.Error("no photograph, or the card was held while it was decoded")
					}
				}
			}
			reading, outcome := desk.Reader{Examiner: b.examiner, Emit: emit}.Read(t.Context(), card)
			if outcome.Err != nil || len(outcome.Verdict.Reasons) > 0 || reading.Serial == "" || len(reading.Chain) < 2 {
				t.Fatalf("got %+v", outcome)
			}
			want := []string{"identity", "document_recognised", "sod_signature", "sod_signer", "identity_data", "document_validity", "age",
				"certificate_chain", "certificate_validity", "certificate_purpose", "same_person", "pin_state", "photo_data", "photo"}
			if !slices.Equal(order, want) {
				t.Errorf("got  %v\nwant %v", order, want)
			}
			if identityAt*3 > slots.Sent {
				t.Errorf("the identity was told after %d of %d commands", identityAt, slots.Sent)
			}
			reading.Wipe()
			if reading.Serial != "" || reading.Chain != nil || reading.Files.Identity != nil {
				t.Error("not wiped")
			}
			// What was wiped was the reading's own: the trust store still chains.
			if again, outcome := (desk.Reader{Examiner: b.examiner, Emit: emit, SkipPhoto: true}).Read(t.Context(), card); len(outcome.Verdict.Reasons) > 0 ||
				len(again.Files.Photo) > 0 {
				t.Errorf("read again: %v", outcome.Verdict.Reasons)
			}
		})
	}
}

// What was broken off is never complete, wherever that happens.
func TestReader_BrokenOff(t *testing.T) {
	b, slots, _ := onCard(t, "cc2024")
	for n := 1; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		slots.Interfere(kiosktest.At(n, kiosktest.Hook{Before: func(int) { cancel() }, Wait: true}))
		card, err := slots.Connect(t.Context(), kiosktest.ReaderNames[1], nil)
		b.check(err)
		_, outcome := desk.Reader{Examiner: b.examiner, Emit: func(kiosk.CaseEvent) {}}.Read(ctx, card)
		cancel()
		b.check(card.Close())
		if slots.Exchanged() < n {
			if outcome.Err != nil || n < 20 {
				t.Errorf("after %d commands: got %v", n-1, outcome.Err)
			}
			return
		}
		if outcome.Problem == nil && len(outcome.Verdict.Reasons) == 0 {
			t.Errorf("broken off at command %d: got %+v", n, outcome)
		}
	}
}
