package travel_test

// What other people's readers got wrong, or met in the field, while reading.

import (
	"context"
	"errors"
	"testing"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
)

// Some chips know no short identifiers.
func TestLesson_ChipsWithoutShortIdentifiers(t *testing.T) {
	f := basicPassport(8300)
	f.noSFI = true
	chip, _ := mustUnlock(t, f, travel.Options{})
	mustRead(t, f, chip, travel.DG1, travel.SOD, travel.DG2)
	if want := 7 + 1 + 46 + 3; f.n != want { // one SELECT in the probe, one for each file
		t.Errorf("got %d commands, want %d", f.n, want)
	}
}

// They say so with every status there is, protected or in clear and with the end of the session: the file is selected.
func TestLesson_ShortIdentifiersRefusedInEveryWay(t *testing.T) {
	for _, sw := range []iso7816.SW{0x6985, 0x6986, 0x6A81, 0x6A82, 0x6A86, 0x6D00} {
		for _, clear := range []bool{false, true} {
			for name, f := range map[string]*fakeChip{
				"BAC": basicPassport(900), "PACE": pacePassport(t, 900, 13, 2, 2),
				"CA": withChipKey(t, pacePassport(t, 900, 13, 2, 2), 13, -1, 2),
			} {
				f.noSFI, f.noSFIStatus, f.noSFIClear = true, sw, clear
				chip, _ := mustUnlock(t, f, travel.Options{})
				size := chip.ReadSize()
				mustRead(t, f, chip, travel.DG1, travel.SOD, travel.DG2)
				if chip.ReadSize() < size {
					t.Errorf("%s, %04X, in clear %v: reads %d bytes: it was taken for a wrong size", name, sw, clear, chip.ReadSize())
				}
				if f.plainInside > 0 {
					t.Errorf("%s, %04X: %d commands in clear", name, sw, f.plainInside)
				}
			}
		}
	}
}

// A chip that refuses one file, selected or not, says so by a status word. That is no damaged content.
func TestLesson_RefusalIsNoDamage(t *testing.T) {
	for _, sw := range []iso7816.SW{0x6985, 0x6982, 0x6700, 0x6A82, 0x6B00, 0x6282, 0x6F00, 0x6581} {
		for _, clear := range []bool{false, true} {
			f := basicPassport(900)
			f.refuses, f.refusal, f.noSFIClear = 0x011D, sw, clear
			chip, _ := mustUnlock(t, f, travel.Options{})
			mustRead(t, f, chip, travel.DG1)
			_, err := chip.Read(context.Background(), travel.SOD, nil)
			if err == nil || errors.Is(err, travel.ErrMalformed) {
				t.Errorf("%04X, in clear %v: got %v", sw, clear, err)
			}
		}
	}
}

// An offset beyond 32767 needs READ BINARY with the odd instruction.
func TestLesson_LongFilesByTheOddInstruction(t *testing.T) {
	for _, size := range []int{32768, 32769, 33000, 70000, 300000} {
		f := basicPassport(size)
		chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended})
		mustRead(t, f, chip, travel.DG2)
		f = pacePassport(t, size, 13, 2, 2)
		chip, _ = mustUnlock(t, f, travel.Options{})
		mustRead(t, f, chip, travel.DG2)
	}
}

// A chip that refuses the size of a read has ended its session, in whichever way it says it. It is opened anew, read in
// smaller pieces, and its size remembered.
func TestLesson_WrongLengthOpensAnewAndReadsLess(t *testing.T) {
	for _, sw := range []iso7816.SW{0x6700, 0x6B00, 0x6282, 0x6C80, 0x6F00, 0x6A86} {
		for _, most := range []int{4096, 200, 160, 100} {
			for name, f := range map[string]*fakeChip{"BAC": basicPassport(9000), "PACE": pacePassport(t, 9000, 13, 2, 2)} {
				f.wrongSize = sw
				f.mostRead = most
				chip, before := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended})
				mustRead(t, f, chip, travel.DG1, travel.SOD, travel.DG2)
				want := map[int]int{4096: 223, 200: 160, 160: 160, 100: 96}[most]
				if name == "BAC" && most == 4096 {
					want = 231
				}
				if got := chip.ReadSize(); got != want {
					t.Errorf("%s, %04X above %d: reads %d bytes, want %d", name, sw, most, got, want)
				}
				if f.plainInside > 0 {
					t.Errorf("%s, %04X: %d commands in clear", name, sw, f.plainInside)
				}
				// Next time it is known from the beginning.
				again, p := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended, MaxRead: chip.ReadSize()})
				n := f.n
				mustRead(t, f, again, travel.SOD)
				if reads := (1900 + want - 1) / want; f.n-n != reads || p.Mechanism != before.Mechanism {
					t.Errorf("%s, %04X: %d commands the second time, want %d", name, sw, f.n-n, reads)
				}
			}
		}
	}
}

