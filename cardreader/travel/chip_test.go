package travel_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"balcao/cardreader/iso7816"
	"balcao/cardreader/travel"
	"balcao/cardreader/travel/agreement"
	"balcao/cardreader/travel/secure"
)

func TestUnlock_Basic(t *testing.T) {
	f := basicPassport(8300)
	chip, p := mustUnlock(t, f, travel.Options{})
	if want := (travel.Protection{Mechanism: "BAC", Cipher: "3DES"}); fmt.Sprint(p) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", p, want)
	}
	mustRead(t, f, chip, travel.COM, travel.DG1, travel.SOD, travel.DG2)
	if f.plainInside > 0 {
		t.Errorf("%d commands went out in clear", f.plainInside)
	}
}

// everyPACE lists what EF.CardAccess can offer: each mapping with each cipher, and each set of parameters.
func everyPACE() (offers [][]int) {
	for _, arc := range []int{1, 2, 3, 4} {
		for c := range 4 {
			parameter := 13
			if arc == 1 || arc == 3 {
				parameter = 0
			}
			offers = append(offers, []int{parameter, arc, c + 1})
		}
	}
	for _, parameter := range []int{8, 9, 10, 11, 12, 14, 15, 16, 17, 18} {
		offers = append(offers, []int{parameter, 2, 2})
		if parameter != 10 { // P-224 has no integrated mapping
			offers = append(offers, []int{parameter, 4, 4})
		}
	}
	for _, parameter := range []int{1, 2} {
		offers = append(offers, []int{parameter, 1, 4}, []int{parameter, 3, 2})
	}
	return offers
}

func TestUnlock_EveryPACE(t *testing.T) {
	for _, offer := range everyPACE() {
		t.Run(fmt.Sprint(offer), func(t *testing.T) {
			for _, password := range []travel.Password{travel.FromMRZ(mrzKey), travel.FromCAN(can)} {
				f := pacePassport(t, 900, offer[0], offer[1:]...)
				chip := mustRecognise(t, f, travel.Options{Extended: true})
				p, err := chip.Unlock(context.Background(), password)
				if err != nil {
					t.Fatal(err)
				}
				g, err := agreement.Standardised(offer[0])
				if err != nil {
					t.Fatal(err)
				}
				mechanism := map[int]string{1: "PACE-GM", 2: "PACE-GM", 3: "PACE-IM", 4: "PACE-IM"}[offer[1]]
				if p.Mechanism != mechanism || p.Curve != g.Name() || p.Cipher != secure.Cipher(offer[2]).String() || p.Downgraded || p.Unenforced {
					t.Errorf("got %+v", p)
				}
				mustRead(t, f, chip, travel.DG1)
			}
		})
	}
}

func TestUnlock_ChipAuthenticationMapping(t *testing.T) {
	for _, cipherArc := range []int{2, 3, 4} {
		for _, parameter := range []int{12, 13} {
			f := withChipKey(t, pacePassport(t, 900, parameter, 6, cipherArc), parameter, -1, 2)
			chip, p := mustUnlock(t, f, travel.Options{})
			if p.Mechanism != "PACE-CAM" || !bytes.Equal(p.CardSecurity, f.security) {
				t.Errorf("got %q, %d bytes of EF.CardSecurity", p.Mechanism, len(p.CardSecurity))
			}
			mustRead(t, f, chip, travel.DG1, travel.SOD)
			content, err := travel.SignedContent(p.CardSecurity)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Confirm(content); err != nil {
				t.Errorf("confirming: %v", err)
			}
			other := withChipKey(t, passport(100), parameter, -1, 2)
			content, err = travel.SignedContent(other.security)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Confirm(content); !errors.Is(err, travel.ErrClone) {
				t.Errorf("another card's content: got %v, want ErrClone", err)
			}
		}
	}
}

func TestUnlock_ChipAuthenticationMapping_ErrClone(t *testing.T) {
	f := withChipKey(t, pacePassport(t, 900, 13, 6, 2), 13, -1, 2)
	f.caClone = true
	chip := mustRecognise(t, f, travel.Options{})
	if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); !errors.Is(err, travel.ErrClone) {
		t.Errorf("got %v, want ErrClone", err)
	}
	if _, err := chip.Read(context.Background(), travel.DG1, nil); !errors.Is(err, travel.ErrLocked) {
		t.Errorf("reading: got %v, want ErrLocked", err)
	}
	if err := (travel.Protection{Mechanism: "PACE-GM"}).Confirm(nil); !errors.Is(err, travel.ErrUnproven) {
		t.Errorf("confirming nothing: got %v, want ErrUnproven", err)
	}
}

