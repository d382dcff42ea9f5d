package citizencard_test

import (
	"bytes"
	"context"
	"testing"

	"balcao/cardreader/citizencard"
)

// hostile answers with whatever the fuzzer likes, for ever.
type hostile struct {
	answers []byte
	at      int
	asked   int
}

func (h *hostile) next() byte {
	if len(h.answers) == 0 {
		return 0
	}
	b := h.answers[h.at%len(h.answers)]
	h.at++
	return b
}

func (h *hostile) Transmit(context.Context, []byte) ([]byte, error) {
	h.asked++
	answer := make([]byte, int(h.next())+int(h.next()&1))
	for i := range answer {
		answer[i] = h.next()
	}
	status := [][]byte{{0x90, 0x00}, {0x61, 0x00}, {0x6C, 0x10}, {0x62, 0x82}, {0x6B, 0x00}, {0x6A, 0x82}, {0x63, 0xC1}}
	return append(answer, status[int(h.next())%len(status)]...), nil
}

// FuzzFiles reads everything from a card that answers anything: it always comes to an end, soon, and
// with nothing larger than a card can hold.
func FuzzFiles(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0x00, 0x00, 0x00})
	f.Add(append([]byte{255, 1, 0x30, 0x82, 0x10, 0x00}, make([]byte, 252)...))
	f.Add(bytes.Repeat([]byte{2, 0, 0x77, 0x84, 1}, 9))
	f.Fuzz(func(t *testing.T, answers []byte) {
		card := &hostile{answers: answers}
		opened, err := citizencard.Open(context.Background(), card)
		if err != nil {
			return
		}
		files, _ := readAll(context.Background(), opened)
		_, _ = opened.Serial(context.Background())
		_, _ = opened.PINTries(context.Background())
		_ = opened.VerifyPIN(context.Background(), []byte("1234"))
		_, _ = opened.Sign(context.Background(), make([]byte, 32))
		for _, file := range [][]byte{files.Identity, files.SOD, files.Certificate, files.Photo} {
			if len(file) > 1<<15 {
				t.Errorf("file of %d bytes", len(file))
			}
		}
		// Files of one byte an answer, and each byte of a short answer preceded by response chains.
		if card.asked > 1<<20 {
			t.Errorf("%d commands", card.asked)
		}
	})
}
