package travel_test

import (
	"context"
	"testing"

	"balcao/cardreader/travel"
)

// BenchmarkUnlock measures opening a chip, both halves of it: about half of the time is the reader's.
func BenchmarkUnlock(b *testing.B) {
	for name, f := range map[string]*fakeChip{
		"BAC":                     basicPassport(100),
		"PACE-GM-P-256":           pacePassport(b, 100, 12, 2, 2),
		"PACE-GM-brainpoolP256r1": pacePassport(b, 100, 13, 2, 2),
		"PACE-IM-brainpoolP256r1": pacePassport(b, 100, 13, 4, 2),
		"PACE-GM-P-384":           pacePassport(b, 100, 15, 2, 4),
		"PACE-GM-brainpoolP512r1": pacePassport(b, 100, 17, 2, 4),
		"PACE-GM-DH-1024-160":     pacePassport(b, 100, 0, 1, 2),
		"PACE-GM-DH-2048-256":     pacePassport(b, 100, 2, 1, 2),
	} {
		b.Run(name, func(b *testing.B) {
			chip := mustRecognise(b, f, travel.Options{Extended: true})
			for b.Loop() {
				if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRead measures reading a photograph of 8 KiB, in short commands, both halves of it.
func BenchmarkRead(b *testing.B) {
	for name, f := range map[string]*fakeChip{"3DES": basicPassport(8300), "AES-128": pacePassport(b, 8300, 12, 2, 2), "AES-256": pacePassport(b, 8300, 12, 2, 4)} {
		b.Run(name, func(b *testing.B) {
			chip, _ := mustUnlock(b, f, travel.Options{})
			for b.Loop() {
				mustRead(b, f, chip, travel.DG2)
			}
		})
	}
}