func TestUnlock_ErrWrongPassword(t *testing.T) {
	for name, f := range map[string]*fakeChip{
		"BAC": basicPassport(100), "GM": pacePassport(t, 100, 13, 2, 2), "IM": pacePassport(t, 100, 12, 4, 2), "DH": pacePassport(t, 100, 0, 1, 2),
	} {
		chip := mustRecognise(t, f, travel.Options{AllowDowngrade: true})
		if _, err := chip.Unlock(context.Background(), travel.FromMRZ("X"+mrzKey[1:])); !errors.Is(err, travel.ErrWrongPassword) {
			t.Errorf("%s: got %v, want ErrWrongPassword", name, err)
		}
		// Asked again, with the right one, it opens.
		if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		mustRead(t, f, chip, travel.DG1)
	}
}

func TestUnlock_ErrPasswordKind(t *testing.T) {
	f := basicPassport(100)
	chip := mustRecognise(t, f, travel.Options{})
	before := f.n
	for name, p := range map[string]travel.Password{
		"NoCAN": travel.FromCAN(can), "Letters": travel.FromCAN("12345A"), "Short": travel.FromCAN("12345"), "EmptyMRZ": travel.FromMRZ(""), "Zero": {},
	} {
		if _, err := chip.Unlock(context.Background(), p); !errors.Is(err, travel.ErrPasswordKind) {
			t.Errorf("%s: got %v, want ErrPasswordKind", name, err)
		}
	}
	if f.n != before {
		t.Errorf("the chip was asked %d times", f.n-before)
	}
	// A chip with PACE that was given no number refuses it: it is no downgrade, and it opens with its MRZ.
	for _, sw := range []iso7816.SW{0x6A80, 0x6A88, 0x6985} {
		f := pacePassport(t, 100, 13, 2, 2)
		f.paceRefused = sw
		chip := mustRecognise(t, f, travel.Options{})
		if _, err := chip.Unlock(context.Background(), travel.FromCAN(can)); !errors.Is(err, travel.ErrPasswordKind) || errors.Is(err, travel.ErrDowngrade) {
			t.Errorf("PACE, %04X: got %v, want ErrPasswordKind", sw, err)
		}
		f.paceRefused = 0
		if _, err := chip.Unlock(context.Background(), travel.FromMRZ(mrzKey)); err != nil {
			t.Errorf("PACE, %04X, then its MRZ: %v", sw, err)
		}
	}
}

