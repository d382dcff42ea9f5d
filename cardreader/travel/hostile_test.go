package travel_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
)

// hostile answers with whatever the fuzzer likes, for ever.
type hostile struct {
	answers []byte
	at      int
	asked   int
	clear   int // commands in clear that could bring personal data
}

func (h *hostile) next() byte {
	if len(h.answers) == 0 {
		return 0
	}
	b := h.answers[h.at%len(h.answers)]
	h.at++
	return b
}

func (h *hostile) Transmit(_ context.Context, apdu []byte) ([]byte, error) {
	h.asked++
	// By short identifier, only EF.CardAccess and EF.COM are asked for; a file that is current then is EF.CardAccess, EF.COM
	// or EF.ATR/INFO.
	if c, err := iso7816.ParseCommand(apdu); err == nil && c.CLA&0x0C == 0 && c.INS == 0xB0 && c.P1&0x80 != 0 && c.P1 != 0x9C && c.P1 != 0x9E {
		h.clear++
	}
	answer := make([]byte, int(h.next())+int(h.next()&1))
	for i := range answer {
		answer[i] = h.next()
	}
	status := [][]byte{{0x90, 0x00}, {0x61, 0x00}, {0x6C, 0x10}, {0x62, 0x82}, {0x6B, 0x00}, {0x6A, 0x82}, {0x63, 0xC1}, {0x67, 0}, {0x69, 0x82}}
	return append(answer, status[int(h.next())%len(status)]...), nil
}

// FuzzHostileChip lays a chip on the reader that answers anything: it is never opened, nothing personal is asked of it, and
// it comes to an end soon.
func FuzzHostileChip(f *testing.F) {
	access := infoSet(paceInfo(13, 2, 2), paceInfo(12, 4, 4), paceInfo(0, 1, 1))
	f.Add([]byte{}, false)
	f.Add([]byte{0, 0, 0}, true)
	f.Add(append([]byte{byte(len(access)), 0}, append(access, 0)...), true)
	f.Add(append([]byte{22, 0, 0x31, 0x14}, append(paceInfo(13, 4, 2), 0, 0, 0, 0, 18, 0, 0x7C, 16, 0x80, 14)...), false)
	f.Add([]byte{8, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 40, 0, 9}, false)
	f.Fuzz(func(t *testing.T, answers []byte, downgrade bool) {
		h := &hostile{answers: answers}
		chip, err := travel.Recognise(context.Background(), h, travel.Options{Extended: true, ATR: answers, AllowDowngrade: downgrade})
		if err != nil {
			return
		}
		for _, p := range []travel.Password{travel.FromMRZ(mrzKey), travel.FromCAN(can)} {
			if got, err := chip.Unlock(context.Background(), p); err == nil {
				t.Fatalf("it was opened: %+v", got)
			}
		}
		if _, err := chip.Read(context.Background(), travel.DG1, nil); !errors.Is(err, travel.ErrLocked) {
			t.Errorf("got %v, want ErrLocked", err)
		}
		if h.clear > 0 {
			t.Errorf("%d files were asked for in clear", h.clear)
		}
		if h.asked > 20000 {
			t.Errorf("%d commands", h.asked)
		}
	})
}

// FuzzHostileSession changes what a right chip answers once the session is on: whatever comes out of Read is what the
// chip has, or nothing.
func FuzzHostileSession(f *testing.F) {
	f.Add(uint8(9), uint16(3), uint8(1))
	f.Add(uint8(12), uint16(0), uint8(0x80))
	f.Fuzz(func(t *testing.T, at uint8, position uint16, change uint8) {
		card := basicPassport(900)
		card.raw = func(n int, _, answer []byte) ([]byte, error) {
			if n == int(at) && len(answer) > 0 {
				answer[int(position)%len(answer)] ^= change
			}
			return answer, nil
		}
		chip, err := travel.Recognise(context.Background(), card, travel.Options{})
		if err != nil {
			return
		}
		if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); err != nil {
			return
		}
		for file, id := range map[travel.File]uint16{travel.DG1: 0x0101, travel.DG2: 0x0102} {
			got, err := chip.Read(context.Background(), file, nil)
			if err == nil && !bytes.Equal(got, card.files[id]) || err != nil && got != nil {
				t.Errorf("%v: got %X, %v", file, got, err)
			}
		}
		if card.plainInside > 0 {
			t.Errorf("%d commands in clear", card.plainInside)
		}
	})
}

// FuzzDocuments gives the parsers of what is not a card's answer but its content: security infos, EF.CardSecurity, DG14
// and DG15 with a signature, EF.ATR/INFO and the answer to reset.
func FuzzDocuments(f *testing.F) {
	chip := withChipKey(f, passport(100), 13, 1, 2)
	f.Add(chip.files[0x010E], []byte{})
	f.Add(chip.security, claimsExtended)
	f.Add(infoSet(paceInfo(13, 2, 2)), []byte{0x3B, 0xFF, 0xFF})
	f.Add([]byte{0x7F, 0x66, 8, 2, 2, 0x10, 0, 2, 2, 0x10, 0}, []byte{0x30, 6, 2, 1, 1, 2, 1, 1})
	f.Fuzz(func(t *testing.T, document, other []byte) {
		if got, err := travel.ParseSecurityInfos(document); err != nil && got != (travel.InfoCounts{}) {
			t.Errorf("security infos: got %+v beside %v", got, err)
		}
		if content, err := travel.SignedContent(document); err != nil && content != nil {
			t.Errorf("EF.CardSecurity: got %X beside %v", content, err)
		}
		if challenge, err := travel.NewChipChallenge(rand.Reader, document); err == nil {
			if err := challenge.Verify(other); !errors.Is(err, travel.ErrClone) {
				t.Errorf("challenge: got %v", err)
			}
		}
		if err := travel.VerifyActiveAuthentication(document, nil, []byte("12345678"), other); err == nil {
			t.Error("a signature was accepted")
		}
		if n := travel.ParseATRInfo(document); n != 0 && (n < 258 || n > 65538) {
			t.Errorf("EF.ATR/INFO: %d bytes", n)
		}
		if got := travel.Capabilities(other); len(got) > 15 {
			t.Errorf("capabilities: %X", got)
		}
	})
}