// A chip that is opened anew has to come back with the access control it had.
func TestLesson_OpeningAnewIsNoDowngrade(t *testing.T) {
	f := pacePassport(t, 9000, 13, 2, 2)
	f.mostRead, f.wrongSize = 1000, 0x6700
	chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended, AllowDowngrade: true})
	f.paceRefused = 0x6A80
	if _, err := chip.Read(context.Background(), travel.DG2, nil); !errors.Is(err, travel.ErrDowngrade) {
		t.Errorf("got %v, want ErrDowngrade", err)
	}
}

// Nothing at all as an answer to a read that was too long.
func TestLesson_NoBytesMeansTooLong(t *testing.T) {
	f := basicPassport(9000)
	f.answer = func(_ int, c iso7816.Command, data []byte, sw iso7816.SW) ([]byte, iso7816.SW) {
		if c.INS == 0xB0 && c.Le > 224 && c.P1 != 0x9C {
			return nil, 0x9000
		}
		return data, sw
	}
	chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended})
	mustRead(t, f, chip, travel.DG2)
}

// A chip that says it takes extended length but gives less than what was asked is read on from there.
func TestLesson_LessThanAskedIsTaken(t *testing.T) {
	f := basicPassport(40000)
	f.givesAtMost = 1000
	chip, _ := mustUnlock(t, f, travel.Options{Extended: true, ATR: claimsExtended})
	mustRead(t, f, chip, travel.DG1, travel.DG2)
	if got := chip.ReadSize(); got != 1000 {
		t.Errorf("reads %d bytes, want what the chip gives", got)
	}
	if want := 7 + 1 + 41; f.n != want { // the odd instruction's header takes some of 1000 bytes beyond 32 KiB
		t.Errorf("got %d commands, want %d", f.n, want)
	}
}

// A chip that is pulled, or a reader that fails, is told as such, wherever it happens: never as a wrong password, a
// downgrade or a malformed file.
func TestLesson_LostChipIsALostChip(t *testing.T) {
	for at := 1; ; at++ {
		f := withChipKey(t, pacePassport(t, 700, 12, 6, 2), 12, -1, 2)
		f.raw = func(n int, _, answer []byte) ([]byte, error) {
			if n >= at {
				return nil, errPulled
			}
			return answer, nil
		}
		err := readEverything(f)
		if f.n < at {
			if err != nil {
				t.Errorf("nobody pulled it: %v", err)
			}
			break
		}
		if !errors.Is(err, errPulled) {
			t.Errorf("pulled at %d: got %v", at, err)
		}
		for _, wrong := range []error{travel.ErrWrongPassword, travel.ErrDowngrade, travel.ErrMalformed, travel.ErrClone, travel.ErrAccessControl, travel.ErrUnproven} {
			if errors.Is(err, wrong) {
				t.Errorf("pulled at %d: taken for %v", at, wrong)
			}
		}
		if f.n != at {
			t.Errorf("pulled at %d: %d commands went out", at, f.n)
		}
	}
}

func readEverything(t iso7816.Transmitter) error {
	ctx := context.Background()
	chip, err := travel.Recognise(ctx, t, travel.Options{})
	if err != nil {
		return err
	}
	defer chip.Close()
	if _, err := chip.Unlock(ctx, travel.FromMRZ(mrzKey)); err != nil {
		return err
	}
	for _, file := range []travel.File{travel.COM, travel.DG1, travel.SOD, travel.DG14, travel.DG2} {
		content, err := chip.Read(ctx, file, nil)
		if err != nil {
			return err
		}
		if file == travel.DG14 {
			if _, err := chip.AuthenticateChip(ctx, content); err != nil {
				return err
			}
		}
	}
	return nil
}

// A chip that answers in clear inside the session is not listened to.
func TestLesson_AnswersInClearEndTheSession(t *testing.T) {
	for name, answer := range map[string][]byte{
		"Data": append(iso7816.Append(nil, 0x61, []byte("of nobody")), 0x90, 0), "Nothing": {0x90, 0}, "Warning": {1, 2, 3, 0x62, 0x82}, "Refusal": {0x69, 0x88},
	} {
		f := basicPassport(500)
		chip, _ := mustUnlock(t, f, travel.Options{})
		f.raw = func(int, []byte, []byte) ([]byte, error) { return answer, nil }
		if got, err := chip.Read(context.Background(), travel.DG1, nil); got != nil || !errors.Is(err, travel.ErrSecureMessaging) {
			t.Errorf("%s: got %X, %v", name, got, err)
		}
		before := f.n
		if _, err := chip.Read(context.Background(), travel.DG1, nil); !errors.Is(err, travel.ErrLocked) || f.n != before {
			t.Errorf("%s: then got %v after %d commands", name, err, f.n-before)
		}
	}
}

// The context is asked before every command.
func TestLesson_ContextEnds(t *testing.T) {
	f := basicPassport(5000)
	chip, _ := mustUnlock(t, f, travel.Options{})
	ctx, cancel := context.WithCancel(context.Background())
	_, err := chip.Read(ctx, travel.DG2, func(done, _ int) {
		if done > 1000 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