func TestRecognise_Offers(t *testing.T) {
	card := pacePassport(t, 100, 13, 2, 2)
	card.files = nil
	locked := pacePassport(t, 100, 13, 2, 2)
	locked.locksApplication = true
	unknown := pacePassport(t, 100, 13, 9, 9)
	for name, test := range map[string]struct {
		f    *fakeChip
		want travel.Offers
	}{
		"BAC":           {basicPassport(100), travel.Offers{Mechanism: "BAC", MRZ: true, Application: true}},
		"PACE":          {pacePassport(t, 100, 13, 4, 2), travel.Offers{PACE: true, Mechanism: "PACE-IM", MRZ: true, CAN: true, Application: true}},
		"AnotherCard":   {card, travel.Offers{PACE: true, Mechanism: "PACE-GM", MRZ: true, CAN: true}},
		"LockedByPACE":  {locked, travel.Offers{PACE: true, Mechanism: "PACE-GM", MRZ: true, CAN: true, Application: true}},
		"NothingWeCan":  {unknown, travel.Offers{PACE: true, MRZ: true, Application: true}},
		"CAMAndNothing": {pacePassport(t, 100, 12, 6, 3), travel.Offers{PACE: true, Mechanism: "PACE-CAM", MRZ: true, CAN: true, Application: true}},
	} {
		if got := mustRecognise(t, test.f, travel.Options{}).Offers(); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
}

func TestRecognise_ErrNotTravelDocument(t *testing.T) {
	if _, err := travel.Recognise(context.Background(), &fakeChip{}, travel.Options{}); !errors.Is(err, travel.ErrNotTravelDocument) {
		t.Errorf("got %v, want ErrNotTravelDocument", err)
	}
}

func TestRecognise_ErrMalformed(t *testing.T) {
	for name, access := range map[string][]byte{
		"Absurd":    {0x31, 0x83, 0x10, 0, 0},
		"EndsEarly": {0x31, 0x82, 2, 0, 0x30},
		"NoInfos":   {0x31, 2, 0x30, 0},
		"CutInfo":   {0x31, 3, 0x30, 5, 6},
	} {
		f := passport(100)
		f.access = access
		if _, err := travel.Recognise(context.Background(), f, travel.Options{}); !errors.Is(err, travel.ErrMalformed) {
			t.Errorf("%s: got %v, want ErrMalformed", name, err)
		}
	}
}

// TestTransmitter: a card of another kind, with PACE, is read through the channel, and every command goes inside.
func TestTransmitter(t *testing.T) {
	f := pacePassport(t, 600, 13, 2, 2)
	chip := mustRecognise(t, f, travel.Options{})
	if _, err := chip.Transmitter().Transmit(context.Background(), []byte{0, 0xB0, 0, 0, 1}); !errors.Is(err, travel.ErrLocked) {
		t.Errorf("before Unlock: got %v, want ErrLocked", err)
	}
	if _, err := chip.Unlock(context.Background(), travel.FromCAN(can)); err != nil {
		t.Fatal(err)
	}
	channel := chip.Transmitter()
	if got := iso7816.ReadSize(channel); got != 223 {
		t.Errorf("read size: got %d, want 223", got)
	}
	got, err := iso7816.ReadBinarySFI(context.Background(), channel, 2, 600)
	if err != nil || len(got) != 223 {
		t.Fatalf("got %d bytes, %v", len(got), err)
	}
	rest, err := iso7816.ReadBinary(context.Background(), channel, 223, 600, nil)
	if err != nil || !bytes.Equal(append(got, rest...), f.files[0x0102]) {
		t.Errorf("got %d bytes more, %v", len(rest), err)
	}
	if _, err := iso7816.Send(context.Background(), channel, iso7816.Command{INS: 0x20, P2: 0x81}); !errors.Is(err, iso7816.ErrNotSupported) {
		t.Errorf("got %v, want what the card answered", err)
	}
	if _, err := channel.Transmit(context.Background(), []byte{1}); err == nil {
		t.Error("one byte was sent as a command")
	}
	if f.plainInside > 0 {
		t.Errorf("%d commands went out in clear", f.plainInside)
	}
	mustRead(t, f, chip, travel.DG1) // and the application still is where it was
}

// TestRead_Fewest counts commands: for all of a passport as few as package travel says.
func TestRead_Fewest(t *testing.T) {
	info := []byte{0x7F, 0x66, 8, 2, 2, 0x10, 0, 2, 2, 0x10, 0}
	withInfo := func(f *fakeChip) *fakeChip { f.info = info; return f }
	short, extended := travel.Options{}, travel.Options{Extended: true, ATR: claimsExtended}
	ask := travel.Options{Extended: true}
	for name, test := range map[string]struct {
		f       *fakeChip
		o       travel.Options
		want    int // commands in all
		perRead int
	}{
		"BAC/Short":          {basicPassport(8300), short, 7 + 1 + 9 + 36, 231},
		"BAC/Extended":       {basicPassport(8300), extended, 7 + 3, 16384},
		"BAC/EF.ATR":         {withInfo(basicPassport(8300)), ask, 7 + 2 + 1 + 1 + 3, 4071},
		"BAC/60K/Short":      {basicPassport(60000), short, 7 + 1 + 9 + 262, 231},
		"BAC/60K/Extended":   {basicPassport(60000), extended, 7 + 1 + 1 + 4, 16384},
		"PACE/Short":         {pacePassport(t, 8300, 13, 2, 2), short, 10 + 1 + 9 + 38, 223},
		"PACE/Extended":      {pacePassport(t, 8300, 13, 2, 2), extended, 10 + 3, 16384},
		"PACE/NoApplication": {lockedPassport(t, 8300), short, 9 + 1 + 9 + 38, 223},
	} {
		t.Run(name, func(t *testing.T) {
			chip, _ := mustUnlock(t, test.f, test.o)
			mustRead(t, test.f, chip, travel.DG1, travel.SOD, travel.DG2)
			if test.f.n != test.want || chip.ReadSize() != test.perRead {
				t.Errorf("got %d commands of %d bytes, want %d of %d", test.f.n, chip.ReadSize(), test.want, test.perRead)
			}
			least := 0
			for _, id := range []uint16{0x0101, 0x011D, 0x0102} {
				least += (len(test.f.files[id]) + test.perRead - 1) / test.perRead
			}
			reads := 0
			for _, c := range test.f.log {
				if (c.INS == 0xB0 || c.INS == 0xB1) && c.Le > 4 && c.P1 != 0x80|0x1C {
					reads++
				}
			}
			if name == "BAC/EF.ATR" {
				reads-- // the one of that file
			}
			if reads > least+least/100 { // beyond 32 KiB, the odd instruction's header takes three bytes of each
				t.Errorf("%d reads, and %d would do", reads, least)
			}
		})
	}
}

func lockedPassport(t testing.TB, photo int) *fakeChip {
	f := pacePassport(t, photo, 13, 2, 2)
	f.locksApplication = true
	return f
}

// TestRead_Progress: what was read grows, to all there is, and no further.
func TestRead_Progress(t *testing.T) {
	f := basicPassport(1000)
	f.files[0x0102] = append(f.files[0x0102], make([]byte, 500)...) // space behind the file's object
	chip, _ := mustUnlock(t, f, travel.Options{})
	var told []int
	got, err := chip.Read(context.Background(), travel.DG2, func(done, total int) {
		if total != 1000 {
			t.Errorf("total %d", total)
		}
		told = append(told, done)
	})
	if err != nil || len(got) != 1000 || !slices.Equal(told, []int{231, 462, 693, 924, 1000}) {
		t.Errorf("got %d bytes, %v, told %v", len(got), err, told)
	}
}

func TestRead_Errors(t *testing.T) {
	for name, test := range map[string]struct {
		file    travel.File
		content []byte
		want    error
	}{
		"ErrNoFile":      {travel.DG11, nil, travel.ErrNoFile},
		"OtherTag":       {travel.DG1, object(0x75, 50), travel.ErrMalformed},
		"Absurd":         {travel.DG1, []byte{0x61, 0x84, 0x7F, 0xFF, 0xFF, 0xFF}, travel.ErrMalformed},
		"TooLong":        {travel.SOD, iso7816.Append(nil, 0x77, make([]byte, 65<<10)), travel.ErrMalformed},
		"PhotoTooLong":   {travel.DG2, []byte{0x75, 0x83, 0x10, 0, 0}, travel.ErrMalformed},
		"EndsEarly":      {travel.DG2, object(0x75, 2000)[:700], travel.ErrMalformed},
		"EndsAtOnce":     {travel.DG2, []byte{0x75, 0x82, 0x10}, travel.ErrMalformed},
		"NoObject":       {travel.SOD, make([]byte, 40), travel.ErrMalformed},
		"NoSuchConstant": {travel.File(99), nil, nil},
	} {
		f := basicPassport(100)
		if test.content != nil {
			f.files[map[travel.File]uint16{travel.DG1: 0x0101, travel.DG2: 0x0102, travel.SOD: 0x011D}[test.file]] = test.content
		}
		chip, _ := mustUnlock(t, f, travel.Options{})
		before := f.n
		got, err := chip.Read(context.Background(), test.file, nil)
		if got != nil || err == nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: got %d bytes, %v, want %v", name, len(got), err, test.want)
		}
		if f.n-before > 30 {
			t.Errorf("%s: took %d commands", name, f.n-before)
		}
	}
}

// TestRead_Crumbs: a chip that gives a byte at a time does not keep the desk for hours.
func TestRead_Crumbs(t *testing.T) {
	f := basicPassport(8000)
	chip, _ := mustUnlock(t, f, travel.Options{})
	f.givesAtMost = 10
	before := f.n
	if _, err := chip.Read(context.Background(), travel.DG2, nil); !errors.Is(err, travel.ErrMalformed) || f.n-before > 3 {
		t.Errorf("got %v after %d commands", err, f.n-before)
	}
}

// TestClose: what is closed is locked, and its password is gone.
func TestClose(t *testing.T) {
	f := basicPassport(100)
	chip, _ := mustUnlock(t, f, travel.Options{})
	chip.Close()
	if _, err := chip.Read(context.Background(), travel.DG1, nil); !errors.Is(err, travel.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	if _, err := chip.AuthenticateChip(context.Background(), withChipKey(t, passport(100), 13, -1, 2).files[0x010E]); !errors.Is(err, travel.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	if _, err := chip.ActiveAuthenticate(context.Background(), make([]byte, 8)); !errors.Is(err, travel.ErrLocked) {
		t.Errorf("got %v, want ErrLocked", err)
	}
	p := travel.FromCAN("123456")
	p.Wipe()
	if _, err := chip.Unlock(context.Background(), p); !errors.Is(err, travel.ErrPasswordKind) {
		t.Errorf("a wiped password: got %v, want ErrPasswordKind", err)
	}
}

func TestFile(t *testing.T) {
	for file, want := range map[travel.File]int{travel.DG1: 1, travel.DG2: 2, travel.DG11: 11, travel.DG14: 14, travel.DG15: 15} {
		if n, ok := file.DataGroup(); n != want || !ok || file.String() != fmt.Sprintf("DG%d", want) {
			t.Errorf("%v: got %d, %v", file, n, ok)
		}
	}
	if _, ok := travel.SOD.DataGroup(); ok {
		t.Error("the document security object is no data group")
	}
}
